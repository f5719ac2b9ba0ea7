"""What would decide a promise that a run left open: in words for whoever starts the next run."""

from collections.abc import Mapping
from typing import Any

from openapi.ledger import BY_ID

# What a reason says, and what to change; the first that fits.
REMEDIES = (
    ("of --load-time", "Give the scenarios more time (--load-time)."),
    ("the cap of", "Give a higher --max-requests."),
    ("key refused", "Set BSPK_API_KEY to a key that this target accepts."),
    ("catalogue", "Give --catalogue FILE with references that exist on the target and may be written."),
    ("was not reached", "Send more at once, from more users (-u), or use a key with a smaller limit."),
    ("someone else spends", "Use a key that nobody else uses meanwhile."),
    ("no allowance", "Wait until the key has its allowance back, or use a key of its own."),
    ("redirected", "Give the address that the redirect leads to as --base-url."),
    ("the operation is not there", "Give the right --base-url, with its path prefix."),
    ("target gone", "Run again against a target that stays up."),
    ("does not answer", "Run again against a target that answers, or with a longer --timeout."),
    ("did not finish", "Run again; load scenarios with more time (--load-time), or from a machine with less to do."),
    ("interrupted", "Let the run come to its end."),
    ("samples that it needs", "Run the scenario longer (-t), or ask for fewer by least_samples in the gates' file."),
    ("generator fell behind", "Generate from more processes or machines, or at a lower rate."),
    ("too wide to tell", "Run the scenario longer (-t)."),
    ("workers were lost", "Run again with workers that stay up."),
)


def remedy(row: Mapping[str, Any]) -> str:
    """What to do about one undecided row of the report."""
    promise = BY_ID.get(row["id"])
    if not row["in_scope"] and promise is not None:
        return f"Run it: pytest {' or '.join(sorted(promise.runs))}."
    reason = row["reason"] or ""
    known = next((words for sign, words in REMEDIES if sign in reason), None)
    if known is not None:
        return known
    return f"It is tested so: {promise.tested}" if promise is not None else "Run again."
