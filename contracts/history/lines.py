"""How a history looks on disk: the kinds of its lines, each a JSON object named by `kind`. Opens no file.

    {"kind":"run", …}  {"kind":"exchange", …}  {"kind":"owes", …}  {"kind":"finished", …}  {"kind":"stopped", …}

A body is a text where it reads as one, else `{"base64": …}`, so that a history can be read by eye.
"""

import re
from datetime import datetime
from typing import Annotated

import msgspec

from contracts.exchanges.exchange import Answer, Cause, Exchange, NoAnswer, Request


class RunLine(msgspec.Struct, tag_field="kind", tag="run"):
    base_url: str
    document_sha256: str
    seed: int
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    window_s: float
    catalogue: tuple[tuple[str, str, str], ...]
    room: str


class _Coded(msgspec.Struct):
    """Bytes that are no plain text."""

    base64: bytes  # msgspec writes and reads bytes as base64


_Body = str | _Coded


class _Request(msgspec.Struct):
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: _Body


class _Answer(msgspec.Struct):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: _Body


class _NoAnswer(msgspec.Struct):
    cause: Cause
    detail: str


class ExchangeLine(msgspec.Struct, tag_field="kind", tag="exchange", omit_defaults=True):
    seq: int
    sent_s: float
    answered_s: float
    driver: str
    purpose: str
    request: _Request
    answer: _Answer | None = None
    no_answer: _NoAnswer | None = None


class Owes(msgspec.Struct, tag_field="kind", tag="owes"):
    driver: str
    promises: tuple[str, ...]


class Finished(msgspec.Struct, tag_field="kind", tag="finished"):
    driver: str


class Stopped(msgspec.Struct, tag_field="kind", tag="stopped"):
    why: str


Line = RunLine | ExchangeLine | Owes | Finished | Stopped
_DECODER = msgspec.json.Decoder(Line)
_ENCODER = msgspec.json.Encoder()
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def encode(line: Line) -> bytes:
    """The line with its end."""
    return _ENCODER.encode(line) + b"\n"


def decode(raw: bytes) -> Line:
    """A line without its end; raises ValueError (msgspec's errors are such) where it is no line of a history."""
    line: Line = _DECODER.decode(raw)
    return line


def write_exchange(exchange: Exchange) -> ExchangeLine:
    """The line of an exchange, which the caller has already freed of the key."""
    sent, outcome = exchange.request, exchange.outcome
    line = ExchangeLine(
        *(exchange.seq, exchange.sent_s, exchange.answered_s, exchange.driver, exchange.purpose),
        request=_Request(sent.method, sent.path, sent.headers, _write_body(sent.body)),
    )
    if isinstance(outcome, Answer):
        line.answer = _Answer(outcome.status, outcome.headers, _write_body(outcome.body))
    else:
        line.no_answer = _NoAnswer(outcome.cause, outcome.detail)
    return line


def read_exchange(line: ExchangeLine) -> Exchange:
    """The exchange of a line; raises ValueError where it has no outcome, or two."""
    outcome: Answer | NoAnswer
    match line.answer, line.no_answer:
        case _Answer() as answer, None:
            outcome = Answer(answer.status, answer.headers, _read_body(answer.body))
        case None, _NoAnswer() as none:
            outcome = NoAnswer(none.cause, none.detail)
        case _:
            raise ValueError(f"exchange {line.seq} needs one of answer and no_answer")
    sent = line.request
    request = Request(sent.method, sent.path, sent.headers, _read_body(sent.body))
    return Exchange(line.seq, line.sent_s, line.answered_s, request, outcome, line.driver, line.purpose)


def _write_body(body: bytes) -> _Body:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _Coded(body)
    return _Coded(body) if _UNPRINTABLE.search(text) else text


def _read_body(body: _Body) -> bytes:
    return body.encode() if isinstance(body, str) else body.base64
