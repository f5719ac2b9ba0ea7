"""The only room that sends: paces, counts and guards what goes out, and writes each exchange into the history.

The key enters a request here, at the last moment; what is returned and written holds `$BSPK_API_KEY` in its place.
Judges nothing. One wire is for one thread.
"""

import re
from collections.abc import Callable
from typing import NoReturn

from requests import PreparedRequest
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from contracts.exchanges.exchange import Answer, Cause, Exchange, NoAnswer, Request, Standing
from contracts.history.secrets import Secret, evaluate
from contracts.history.writer import HistoryWriter
from contracts.rules.limiters import Row
from contracts.rules.limiters.rows import TICK, Terms
from contracts.wire.clock import Clock
from contracts.wire.outgoing import Headers, Outgoing, checked_base, checked_extra, checked_path, headers_of
from contracts.wire.pacing import GiveUp, Pacer
from contracts.wire.transport import CannotSendError, FencedAdapter, OutOfBoundsError, WatchedAdapter, deliver
from openapi.document import OPERATION_PATH

WITHHELD = "(given on the command line)"  # a gateway's header may be a credential
UNREACHABLE_AT_MOST = 3  # in a row
MOST_HELD_BYTES = 128 * 1024 * 1024  # of bodies in one history; judging them takes about eight times as much memory
TOLD_FROM_S = 1.0  # shorter waits are not worth a word


