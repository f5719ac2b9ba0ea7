"""Drivers: what must be accepted. They send; the promises are judged in test_promises.py."""

import pytest


@pytest.mark.updates
@pytest.mark.usefixtures("drive")
def test_past_moments() -> None:
    """Real instants of the past, leap days among them."""


@pytest.mark.updates
@pytest.mark.usefixtures("drive")
def test_acceptable_records() -> None:
    """Every promised form of a record."""


@pytest.mark.results
@pytest.mark.usefixtures("drive")
def test_relations() -> None:
    """The same records in other company, order and number."""


@pytest.mark.results
@pytest.mark.usefixtures("drive")
def test_sizes() -> None:
    """Batches around the limits that programmers like."""
