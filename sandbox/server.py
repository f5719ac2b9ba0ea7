"""A server as a short pipeline of replaceable stages. The mechanism only: what an honest stage does is in stages.py.

A stage is a named function of the server and its arguments. A server runs the honest one until somebody wraps it; a
wrapper is handed the server, what it wraps, and the arguments. Dialects and defects are wrappers and nothing else.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar, TypeVarTuple

from sandbox.clock import Clock
from sandbox.limiter import Limiter
from sandbox.settings import Settings
from sandbox.store import Store

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

Reference: TypeAlias = tuple[str, str, str]  # product_ref, sku, store_ref


class Server:
    """What all stages of one sandbox share."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, catalogue: frozenset[Reference]) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        self.catalogue = catalogue
        self.limiters: dict[str, Limiter] = {}  # by key
        self.in_flight = 0
        self.tally: Counter[object] = Counter()  # what a wrapper wants to count
        self.memory: dict[str, Any] = {}  # what else it wants to remember, by its own name
        self._stages: dict[object, Any] = {}

    def __getitem__(self, stage: "Stage[*Ts, R]") -> Callable[[*Ts], R]:
        """The stage as this server runs it."""
        if stage not in self._stages:
            self._stages[stage] = _given(stage.honest, self)
        wrapped: Callable[[*Ts], R] = self._stages[stage]
        return wrapped

    def wrap(self, stage: "Stage[*Ts, R]", wrapper: "Wrapper[*Ts, R]") -> None:
        """Put `wrapper` around the stage as it is now."""
        self._stages[stage] = _given(wrapper, self, self[stage])


def _given(function: Callable[..., Any], *first: object) -> Callable[..., Any]:
    """`function` with its first arguments; the checker cannot subtract them from a variadic signature."""
    return partial(function, *first)


class Stage(Generic[*Ts, R]):
    """One replaceable step; used as a decorator on its honest form."""

    def __init__(self, honest: Callable[[Server, *Ts], R]) -> None:
        self.honest = honest


Wrapper: TypeAlias = Callable[[Server, Callable[[*Ts], R], *Ts], R]
