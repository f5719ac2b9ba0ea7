"""What a batch and its records are, and which faults a request's body has by the document. Reads bytes, judges nothing.

Independent of any schema library, so that the judge and the generators cannot share a mistake. A fault is certain;
whatever a fair reader might let pass is an oddity, named like the ledger's question about it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache

from contracts.exchanges.exchange import Request
from contracts.exchanges.instants import Form, read_instant

Reference = tuple[str, str, str]  # product_ref, sku, store_ref
REFERENCE_FIELDS = ("product_ref", "sku", "store_ref")
FIELDS = ("product_ref", "sku", "quantity", "store_ref", "at")
LARGEST_PROMISED_QUANTITY = 1_000_000
OURS = "bspk-harness-"  # marks every name that we invent


class Kind(Enum):
    """What a request's body is to the document."""

    DOUBTFUL = auto()  # servers may read it either way: only ERR-2 binds
    NOT_JSON = auto()
    NOT_OBJECT = auto()
    NO_INVENTORIES = auto()  # missing, or not an array
    EMPTY = auto()
    BATCH = auto()


@dataclass(frozen=True, slots=True)
class Record:
    """One record as sent. `faults` make it invalid for certain; `oddities` leave its acceptance to the server."""

    faults: tuple[str, ...]
    oddities: tuple[str, ...] = ()
    reference: Reference | None = None
    quantity: object = None
    at: str | None = None
    moment: datetime | None = None  # of `at`, where it is certain
    order: tuple[str, ...] = ()  # the fields as they came


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body as the document sees it; `why` says what is wrong with one that is no batch."""

    kind: Kind
    why: str = ""
    records: tuple[Record, ...] = ()
    oddities: tuple[str, ...] = ()  # of the batch as a whole


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _DoubtError(Exception):
    """JSON readers differ on this body."""


def read_body(request: Request) -> Body:
    """What the document says of this request's body, by its media type and bytes."""
    return _read(request.body, request.header("Content-Type") or "")


@lru_cache(maxsize=512)
def _read(body: bytes, content_type: str) -> Body:  # noqa: PLR0911 — a table of cases, read from the top
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        return Body(Kind.DOUBTFUL, "another media type")
    if not body.strip():
        return Body(Kind.DOUBTFUL, "no body")
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body:
        return Body(Kind.DOUBTFUL, "a byte order mark, or another encoding than UTF-8")
    try:
        document = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_doubtful)
    except (_DoubtError, UnicodeDecodeError, RecursionError) as doubt:
        return Body(Kind.DOUBTFUL, f"readers of JSON differ on it: {type(doubt).__name__}")
    except json.JSONDecodeError as error:
        return Body(Kind.NOT_JSON, str(error))
    except ValueError:  # Python's own bound on the digits of an integer
        return Body(Kind.DOUBTFUL, "a number of thousands of digits")
    return _read_document(document)


def _read_document(document: object) -> Body:
    if not isinstance(document, dict):
        return Body(Kind.NOT_OBJECT, f"the document is {describe(document)}")
    if "inventories" not in document:
        return Body(Kind.NO_INVENTORIES, "`inventories` is missing")
    inventories = document["inventories"]
    if not isinstance(inventories, list):
        return Body(Kind.NO_INVENTORIES, f"`inventories` is {describe(inventories)}")
    if not inventories:
        return Body(Kind.EMPTY, "`inventories` is empty")
    oddities = ("unknown-property",) if len(document) > 1 else ()
    return Body(Kind.BATCH, "", tuple(read_record(item) for item in inventories), oddities)


def read_record(value: object) -> Record:
    """One element of `inventories`, by the request's schema: five required properties, each of its type."""
    if not isinstance(value, Mapping):
        return Record((f"the record is {describe(value)}",))
    faults = [f"{field} is missing" for field in FIELDS if field not in value]
    oddities = ["unknown-property"] if any(name not in FIELDS for name in value) else []
    for field in REFERENCE_FIELDS:
        _read_reference(field, value.get(field, ""), field in value, faults, oddities)
    if "quantity" in value:
        _read_quantity(value["quantity"], faults, oddities)
    moment = _read_at(value["at"], faults, oddities) if "at" in value else None
    names = tuple(value.get(field) for field in REFERENCE_FIELDS)
    whole = all(isinstance(name, str) for name in names)
    return Record(
        tuple(faults),
        tuple(dict.fromkeys(oddities)),
        names if whole else None,  # type: ignore[arg-type]  # `whole` says that all three are strings
        value.get("quantity"),
        value["at"] if isinstance(value.get("at"), str) else None,
        moment,
        tuple(value),
    )


def _read_reference(field: str, name: object, present: bool, faults: list[str], oddities: list[str]) -> None:
    if not present:
        return
    if not isinstance(name, str):
        faults.append(f"{field} is {describe(name)}")
    elif not name.strip():
        oddities.append("ref-empty")
    elif _CONTROL.search(name):
        oddities.append("ref-control")
    elif len(name) > 100:
        oddities.append("ref-long")
    elif not name.isascii():
        oddities.append("ref-non-ascii")


def _read_quantity(quantity: object, faults: list[str], oddities: list[str]) -> None:
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        faults.append(f"quantity is {describe(quantity)}")
    elif isinstance(quantity, float):
        if quantity.is_integer():
            oddities.append("quantity-whole-float")  # 10.0 is an integer to some schemas and none to others
        elif quantity in (float("inf"), float("-inf")):
            oddities.append("quantity-huge")
        else:
            faults.append(f"quantity is {quantity}, not an integer")
    elif quantity < 0:
        oddities.append("quantity-negative")
    elif quantity > LARGEST_PROMISED_QUANTITY:
        oddities.append("quantity-huge")


def _read_at(at: object, faults: list[str], oddities: list[str]) -> datetime | None:
    if not isinstance(at, str):
        faults.append(f"at is {describe(at)}")
        return None
    instant = read_instant(at)
    if instant.form is Form.IMPOSSIBLE:
        faults.append(f"at is {at!r}, no ISO 8601 datetime")
    elif instant.form is Form.OTHER:
        oddities.append(instant.oddity or "at-other")
    return instant.moment


def describe(value: object) -> str:
    """A JSON value's type in words, with the value where it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {value if len(value) <= 40 else value[:37] + '...'!r}"
    return "an array" if isinstance(value, list) else "an object"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DoubtError
    return members


def _doubtful(_: str) -> object:
    raise _DoubtError
