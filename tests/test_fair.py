"""No honest history is blamed: whole runs against servers whose legal habits are put together by chance."""

from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.finding import Verdict
from contracts.judge import judge
from sandbox.dialects import DIALECTS
from sandbox.settings import Settings
from tests.inprocess import Conducted


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    dialects=st.lists(st.sampled_from(sorted(DIALECTS)), max_size=4, unique=True),
    seed=st.integers(1, 10_000),
    limit=st.sampled_from([2, 5, 20, 100]),
)
def test_no_mixture_of_legal_habits_is_blamed(dialects: list[str], seed: int, limit: int) -> None:
    conducted = Conducted(Settings(dialects=tuple(dialects), limit=limit), depth="quick", seed=seed)
    assert conducted.broken == (), f"{dialects} at {limit}: {conducted.told()}"
    throttled = [seen for seen in conducted.run.evidence.seen if seen.authenticated and seen.status == 429]
    assert not throttled, f"{dialects} at {limit}: a 429 that nobody asked for"


def test_the_same_seed_makes_the_same_requests() -> None:
    first, second = (Conducted(Settings(), depth="quick", seed=7) for _ in range(2))
    other = Conducted(Settings(), depth="quick", seed=8)
    sent = [[exchange.request for exchange in run.run.evidence.exchanges] for run in (first, second, other)]
    assert sent[0] == sent[1] != sent[2]


def test_a_stored_run_is_judged_alike() -> None:
    conducted = Conducted(Settings(dialects=("whole-batch-422",)), depth="quick")
    assert judge(conducted.history.story()) == conducted.rulings
    assert conducted.verdict is Verdict.HELD


def test_no_reference_of_the_catalogue_is_left_with_a_moment_to_come() -> None:
    """A server would rightly take every update before it for stale: the next run's, and the user's own."""
    evidence = Conducted(Settings(limit=1000)).run.evidence
    known = set(evidence.facts.catalogue)
    told = [
        (record.moment, evidence.facts.started_at + timedelta(seconds=seen.exchange.sent_s))
        for seen in evidence.seen
        for record in seen.body.records
        if record.reference in known and record.moment is not None
    ]
    assert len(told) > 100
    assert all(moment <= now for moment, now in told)


def test_a_quick_run_puts_every_promise_to_the_test_in_few_requests() -> None:
    conducted = Conducted(Settings(), depth="quick")
    assert conducted.verdict is Verdict.HELD, conducted.told()
    assert conducted.requests <= 50
