"""What a batch is answered: the schema of the operation's 200."""

from openapi.promise import CONTRACTS, EVERY_RUN, LOADTESTS, Level, Promise

_ITEM = "responses.200 schema, properties.results.items"

RES_1 = Promise(
    id="RES-1",
    level=Level.MUST,
    quote="required: - status - results",
    place="responses.200 schema",
    meaning="The answer is a JSON object with a string `status` and an array `results` of objects.",
    harm="A client that cannot find the results does not know which of its records were taken.",
    tested="The body of every 200 is read strictly.",
    runs=EVERY_RUN,
)
RES_2 = Promise(
    id="RES-2",
    level=Level.MUST,
    quote="Index of the inventory record in the input array",
    place=f"{_ITEM}.properties.index.description",
    meaning="Each `index` is an integer that stands in the input array, counted from 0, and none comes twice.",
    harm="An index off by one, out of range or doubled lays one record's outcome at another's door.",
    tested="The indices of every 200 are held against the size of its batch.",
    runs=EVERY_RUN,
)
RES_3 = Promise(
    id="RES-3",
    level=Level.IMPLIED,
    quote="Index of the inventory record in the input array",
    place=f"{_ITEM}.properties.index.description",
    meaning="There is exactly one result for every record, at any size of batch.",
    harm="A record without a result may or may not be on the shelf: the client can neither trust it nor safely repeat "
    "it.",
    tested="The results of every 200 are counted against its batch, from one record up to the largest batch taken.",
    runs=EVERY_RUN,
)
RES_4 = Promise(
    id="RES-4",
    level=Level.MUST,
    quote="One of 'ok', 'error', or 'warning'",
    place=f"{_ITEM}.properties.status.description",
    meaning="Each result's `status` is one of these three words, in this spelling.",
    harm="A client compares with three words: a fourth, or `OK`, passes for whatever its last branch does.",
    tested="The status of every result is compared to the letter.",
    runs=EVERY_RUN,
)
RES_5 = Promise(
    id="RES-5",
    level=Level.IMPLIED,
    quote="Explanation message (for warnings or errors)",
    place=f"{_ITEM}.properties.message.description",
    meaning="Every result that is a warning or an error carries a non-empty string `message`.",
    harm="An error without its reason cannot be mended by whoever sent the record.",
    tested="The message of every warning and error is looked at.",
    runs=EVERY_RUN,
)
RES_6 = Promise(
    id="RES-6",
    level=Level.IMPLIED,
    quote="Index of the inventory record in the input array",
    place=f"{_ITEM}.properties.index.description",
    meaning="The index points at the right record: those that are faulty and no others are blamed.",
    harm="The wrong record is mended, and the faulty one is believed to be on the shelf.",
    tested="Batches with faults at known places are sent, and the places blamed are compared with them.",
    runs=EVERY_RUN,
)
RES_7 = Promise(
    id="RES-7",
    level=Level.IMPLIED,
    quote="Partial success with warnings",
    place="responses.200.description",
    meaning="On a server that reports per record, a record's outcome depends neither on its neighbours, nor on its "
    "position, the "
    "order of its fields or the size of the batch (records with the same history of `at`, none twice in a batch).",
    harm="One bad record takes good ones down with it, and the same export succeeds or fails by the order of its rows.",
    tested="The same records are sent alone, turned round, among faults and among many others; their outcomes are "
    "compared.",
    runs=CONTRACTS,
)
LOAD_1 = Promise(
    id="LOAD-1",
    level=Level.IMPLIED,
    quote="Index of the inventory record in the input array",
    place=f"{_ITEM}.properties.index.description",
    meaning="Every answer belongs to its own request, however many are under way at once.",
    harm="Two clients that get each other's answers both believe the wrong records, and no log shows it.",
    tested="Concurrent batches have distinct sizes and distinct faults, so that a swap shows.",
    runs=LOADTESTS,
)

CHAPTER = (RES_1, RES_2, RES_3, RES_4, RES_5, RES_6, RES_7, LOAD_1)
