"""What is taken: the operation's summary, description and request schema."""

from openapi.promise import CONTRACTS, EVERY_RUN, Level, Promise

UPS_1 = Promise(
    id="UPS-1",
    level=Level.MUST,
    quote="Creates or updates inventory quantities in batch",
    place="operation.summary",
    meaning="An update of the same record with a later `at` is accepted. The same batch again, or the same record "
    "twice in a "
    "batch: no 5xx and no result lost; which status they get is observed.",
    harm="A quantity that can be created and not updated leaves yesterday's stock on sale.",
    tested="A record is created, updated with a later `at`, sent again unchanged, and sent twice in one batch.",
    runs=CONTRACTS,
)
UPS_2 = Promise(
    id="UPS-2",
    level=Level.MUST,
    quote="Updates inventory quantities for multiple products in a single request.",
    place="operation.description",
    meaning="Batches of many distinct records are accepted, up to a size that is refused by a well-formed 422 (or "
    "413): "
    "that maximum is observed.",
    harm="A batch endpoint that takes few records makes a full export slower than its allowance permits.",
    tested="Batches of growing size are sent until one is refused or the budget is reached.",
    runs=EVERY_RUN,
)
UPS_3 = Promise(
    id="UPS-3",
    level=Level.IMPLIED,
    quote="required: - product_ref - sku - quantity - store_ref - at",
    place="requestBody schema, properties.inventories.items",
    meaning="A valid record with catalogued references is `ok` or `warning`: `at` as YYYY-MM-DDThh:mm:ss[.f{1,6}](Z "
    "or ±hh:mm), a "
    "real past instant later than any sent for that reference; quantity 0 to a million; any order of fields; "
    "`application/json` with or without charset.",
    harm="An integrator who follows the document to the letter is refused, and has nothing left to mend.",
    tested="Valid records are generated over these ranges for the references of the catalogue.",
    runs=EVERY_RUN,
)

CHAPTER = (UPS_1, UPS_2, UPS_3)
