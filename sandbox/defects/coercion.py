"""Values of the wrong type, or none at all, that a lenient reader takes for the right one."""

import re

from sandbox.batches import ACCEPTED, identify
from sandbox.defects.forms import ABSENT, reads_value
from sandbox.outcome import Outcome
from sandbox.records import Record
from sandbox.server import Server
from sandbox.signatures import Identify
from sandbox.variant import Defect

ANYTHING = "bspk-anything"  # stands for a reference that was not understood and is no longer asked for
SOME_DAY = "2021-06-15T12:00:00Z"


@reads_value("quantity")
def quantity_as_text(value: object) -> object:
    """A quantity may be a string of digits."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


@reads_value("quantity")
def quantity_as_leading_digits(value: object) -> object:
    """A quantity may be a string that begins with digits, or with none, which is zero."""
    if isinstance(value, str):
        digits = re.match("[0-9]{0,18}", value)
        return int(digits.group() or 0) if digits else 0
    return value


@reads_value("quantity")
def quantity_cut_to_integer(value: object) -> object:
    """A quantity may have a fraction, which is cut off."""
    return int(value) if isinstance(value, float) and abs(value) < 2**63 else value


@reads_value("quantity")
def quantity_as_boolean(value: object) -> object:
    """A quantity may be true or false."""
    return int(value) if isinstance(value, bool) else value


@reads_value("quantity")
def quantity_null_is_zero(value: object) -> object:
    """A quantity of null is zero."""
    return 0 if value is None else value


@reads_value("quantity")
def quantity_missing_is_zero(value: object) -> object:
    """A record without a quantity has none: zero."""
    return 0 if value is ABSENT else value


@reads_value("quantity")
def quantity_in_array(value: object) -> object:
    """A quantity may stand in an array, whose length it is."""
    return len(value) if isinstance(value, list | dict) else value


def _no_longer_asked(found: Defect) -> Defect:
    """A reference that was taken for ANYTHING is known."""

    @found.also(identify)
    def know(_server: Server, inner: Identify, record: Record) -> Outcome:
        return ACCEPTED if ANYTHING in record.reference else inner(record)

    return found


@_no_longer_asked
@reads_value("product_ref")
def product_ref_missing_ok(value: object) -> object:
    """A record need not have a product_ref."""
    return ANYTHING if value is ABSENT else value


@_no_longer_asked
@reads_value("sku")
def sku_missing_ok(value: object) -> object:
    """A record need not have a sku."""
    return ANYTHING if value is ABSENT else value


@_no_longer_asked
@reads_value("store_ref")
def store_ref_missing_ok(value: object) -> object:
    """A record need not have a store_ref."""
    return ANYTHING if value is ABSENT else value


@_no_longer_asked
@reads_value("product_ref")
def product_ref_null_ok(value: object) -> object:
    """A product_ref may be null."""
    return ANYTHING if value is None else value


@_no_longer_asked
@reads_value("sku")
def sku_null_ok(value: object) -> object:
    """A sku may be null."""
    return ANYTHING if value is None else value


@_no_longer_asked
@reads_value("store_ref")
def store_ref_null_ok(value: object) -> object:
    """A store_ref may be null."""
    return ANYTHING if value is None else value


@_no_longer_asked
@reads_value("product_ref")
def product_ref_as_number(value: object) -> object:
    """A product_ref may be a number."""
    return ANYTHING if isinstance(value, int | float) and not isinstance(value, bool) else value


@_no_longer_asked
@reads_value("sku")
def sku_as_number(value: object) -> object:
    """A sku may be a number."""
    return ANYTHING if isinstance(value, int | float) and not isinstance(value, bool) else value


@_no_longer_asked
@reads_value("store_ref")
def store_ref_as_number(value: object) -> object:
    """A store_ref may be a number."""
    return ANYTHING if isinstance(value, int | float) and not isinstance(value, bool) else value


@_no_longer_asked
@reads_value("sku")
def sku_as_boolean(value: object) -> object:
    """A sku may be true or false."""
    return ANYTHING if isinstance(value, bool) else value


@_no_longer_asked
@reads_value("product_ref")
def product_ref_as_object(value: object) -> object:
    """A product_ref may be an object."""
    return ANYTHING if isinstance(value, dict) else value


@_no_longer_asked
@reads_value("store_ref")
def store_ref_as_array(value: object) -> object:
    """A store_ref may be an array."""
    return ANYTHING if isinstance(value, list) else value


@reads_value("at")
def at_missing_is_now(value: object) -> object:
    """A record need not have an `at`."""
    return SOME_DAY if value is ABSENT else value


@reads_value("at")
def at_null_is_now(value: object) -> object:
    """An `at` may be null."""
    return SOME_DAY if value is None else value


@reads_value("at")
def at_as_epoch(value: object) -> object:
    """An `at` may be a number of seconds."""
    return SOME_DAY if isinstance(value, int | float) and not isinstance(value, bool) else value


@reads_value("at")
def at_as_boolean(value: object) -> object:
    """An `at` may be true or false."""
    return SOME_DAY if isinstance(value, bool) else value


@reads_value("at")
def at_as_object(value: object) -> object:
    """An `at` may be an object or an array."""
    return SOME_DAY if isinstance(value, dict | list) else value


@reads_value("at")
def at_as_any_text(value: object) -> object:
    """An `at` may be any text."""
    is_date = isinstance(value, str) and re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}T", value)
    return SOME_DAY if isinstance(value, str) and value and not is_date else value


@reads_value("at")
def at_empty_ok(value: object) -> object:
    """An `at` may be empty."""
    return SOME_DAY if value == "" else value


@reads_value("at")
def impossible_day_rolled_over(value: object) -> object:
    """A day that its month does not have is taken for one of the next month."""
    impossible = r"[0-9]{4}-(02-(29|3[01])|(04|06|09|11)-31)T.*"
    return SOME_DAY if isinstance(value, str) and re.fullmatch(impossible, value) else value


@reads_value("at")
def impossible_month_ok(value: object) -> object:
    """Months are not counted."""
    return SOME_DAY if isinstance(value, str) and re.match(r"[0-9]{4}-(00|1[3-9]|[2-9][0-9])-", value) else value


@reads_value("at")
def impossible_hour_ok(value: object) -> object:
    """Hours and minutes are not counted."""
    late = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(2[4-9]|[3-9][0-9]|[0-9]{2}:[6-9][0-9]).*"
    return SOME_DAY if isinstance(value, str) and re.fullmatch(late, value) else value


@reads_value("at")
def at_with_anything_behind(value: object) -> object:
    """What follows the last letter of `at` is not looked at."""
    return value[:20] if isinstance(value, str) and value[19:20] == "Z" else value
