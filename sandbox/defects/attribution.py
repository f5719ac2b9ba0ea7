"""Records that are blamed for another's fault, for their place, or for the company they keep."""

from dataclasses import replace

from sandbox.batches import settle
from sandbox.message import Fault, Reply
from sandbox.outcome import Result
from sandbox.server import Server
from sandbox.signatures import Render, Settle
from sandbox.stages import render
from sandbox.variant import defect


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


@defect(settle, "RES-2")
def index_of_the_first_alike(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The index of a faulty record is looked up by what it is: of two that are alike both get the first's."""
    results = inner(items)
    return [
        replace(result, index=items.index(items[result.index])) if result.status == "error" else result
        for result in results
    ]


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
