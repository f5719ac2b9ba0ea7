"""Drivers: generated traffic, by Schemathesis and Hypothesis, and reads beside it. test_promises.py judges."""

import pytest


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_free_batches() -> None:
    """Records of all kinds in free order."""


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_generated_documents() -> None:
    """Bodies that fit the document and bodies that do not."""


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_reads_elsewhere() -> None:
    """Another method, and another path."""
