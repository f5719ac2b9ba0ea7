"""Who is let in: the document's section "Authentication"."""

from openapi.promise import CONTRACTS, EVERY_RUN, Level, Promise

AUTH_1 = Promise(
    id="AUTH-1",
    level=Level.MUST,
    quote="All unauthenticated requests will return an HTTP 401 response.",
    place="info.description, Authentication",
    meaning="Without the key (no header, an empty or malformed one, a token other than the key) the operation answers "
    "401, "
    "whatever the body, before any validation, every time. A 429 is neither for nor against.",
    harm="A near miss that is let in is an open door to every store's stock; a client refused by another status "
    "mends its data instead of its key.",
    tested="Valid and invalid bodies are sent without a header, with malformed headers, and with the key altered "
    "(truncated, extended, other case, one character changed); under load, in the midst of those who have it.",
    runs=EVERY_RUN,
)
AUTH_2 = Promise(
    id="AUTH-2",
    level=Level.MUST,
    quote="Your `Authorization` header should be in the following format:",
    place="info.description, Authorization header",
    meaning="The key in the documented form, `Authorization: Bearer [API_KEY]`, is never answered 401 or 403. "
    "A key refused from the first request on is the user's mistake: undecided.",
    harm="A key that works now and then makes stock levels go missing, and sends integrators to renew keys in vain.",
    tested="Every request that carries the key in this form is watched, through the whole run.",
    runs=EVERY_RUN,
)
AUTH_3 = Promise(
    id="AUTH-3",
    level=Level.IMPLIED,
    quote="Access to this data is binary: everything or nothing.",
    place="info.description, Authentication",
    meaning="There is no third state between let in and 401: no answer is a 403.",
    harm="A client that knows only 401 cannot tell a 403 from a lost key, and has no permission that it could ask for.",
    tested="Every answer of the run is looked at, with the key and without.",
    runs=CONTRACTS,
)

CHAPTER = (AUTH_1, AUTH_2, AUTH_3)
