"""Which faults of a batch the errors of a 422 tell of. Steers what is sent next, and judges nothing.

A fault that is not told is only tried again by itself.

"a list of fields that failed validation": by the record's place where places are told, else by counting the fields.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence

from contracts.exchanges.exchange import Answer
from contracts.exchanges.records import FIELDS
from contracts.exchanges.replies import read_json

_PLACE = r"(?:\[|/|\.|#|\b(?:index|record|item|row|inventories)\W{{1,4}}){}(?!\d)"
# A field's name that is meant as one: quoted, in a path, or where a sentence begins. "at" is a word as well.
_NAME = r"(?:^|[\"'`./\[;:,]\s*){}(?=$|[\"'`\]\s:,;.])"


def told_of(answer: Answer, faults: Sequence[tuple[int, str]]) -> set[int]:
    """The positions in `faults`, each (index of its record, field at fault or any other word), that the errors name."""
    parts = _parts(answer)
    placed = [[part for part in parts if re.search(_PLACE.format(index), part)] for index, _ in faults]
    if any(placed):
        return {
            number
            for number, (_, name) in enumerate(faults)
            if placed[number] and (name not in FIELDS or any(_names(part, name) for part in placed[number]))
        }
    wanted = Counter(name for _, name in faults if name in FIELDS)
    told = {name for name, count in wanted.items() if sum(_names(part, name) for part in parts) >= count}
    return {number for number, (_, name) in enumerate(faults) if name in told}


def _names(part: str, name: str) -> bool:
    return re.search(_NAME.format(re.escape(name)), part) is not None


def _parts(answer: Answer) -> list[str]:
    """What may tell of one fault each: the errors, or the clauses of the only one."""
    document = read_json(answer)
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        return []
    if len(errors) == 1 and isinstance(errors[0], dict):
        return [clause.strip() for clause in re.split(r"[;,\n]", str(errors[0].get("title", "")))]
    return [_text(error) for error in errors]


def _text(error: object) -> str:
    """The values of one error, each on its own: a name at the begin of any of them is one."""
    values = error.values() if isinstance(error, dict) else [error]
    return "; ".join(value if isinstance(value, str) else json.dumps(value) for value in values)
