"""Results that are missing, misplaced, misspelt or about somebody else."""

from dataclasses import replace

from sandbox.batches import settle
from sandbox.defects.forms import Told, body_of, on_result, on_results, on_success
from sandbox.message import Fault, Reply
from sandbox.outcome import Result
from sandbox.server import Server
from sandbox.signatures import Render, Settle
from sandbox.stages import render
from sandbox.variant import defect


@on_result("RES-2", "RES-6")
def index_from_1(result: Result) -> Told:
    """Indices are counted from one."""
    return result.as_json() | {"index": result.index + 1}


@on_result("RES-2")
def index_as_text(result: Result) -> Told:
    """Indices are strings."""
    return result.as_json() | {"index": str(result.index)}


@on_result("RES-2")
def index_as_float(result: Result) -> Told:
    """Indices have a fraction."""
    return result.as_json() | {"index": float(result.index)}


@on_result("RES-2")
def index_null(result: Result) -> Told:
    """Indices are null."""
    return result.as_json() | {"index": None}


@on_result("RES-2")
def index_missing(result: Result) -> Told:
    """There are no indices."""
    return {name: value for name, value in result.as_json().items() if name != "index"}


@on_result("RES-2", "RES-3")
def index_always_0(result: Result) -> Told:
    """Every index is zero."""
    return result.as_json() | {"index": 0}


@on_result("RES-2")
def index_in_pages_of_50(result: Result) -> Told:
    """Indices begin again after every fifty records."""
    return result.as_json() | {"index": result.index % 50}


@defect(render, "RES-2")
def index_goes_on_over_batches(server: Server, inner: Render, results: list[Result]) -> Reply:
    """Indices go on where the last batch ended."""
    start = server.tally["records"]
    server.tally["records"] += len(results)
    return inner([replace(result, index=start + result.index) for result in results])


