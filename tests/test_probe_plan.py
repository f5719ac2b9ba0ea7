"""ThrottleProbe's plan on a virtual clock: short, within its budget, sharp, and fair to every legal limiter."""

import random
from dataclasses import dataclass, field

import pytest

from contracts.rules.limiters import Row, Survey
from loadtests.probe_plan import Done, Phase, Plan
from tests.simulated_limiters import FAULTS, LEGAL, FixedFirst, Limiter, name_of

COSTS = {"batch": 1, "401": 0, "400": 1, "422": 1}


@dataclass
class Simulated:
    """Carries a plan out against a simulated limiter; several in flight are decided in an order of its own."""

    limiter: Limiter
    seed: int = 1
    delay_s: float = 0.01
    rows: list[Row] = field(default_factory=list)
    now_s: float = 0.0
    took_s: float = 0.0
    phases: list[Phase] = field(default_factory=list)

    def run(self) -> Survey:
        self.random = random.Random(self.seed)  # noqa: S311  round trips, no secrets
        self.now_s = self.random.random() * 10
        began_s = self.now_s
        plan = Plan(self.limiter.limit, 10.0, self.now_s, round_trip_s=self.delay_s)
        while isinstance(phase := plan.next(), Phase):
            self.phases.append(phase)
            self.now_s = max(self.now_s, phase.at_s)
            rows = self._abreast(phase) if phase.at_once > 1 else self._in_turn(phase)
            self.rows += rows
            plan.note(phase, rows)
        assert isinstance(phase, Done)
        self.took_s = self.now_s - began_s
        return plan.survey()

    def _in_turn(self, phase: Phase) -> list[Row]:
        rows: list[Row] = []
        for i in range(phase.requests):
            began_s = self.now_s
            rows.append(self._one(phase.kinds[i % len(phase.kinds)], began_s, self.now_s + self._trip(), len(rows)))
            self.now_s = max(rows[-1].answered_s + 1e-4, began_s + phase.spacing_s)
            if phase.until_refused and sum(row.status == 429 for row in rows) >= phase.until_refused:
                break
        return rows

    def _abreast(self, phase: Phase) -> list[Row]:
        free_s = [self.now_s] * phase.at_once
        planned = []
        for _ in range(phase.requests):
            user = free_s.index(min(free_s))
            decided_s = free_s[user] + self._trip()
            planned.append((decided_s, free_s[user]))
            free_s[user] = decided_s + self._trip()
        rows: list[Row] = []
        refused_s: list[float] = []
        for decided_s, sent_s in sorted(planned):
            if (
                phase.until_refused
                and len(refused_s) >= phase.until_refused
                and sent_s > refused_s[phase.until_refused - 1]
            ):
                continue
            rows.append(self._one("batch", sent_s, decided_s, len(rows)))
            refused_s += [rows[-1].answered_s] if rows[-1].status == 429 else []
        self.now_s = max(row.answered_s for row in rows)
        return rows

    def _one(self, kind: str, sent_s: float, decided_s: float, number: int) -> Row:
        admitted, remaining = self.limiter.decide(decided_s, COSTS[kind])
        status = (200 if kind == "batch" else int(kind)) if admitted else 429
        told = kind != "401" and remaining >= 0
        limit, left = (self.limiter.limit, remaining) if told else (None, None)
        return Row(sent_s, decided_s + self._trip(), status, limit, left, len(self.rows) + number)

    def _trip(self) -> float:
        return self.random.random() * self.delay_s / 2 + 1e-4


@pytest.mark.parametrize("limit", [1, 2, 20])
@pytest.mark.parametrize("variant", LEGAL)
def test_a_legal_limiter_lives_and_the_probe_is_short(variant: str, limit: int) -> None:
    probe = Simulated(LEGAL[variant](limit), seed=limit)
    survey = probe.run()
    assert survey.refuted is None, survey.refuted
    assert name_of(variant) in survey.candidates or "whole seconds" in variant
    assert probe.took_s <= 165
    assert len(probe.rows) <= 12 * limit + 60


@pytest.mark.parametrize(
    ("fault", "limit"),
    [*((fault, limit) for fault in FAULTS for limit in (5, 30)), ("frozen", 200), ("no recovery", 200)],
)
def test_a_fault_is_refuted(fault: str, limit: int) -> None:
    survey = Simulated(FAULTS[fault](limit), delay_s=0.004).run()
    assert survey.refuted is not None
    assert not survey.others_spend


@pytest.mark.parametrize("share", [0.5, 0.8, 1.5, 2.0])
def test_another_window_is_refuted(share: float) -> None:
    assert Simulated(FixedFirst(5, 10.0 * share)).run().refuted is not None


@dataclass
class Racing:
    """Whoever comes within a moment of another reads the same count."""

    limit: int
    blind_s: float = 0.02
    inner: FixedFirst = field(init=False)
    snapshot: tuple[float, int] = (-1.0, 0)

    def __post_init__(self) -> None:
        self.inner = FixedFirst(self.limit)

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        since_s, used = self.snapshot
        if now_s - since_s < self.blind_s:
            self.inner.used = used
        else:
            self.snapshot = now_s, self.inner.used
        return self.inner.decide(now_s, cost)


@pytest.mark.parametrize("limit", [5, 30, 200])
def test_a_race_is_refuted(limit: int) -> None:
    assert Simulated(Racing(limit, blind_s=0.004), delay_s=0.01).run().refuted is not None


@pytest.mark.parametrize(
    ("variant", "twins"),
    [
        ("fixed-first", {"fixed-first"}),
        ("fixed-first-restarting", {"fixed-first-restarting"}),
        ("fixed-clock", {"fixed-clock", "token-bucket-lumps"}),  # one lump a window is a window of the clock
        ("sliding-log", {"sliding-log"}),
        ("sliding-log-counting", {"sliding-log-counting"}),
        ("sliding-counter", {"sliding-counter"}),
        ("token-bucket", {"token-bucket", "token-bucket-lumps"}),  # the smallest lumps are a flow
        ("leaky", {"leaky"}),
    ],
)
def test_the_true_class_stands_alone(variant: str, twins: set[str]) -> None:
    alone = sum(set(Simulated(LEGAL[variant](20), seed=seed).run().candidates) <= twins for seed in range(2))
    assert alone == 2
