"""Silence: a client that comes back finds its allowance restored, its key still good, and nobody asleep."""

from contracts.drivers.run import Run, as_it_is, batch


def after_a_silence(run: Run) -> None:
    """One batch after a whole window without a request: busy runs never let a connection or a counter rest so long."""
    if run.depth != "quick":
        run.wire.rest()
        run.perform(batch("after a silence", [as_it_is, as_it_is]))
