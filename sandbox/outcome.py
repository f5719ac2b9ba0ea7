"""What became of one record."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sandbox.message import Fault

Status: TypeAlias = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision on one record: its status, what there is to say about it, and whether it is to be written."""

    status: Status
    faults: tuple[Fault, ...] = ()
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One element of `results`. `index` counts from 0 in the order of the request."""

    index: int
    status: Status
    message: str | None = None
    faults: tuple[Fault, ...] = ()

    def as_json(self) -> dict[str, object]:
        told: dict[str, object] = {"index": self.index, "status": self.status}
        if self.message is not None:
            told["message"] = self.message
        return told
