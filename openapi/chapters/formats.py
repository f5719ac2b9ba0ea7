"""How answers are written: the document's section "Additional Information" and the content types."""

from openapi.promise import CONTRACTS, EVERY_RUN, Level, Promise

_PLACE = "info.description, Additional Information"

FMT_1 = Promise(
    id="FMT-1",
    level=Level.MUST,
    quote="content: application/json: schema:",
    place="responses.200 and responses.422",
    meaning="A 200 and a 422 are `application/json`, with or without parameters, and valid JSON. Other statuses: "
    "observed.",
    harm="A client's JSON reader fails on the very answer that says which records were taken.",
    tested="The content type and the body of every 200 and 422 are read strictly.",
    runs=EVERY_RUN,
)
FMT_2 = Promise(
    id="FMT-2",
    level=Level.MUST,
    quote="Timestamps are rendered in ISO-8601 format",
    place=_PLACE,
    meaning="A property of an answer whose name or value says that it is a timestamp is written in ISO 8601.",
    harm="A timestamp in another form is misread by hours or months, in silence.",
    tested="Every answer is searched for timestamps; an answer need not have any.",
    runs=CONTRACTS,
)
FMT_3 = Promise(
    id="FMT-3",
    level=Level.MUST,
    quote="BSPK reserves the right to add more properties to objects",
    place=_PLACE,
    meaning="Unknown properties in answers are never a finding.",
    harm="A client, or a judge, that refuses unknown properties breaks on a change that was announced as harmless.",
    tested="Legal servers that add properties must pass; `python -m openapi.drift` calls such a change an addition.",
    runs=CONTRACTS,
    unruled="It binds the reader of an answer, not the server: whatever the server adds, it keeps this promise.",
)

CHAPTER = (FMT_1, FMT_2, FMT_3)
