"""Batches: what must be accepted, at every size that programmers like, and the relations between answers."""

import random
from collections.abc import Sequence

from contracts.drivers.cases import LONG_PAST, PAST_AT, TWICE_ON_THE_CLOCK, acceptable
from contracts.drivers.changes import Change, drop, put
from contracts.drivers.references import References
from contracts.drivers.run import ANYTHING, JSON_TYPE, Edit, Probe, Refusal, Run, as_it_is, batch, write
from contracts.exchanges.records import FIELDS
from contracts.seen import Seen
from contracts.wire.outgoing import Outgoing

SIZES = (1, 2, 3, 10, 11, 20, 21, 25, 26, 50, 51, 64, 65, 100, 101, 128, 129, 200, 250, 256, 257, 500, 501, 1000, 1001)
CORE_SIZES = (11, 26, 51, 100, 101, 257, 500, 501, 1001)

AGAIN = (101, 257, 501, 1001)  # records in batches that have references twice
MOST_AGAIN = 30  # seconds by which that moves the `at` of any reference
GENEROUS = 1000  # records that many a server takes at most
FORMS = 24  # acceptable ones in one batch
MOST_ROUNDS = 12  # of moments, where few references are kept aside for them
SPLITS = 24  # requests to find what a refused batch was refused for


def past_moments(run: Run) -> None:
    """Real instants of the past, leap days among them, as updates of references not yet in the present.

    A reference takes several where there are few, in the order of time.
    """
    aside = max(1, run.references.known_aside)
    every = -(-len(PAST_AT) // aside) if run.depth == "quick" else 1
    moments = PAST_AT[::every]
    run.perform(batch("the long past", [put("at", LONG_PAST)] * min(aside, len(moments)), draw=References.take_aside))
    rounds = [list(moments[start : start + aside]) for start in range(0, min(len(moments), aside * MOST_ROUNDS), aside)]
    if run.depth != "quick":
        pairs = TWICE_ON_THE_CLOCK[:aside]
        firsts, seconds = ([pair[which] for pair in pairs] for which in (0, 1))
        if len(rounds[-1]) + len(firsts) > aside:
            rounds.append([])
        rounds[-1] = [*firsts, *rounds[-1]]  # of the same references as the seconds
        rounds.append(seconds)
    for ats in rounds:
        run.perform(batch("past moments", [put("at", at) for at in ats], draw=References.take_aside))


def acceptable_records(run: Run) -> None:
    """The forms that UPS-3 names, packed: as many a batch as there are references, and after a refusal in halves.

    All on the same references: a moment that is read as an earlier one shows only where something was stored before.
    """
    edits: list[Edit] = [edit for _, edit in acceptable()]
    size = max(1, min(FORMS, run.references.known))
    _send_whole(run, "acceptable records", [edits[start : start + size] for start in range(0, len(edits), size)])
    run.perform(batch("a charset", [as_it_is], headers=(("Content-Type", "application/json; charset=utf-8"), ANYTHING)))
    if run.depth != "quick":
        capitals = (("Content-Type", "application/json;charset=UTF-8"),)
        run.perform(batch("a charset in capitals, indented JSON", [as_it_is] * 2, headers=capitals, indent=2))


def _send_whole(run: Run, purpose: str, packs: Sequence[Sequence[Edit]]) -> None:
    """A refused pack is halved, so that one bad apple does not hide the others: each bites by itself in the end."""
    left = SPLITS
    waiting = [list(pack) for pack in packs]
    while waiting:
        pack = waiting.pop(0)
        seen = run.perform(batch(purpose, pack, draw=References.take_first))
        if seen.status in (400, 413, 422) and len(pack) > 1 and left > 0:
            left -= 2
            waiting[:0] = [pack[: len(pack) // 2], pack[len(pack) // 2 :]]


def sizes(run: Run) -> None:
    """Around every limit that programmers like: catalogued references as far as they go, faulty records between them.

    What the catalogue cannot fill is faulty on purpose, so that nothing unknown is written, and the last places are
    good ones again. On a server that refuses whole batches that tells nothing: there the references come again.
    """
    known = run.references.known + run.references.known_aside
    chosen = SIZES if run.depth == "deep" else CORE_SIZES if run.depth == "standard" else (11, 101)
    if known not in chosen and known > 1:
        chosen = tuple(sorted((*chosen, known)))
    refuses_whole = run.refusal is Refusal.WHOLE_BATCH
    for size in chosen:
        if refuses_whole and size > known + 1:
            break
        seen = run.perform(_of_size(size, known))
        if seen.status in (413, 422) and size > known + 1:
            if size < GENEROUS < chosen[-1]:
                run.perform(_of_size(GENEROUS, known))  # refused as well, unless it is too much for the server
            break
    if refuses_whole and not _sizes_again(run, known) and chosen[-1] > GENEROUS:
        run.perform(_of_size(GENEROUS, known))


def _sizes_again(run: Run, known: int) -> bool:
    """References more than once in a batch, as often as leaves their `at` in the past. Whether any such was taken.

    A server may refuse that: it is asked no further.
    """
    taken, records = False, 0
    for size in AGAIN if run.depth != "quick" else AGAIN[:1]:
        if size <= known + 1:
            continue
        records += size
        if records > MOST_AGAIN * run.references.known:
            break
        seen = run.perform(batch(f"{size} records, references again", [as_it_is] * size, draw=References.take_again))
        if seen.status != 200:
            break
        taken = True
    return taken


def _of_size(size: int, known: int) -> Probe:
    edits: list[Edit] = [as_it_is] * min(size, known)
    half = len(edits) // 2
    edits[half:half] = [drop("at")] * (size - len(edits))
    return batch(f"{size} records", edits, draw=References.take_all)


def relations(run: Run) -> None:
    """The same records in other company, order and number (RES-7, UPS-1): what no single answer can show."""
    # An update need not change anything but its moment, and a stock may be sold out.
    together: list[Edit] = [put("quantity", 41), put("quantity", 0), *[as_it_is] * 3]
    run.perform(batch("five together", together, draw=References.take_first))
    run.perform(batch("five again, with a later at", together, draw=References.take_first))
    run.perform(_repeated(run.perform(batch("the first three of them", together[:3], draw=References.take_first))))
    run.perform(batch("one bad record appended", [*together, drop("sku")], draw=References.take_first))
    run.perform(batch("one bad record before", [put("quantity", "many"), *together[1:]], draw=References.take_first))
    run.perform(_reordered("fields shuffled", run.random))
    stale = batch("an earlier at", [put("at", LONG_PAST)] * 2, draw=References.take_first)
    for probe in (_doubled("a record twice in a batch"), stale):
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
    orders = [Change(order=tuple(chance.sample(FIELDS, len(FIELDS)))) for _ in range(5)]
    return batch(purpose, orders, draw=References.take_first)


def _repeated(seen: Seen) -> Probe:
    body = seen.exchange.request.body
    return Probe("the same batch, to the letter", lambda _: Outgoing(body, headers=JSON_TYPE))


def _doubled(purpose: str) -> Probe:
    def build(references: References) -> Outgoing:
        first, second = references.take(2)
        return Outgoing(write({"inventories": [first, second, first]}), headers=JSON_TYPE)

    return Probe(purpose, build)
