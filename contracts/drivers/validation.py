"""Validation: wrong documents one by one, wrong records packed as tightly as the server's way of refusing allows."""

import json
from collections.abc import Callable, Iterator, Sequence

from contracts.drivers.cases import Case, drop, faulty, odd_moments, open_cases, put
from contracts.drivers.references import Fields, References
from contracts.drivers.run import Edit, Probe, Refusal, Run, as_it_is, batch, raw, write
from contracts.wire import Outgoing

AT_ONE_A_REQUEST = 52  # cases of a standard run, the likeliest first, where each costs a request
PACK = 24  # cases in one batch: small enough to read, large enough to be few
WRONG_DOCUMENTS = (
    ("an empty batch", b'{"inventories": []}'),
    ("JSON broken off", b'{"inventories": [{"product_ref": "bspk-harness-'),
    ("no inventories", b"{}"),
    ("inventories null", b'{"inventories": null}'),
    ("an array", b"[]"),
    ("inventories an object", b'{"inventories": {}}'),
    ("text", b"bspk-harness"),
    ("inventories a string", b'{"inventories": "bspk-harness"}'),
    ("inventories true", b'{"inventories": true}'),
    ("inventories a number", b'{"inventories": 1}'),
    ("null", b"null"),
    ("a string", b'"bspk-harness"'),
    ("a form", b"inventories=bspk-harness"),
    ("a number", b"1"),
    ("inventories misspelt", b'{"Inventories": []}'),
    ("single quotes", b"{'inventories': []}"),
)
FEW = 4  # cases that one valid record beside them is enough for
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
    yield raw("text/plain", b'{"inventories": []}', headers=(("Content-Type", "text/plain"),))
    yield raw("no media type", b'{"inventories": []}', headers=())


def wrong_documents(run: Run) -> None:
    """Bodies that are no batch."""
    count = 6 if run.depth == "quick" else len(WRONG_DOCUMENTS)
    for purpose, body in WRONG_DOCUMENTS[:count]:
        run.perform(raw(purpose, body))
    for probe in _misplaced_records():
        run.perform(probe)
    for probe in doubtful_documents() if run.depth != "quick" else ():
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
    }
    yield from (shaped(purpose, shape) for purpose, shape in shapes.items())


def wrong_records(run: Run) -> None:
    """Every field with every class of wrong value."""
    cases = list(faulty())
    if run.depth == "quick":
        cases = cases[:24]
    elif _cases_a_batch(run) < FEW and run.depth == "standard":
        cases = cases[:AT_ONE_A_REQUEST]
    send_packed(run, "wrong records", cases)
    first = ("quantity missing", drop("quantity"))
    for place in ("alone", "first", "last"):
        edits = {"alone": [first[1]], "first": [first[1], as_it_is], "last": [as_it_is, as_it_is, first[1]]}[place]
        run.perform(batch(f"{first[0]}, {place}", edits))


def open_records(run: Run) -> None:
    """What may be refused but must never break the server; odd moments on references kept aside for them."""
    cases = list(open_cases())
    if run.depth == "quick":
        cases = cases[:8]
    whole = _cases_a_batch(run) < FEW
    if whole and run.depth == "standard":
        # Packed, a refusal settles none of them; but what breaks the server breaks it in any company.
        run.perform(batch("open records, packed", [edit for _, edit in cases]))
        cases = _likeliest(cases)
    send_packed(run, "open records", cases)
    moments = [edit for _, edit in odd_moments()]
    seen = run.perform(batch("odd moments", moments, draw=References.take_aside))
    if seen.status not in (200, None) and run.depth != "quick":
        for told, edit in odd_moments():
            if told in ("at in the future", "at without offset") or run.depth == "deep":
                run.perform(batch(told, [edit], draw=References.take_aside))


def _likeliest(cases: Sequence[Case]) -> list[Case]:
    """Where each case may cost a request, those that break servers most."""
    told = (
        "nobody knows", "quantity -1", f"quantity {2**31}", f"quantity {2**63}", "quantity 1e400", "sku an emoji",
        "product_ref not ASCII", "product_ref with NUL", "store_ref empty", "sku of 10,000", "an unknown property",
        "sku with a lone surrogate",
    )  # fmt: skip
    return [case for case in cases if any(part in case[0] for part in told)]


def send_packed(run: Run, purpose: str, cases: Sequence[Case]) -> None:
    """Many cases a batch with valid controls between where the server reports per record, else one a batch.

    No more than there are references: to a stranger's record a server may say so, and never look at what is wrong.
    """
    size = _cases_a_batch(run)
    packs = [cases[start : start + size] for start in range(0, len(cases), size)]
    for number, pack in enumerate(packs):
        if size == 1:
            run.perform(_alone(*pack[0], number, run.references.known))
            continue
        seen = run.perform(batch(f"{purpose}, {len(pack)} cases", _with_controls([edit for _, edit in pack])))
        if seen.status != 200:
            _divide(run, purpose, pack)


def _cases_a_batch(run: Run) -> int:
    known = run.references.known or len(_with_controls([as_it_is] * PACK))
    fitting = (count for count in range(PACK, 0, -1) if len(_with_controls([as_it_is] * count)) <= known)
    return next(fitting, 1) if run.refusal is Refusal.PER_RECORD else 1


def _divide(run: Run, purpose: str, pack: Sequence[Case]) -> None:
    """A packed batch that was refused as a whole settles nothing of its parts: send them in halves, then alone."""
    if len(pack) == 1:
        run.perform(_alone(*pack[0], 0, run.references.known))
        return
    for half in (pack[: len(pack) // 2], pack[len(pack) // 2 :]):
        if len(half) < 4:
            for number, case in enumerate(half):
                run.perform(_alone(*case, number, run.references.known))
            continue
        seen = run.perform(batch(f"{purpose}, {len(half)} cases", _with_controls([edit for _, edit in half])))
        if seen.status != 200:
            _divide(run, purpose, half)


def _with_controls(edits: Sequence[Edit]) -> list[Edit]:
    """A valid record before, after, and after every fifth, so that a shifted or spread blame shows."""
    if len(edits) < FEW:
        return [as_it_is, *edits]
    packed: list[Edit] = [as_it_is]
    for number, edit in enumerate(edits, 1):
        packed.append(edit)
        if number % 5 == 0:
            packed.append(as_it_is)
    return [*packed, as_it_is]


def _alone(told: str, edit: Edit, number: int, known: int) -> Probe:
    """One case in a batch of three: first, in the middle or last by turns. Of fewer, where references are few."""
    edits: list[Edit] = [as_it_is] * min(2, known - 1 if known else 2)
    edits.insert(number % (len(edits) + 1), edit)
    return batch(told, edits)


def two_faults(run: Run) -> None:
    """Two faults of one class, together and each by itself, on the same references in the same places (VAL-3)."""
    none, many = drop("quantity"), put("quantity", "many")
    no_product, no_sku, neither = drop("product_ref"), drop("sku"), drop("product_ref", "sku")
    trios: list[list[dict[int, Edit]]] = [
        [{1: none}, {3: none}, {1: none, 3: none}],
        [{1: no_product}, {1: no_sku}, {1: neither}],
        [{1: many}, {3: many}, {1: many, 3: many}],
    ]
    few = run.refusal is Refusal.PER_RECORD or run.depth == "quick"
    for faults in trios[0] if few else [faults for trio in trios for faults in trio]:
        edits = [faults.get(place, as_it_is) for place in range(5)]
        run.perform(batch(f"faults at {list(faults)}", edits, draw=References.take_first))
