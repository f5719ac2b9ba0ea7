"""Which statuses there are: the document's section "Error Codes"."""

from openapi.promise import CONTRACTS, EVERY_RUN, Level, Promise

_PLACE = "info.description, Error Codes"

ERR_1 = Promise(
    id="ERR-1",
    level=Level.MUST,
    quote="### Error Codes",
    place=_PLACE,
    meaning="A POST of a JSON body up to 256 KiB is answered by 200, or refused by one of 400, 401, 404, 422, 429. "
    "413, 415 and 431 for other bodies and heads, 405 for other methods: observed.",
    harm="An integrator writes one branch a documented status: any other falls through, and is mostly dropped or "
    "retried for ever.",
    tested="Every answer to a JSON body of at most 256 KiB is looked at, valid and invalid alike.",
    runs=CONTRACTS,
)
ERR_2 = Promise(
    id="ERR-2",
    level=Level.IMPLIED,
    quote="500 - BSPK Internal Server Error",
    place=_PLACE,
    meaning="No input of ours causes a 5xx, a connection cut after the first byte of an answer, or a hang. "
    "A reused idle connection closed before the first byte is nobody's fault.",
    harm="After a 5xx or a cut a client does not know whether its stock levels were taken, "
    "and one poisoned record blocks its queue at every retry.",
    tested="Everything that a run sends, hostile bodies and bursts included, must be answered without one.",
    runs=EVERY_RUN,
)
ERR_3 = Promise(
    id="ERR-3",
    level=Level.IMPLIED,
    quote="400 - Bad Request.",
    place=_PLACE,
    meaning="A body that is not JSON is refused by 400, 422 or 415, never taken for a success.",
    harm="A broken body answered by success is a batch lost in silence.",
    tested="Truncated, empty-handed and foreign bodies are sent as application/json.",
    runs=CONTRACTS,
)

CHAPTER = (ERR_1, ERR_2, ERR_3)
