"""Authentication: every near miss of the key and every malformed header, with good, bad and broken bodies."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.drivers.changes import drop
from contracts.drivers.references import References
from contracts.drivers.run import JSON_TYPE, Probe, Run, as_it_is, batch, raw
from contracts.wire.outgoing import Outgoing

EMPTY_BATCH = b'{"inventories": []}'
PLAIN_TEXT = (("Content-Type", "text/plain"),)
TRUNCATED = b'{"inventories": ['
MANY = 300  # records: more than a server takes that measures before it asks for a key

# Each alters the token; `standing_of` reads them all as unauthenticated. The likeliest to slip through come first.
NEAR_MISSES = (
    None,
    "Bearer 0${BSPK_API_KEY#?}x",
    "Bearer ${BSPK_API_KEY%?}",
    "Bearer ${BSPK_API_KEY}x",
    "Bearer ",
    "Bearer",
    "",
    "Bearer x${BSPK_API_KEY}",
    "Bearer ${BSPK_API_KEY#?}",
    "Bearer ${BSPK_API_KEY:0:8}",
    "Bearer ${BSPK_API_KEY~~}",
    "Bearer null",
    "Basic dXNlcjpwYXNz",
    "Bearer ${BSPK_API_KEY}.x",
    "Bearer ${BSPK_API_KEY%?}!",
    "Bearer ~${BSPK_API_KEY#?}",
    "Bearer ${BSPK_API_KEY:0:4}~${BSPK_API_KEY:5}",
    "Bearer cl\xe9",
    "Bearer bspk-harness not a key",
    "Bearer " + "x" * 1000,
    "Bearer *",
    'Bearer $(printf %s "$BSPK_API_KEY" | rev)',
    "Bearer bspk-harness-not-a-key",
    "bspk-harness-not-a-key",
    "Bearer ${BSPK_API_KEY}${BSPK_API_KEY}",
    "Bearer undefined",
    "Bearer 0",
    "Bearer %",
    "Bearer ${BSPK_API_KEY:0:24}",
    "bearer bspk-harness-not-a-key",
    "Token bspk-harness-not-a-key",
)
UNSPOKEN = (
    "bearer $BSPK_API_KEY",
    "Bearer  $BSPK_API_KEY",
    "$BSPK_API_KEY",
    "Token $BSPK_API_KEY",
)


def strangers(run: Run) -> None:
    """Everyone without the key, each with another body: 401 comes before any validation."""
    count = {"quick": 6, "standard": 21}.get(run.depth, len(NEAR_MISSES))
    for number, authorization in enumerate(run.some(NEAR_MISSES, count, always=20)):
        if run.wire.is_near_miss(authorization):
            run.perform(_dressed(authorization, number))
    run.perform(_dressed(None, 1))
    # The key right after those who have none: whoever confuses them shows at once.
    for probe in _same_batch("Bearer ${BSPK_API_KEY}0"):
        run.perform(probe)
    for authorization in UNSPOKEN if run.depth != "quick" else ():
        run.perform(batch(f"the key as `{authorization}`", [as_it_is], authorization=authorization))


def _same_batch(wrong: str) -> Iterator[Probe]:
    """With the key, then to the letter the same without it: what remembers an answer must remember whose it was."""
    made: list[Outgoing] = []

    def build(references: References) -> Outgoing:
        made.append(batch("", [as_it_is, as_it_is]).build(references))
        return made[-1]

    yield Probe("the key", build)
    yield Probe("a wrong key with the same batch", lambda _: replace(made[-1], authorization=wrong))


def at_the_end(run: Run) -> None:
    """The same door again, once much else has passed through it."""
    for probe in _last(run):
        run.perform(probe)


def _last(run: Run) -> Iterator[Probe]:
    yield batch("no key, at the end", [as_it_is], authorization=None)
    yield raw("the key, at the end", EMPTY_BATCH)
    yield batch("a near miss after a 422, at the end", [as_it_is], authorization="Bearer ${BSPK_API_KEY%?}")
    if run.depth != "quick":
        yield raw("no key and no JSON, at the end", TRUNCATED, authorization=None)


def _dressed(authorization: str | None, number: int) -> Probe:
    """With a good batch, or by turns with what a server may look at before the key."""
    told = "no Authorization" if authorization is None else f"Authorization `{authorization}`"
    raws: dict[str, tuple[bytes, tuple[tuple[str, str], ...]]] = {
        "not JSON": (TRUNCATED, JSON_TYPE),
        "an empty batch": (EMPTY_BATCH, JSON_TYPE),
        "no inventories": (b"{}", JSON_TYPE),
        "an array": (b"[]", JSON_TYPE),
        "no body": (b"", JSON_TYPE),
        "inventories null": (b'{"inventories": null}', JSON_TYPE),
        "no JSON by its type": (EMPTY_BATCH, PLAIN_TEXT),
        "no media type": (EMPTY_BATCH, ()),
    }
    turn = number % (3 + len(raws))
    if turn == 0:
        return batch(told, [as_it_is], authorization=authorization)
    if turn == 1:
        return batch(f"{told}, a faulty record", [drop("quantity")], authorization=authorization)
    if turn == 2:
        many, draw = [drop("at")] * MANY, References.take_again
        return batch(f"{told}, {MANY} records", many, authorization=authorization, draw=draw)
    purpose, (body, headers) = list(raws.items())[turn - 3]
    return raw(f"{told}, {purpose}", body, headers=headers, authorization=authorization)
