"""What is refused, and how: the document's section "Validation" and the operation's 422."""

from openapi.promise import CONTRACTS, Level, Promise

_PLACE = "info.description, Validation"

VAL_1 = Promise(
    id="VAL-1",
    level=Level.MUST,
    quote="Any parameter that fails validation will trigger an error response with status HTTP 422.",
    place=_PLACE,
    meaning="`inventories` missing or of another type in a JSON object: 422. An invalid record: a 422, or `error` at "
    "its "
    "index in a 200; never `ok` or `warning`, never another status. A body that is no JSON object: 400 or 422. "
    "BOM, other encodings, NaN, duplicate keys, no body at all: ERR-2 only.",
    harm="An invalid record taken for good leaves the stock wrong while the client is told that all is well.",
    tested="Bodies with one labelled fault each (missing, null, wrong type, not a datetime) are sent alone and among "
    "valid records.",
    runs=CONTRACTS,
)
VAL_2 = Promise(
    id="VAL-2",
    level=Level.MUST,
    quote="The response body will be a JSON object like the example below which includes a list of fields that failed "
    "validation.",
    place=_PLACE,
    meaning="Every 422 of the operation has `errors`, a non-empty array of objects with string `title` and `code`.",
    harm="A client that cannot read why it was refused can only give the batch up, or send it unchanged again.",
    tested="The body of every 422 is read strictly.",
    runs=CONTRACTS,
)
VAL_3 = Promise(
    id="VAL-3",
    level=Level.IMPLIED,
    quote="a list of fields that failed validation.",
    place=_PLACE,
    meaning="All the fields that fail are listed. Broken only if faults of one class, together in one batch, report "
    "exactly what some of them report without the others, while those others by themselves report something else. "
    "Merged titles and phases are legal.",
    harm="Faults that come out one at a time cost one request each, and a nightly import needs as many nights as it "
    "has faults.",
    tested="Faults of one class are sent together and in two parts, and the three answers are compared.",
    runs=CONTRACTS,
)
VAL_4 = Promise(
    id="VAL-4",
    level=Level.MUST,
    quote="Empty inventory data",
    place="responses.422.description",
    meaning='`{"inventories": []}` is answered 422.',
    harm="An empty export answered by success hides that the client's own query has failed.",
    tested="The empty batch is sent.",
    runs=CONTRACTS,
)

CHAPTER = (VAL_1, VAL_2, VAL_3, VAL_4)
