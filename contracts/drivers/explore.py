"""Explorers behind the tables: Hypothesis over our own strategies, Schemathesis over the effective document.

Both only generate; what they make is sent and judged as it stands, and every string is marked as ours before it leaves.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contracts.drivers.cases import acceptable, faulty, open_cases
from contracts.drivers.run import Edit, Probe, Refusal, Run, as_it_is, batch, raw, write
from contracts.exchanges.records import OURS, REFERENCE_FIELDS
from contracts.interrupts import put_off
from openapi.document import load_document

# Both take longer to load than all the rest, and are loaded where they run: a wrong option need not wait for them.
if TYPE_CHECKING:
    from hypothesis import strategies as st

BUDGET = {"quick": 1, "standard": 3, "deep": 300}  # examples of each explorer
MODES = ("positive", "negative")


def marked(value: object, names: tuple[str, ...] = REFERENCE_FIELDS) -> object:
    """The same JSON with every string that may name a reference marked as ours, in every depth."""
    if isinstance(value, dict):
        return {
            key: _ours(member) if key in names and isinstance(member, str) else marked(member)
            for key, member in value.items()
        }
    return [marked(item) for item in value] if isinstance(value, list) else value


def _ours(name: str) -> str:
    return name if name.startswith(OURS) else OURS + name[:200]


def free_batches(run: Run) -> None:
    """Hypothesis: batches of acceptable, faulty and open records in free order and number."""
    with put_off():
        from hypothesis import strategies as st

    fine = [as_it_is, *(edit for _, edit in acceptable())]
    wrong = [edit for _, edit in faulty()] if run.refusal is Refusal.PER_RECORD else []
    loose = [edit for _, edit in open_cases()][:3] if run.refusal is Refusal.PER_RECORD else []
    most = max(1, min(30, run.references.known))
    batches: st.SearchStrategy[list[Edit]] = st.lists(
        st.sampled_from([*fine, *wrong, *loose]), min_size=1, max_size=most
    )
    for edits in _drawn(batches, run.seed, BUDGET[run.depth]):
        run.perform(batch(f"a free batch of {len(edits)}", edits))


def documents(run: Run) -> None:
    """Schemathesis: bodies that fit the effective document and bodies that do not."""
    for mode in MODES:
        for body in _bodies(mode, run.seed, BUDGET[run.depth]):
            run.perform(_probe_of(body, mode))


@lru_cache(maxsize=8)
@put_off()
def _bodies(mode: str, seed: int, count: int) -> tuple[Any, ...]:
    """The same seed makes the same bodies, whatever the target."""
    import schemathesis
    from schemathesis.generation import GenerationMode

    schema = schemathesis.openapi.from_dict(dict(load_document().effective))
    operation: Any = schema[load_document().operation_path]["POST"]
    return tuple(case.body for case in _drawn(operation.as_strategy(generation_mode=GenerationMode(mode)), seed, count))


def _probe_of(body: object, mode: str) -> Probe:
    if isinstance(body, bytes):
        return raw(f"Schemathesis, {mode}", body)
    if not isinstance(body, dict | list | str | int | float | bool | None):
        return raw(f"Schemathesis, {mode}", b"")
    return raw(f"Schemathesis, {mode}", write(marked(body)))


@put_off()
def _drawn(examples: st.SearchStrategy[Any], seed: int, count: int) -> list[Any]:
    """Examples by a seed. Reduction is ours, so Hypothesis neither shrinks nor keeps any."""
    import hypothesis

    drawn: list[Any] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(examples)
    def draw(example: Any) -> None:
        drawn.append(example)

    draw()
    return drawn[:count]
