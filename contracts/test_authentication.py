"""Drivers: who is let in. They send; the promises are judged in test_promises.py."""

import pytest


@pytest.mark.authentication
@pytest.mark.usefixtures("drive")
def test_strangers() -> None:
    """Everyone without the key is refused before anything else."""


@pytest.mark.authentication
@pytest.mark.usefixtures("drive")
def test_the_door_at_the_end() -> None:
    """The same at the end of the run."""
