"""Driver: a client that comes back. It sends; the promises are judged in test_promises.py."""

import pytest


@pytest.mark.throttling
@pytest.mark.usefixtures("drive")
def test_after_a_silence() -> None:
    """One batch after a window without a request."""
