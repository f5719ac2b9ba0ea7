"""One request and what became of it: the only evidence that a rule may look at. Opens no socket, reads no clock.

The API key never stands in here: an `Authorization` value holds the text `$BSPK_API_KEY`, or a shell expression on it
for a near miss, and that text alone says how the request was authenticated (see `standing_of`).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

KEY = "$BSPK_API_KEY"
KEY_2 = "$BSPK_API_KEY_2"  # asked for one thing alone: whether two keys share an allowance


class Standing(StrEnum):
    """What the document says of an `Authorization`: "All unauthenticated requests will return an HTTP 401"."""

    AUTHENTICATED = "authenticated"  # the key, in the documented form
    UNAUTHENTICATED = "unauthenticated"  # no key, or not the key
    UNSPOKEN = "unspoken"  # a second key, or the true one in another form: white space, the scheme's case or another


class Cause(StrEnum):
    """Why no answer came."""

    TIMEOUT = "no whole answer within the time-out"
    UNREACHABLE = "no connection"
    CLOSED_IDLE = "a kept connection was closed before the first byte"
    CLOSED = "the connection was closed before the first byte of an answer"
    CUT = "the connection was cut within the answer"
    MALFORMED = "the answer is not HTTP"
    TOO_LARGE = "the answer is larger than this harness reads"


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent: path below the base URL, headers in order, body as bytes."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of that name, in any case, several lines joined by commas; None where absent."""
        return header_of(self.headers, name)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer, its body decoded from any content coding."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of that name, in any case, several lines joined by commas; None where absent."""
        return header_of(self.headers, name)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No whole answer came. The server may or may not have counted and applied the request."""

    cause: Cause
    detail: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request with its outcome. Times are seconds since the run began, monotonic; the server decided in between."""

    seq: int
    sent_s: float
    answered_s: float
    request: Request
    outcome: Answer | NoAnswer
    driver: str = ""
    purpose: str = ""

    @cached_property
    def answer(self) -> Answer | None:
        """The answer, or None where none came."""
        return self.outcome if isinstance(self.outcome, Answer) else None

    @property
    def status(self) -> int | None:
        """The answer's status, or None where no answer came."""
        return self.answer.status if self.answer else None

    @cached_property
    def standing(self) -> Standing:
        """What the document says of this request's `Authorization`."""
        return standing_of(self.request.header("Authorization"))


def header_of(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    """The value under `name` (case does not matter), or None; several lines are one list (RFC 9110, section 5.3)."""
    wanted = name.lower()
    values = [value for key, value in headers if key.lower() == wanted]
    return ", ".join(values) if values else None


def standing_of(authorization: str | None) -> Standing:
    """Read an `Authorization` value in which the key stands as `$BSPK_API_KEY`.

    "Your `Authorization` header should be in the following format: Authorization: Bearer [API_KEY]". A near miss is an
    expression such as `${BSPK_API_KEY%?}`; only the untouched key under another dress is left unspoken.
    """
    if authorization is None:
        return Standing.UNAUTHENTICATED
    if authorization == f"Bearer {KEY}":
        return Standing.AUTHENTICATED
    if authorization == f"Bearer {KEY_2}":
        return Standing.UNSPOKEN
    if "$(" in authorization:  # the key put through a command: only base64 keeps it whole, as under Basic
        return Standing.UNSPOKEN if "base64" in authorization else Standing.UNAUTHENTICATED
    untouched = re.search(r"(?:^|[\s:=\"])\$BSPK_API_KEY(?:$|[\s\"])", authorization)
    return Standing.UNSPOKEN if untouched else Standing.UNAUTHENTICATED