@defect(render, "RES-6")
def index_reversed_on_error(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """If there is an error, indices are counted from the end."""
    if any(result.status == "error" for result in results):
        return inner([replace(result, index=len(results) - 1 - result.index) for result in results])
    return inner(results)


@defect(render, "RES-6", "RES-2")
def index_of_errors_only(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """Errors are counted among themselves."""
    errors = [result.index for result in results if result.status == "error"]
    return inner(
        [
            replace(result, index=errors.index(result.index)) if result.status == "error" else result
            for result in results
        ]
    )


@defect(settle, "RES-6")
def blame_shifted_by_one(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The record after the faulty one is blamed."""
    results = inner(items)
    return [replace(results[index - 1], index=index) for index in range(len(results))]


@defect(settle, "RES-6")
def blame_on_the_first(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The first record is blamed for the first faulty one."""
    results = inner(items)
    faulty = next((result for result in results if result.status == "error"), None)
    if faulty is None or faulty.index == 0:
        return results
    first = replace(results[0], index=faulty.index)
    return [replace(faulty, index=0), *results[1 : faulty.index], first, *results[faulty.index + 1 :]]


@defect(settle, "RES-6", "RES-7")
def all_blamed_for_one(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """One faulty record makes all records of its batch errors."""
    results = inner(items)
    faulty = next((result for result in results if result.status == "error"), None)
    return [replace(faulty, index=index) for index in range(len(results))] if faulty else results


@defect(settle, "RES-6", "RES-7")
def neighbour_blamed(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A valid record after a faulty one is an error too."""
    results = inner(items)
    return [
        replace(results[index - 1], index=index) if index and results[index - 1].status == "error" else result
        for index, result in enumerate(results)
    ]


@defect(settle, "RES-6", "RES-7")
def all_after_a_fault_blamed(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Records after a faulty one are errors: processing stops there."""
    results = inner(items)
    faulty = next((result for result in results if result.status == "error"), None)
    return [replace(faulty, index=r.index) if faulty and r.index > faulty.index else r for r in results]


def _refused(index: int, title: str) -> Result:
    return Result(index, "error", title, (Fault(title, "invalid", "value"),))


@defect(settle, "RES-7", "UPS-3")
def order_of_fields_matters(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A record that does not begin with its product_ref is an error."""
    return [
        result
        if not isinstance(item := items[result.index], dict) or next(iter(item), "") == "product_ref"
        else _refused(result.index, "product_ref must come first")
        for result in inner(items)
    ]


@defect(settle, "RES-7", "UPS-2")
def only_the_first_accepted(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Records after the first are errors."""
    return [_refused(result.index, "not processed") if result.index else result for result in inner(items)]


@defect(settle, "RES-7", "UPS-3")
def last_place_refused(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The last of several records is an error."""
    results = inner(items)
    return [*results[:-1], _refused(len(results) - 1, "unexpected end")] if len(results) > 1 else results


@defect(settle, "RES-7", "UPS-2")
def size_of_batch_matters(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """In a batch of more than twenty every record is an error."""
    results = inner(items)
    return [_refused(result.index, "batch too large") for result in results] if len(results) > 20 else results


@on_results("RES-3")
def last_result_missing(results: list[Told]) -> object:
    """The last record has no result."""
    return results[:-1]


@on_results("RES-3")
def last_of_several_missing(results: list[Told]) -> object:
    """The last of more than two records has no result."""
    return results[:-1] if len(results) > 2 else results


@on_results("RES-3", "RES-6")
def errors_missing(results: list[Told]) -> object:
    """Records in error have no result."""
    return [result for result in results if result["status"] != "error"]


@on_results("RES-3")
def only_errors_listed(results: list[Told]) -> object:
    """Records that are ok have no result."""
    return [result for result in results if result["status"] != "ok"]


@on_results("RES-3")
def results_missing_beyond_100(results: list[Told]) -> object:
    """Records beyond the hundredth have no result."""
    return results[:100]


@on_results("RES-3")
def last_of_each_50_missing(results: list[Told]) -> object:
    """In a batch of 50, 100, 150 … records the last has no result."""
    return results[:-1] if len(results) % 50 == 0 else results


@on_results("RES-3")
def results_empty(_results: list[Told]) -> object:
    """There are no results, whatever was sent."""
    return []


@on_results("RES-2", "RES-3")
def results_doubled(results: list[Told]) -> object:
    """Every record has two results."""
    return results + results


@on_results("RES-2", "RES-3")
def last_result_doubled(results: list[Told]) -> object:
    """The last result comes twice, in place of the one before it."""
    return [*results[:-2], results[-1], results[-1]] if len(results) > 1 else results


@on_result("RES-4")
def status_in_upper_case(result: Result) -> Told:
    """Statuses are in upper case."""
    return result.as_json() | {"status": result.status.upper()}


@on_result("RES-4")
def status_success(result: Result) -> Told:
    """`ok` is called success."""
    return result.as_json() | ({"status": "success"} if result.status == "ok" else {})


@on_result("RES-4")
def status_failed(result: Result) -> Told:
    """`error` is called failed."""
    return result.as_json() | ({"status": "failed"} if result.status == "error" else {})


@on_result("RES-4")
def status_warn(result: Result) -> Told:
    """`warning` is called warn."""
    return result.as_json() | ({"status": "warn"} if result.status == "warning" else {})


@on_result("RES-4")
def status_null_on_error(result: Result) -> Told:
    """The status of a record in error is null."""
    return result.as_json() | ({"status": None} if result.status == "error" else {})


@on_result("RES-4")
def status_missing_on_ok(result: Result) -> Told:
    """A record that is ok has no status."""
    told = result.as_json()
    return {"index": told["index"]} if result.status == "ok" else told


@on_result("RES-4")
def status_boolean(result: Result) -> Told:
    """A status is true or false."""
    return result.as_json() | {"status": result.status == "ok"}


@on_result("RES-4")
def status_by_number(result: Result) -> Told:
    """A status is a number, as HTTP has it."""
    return result.as_json() | {"status": 200 if result.status == "ok" else 422}


@on_result("RES-5")
def message_missing_on_error(result: Result) -> Told:
    """An error has no message."""
    told = result.as_json()
    return {name: told[name] for name in ("index", "status")} if result.status == "error" else told


@on_result("RES-5")
def message_missing_on_warning(result: Result) -> Told:
    """A warning has no message."""
    told = result.as_json()
    return {name: told[name] for name in ("index", "status")} if result.status == "warning" else told


@on_result("RES-5")
def message_empty(result: Result) -> Told:
    """The message of an error is empty."""
    return result.as_json() | ({"message": ""} if result.status == "error" else {})


@on_result("RES-5")
def message_null(result: Result) -> Told:
    """The message of an error is null."""
    return result.as_json() | ({"message": None} if result.status == "error" else {})


@on_result("RES-5")
def message_as_array(result: Result) -> Told:
    """The message of an error is an array."""
    return result.as_json() | ({"message": [result.message]} if result.status == "error" else {})


@on_result("RES-5")
def message_by_field(result: Result) -> Told:
    """The message of an error is an object of fields."""
    return result.as_json() | ({"message": {"base": result.message}} if result.status == "error" else {})


@on_results("RES-1")
def results_by_index(results: list[Told]) -> object:
    """`results` is an object, by index."""
    return {str(result["index"]): result for result in results}


@on_results("RES-1")
def results_of_strings(results: list[Told]) -> object:
    """`results` is an array of statuses."""
    return [result["status"] for result in results]


@on_results("RES-1")
def results_null_when_all_ok(results: list[Told]) -> object:
    """`results` is null if all records are ok."""
    return None if all(result["status"] == "ok" for result in results) else results


@on_success("RES-1")
def results_absent_when_all_ok(reply: Reply) -> None:
    """There is no `results` if all records are ok."""
    body = body_of(reply)
    if all(result["status"] == "ok" for result in body["results"]):  # type: ignore[attr-defined] # our own array
        reply.content = {"status": body["status"]}


@on_success("RES-1")
def batch_status_missing(reply: Reply) -> None:
    """The batch has no status."""
    reply.content = {"results": body_of(reply)["results"]}


@on_success("RES-1")
def batch_status_null(reply: Reply) -> None:
    """The batch's status is null."""
    reply.content = body_of(reply) | {"status": None}


@on_success("RES-1")
def batch_status_numeric(reply: Reply) -> None:
    """The batch's status is a number."""
    reply.content = body_of(reply) | {"status": 200}


@on_success("RES-1")
def results_bare(reply: Reply) -> None:
    """The answer is the array of results alone."""
    reply.content = body_of(reply)["results"]


@on_success("RES-1")
def answer_wrapped(reply: Reply) -> None:
    """The answer is wrapped in `data`."""
    reply.content = {"data": reply.content}
