"""Batches: what must be accepted, at every size that programmers like, and the relations between answers."""

import random
from collections.abc import Sequence

from contracts.drivers.cases import LONG_PAST, PAST_AT, acceptable, drop, put
from contracts.drivers.references import Fields, References
from contracts.drivers.run import JSON_TYPE, Edit, Probe, Run, as_it_is, batch, write
from contracts.wire import Outgoing

SIZES = (1, 2, 3, 10, 11, 20, 21, 25, 26, 50, 51, 64, 65, 100, 101, 128, 129, 200, 250, 256, 257, 500, 501, 1000, 1001)
CORE_SIZES = (2, 11, 26, 51, 100, 101, 129, 256, 257, 500, 501, 1001)


def past_moments(run: Run) -> None:
    """Real instants of the past, leap days among them, as updates of references not yet in the present."""
    count = min(len(PAST_AT), max(1, run.references.known_aside))
    run.perform(batch("the long past", [put("at", LONG_PAST)] * count, aside=True))
    run.perform(batch("past moments", [put("at", at) for at in PAST_AT[:count]], aside=True))


def acceptable_records(run: Run) -> None:
    """The forms that UPS-3 names, packed: as many a batch as there are references, and after a refusal in halves."""
    edits = [edit for _, edit in acceptable()]
    size = max(1, min(20, run.references.known))
    _send_whole(run, "acceptable records", [edits[start : start + size] for start in range(0, len(edits), size)])
    run.perform(batch("a charset", [as_it_is], headers=(("Content-Type", "application/json; charset=utf-8"),)))
    if run.depth != "quick":
        run.perform(
            batch("a charset in capitals", [as_it_is], headers=(("Content-Type", "application/json;charset=UTF-8"),))
        )


def _send_whole(run: Run, purpose: str, packs: Sequence[Sequence[Edit]]) -> None:
    """A refused pack is halved, so that one bad apple does not hide the others: each bites by itself in the end."""
    for pack in packs:
        seen = run.perform(batch(purpose, pack))
        if seen.status in (400, 413, 422) and len(pack) > 1 and run.wire.sent < 400:
            _send_whole(run, purpose, [pack[: len(pack) // 2], pack[len(pack) // 2 :]])


def sizes(run: Run) -> None:
    """Around every limit that programmers like: catalogued references as far as they go, then faulty records.

    Beyond the catalogue a record is faulty on purpose, so that nothing unknown is written; on a server that refuses
    whole batches only the catalogue's own size tells.
    """
    known = run.references.known
    chosen = SIZES if run.depth == "deep" else CORE_SIZES if run.depth == "standard" else (2, 11, 101)
    for size in chosen:
        seen = run.perform(
            batch(f"{size} records", [as_it_is if place < known else drop("at") for place in range(size)])
        )
        if seen.status in (413, 422) and size > known + 1:
            break


def relations(run: Run) -> None:
    """The same records in other company, order and number (RES-7, UPS-1): what no single answer can show."""
    together = [as_it_is] * 5
    run.perform(batch("five together", together, start=0))
    run.perform(batch("five again, with a later at", together, start=0))
    for count in (1, 3):
        run.perform(batch(f"the first {count} of them", together[:count], start=0))
    run.perform(batch("one bad record appended", [*together, drop("sku")], start=0))
    run.perform(batch("one bad record before", [put("quantity", "many"), *together[1:]], start=0))
    run.perform(_reordered("fields shuffled", run.random))
    for probe in (_repeated("the same batch twice"), _doubled("a record twice in a batch"), _stale("an earlier at")):
        run.perform(probe)
    if run.depth != "quick":
        run.perform(
            batch("two bad records among five", [as_it_is, drop("at"), as_it_is, put("sku", None), as_it_is], start=0)
        )
        run.perform(batch("only bad records", [drop("at"), put("sku", None), put("quantity", True)]))


def _reordered(purpose: str, chance: random.Random) -> Probe:
    def shuffled(record: Fields) -> object:
        names = list(record)
        chance.shuffle(names)
        return {name: record[name] for name in names}

    return batch(purpose, [shuffled] * 5, start=0)


def _repeated(purpose: str) -> Probe:
    """The batch last sent for the first references, to the letter."""

    def build(references: References) -> Outgoing:
        return Outgoing(write({"inventories": references.again(5)}), headers=JSON_TYPE)

    return Probe(purpose, build)


def _doubled(purpose: str) -> Probe:
    def build(references: References) -> Outgoing:
        first, second = references.take(2)
        return Outgoing(write({"inventories": [first, second, first]}), headers=JSON_TYPE)

    return Probe(purpose, build)


def _stale(purpose: str) -> Probe:
    def build(references: References) -> Outgoing:
        records = [put("at", LONG_PAST)(record) for record in references.take(2, 0)]
        return Outgoing(write({"inventories": records}), headers=JSON_TYPE)

    return Probe(purpose, build)
