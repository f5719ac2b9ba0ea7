"""A window of silence near the end of a run: what only shows to a client that comes back."""

import pytest

from contracts.finding import Verdict
from sandbox.settings import Settings
from tests.inprocess import Conducted


@pytest.mark.parametrize("limiter", ["fixed-first", "sliding-counter", "token-bucket", "leaky"])
def test_a_legal_allowance_is_back_after_a_window(limiter: str) -> None:
    assert Conducted(Settings(limiter=limiter, limit=1000)).verdict is Verdict.HELD


def test_an_allowance_that_never_comes_back_shows_although_nobody_was_refused() -> None:
    conducted = Conducted(Settings(defect="no-recovery", limit=1000))
    assert not any(seen.status == 429 for seen in conducted.run.evidence.seen)
    assert "RATE-4" in conducted.broken, conducted.told()


def test_who_fails_after_a_silence_is_found() -> None:
    conducted = Conducted(Settings(defect="asleep-after-a-silence"))
    assert conducted.broken == ("ERR-2",), conducted.told()
