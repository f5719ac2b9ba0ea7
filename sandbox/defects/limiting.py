"""Limiters that keep to another limit, another window, or none at all."""

import copy
import math
from collections.abc import Callable
from functools import wraps

from sandbox.limiter import LIMITERS, FixedFirst, Limiter
from sandbox.message import Reply, Request
from sandbox.server import Server
from sandbox.signatures import Admit, Answer, NewLimiter
from sandbox.stages import Allowance, admit, answer, new_limiter
from sandbox.variant import Defect, defect


def on_limiter(*promises: str) -> Callable[[Callable[[Server], Limiter]], Defect]:
    """The limiter in place of the chosen one."""

    def decorate(make: Callable[[Server], Limiter]) -> Defect:
        @wraps(make)
        def wrapper(server: Server, _inner: NewLimiter) -> Limiter:
            return make(server)

        return defect(new_limiter, *promises, runs="loadtests")(wrapper)

    return decorate


def _limiter(server: Server, *, limit: int | None = None, window_s: float | None = None) -> Limiter:
    settings = server.settings
    return LIMITERS[settings.limiter](limit or settings.limit, window_s or settings.window_s)


class Shifted:
    """A limiter whose Remaining is told with an error of `by`, never below zero."""

    def __init__(self, limiter: Limiter, by: int) -> None:
        self._limiter, self._by = limiter, by

    def admit(self, now_s: float) -> tuple[bool, int]:
        admitted, remaining = self._limiter.admit(now_s)
        return admitted, max(0, remaining + self._by) if admitted else 0


class NeverRefusing(FixedFirst):
    """Counts, and lets everybody in."""

    def admit(self, now_s: float) -> tuple[bool, int]:
        return True, super().admit(now_s)[1]


class Spent:
    """An allowance that never comes back."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def admit(self, _now_s: float) -> tuple[bool, int]:
        admitted = self._left > 0
        self._left -= admitted
        return admitted, self._left


class HalfBack(FixedFirst):
    """Once exhausted, later windows hold half."""

    _whole: int | None = None

    def admit(self, now_s: float) -> tuple[bool, int]:
        admitted, remaining = super().admit(now_s)
        if not admitted and self._whole is None:
            self._whole, self.limit = self.limit, max(1, self.limit // 2)
        return admitted, remaining


class LockingOut(FixedFirst):
    """A refusal is followed by a minute of them."""

    _locked_until_s = -math.inf

    def admit(self, now_s: float) -> tuple[bool, int]:
        if now_s < self._locked_until_s:
            return False, 0
        admitted, remaining = super().admit(now_s)
        if not admitted:
            self._locked_until_s = now_s + 60.0
        return admitted, remaining


@on_limiter("RATE-4", "RATE-1")
def half_the_limit_enforced(server: Server) -> Limiter:
    """Half the Limit gets in, while Remaining counts from the whole."""
    half = max(1, server.settings.limit // 2)
    return Shifted(_limiter(server, limit=half), server.settings.limit - half)


@on_limiter("RATE-1", "RATE-4")
def more_than_the_limit_admitted(server: Server) -> Limiter:
    """Two and a half times the Limit gets in."""
    more = math.ceil(server.settings.limit * 2.5)
    return Shifted(_limiter(server, limit=more), server.settings.limit - more)


@on_limiter("RATE-1", "RATE-4")
def one_more_admitted(server: Server) -> Limiter:
    """One request more than the Limit gets in, at Remaining 0."""
    return Shifted(_limiter(server, limit=server.settings.limit + 1), -1)


@on_limiter("RATE-4")
def one_less_admitted(server: Server) -> Limiter:
    """The last request that Remaining promises is refused."""
    fewer = max(1, server.settings.limit - 1)
    return Shifted(_limiter(server, limit=fewer), 1)


@on_limiter("RATE-1")
def window_of_a_tenth(server: Server) -> Limiter:
    """The whole allowance is back after a tenth of the window."""
    return _limiter(server, window_s=server.settings.window_s / 10)


@on_limiter("RATE-1")
def window_of_six(server: Server) -> Limiter:
    """The allowance is back only after six windows."""
    return _limiter(server, window_s=server.settings.window_s * 6)


@on_limiter("RATE-1", "RATE-2", "RATE-4")
def never_429(server: Server) -> Limiter:
    """Remaining falls to zero and stays there, and everybody gets in."""
    return NeverRefusing(server.settings.limit, server.settings.window_s)


@on_limiter("RATE-1")
def no_recovery(server: Server) -> Limiter:
    """An allowance once spent does not come back."""
    return Spent(server.settings.limit)


@on_limiter("RATE-1")
def half_recovery(server: Server) -> Limiter:
    """After the first refusal a window holds half."""
    return HalfBack(server.settings.limit, server.settings.window_s)


@on_limiter("RATE-1")
def lock_out_of_a_minute(server: Server) -> Limiter:
    """One request too many, and nothing gets in for a minute."""
    return LockingOut(server.settings.limit, server.settings.window_s)


@defect(admit, "RATE-1", "RATE-4", runs="loadtests")
def counter_per_connection(_server: Server, inner: Admit, request: Request, key: str) -> Allowance:
    """Every connection has an allowance of its own."""
    return inner(request, f"{key} {request.client}")


@defect(admit, "RATE-1", "RATE-4", runs="loadtests")
def counter_per_process(server: Server, inner: Admit, request: Request, key: str) -> Allowance:
    """Four processes take turns, each with an allowance of its own."""
    server.tally["requests"] += 1
    return inner(request, f"{key} {server.tally['requests'] % 4}")


@defect(answer, "RATE-1", "RATE-4", runs="loadtests")
async def over_admission_by_race(server: Server, inner: Answer, request: Request) -> Reply:
    """The count is read, something takes its time, the count is written: concurrent requests do not see each other."""
    read_too_early = copy.deepcopy(server.limiters)
    await server.clock.sleep(0.02)
    server.limiters = read_too_early
    return await inner(request)
