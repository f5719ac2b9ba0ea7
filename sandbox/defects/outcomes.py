"""Statuses that are not one of the three words, and messages that explain nothing."""

from sandbox.defects.forms import Told, on_result
from sandbox.outcome import Result


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
