"""What a dialect and a defect are: a wrapper or two around stages of a server, with a name and a sentence. No examples.

The name is the wrapper's own, in kebab case; the sentence is the first line of its docstring.
"""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TypeVar

from sandbox.server import R, Server, Stage, Ts, Wrapper

V = TypeVar("V", bound="Variant")


class Variant:
    """A change to a server."""

    def __init__(self, stage: Stage[*Ts, R], wrapper: Wrapper[*Ts, R]) -> None:
        self.name = getattr(wrapper, "__name__", "").strip("_").replace("_", "-")
        self.description = (wrapper.__doc__ or "").partition("\n")[0]
        self._changes: list[Callable[[Server], None]] = [lambda server: server.wrap(stage, wrapper)]

    def also(self, stage: Stage[*Ts, R]) -> Callable[[Wrapper[*Ts, R]], Wrapper[*Ts, R]]:
        """Decorate a wrapper that belongs to the same variant; one may belong to several."""

        def add(wrapper: Wrapper[*Ts, R]) -> Wrapper[*Ts, R]:
            self._changes.append(lambda server: server.wrap(stage, wrapper))
            return wrapper

        return add

    def install(self, server: Server) -> None:
        """Change `server`."""
        for change in self._changes:
            change(server)


class Dialect(Variant):
    """A legal way to keep the document, other than the default. Dialects combine, the later around the earlier."""


class Defect(Variant):
    """A way to break the document.

    `promises` are the ledger's ids that a fair judge would name, the first of them foremost; `runs` is "contracts" or
    "loadtests", the run that can see it; `speaks` are the dialects without which it would not show.
    """

    promises: tuple[str, ...]
    runs: str
    speaks: tuple[str, ...]


def dialect(stage: Stage[*Ts, R]) -> Callable[[Wrapper[*Ts, R]], Dialect]:
    """Decorate the wrapper of `stage` that makes a dialect."""
    return lambda wrapper: Dialect(stage, wrapper)


def defect(
    stage: Stage[*Ts, R], *promises: str, runs: str = "contracts", speaks: tuple[str, ...] = ()
) -> Callable[[Wrapper[*Ts, R]], Defect]:
    """Decorate the wrapper of `stage` that breaks `promises`."""

    def register(wrapper: Wrapper[*Ts, R]) -> Defect:
        made = Defect(stage, wrapper)
        made.promises, made.runs, made.speaks = promises, runs, speaks
        return made

    return register


def gather(kind: type[V], modules: Iterable[ModuleType]) -> dict[str, V]:
    """The variants that `modules` hold, by name, in the order in which they are written."""
    found = [value for module in modules for value in vars(module).values() if isinstance(value, kind)]
    return {variant.name: variant for variant in found}
