"""Failing examples, kept below the runs' folder and tried first next time. What is kept is how to make a request again.

One file a target and document, at most `MOST` examples, none of them long, never a secret: a key stands in it as
`$BSPK_API_KEY`, as everywhere. A file that cannot be read counts as empty.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from contracts.drivers.changes import Change, as_data, from_data
from contracts.drivers.references import References
from contracts.drivers.run import Probe, batch, raw
from contracts.history.secrets import Secret

FOLDER = "examples"
MOST = 20
LONGEST = 4_000  # characters of one example
DRAWS = {draw.__name__: draw for draw in (References.take, References.take_again, References.take_first)}


def store_of(runs_dir: Path, base_url: str, document_sha256: str) -> Path:
    """Where the examples of one target and document lie."""
    name = hashlib.sha256(f"{base_url} {document_sha256}".encode()).hexdigest()[:16]
    return runs_dir / FOLDER / f"{name}.json"


def read_examples(path: Path) -> list[Probe]:
    """The probes kept, the latest first; none where nothing is kept or nothing can be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return [_probe_of(example) for example in kept["examples"][:MOST]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def keep_examples(path: Path, probes: Iterable[Probe], secret: Secret) -> None:
    """Keep these instead of what was kept. Raises OSError as `write_text` does."""
    texts = dict.fromkeys(filter(None, map(_text_of, probes)))
    examples = [json.loads(text) for text in texts if len(text) <= LONGEST and secret.strike(text) == text][:MOST]
    if not examples:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"examples": examples}, indent=1), encoding="utf-8")
    part.replace(path)


def _text_of(probe: Probe) -> str | None:
    """An example as JSON; None for a probe that cannot be told in plain data."""
    settings = dict(probe.settings)
    draw = settings.pop("draw", None)
    settings["headers"] = [list(header) for header in settings.get("headers", ())]
    example: dict[str, Any] = {"purpose": probe.purpose, **settings}
    if probe.body is not None:
        return json.dumps(example | {"body": probe.body.decode("latin-1")})
    changes = [edit for edit in probe.edits if isinstance(edit, Change)]
    if not changes or len(changes) < len(probe.edits) or draw not in DRAWS.values():
        return None
    return json.dumps(example | {"draw": draw.__name__, "changes": [as_data(change) for change in changes]})


def _probe_of(example: Mapping[str, Any]) -> Probe:
    purpose = f"as it failed before: {str(example['purpose']).removeprefix('as it failed before: ')}"
    headers = tuple((str(name), str(value)) for name, value in example["headers"])
    authorization = None if example["authorization"] is None else str(example["authorization"])
    if "body" in example:
        return raw(purpose, str(example["body"]).encode("latin-1"), headers=headers, authorization=authorization)
    changes = [from_data(change) for change in example["changes"]]
    draw, indent = DRAWS[example["draw"]], example.get("indent")
    return batch(purpose, changes, headers=headers, authorization=authorization, draw=draw, indent=indent)
