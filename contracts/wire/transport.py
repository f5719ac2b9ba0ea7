"""One request through an adapter of `requests`, and what became of it within one deadline for the whole.

Nothing is retried, redirected, or added from `~/.netrc` or cookies: an adapter does none of it, only a session would.
Knows no limiter, no key and no history.
"""

import errno
import os
import ssl
from collections.abc import Iterable, Iterator
from http.client import HTTPException, IncompleteRead
from traceback import walk_tb
from typing import Any

from requests import PreparedRequest, Response, exceptions
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, ReadTimeoutError

from contracts.exchanges.exchange import Answer, Cause, NoAnswer
from contracts.wire.attempt import Attempt, PlainConnection, TLSConnection, TooMuchError, watching

LARGEST_ANSWER_BYTES = 8 * 1024 * 1024  # decoded
_METHODS = frozenset({"POST", "GET", "HEAD", "OPTIONS"})
_CHUNK_BYTES = 64 * 1024
_CAUSES: tuple[tuple[tuple[type[BaseException], ...], Cause], ...] = (  # the first that fits
    ((ReadTimeoutError, TimeoutError), Cause.TIMEOUT),
    ((TooMuchError,), Cause.TOO_LARGE),
    ((IncompleteRead,), Cause.CUT),
    ((ConnectionError, ssl.SSLError), Cause.CLOSED),
    ((HTTPException, exceptions.InvalidHeader), Cause.MALFORMED),
)
OUR_LACKS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
_WATCHED = {HTTPConnection: PlainConnection, HTTPSConnection: TLSConnection}


class CannotSendError(Exception):
    """This machine lacks something, such as a free file handle: no fault of the target's, and nothing was sent."""


class OutOfBoundsError(Exception):
    """A request that must not go: beyond the cap, to another host or path, or by another method. Nothing was sent."""


class FencedAdapter(BaseAdapter):
    """Lets pass at most `most` requests, and only below the base URL, and of those that write only POST."""

    def __init__(self, inner: BaseAdapter, base_url: str, most: int) -> None:
        super().__init__()
        self.passed = 0
        self.most = most
        self._inner, self._base_url = inner, base_url

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        if self.passed >= self.most:
            raise OutOfBoundsError(f"the cap of {self.most} requests is reached")
        if not str(request.url).startswith(f"{self._base_url}/") or request.method not in _METHODS:
            raise OutOfBoundsError(f"{request.method} of this address is not allowed: only what lies below the target")
        self.passed += 1
        return self._inner.send(request, *arguments, **named)

    def close(self) -> None:
        self._inner.close()


class WatchedAdapter(HTTPAdapter):
    """The adapter of `requests` without retries, over connections that an `Attempt` can watch; SOCKS ones it cannot."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        pool.ConnectionCls = _WATCHED.get(pool.ConnectionCls, pool.ConnectionCls)
        return pool


def proxy_for(url: str) -> str | None:
    """The environment's proxy for that URL, if it has one: ALL_PROXY and the networks of NO_PROXY are read too."""
    return select_proxy(url, get_environ_proxies(url, no_proxy=None))


def deliver(adapter: BaseAdapter, request: PreparedRequest, timeout_s: float, verify: bool | str) -> Answer | NoAnswer:
    """Send once, through the environment's proxies; `timeout_s` bounds the whole, from connecting to the last byte.

    Raises CannotSendError where this machine is at fault, and what `requests` does for a request that cannot be sent.
    """
    try:
        return _delivered(adapter, request, timeout_s, verify)
    except BaseException as error:  # noqa: BLE001 — raised again, whatever it is
        # A traceback may be shown with its arguments and locals, and below here these hold the key.
        *_, (innermost, line) = walk_tb(error.__traceback__)
        error.add_note(f"at {innermost.f_code.co_filename}:{line}")
        raise error.with_traceback(None) from None


def _delivered(
    adapter: BaseAdapter, request: PreparedRequest, timeout_s: float, verify: bool | str
) -> Answer | NoAnswer:
    proxies = get_environ_proxies(str(request.url), no_proxy=None)
    with watching(timeout_s) as attempt:
        try:
            response = adapter.send(request, stream=True, timeout=timeout_s, verify=verify, proxies=proxies)
        except (exceptions.RequestException, HTTPError, HTTPException, OSError) as error:
            if lack := _fault_of_ours(error):
                raise CannotSendError(lack) from None
            cause = _cause_without_head(error, attempt)
            if cause is None:
                raise
            return NoAnswer(cause, _detail(error))
        try:
            outcome = _read(response)
        finally:
            response.close()
        return NoAnswer(Cause.TIMEOUT, f"a {response.status_code} was still coming") if attempt.expired else outcome


def _read(response: Response) -> Answer | NoAnswer:
    """The whole answer, decoded; a body never grows far beyond the bound in memory, however small it came."""
    chunks, size = [], 0
    came = f"of a {response.status_code}"
    try:
        for chunk in response.iter_content(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER_BYTES:
                return NoAnswer(Cause.TOO_LARGE, f"more than {LARGEST_ANSWER_BYTES} bytes {came}")
    except (exceptions.ContentDecodingError, ValueError) as error:  # ValueError: a chunk of a negative size
        return NoAnswer(Cause.MALFORMED, f"the body {came} is not coded as it says: {_detail(error)}")
    except (exceptions.RequestException, HTTPError, OSError) as error:
        return NoAnswer(_cause_within_body(error), f"after {size} bytes {came}: {_detail(error)}")
    return Answer(response.status_code, tuple(_headers(response)), b"".join(chunks))


def _headers(response: Response) -> Iterable[tuple[str, str]]:
    """As they came, repeated ones apart: the mapping of `requests` joins them."""
    return (getattr(response.raw, "headers", None) or response.headers).items()


def _cause_within_body(error: BaseException) -> Cause:
    cause = _cause_by_kind(error)
    return cause if cause in (Cause.TIMEOUT, Cause.TOO_LARGE) else Cause.CUT


def _cause_without_head(error: BaseException, attempt: Attempt) -> Cause | None:
    """Why there is no head, or None where the request never was one that could be sent."""
    if attempt.dialling or _find(error, ConnectTimeoutError, NewConnectionError, ProxyError):
        return Cause.UNREACHABLE
    if attempt.expired:
        return Cause.TIMEOUT
    cause = _cause_by_kind(error)
    return Cause.CLOSED_IDLE if cause is Cause.CLOSED and attempt.kept else cause


def _cause_by_kind(error: BaseException) -> Cause | None:
    return next((cause for kinds, cause in _CAUSES if _find(error, *kinds)), None)


def _fault_of_ours(error: BaseException) -> str | None:
    """What this machine lacks, where that is why nothing could be sent."""
    lacks = (inner for inner in _chain(error) if isinstance(inner, OSError) and inner.errno in OUR_LACKS)
    return next((os.strerror(inner.errno or 0) for inner in lacks), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error with those that it wraps, the outermost first: `requests` and urllib3 wrap in several ways."""
    yield error
    wrapped = [*error.args, getattr(error, "reason", None), error.__cause__]
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _chain(inner)


def _find(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(inner, kinds) for inner in _chain(error))


def _detail(error: BaseException) -> str:
    *_, innermost = _chain(error)
    return f"{type(innermost).__name__}: {innermost}"[:300]
