"""Batches: what must be accepted, at every size that programmers like, and the relations between answers."""

import random
from collections.abc import Sequence

from contracts.drivers.cases import LONG_PAST, PAST_AT, acceptable, drop, put
from contracts.drivers.references import Fields, References
from contracts.drivers.run import JSON_TYPE, Edit, Probe, Run, as_it_is, batch, write
from contracts.wire import Outgoing

SIZES = (1, 2, 3, 10, 11, 20, 21, 25, 26, 50, 51, 64, 65, 100, 101, 128, 129, 200, 250, 256, 257, 500, 501, 1000, 1001)
PAST_BATCHES = 4
CORE_SIZES = (2, 11, 26, 51, 100, 101, 129, 256, 257, 500, 501, 1001)


def past_moments(run: Run) -> None:
    """Real instants of the past, leap days among them, as updates of references not yet in the present.

    A reference takes one moment a batch, and each later than its last: few references take several batches.
    """
    count = min(len(PAST_AT), max(1, run.references.known_aside))
    moments = sorted(PAST_AT[: count * (1 if run.depth == "quick" else PAST_BATCHES)])
    run.perform(batch("the long past", [put("at", LONG_PAST)] * count, draw=References.take_aside))
    for start in range(0, len(moments), count):
        edits = [put("at", at) for at in moments[start : start + count]]
        run.perform(batch("past moments", edits, draw=References.take_aside))


def acceptable_records(run: Run) -> None:
    """The forms that UPS-3 names, packed: as many a batch as there are references, and after a refusal in halves."""
    edits = [edit for _, edit in acceptable()]
    size = max(1, min(20, run.references.known))
    _send_whole(run, "acceptable records", [edits[start : start + size] for start in range(0, len(edits), size)])
    for charset in ("; charset=utf-8", ";charset=UTF-8")[: 1 if run.depth == "quick" else 2]:
        media_type = (("Content-Type", "application/json" + charset),)
        run.perform(
            batch(f"spread over lines, as application/json{charset}", [as_it_is] * 2, headers=media_type, indent=2)
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
    known = run.references.known + run.references.known_aside
    chosen = SIZES if run.depth == "deep" else CORE_SIZES if run.depth == "standard" else (2, 11, 101)
    for size in sorted({*chosen, known} if known > 1 else chosen):
        edits = [as_it_is if place < known else drop("at") for place in range(size)]
        seen = run.perform(batch(f"{size} records", edits, draw=References.take_all))
        if seen.status in (413, 422) and size > known + 1:
            break


def relations(run: Run) -> None:
    """The same records in other company, order and number (RES-7, UPS-1): what no single answer can show."""
    together = [as_it_is] * 5
    run.perform(batch("five together", together, draw=References.take_first))
    run.perform(batch("five again, with a later at", together, draw=References.take_first))
    for count in (1, 3):
        run.perform(batch(f"the first {count} of them", together[:count], draw=References.take_first))
    run.perform(batch("one bad record appended", [*together, drop("sku")], draw=References.take_first))
    run.perform(batch("one bad record before", [put("quantity", "many"), *together[1:]], draw=References.take_first))
    run.perform(_reordered("fields shuffled", run.random))
    for probe in (_repeated("the same batch twice"), _doubled("a record twice in a batch"), _stale("an earlier at")):
        run.perform(probe)
    if run.depth != "quick":
        run.perform(
            batch(
                "two bad records among five",
                [as_it_is, drop("at"), as_it_is, put("sku", None), as_it_is],
                draw=References.take_first,
            )
        )
        run.perform(batch("only bad records", [drop("at"), put("sku", None), put("quantity", True)]))


def _reordered(purpose: str, chance: random.Random) -> Probe:
    def shuffled(record: Fields) -> object:
        names = list(record)
        chance.shuffle(names)
        return {name: record[name] for name in names}

    return batch(purpose, [shuffled] * 5, draw=References.take_first)


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