class Stopped(Exception):  # noqa: N818 — no error of anybody's: traffic ends here, and the run is judged as far as it came
    """No further traffic: the cap is reached, the target is gone, or no allowance comes back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Wire:
    """Sends to one base URL with one key. Raises ValueError for a base URL or a header that cannot be meant."""

    def __init__(  # noqa: PLR0913 — a run has that many settings
        self,
        base_url: str,
        secret: Secret,
        history: HistoryWriter,
        *,
        clock: Clock,
        adapter: BaseAdapter | None = None,
        max_requests: int,
        timeout_s: float = 30,
        verify: bool | str = True,
        extra_headers: Headers = (),
        on_event: Callable[[str], None] | None = None,
        first_seq: int = 1,
        most_held: int = MOST_HELD_BYTES,
    ) -> None:
        self.sent = 0
        self._base_url = checked_base(base_url)
        self._secret, self._history, self._clock = secret, history, clock
        self._adapter = FencedAdapter(adapter or WatchedAdapter(), self._base_url, max_requests)
        self._max_requests, self._timeout_s, self._verify = max_requests, timeout_s, verify
        self._extra_headers = checked_extra(extra_headers)
        self._tell = on_event or (lambda _: None)
        self._first_seq, self._most_held = first_seq, most_held
        facts = history.facts
        # Wires of one history count from the same moment, whenever each was made.
        self._began_s = clock.monotonic_s() - (clock.now() - facts.started_at).total_seconds()
        self._pacer = Pacer(facts.window_s)
        self._unreachable = 0
        self._stopped: str | None = None

    def send(self, outgoing: Outgoing, *, driver: str, purpose: str, wait: bool = True) -> Exchange:
        """Send once the allowance permits (at once without `wait`), and return the exchange as the history holds it.

        Where a kept connection turns out to have been closed while idle, which is nobody's fault, the request goes out
        a second time on a new one; both are in the history. Raises Stopped, then and ever after, when traffic has to
        end; ValueError for a path outside the base URL or an unknown expression on the key.
        """
        exchange = self._send_once(outgoing, driver, purpose, wait)
        if isinstance(exchange.outcome, NoAnswer) and exchange.outcome.cause is Cause.CLOSED_IDLE:
            self._adapter.close()
            exchange = self._send_once(outgoing, driver, purpose, wait)
        return exchange

    def rest(self) -> None:
        """Send nothing for so long that the longest legal window is over, also of a server that keeps whole seconds."""
        window_s = self._history.facts.window_s
        pause_s = Terms(1, window_s, TICK * window_s).longest_s
        self._tell(f"waiting {pause_s:.1f} s (one window of silence)")
        self._clock.sleep(pause_s)

    def is_near_miss(self, authorization: str | None) -> bool:
        """Whether it holds no key: an expression on some keys (all digits, say) comes out as the key itself."""
        key = self._secret.reveal()
        return authorization is None or key not in evaluate(authorization, key).split()

    def deliver(self, outgoing: Outgoing, prepared: PreparedRequest) -> Answer | NoAnswer:  # noqa: ARG002 — a rehearsal's
        """Hand it over, and say what became of it."""
        return deliver(self._adapter, prepared, self._timeout_s, self._verify)

    def spend(self, requests: int) -> None:
        """So many of the cap went another way: a child's."""
        self._max_requests -= requests
        self._adapter.most -= requests

    def close(self) -> None:
        """Drop kept connections."""
        self._adapter.close()

    def _send_once(self, outgoing: Outgoing, driver: str, purpose: str, wait: bool) -> Exchange:
        headers = headers_of(outgoing, self._extra_headers)
        prepared = self._prepared(outgoing, headers)
        self._admit(wait)
        self.sent += 1
        sent_s = self._elapsed_s()
        try:
            outcome = self.deliver(outgoing, prepared)
        except CannotSendError as error:
            self.sent -= 1
            self._stop(f"this machine cannot send: {error}")
        except OutOfBoundsError as error:
            self.sent -= 1
            self._stop(str(error))
        answered_s = self._elapsed_s()
        given = {(name.lower(), value) for name, value in self._extra_headers}
        shown = tuple((name, WITHHELD if (name.lower(), value) in given else value) for name, value in headers.items())
        request = Request(outgoing.method, outgoing.path, shown, outgoing.body)
        seq = self._first_seq + self.sent - 1
        exchange = self._history.append(Exchange(seq, sent_s, answered_s, request, outcome, driver, purpose))
        self._learn(exchange)
        return exchange

    def _elapsed_s(self) -> float:
        return self._clock.monotonic_s() - self._began_s

    def _admit(self, wait: bool) -> None:
        """Return when a request may go; raises Stopped where none may ever."""
        if self._stopped is not None:
            raise Stopped(self._stopped)
        if self._history.unwritten:
            self._stop(self._history.unwritten)  # what leaves no trace shall not be done
        if self._history.held_bytes > self._most_held:
            self._stop(f"the answers so far take more than {self._most_held >> 20} MiB: no more are kept")
        if self.sent >= self._max_requests:
            self._stop(f"the cap of {self._max_requests} requests is reached")
        if not wait:
            return
        now_s = self._elapsed_s()
        verdict = self._pacer.next_send(now_s)
        if isinstance(verdict, GiveUp):
            self._stop(verdict.why)
        pause_s = verdict.not_before_s - now_s
        if pause_s >= TOLD_FROM_S:
            self._tell(f"waiting {pause_s:.1f} s ({verdict.why})")
        if pause_s > 0:
            self._clock.sleep(pause_s)

    def _stop(self, why: str) -> NoReturn:
        self._stopped = why
        self._history.stopped(why)
        self._tell(f"stopped: {why}")
        raise Stopped(why)

    def _learn(self, exchange: Exchange) -> None:
        outcome = exchange.outcome
        if isinstance(outcome, NoAnswer) and outcome.cause is Cause.UNREACHABLE:
            self._unreachable += 1
            if self._unreachable >= UNREACHABLE_AT_MOST:
                self._stop(f"target gone: {outcome.detail}")
            return
        self._unreachable = 0
        self._pacer.observe(_row(exchange))

    def _prepared(self, outgoing: Outgoing, headers: dict[str, str]) -> PreparedRequest:
        # Made by hand: `prepare` would normalise the URL, guess headers and look for credentials.
        prepared = PreparedRequest()
        prepared.method = outgoing.method
        prepared.url = self._base_url + checked_path(outgoing.path)
        prepared.headers = CaseInsensitiveDict(headers)
        if outgoing.authorization is not None:
            prepared.headers["Authorization"] = self._secret.fill(outgoing.authorization)
        prepared.body = outgoing.body or None
        return prepared


def _row(exchange: Exchange) -> Row:
    """What pacing may learn: of other requests than the operation's own only that they may have cost something."""
    times = exchange.sent_s, exchange.answered_s, exchange.status
    answer, request = exchange.answer, exchange.request
    retry_after = _number(answer, "Retry-After")
    wait_s = None if retry_after is None else float(retry_after)
    own = request.method == "POST" and request.path == OPERATION_PATH and exchange.standing is Standing.AUTHENTICATED
    if not own:
        return Row(*times, None, None, exchange.seq, wait_s)
    limit, remaining = _number(answer, "X-RateLimit-Limit"), _number(answer, "X-RateLimit-Remaining")
    return Row(*times, limit, remaining, exchange.seq, wait_s)


def _number(answer: Answer | None, name: str) -> int | None:
    value = answer.header(name) if answer else None
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII) else None
