"""Drivers: wrong documents and wrong records. They send; the promises are judged in test_promises.py."""

import pytest


@pytest.mark.validation
@pytest.mark.usefixtures("drive")
def test_wrong_records() -> None:
    """Every field with every class of wrong value."""


@pytest.mark.validation
@pytest.mark.usefixtures("drive")
def test_wrong_documents() -> None:
    """Bodies that are no batch."""


@pytest.mark.validation
@pytest.mark.usefixtures("drive")
def test_two_faults() -> None:
    """Two faults at once are both listed."""


@pytest.mark.validation
@pytest.mark.usefixtures("drive")
def test_open_records() -> None:
    """What may be refused but must break nothing."""
