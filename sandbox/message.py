"""What goes in and out of the server, and the two ways in which handling it ends early. Knows nothing of batches."""

from dataclasses import dataclass, field
from typing import Literal

from starlette.datastructures import Headers

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole."""

    method: str
    path: str
    headers: Headers
    body: bytes  # at most one byte more than the server takes
    client: tuple[str, int] | None  # one value for one connection
    in_flight: int  # requests being handled now, this one included


@dataclass(slots=True)
class Reply:
    """One answer on its way out, and how the wire is to treat it."""

    status: int
    content: object  # bytes and str are sent as they are, anything else as JSON
    media_type: str | None
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0  # before the first byte
    cut_at: int | None = None  # bytes of the body after which the connection breaks; -1: not even a status line
    chunked: bool = False  # no Content-Length


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request, as an element of `errors` tells it."""

    title: str
    code: str
    kind: Literal["document", "shape", "value", "business"] = "document"  # what has to be looked at to see it


class Refused(Exception):  # noqa: N818 - a decision of the server, not an error in it
    """The request as a whole is refused with `status`."""

    def __init__(self, status: int, *faults: Fault) -> None:
        super().__init__(status, *faults)
        self.status = status
        self.faults = faults


class ConnectionCut(Exception):  # noqa: N818 - what the client sees, said from its side
    """The connection breaks here: nothing of the answer beyond what was sent may reach the client."""
