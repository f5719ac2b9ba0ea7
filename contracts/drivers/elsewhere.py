"""Beside the operation: what another method and another path get. Reads alone: whatever answers, nothing is changed."""

from contracts.drivers.run import BEARER, Probe, Run
from contracts.exchanges.records import OURS
from contracts.wire.outgoing import Outgoing
from openapi.document import OPERATION_PATH

PATHS = {"another method": OPERATION_PATH, "another path": f"{OPERATION_PATH}/{OURS}nowhere"}


def reads(run: Run) -> None:
    """A GET of each. What they cost of the allowance nobody knows, so that a silence should follow."""
    if run.depth != "quick":
        for purpose, path in PATHS.items():
            run.perform(_get(purpose, path))


def _get(purpose: str, path: str) -> Probe:
    return Probe(purpose, lambda _: Outgoing(b"", BEARER, (), "GET", path))
