"""`python -m loadtests.webui.judging HISTORY`: how each promise stands so far, as JSON, while the history still grows.

Where most exchanges are kept as rows alone, only the rules on one exchange speak: the others need them all, and come at
the end.
"""

import sys
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from contracts.command import safe
from contracts.evidence import Evidence
from contracts.finding import Finding
from contracts.history.rows import NAME as ROWS
from contracts.history.story import Story, read_history
from contracts.judge import EXCHANGE_RULES, promise_of, rule
from openapi.ledger import BY_ID


def standing(story: Story, *, in_part: bool) -> dict[str, dict[str, Any]]:
    """By promise: how many cases were examined, and what the first finding saw. `in_part`: the rest are rows."""
    evidence = Evidence.of(story)
    if not in_part:
        return {
            ruling.promise.id: _stands(ruling.examined, ruling.findings[0] if ruling.findings else None)
            for ruling in rule(evidence, story)
        }
    told: dict[str, dict[str, Any]] = {}
    for each in EXCHANGE_RULES:
        said = list(chain.from_iterable(map(each, evidence.seen)))
        finding = next((one for one in said if isinstance(one, Finding)), None)
        known = told.setdefault(promise_of(each), _stands(0, None))
        told[promise_of(each)] = known if known["said"] else _stands(known["examined"] + len(said), finding)
    return {name: row for name, row in told.items() if name in BY_ID}


def _stands(examined: int, finding: Finding | None) -> dict[str, Any]:
    return {"examined": examined, "said": safe(finding.actual) if finding else ""}


if __name__ == "__main__":
    history = Path(sys.argv[1])
    told = standing(read_history(history), in_part=history.with_name(ROWS).exists())
    sys.stdout.buffer.write(msgspec.json.encode(told))
