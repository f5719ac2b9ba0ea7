"""The wire for load: a batch out as ready bytes, its answer judged at once, a row of it noted. Knows no scenario.

The key enters the head of the ready bytes, and stands nowhere else. A kept connection that the server had closed before
the first byte is made anew and the batch sent again: both have rows, the first as perhaps admitted, and neither is a
finding.
"""

import time
from collections.abc import Callable

from contracts.exchanges.exchange import KEY, Cause, NoAnswer
from contracts.history.rows import IN_FLIGHT, RIGHT, UNTOLD, LoadRow, code_of
from contracts.history.secrets import Secret
from contracts.wire.outgoing import USER_AGENT
from contracts.wire.wire import WITHHELD, Stopped
from loadtests.wire.batches import Batch, Head
from loadtests.wire.connection import Connection
from loadtests.wire.keeping import Headers, Keeper, Sending
from loadtests.wire.plain import plainly_right, told
from loadtests.wire.reply import Reply
from loadtests.wire.route import Route
from openapi.document import OPERATION_PATH

_ALWAYS = (
    ("User-Agent", USER_AGENT),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, identity"),
    ("Content-Type", "application/json"),
)


def shown_headers(extra: Headers) -> Headers:
    """What the history shows of a request's head, but for its length: no key, and no gateway's credential."""
    return (*_ALWAYS, *((name, WITHHELD) for name, _ in extra), ("Authorization", f"Bearer {KEY}"))


def head_of(route: Route, secret: Secret, extra: Headers) -> Head:
    """How a request begins on the wire, the key in it. Raises ValueError for a header that is not Latin-1."""
    lines = [f"POST {route.target(OPERATION_PATH)} HTTP/1.1", f"Host: {route.host}"]
    headers = {
        **dict(_ALWAYS),
        **dict(extra),
        **dict(route.proxy_headers),
        "Authorization": f"Bearer {secret.reveal()}",
    }
    lines += [f"{name}: {value}" for name, value in headers.items()]
    start = "\r\n".join(lines).encode("latin-1") + b"\r\nContent-Length: "
    return lambda length: start + b"%d\r\n\r\n" % length


class Tally:
    """How many requests may still be sent, and how many are out: one for all wires of a test.

    `sent` counts on its own, so that it can be held against the rows at the end.
    """

    def __init__(self, most: int, first_seq: int) -> None:
        self._most, self._first_seq = most, first_seq
        self.sent = self.out = 0

    def take(self) -> int:
        """The number of one more request. Raises Stopped at the cap, whoever asks."""
        if self.sent >= self._most:
            raise Stopped(f"the cap of {self._most} requests is reached")
        self.sent += 1
        self.out += 1
        return self._first_seq + self.sent - 1


class LoadWire:
    """Sends one user's batches over one connection."""

    def __init__(self, connection: Connection, keeper: Keeper, tally: Tally, elapsed_s: Callable[[], float]) -> None:
        self._connection = connection
        self._keeper, self._tally, self._elapsed_s = keeper, tally, elapsed_s

    def send(self, batch: Batch, purpose: str, due_s: float | None = None) -> Sending:
        """Send it now, and return how it went; `due_s` is when it should have been sent (None: now)."""
        sending = self._once(batch, purpose, due_s)
        if isinstance(sending.outcome, NoAnswer) and sending.outcome.cause is Cause.CLOSED_IDLE:
            sending = self._once(batch, purpose, due_s)
        return sending

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _once(self, batch: Batch, purpose: str, due_s: float | None) -> Sending:
        at = batch.share.next_at(time.time_ns() // 1000)
        request = batch.request(at)
        seq = self._tally.take()
        sent_s = self._elapsed_s()
        due_s = sent_s if due_s is None else due_s
        row = LoadRow(seq, due_s, sent_s, sent_s, 0, IN_FLIGHT, 0, UNTOLD, UNTOLD, batch.size)
        sending = Sending(row, batch, at, purpose)
        try:
            outcome = sending.outcome = self._connection.exchange(request)
        finally:  # also where the run ends meanwhile: the request was sent
            self._tally.out -= 1
            row.answered_s = self._elapsed_s()
            if sending.outcome is None:
                self._keeper.note(sending)
        if isinstance(outcome, NoAnswer):
            row.cause = code_of(outcome.cause)
        else:
            _read(row, outcome, batch)
        self._keeper.note(sending)
        return sending


def _read(row: LoadRow, reply: Reply, batch: Batch) -> None:
    limit, remaining = told(reply)
    row.status, row.cause, row.body_bytes = reply.status, 0, len(reply.body)
    row.limit = UNTOLD if limit is None else limit
    row.remaining = UNTOLD if remaining is None else remaining
    right, row.accepted = plainly_right(reply, batch.wanted, limit, remaining)
    row.flags = RIGHT if right else 0
