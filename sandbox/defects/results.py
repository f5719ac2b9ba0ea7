"""Results that are missing, doubled, wrongly numbered, or not where a reader looks for them."""

from dataclasses import replace

from sandbox.batches import settle
from sandbox.defects.forms import Told, body_of, on_result, on_results, on_success
from sandbox.message import Refused, Reply
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


@defect(render, "RES-3", speaks=("whole-batch-422",))
def results_in_whole_pages_only(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """Records beyond the last full hundred have no result, where there is one."""
    whole = len(results) // 100 * 100
    return inner(results[: whole or len(results)])


@defect(settle, "ERR-2", speaks=("whole-batch-422",))
def variables_beyond_999(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """More than 199 records of five fields each are too many variables for one statement: 500."""
    if len(items) > 199:
        raise Refused(500)
    return inner(items)
