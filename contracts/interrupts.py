"""Ctrl-C: once ends a run in order, twice at once, with what was written by then whole and no report."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = 2  # exit code, as pytest has it
_TOLD = b"\ninterrupted again: no report; python -m contracts.judge reads the history\n"


def _raise() -> None:
    raise KeyboardInterrupt


class Interrupts:
    """Takes Ctrl-C until it is closed, where nobody else does.

    `first` ends the run in order; `at_the_last` must be quick, and may not wait, and `told` is said then.
    """

    held_back = 0  # how many `put_off` are under way
    waiting: Callable[[], None] | None = None

    def __init__(
        self,
        first: Callable[[], None] = _raise,
        at_the_last: Callable[[], None] = lambda: None,
        told: bytes = _TOLD,
    ) -> None:
        self._first, self._at_the_last, self._told = first, at_the_last, told
        self._once = False
        ours = threading.current_thread() is threading.main_thread()
        self._open = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._open:
            signal.signal(signal.SIGINT, self._take)

    def close(self) -> None:
        """From here on Ctrl-C is what it was before; after a first one all is written, and nothing is left to end."""
        if self._open:
            signal.signal(signal.SIGINT, signal.SIG_IGN if self._once else signal.default_int_handler)
        self._open = False

    def _take(self, _number: int, _frame: object) -> None:
        if self._once:
            try:
                self._at_the_last()
            finally:
                os.write(2, self._told)
                os._exit(INTERRUPTED)
        self._once = True
        if Interrupts.held_back:
            Interrupts.waiting = self._first
        else:
            self._first()


@contextmanager
def put_off() -> Iterator[None]:
    """A first Ctrl-C waits until this is over, where a library would take it for a failure of its own."""
    Interrupts.held_back += 1
    try:
        yield
    finally:
        Interrupts.held_back -= 1
        if not Interrupts.held_back and (first := Interrupts.waiting):
            Interrupts.waiting = None
            first()
