"""Drivers: generated traffic: Schemathesis over the effective document, Hypothesis over our strategies. They send; the promises are judged in test_promises.py."""

import pytest


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_free_batches() -> None:
    """Records of all kinds in free order."""


@pytest.mark.exploration
@pytest.mark.usefixtures("drive")
def test_generated_documents() -> None:
    """Bodies that fit the document and bodies that do not."""
