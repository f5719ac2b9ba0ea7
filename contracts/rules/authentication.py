"""Authentication: who is let in. "Access to this data is binary: everything or nothing."

Cannot see whether an unauthenticated write was applied: a 401 is taken at its word.
"""

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Standing
from contracts.finding import Examined, Finding
from contracts.seen import Seen
from openapi.ledger import AUTH_1, AUTH_2, AUTH_3


def without_the_key_the_answer_is_401(seen: Seen) -> Examined:
    """AUTH-1: "All unauthenticated requests will return an HTTP 401 response." A 429 is neither for nor against."""
    if not seen.on_operation or seen.exchange.standing is not Standing.UNAUTHENTICATED or seen.status in (None, 429):
        return
    sent = seen.exchange.request.header("Authorization")
    how = "without an Authorization header" if sent is None else f"with `Authorization: {sent}`"
    ok = seen.status == 401
    yield None if ok else Finding(AUTH_1, f"401 to a request {how}", f"{seen.status}", (seen.seq,))


def the_key_is_accepted(evidence: Evidence) -> Examined:
    """AUTH-2: the key in the documented form, `Authorization: Bearer [API_KEY]`, authenticates.

    A key refused from first to last is the user's mistake and breaks nothing: the run says "key refused".
    """
    answered = [seen for seen in evidence.seen if seen.authenticated and seen.status not in (None, 429)]
    let_in = [place for place, seen in enumerate(answered) if seen.judged]
    if not let_in:
        return
    expected = "the key in the documented form is let in"
    for place, seen in enumerate(answered):
        if seen.status not in (401, 403):
            yield None
        elif place > let_in[-1]:
            before = answered[let_in[-1]]
            yield Finding(
                AUTH_2,
                expected,
                f"{seen.status}, and never let in again, after a {before.status} to the same key",
                (before.seq, seen.seq),
                sequence=True,
            )
        else:
            yield Finding(AUTH_2, expected, f"{seen.status}", (seen.seq,))


def nobody_is_half_let_in(seen: Seen) -> Examined:
    """AUTH-3: "Access to this data is binary: everything or nothing.": there is no 403."""
    if not seen.on_operation or seen.status in (None, 429):
        return
    yield Finding(AUTH_3, "401 or full access", "403", (seen.seq,)) if seen.status == 403 else None
