"""Validation: wrong documents one by one, wrong records packed as tightly as the server's way of refusing allows."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from contracts.drivers.cases import LIKELIEST_OPEN, likely_faults, odd_moments, open_cases, rarer_faults
from contracts.drivers.changes import AS_IT_IS, drop, instead, put
from contracts.drivers.packing import FEWEST, PACK, Packing, controlled
from contracts.drivers.references import Fields, References
from contracts.drivers.run import ANYTHING, JSON_TYPE, Edit, Probe, Refusal, Run, as_it_is, batch, raw, write
from contracts.exchanges.records import OURS
from contracts.exchanges.replies import read_json
from contracts.seen import Seen
from contracts.wire.outgoing import Outgoing

ALONE = {"quick": 8, "standard": 24, "deep": 10_000}  # cases of a run where each costs a request
MANY_FAULTS = 12
WRONG_DOCUMENTS = (
    ("an empty batch", b'{"inventories": []}'),
    ("JSON broken off", b'{"inventories": [{"product_ref": "bspk-harness-'),
    ("no inventories", b"{}"),
    ("inventories null", b'{"inventories": null}'),
    ("an array", b"[]"),
    ("null", b"null"),
    ("inventories an object", b'{"inventories": {}}'),
    ("text", b"bspk-harness"),
    ("inventories a string", b'{"inventories": "bspk-harness"}'),
    ("inventories true", b'{"inventories": true}'),
    ("inventories a number", b'{"inventories": 1}'),
    ("a string", b'"bspk-harness"'),
    ("a form", b"inventories=bspk-harness"),
    ("a number", b"1"),
    ("true", b"true"),
    ("inventories false", b'{"inventories": false}'),
    ("inventories an empty string", b'{"inventories": ""}'),
)
DEEP = 2000  # levels of nesting


def doubtful_documents() -> Iterator[Probe]:
    """What servers read differently: only that nothing breaks is asked."""
    yield raw("no body", b"")
    yield raw("a byte order mark", b'\xef\xbb\xbf{"inventories": []}')
    yield raw("UTF-16", '{"inventories": []}'.encode("utf-16"))
    yield raw("bad UTF-8", b'{"inventories": [{"product_ref": "\xff\xfe"}]}')
    yield raw("NaN", b'{"inventories": [{"quantity": NaN}]}')
    yield raw("duplicate keys", b'{"inventories": [], "inventories": null}')
    yield raw("deep nesting", b'{"inventories": ' + b"[" * DEEP + b"]" * DEEP + b"}")
    yield raw("a number of 5,000 digits", b'{"inventories": [{"quantity": 1' + b"0" * 4999 + b"}]}")
    yield raw("text/plain", b'{"inventories": []}', headers=(("Content-Type", "text/plain"),))
    yield raw("no media type", b'{"inventories": []}', headers=())
    other = (("Content-Type", "application/json; charset=bspk-harness"),)
    yield raw("a charset that nobody knows", b'{"inventories": []}', headers=other)


def wrong_documents(run: Run) -> None:
    """Bodies that are no batch."""
    count = {"quick": 5, "standard": 12}.get(run.depth, len(WRONG_DOCUMENTS))
    for purpose, body in run.some(WRONG_DOCUMENTS, count, always=11):
        run.perform(raw(purpose, body, headers=(*JSON_TYPE, ANYTHING)))
    for probe in doubtful_documents() if run.depth != "quick" else ():
        run.perform(probe)
    misplaced = list(_misplaced_records())
    for probe in misplaced[:1] if run.depth == "quick" else misplaced:
        run.perform(probe)


def _misplaced_records() -> Iterator[Probe]:
    """Valid records where no batch is: a server that means well might take them."""

    def shaped(purpose: str, shape: Callable[[Fields], object]) -> Probe:
        return Probe(purpose, lambda references: Outgoing(write(shape(references.take(1)[0]))))

    shapes: dict[str, Callable[[Fields], object]] = {
        "the array alone": lambda record: [record],
        "a record for the array": lambda record: {"inventories": record},
        "the array as text": lambda record: {"inventories": json.dumps([record])},
        "a record alone": lambda record: record,
        "a batch as text": lambda record: json.dumps({"inventories": [record]}),
        "records by number": lambda record: {"inventories": {"0": record}},
        "inventories misspelt": lambda record: {"Inventories": [record]},
    }
    yield from (shaped(purpose, shape) for purpose, shape in shapes.items())
    yield _spoilt("a batch with something behind", lambda body: body + b" bspk-harness")
    yield _spoilt("a batch without its last bracket", lambda body: body[:-1])
    yield _spoilt("a batch in single quotes", lambda body: body.replace(b'"', b"'"))
    yield _spoilt("a batch with a comma too many", lambda body: body.replace(b"}]", b"},]"))
    yield _spoilt("a batch with a comment", lambda body: b"/* bspk-harness */ " + body)
    # Surely a 422, so that the good batch of the next driver follows one.
    yield shaped("a batch in an envelope", lambda record: {"data": {"inventories": [record]}})


def _spoilt(purpose: str, spoil: Callable[[bytes], bytes]) -> Probe:
    """A good batch whose text is JSON no more: a reader that stops early does not see it."""
    return Probe(purpose, lambda references: Outgoing(spoil(write({"inventories": references.take(1)}))))


def wrong_records(run: Run) -> None:
    """Every field with every class of wrong value, on catalogued references; then the first of all, in each place."""
    likeliest, rest = list(likely_faults()), list(rarer_faults())
    rest = [] if run.depth == "quick" else run.some(rest, len(rest))
    packing = Packing(run, "wrong records", ALONE[run.depth])
    packing.send(likeliest, _distinct(run))
    packing.send(rest, PACK)
    told, change = "quantity missing", drop("quantity")
    places = {"alone": [change], "last": [AS_IT_IS, AS_IT_IS, change]}
    for place in ("last",) if run.depth == "quick" else places:
        run.perform(batch(f"{told}, {place}", places[place]))
    if run.depth != "quick":  # what all records have to have may be read off the first
        run.perform(batch("record null, first", [instead(None), AS_IT_IS]))
    if run.refusal is Refusal.WHOLE_BATCH and run.depth != "quick":
        # Passed over, they would shift the places of all others in a pack, so that the list of errors says nothing.
        for told, nothing in (("record null", instead(None)), ("record an empty object", instead({}))):
            run.perform(batch(f"{told}, between two good ones", [as_it_is, nothing, as_it_is]))
    if run.refusal is Refusal.WHOLE_BATCH:
        # Of the preflight's shape, so that a list with more faults than then shows.
        again = _again("a faulty batch, to the letter the same", [as_it_is, change, as_it_is])
        run.perform(again)
        run.perform(again)


def _distinct(run: Run) -> int:
    """The largest pack whose records all have references of their own."""
    room = run.references.known
    return min(PACK, max(FEWEST, next((size for size in range(PACK, 0, -1) if controlled(size) <= room), FEWEST)))


def _again(purpose: str, edits: Sequence[Edit]) -> Probe:
    """The same bytes each time: made once, and kept."""
    made: list[Outgoing] = []
    probe = batch(purpose, edits)

    def build(references: References) -> Outgoing:
        made.append(probe.build(references)) if not made else None
        return made[0]

    return Probe(purpose, build)


def open_records(run: Run) -> None:
    """What may be refused but must never break the server; odd moments on references kept aside for them."""
    cases = list(open_cases())
    likeliest = [case for told in LIKELIEST_OPEN for case in cases if case[0] == told]
    rest = run.some([case for case in cases if case not in likeliest], len(cases))
    packing = Packing(run, "open records", ALONE[run.depth] // 3)
    packing.send(likeliest, PACK)
    if run.depth != "quick":
        packing.send(rest, PACK)
    if run.depth != "quick":
        run.perform(batch("an unknown property, in the first alone", [put("note", f"{OURS}note"), as_it_is, as_it_is]))
    moments = list(odd_moments())
    seen = run.perform(batch("odd moments", [edit for _, edit in moments], draw=References.take_aside))
    if seen.status not in (200, None) and run.depth != "quick":
        for told, edit in moments if run.depth == "deep" else moments[:2]:
            run.perform(batch(told, [edit], draw=References.take_aside))


def two_faults(run: Run) -> None:
    """Faults of one class, together and in two parts, on the same references in the same places (VAL-3).

    More than a list of errors may be cut down to; and two in one record, where that can show: elsewhere it cannot
    tell anything.
    """
    count = max(2, min(MANY_FAULTS, run.references.known))
    last, places = count - 1, range(count)
    parts = (range(last), range(last, count), places)
    seen = [_faults_at(run, {place: drop("quantity") for place in part}, count) for part in parts]
    told = [read_json(each.answer) for each in seen if each.status == 422 and each.answer is not None]
    if run.depth != "quick" and len(told) == len(parts) and told[0] != told[1]:
        for names in (("product_ref",), ("sku",), ("product_ref", "sku")):
            _faults_at(run, {1: drop(*names)}, 3)


def _faults_at(run: Run, faults: Mapping[int, Edit], count: int) -> Seen:
    edits = [faults.get(place, as_it_is) for place in range(count)]
    return run.perform(batch(f"faults at {list(faults)}", edits, draw=References.take_first))
