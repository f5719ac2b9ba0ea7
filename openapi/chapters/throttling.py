"""How fast one may go: the document's section "Throttling"."""

from openapi.promise import EVERY_RUN, LOADTESTS, Level, Promise

_PLACE = "info.description, Throttling"

RATE_1 = Promise(
    id="RATE-1",
    level=Level.MUST,
    quote="API requests are limited to the amount specified in the returned `X-RateLimit-Limit` header (per 10 "
    "seconds).",
    place=_PLACE,
    meaning="Never more are admitted than some legal limiter of this Limit and a window of 10 s (to 10.25 s) could "
    "admit; "
    "and the full allowance is back after the silence which that limiter needs, at most two windows after the last "
    "refusal.",
    harm="More than the Limit means that one client's burst starves the others; an allowance that does not return "
    "means that an honest client is locked out.",
    tested="Bursts beyond the Limit, silence, and bursts again, at several phases of the window; the history must be "
    "explained by at least one legal limiter.",
    runs=LOADTESTS,
)
RATE_2 = Promise(
    id="RATE-2",
    level=Level.MUST,
    quote="Exceeding that limit will cause BSPK to return an `HTTP 429` response.",
    place=_PLACE,
    meaning="Over the limit the answer is 429: no other status, no dropped connection.",
    harm="Clients wait and send again on 429 alone: any other refusal loses the batch or raises a false alarm.",
    tested="A burst goes beyond the Limit and every answer's status is looked at.",
    runs=LOADTESTS,
)
RATE_3 = Promise(
    id="RATE-3",
    level=Level.MUST,
    quote="Check the `X-RateLimit-Limit` and `X-RateLimit-Remaining` headers",
    place=_PLACE,
    meaning="Both headers stand on every 200 and 422 of the operation, once each, as decimal integers `[0-9]+`, "
    "with Remaining no greater than Limit.",
    harm="A client that paces itself by the headers is blind without them, and stops or floods when they cannot be "
    "read.",
    tested="The headers of every 200 and 422 are read strictly.",
    runs=EVERY_RUN,
)
RATE_4 = Promise(
    id="RATE-4",
    level=Level.MUST,
    quote="to see how many more requests you are allowed until throttling kicks in.",
    place=_PLACE,
    meaning="Remaining = r means that r more requests get in. It falls by one a request and rises only as some legal "
    "limiter's would. Irregular extra drops are undecided: someone else spends this allowance.",
    harm="A Remaining that promises too much gets careful clients throttled; one that promises too little wastes "
    "allowance that they have paid for.",
    tested="Remaining is followed through sequential requests and bursts, against every legal limiter.",
    runs=EVERY_RUN,
)
RATE_5 = Promise(
    id="RATE-5",
    level=Level.IMPLIED,
    quote="how many more requests you are allowed until throttling kicks in.",
    place=_PLACE,
    meaning="The 429 carries both headers too, and its Remaining is 0.",
    harm="The 429 is where a client needs the numbers most: without them it cannot tell how long to hold back.",
    tested="The headers of every 429 that a burst draws are read.",
    runs=LOADTESTS,
)
RATE_6 = Promise(
    id="RATE-6",
    level=Level.IMPLIED,
    quote="limited to the amount specified in the returned `X-RateLimit-Limit` header",
    place=_PLACE,
    meaning="The Limit is one amount: it is the same all through a run.",
    harm="A client that reads the Limit once, at its start, is throttled or idles when the Limit moves.",
    tested="The Limit of every answer of the run is compared with the first.",
    runs=EVERY_RUN,
)

CHAPTER = (RATE_1, RATE_2, RATE_3, RATE_4, RATE_5, RATE_6)
