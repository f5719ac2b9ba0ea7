"""What makes one case's record of a fresh valid one. Plain data, so that a failing example can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.drivers.references import Fields

NOTHING = object()  # no value stands in the record's place


@dataclass(frozen=True)
class Literal:
    """A number as JSON text that Python would write otherwise, such as 1e400."""

    text: str


@dataclass(frozen=True)
class Change:
    """Applied to a fresh record: the moment's form, what is put, the order of fields, what is dropped or renamed."""

    put: Mapping[str, object] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    form: str | None = None  # of `at`, as strftime has it
    shift_ms: int = 0  # what the form's own offset adds to UTC, or a step back in time
    order: tuple[str, ...] = ()
    instead: object = NOTHING
    rename: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, record: Fields) -> object:
        """The case's record. ValueError where `form` meets an `at` that is not plain."""
        if self.instead is not NOTHING:
            return self.instead
        made = dict(record)
        if self.form is not None:
            moment = datetime.strptime(str(record["at"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            made["at"] = (moment + timedelta(milliseconds=self.shift_ms)).strftime(self.form)
        made |= self.put
        names = [*(name for name in self.order if name in made), *(name for name in made if name not in self.order)]
        return {self.rename.get(name, name): made[name] for name in names if name not in self.drop}


def as_data(change: Change) -> dict[str, Any]:
    """As JSON can hold it; see `from_data`."""
    data: dict[str, Any] = {"put": {name: _plain(value) for name, value in change.put.items()}}
    data |= {"drop": list(change.drop), "form": change.form, "shift_ms": change.shift_ms, "order": list(change.order)}
    data["rename"] = dict(change.rename)
    if change.instead is not NOTHING:
        data["instead"] = _plain(change.instead)
    return {name: value for name, value in data.items() if value or name == "instead"}


def from_data(data: Mapping[str, Any]) -> Change:
    """The change that `as_data` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    known = {"put", "drop", "form", "shift_ms", "order", "instead", "rename"}
    if not set(data) <= known:
        raise ValueError(f"unknown parts of a change: {sorted(set(data) - known)}")
    return Change(
        put={str(name): _meant(value) for name, value in dict(data.get("put", {})).items()},
        drop=tuple(map(str, data.get("drop", ()))),
        form=None if data.get("form") is None else str(data["form"]),
        shift_ms=int(data.get("shift_ms", 0)),
        order=tuple(map(str, data.get("order", ()))),
        instead=_meant(data["instead"]) if "instead" in data else NOTHING,
        rename={str(name): str(other) for name, other in dict(data.get("rename", {})).items()},
    )


def _plain(value: object) -> object:
    return {"$literal": value.text} if isinstance(value, Literal) else value


def _meant(value: object) -> object:
    return Literal(str(value["$literal"])) if isinstance(value, dict) and set(value) == {"$literal"} else value


AS_IT_IS = Change()


def put(name: str, value: object) -> Change:
    """The record with one property replaced."""
    return Change(put={name: value})


def drop(*names: str) -> Change:
    """The record without some of its properties."""
    return Change(drop=names)


def rename(name: str, other: str) -> Change:
    """The record with one property under another name."""
    return Change(rename={name: other})


def instead(value: object) -> Change:
    """Something else in the record's place."""
    return Change(instead=value)


def reform(form: str, shift_ms: int = 0) -> Change:
    """The moment of `at` in another form."""
    return Change(form=form, shift_ms=shift_ms)
