"""Drivers: generated traffic, by Schemathesis and Hypothesis. They send; test_promises.py judges."""

import pytest


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_free_batches() -> None:
    """Records of all kinds in free order."""


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_generated_documents() -> None:
    """Bodies that fit the document and bodies that do not."""
