"""ThrottleProbe's plan carried out against a simulated limiter, on a virtual clock."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Answer, Cause, Exchange, NoAnswer, Request
from contracts.finding import Finding
from contracts.rules import throttling
from contracts.rules.allowance import LIMIT, REMAINING
from contracts.rules.limiters import Row, Survey
from contracts.seen import OPERATION_PATH
from loadtests.scenarios.probe_plan import SECOND_KEY, Done, Phase, Plan
from tests.build import FACTS
from tests.simulated_limiters import Limiter

OF_EXCHANGES = (throttling.both_headers_are_there, throttling.a_refusal_carries_both_headers)
OF_HISTORIES = (
    throttling.the_limit_stays_the_same,
    throttling.a_refusal_says_that_nothing_remains,
    throttling.over_the_limit_is_429,
    throttling.no_more_is_let_in_than_the_limit,
    throttling.what_remains_gets_in,
    throttling.each_request_costs_one,
)
COSTS = {"batch": 1, SECOND_KEY: 1, "401": 0, "400": 1, "422": 1}


@dataclass
class Simulated:
    """Carries a plan out against a simulated limiter; several in flight are decided in an order of its own."""

    limiter: Limiter
    seed: int = 1
    delay_s: float = 0.01
    users: int = 1  # of a burst, at least
    costs: dict[str, int] = field(default_factory=lambda: dict(COSTS))
    second: Limiter | None = None  # what a second key draws on; the first one too, where they share
    second_rows: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    now_s: float = 0.0
    took_s: float = 0.0
    phases: list[Phase] = field(default_factory=list)

    def run(self) -> Survey:
        self.random = random.Random(self.seed)  # noqa: S311  round trips, no secrets
        self.now_s = self.random.random() * 10
        began_s = self.now_s
        plan = Plan(self.limiter.limit, 10.0, self.now_s, round_trip_s=self.delay_s, second_key=self.second is not None)
        while isinstance(phase := plan.next(), Phase):
            self.phases.append(phase)
            self.now_s = max(self.now_s, phase.at_s)
            if self.users > phase.at_once and not phase.spacing_s and phase.kinds == ("batch",):
                phase = replace(phase, at_once=min(self.users, phase.requests))
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
            kind = phase.kinds[i % len(phase.kinds)]
            row = self._one(kind, began_s, self.now_s + self._trip(), len(rows))
            (self.second_rows if kind == SECOND_KEY else rows).append(row)
            self.now_s = max(row.answered_s + 1e-4, began_s + phase.spacing_s)
            if phase.until_refused and sum(row.status == 429 for row in rows) >= phase.until_refused:
                break
        return rows

    def _planned(self, phase: Phase) -> list[tuple[float, float, float]]:
        """(decided, sent, when the user is free again) of each request, every user sending the next when it is."""
        free_s = [self.now_s] * phase.at_once
        planned = []
        for _ in range(phase.requests):
            user = free_s.index(min(free_s))
            sent_s = free_s[user]
            decided_s = sent_s + self._trip()
            free_s[user] = decided_s + self._trip()
            planned.append((decided_s, sent_s, free_s[user]))
        return planned

    def _abreast(self, phase: Phase) -> list[Row]:
        planned = self._planned(phase)
        rows: list[Row] = []
        refused_s: list[float] = []
        for decided_s, sent_s, _ in sorted(planned):
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
        limiter = self.second if self.second and kind == SECOND_KEY else self.limiter
        admitted, remaining = limiter.decide(decided_s, self.costs[kind])
        status = (int(kind) if kind.isdecimal() else 200) if admitted else 429
        told = kind != "401" and remaining >= 0
        limit, left = (self.limiter.limit, remaining) if told else (None, None)
        return Row(sent_s, decided_s + self._trip(), status, limit, left, len(self.rows) + number)

    def _trip(self) -> float:
        return self.random.random() * self.delay_s / 2 + 1e-4


@dataclass
class ReadingLate(Simulated):
    """Remaining is read off as the answer leaves: what those in flight together spent meanwhile is gone already."""

    def _abreast(self, phase: Phase) -> list[Row]:
        planned = self._planned(phase)
        moments = [(decided_s, i, False) for i, (decided_s, _, _) in enumerate(planned)]
        moments += [
            (decided_s + (answered_s - decided_s) * 0.8, i, True)
            for i, (decided_s, _, answered_s) in enumerate(planned)
        ]
        rows: list[Row] = []
        let_in: dict[int, bool] = {}
        for now_s, i, read in sorted(moments):
            _, sent_s, answered_s = planned[i]
            enough_s = sorted(row.answered_s for row in rows if row.status == 429)[phase.until_refused - 1 :]
            if not read and not (phase.until_refused and enough_s and sent_s > enough_s[0]):
                let_in[i], _ = self.limiter.decide(now_s)
            elif read and i in let_in:
                _, left = self.limiter.decide(now_s, 0)
                status, left = (200, left) if let_in[i] else (429, 0)
                rows.append(Row(sent_s, answered_s, status, self.limiter.limit, left, len(self.rows) + len(rows)))
        self.now_s = max(row.answered_s for row in rows)
        return rows


def evidence_of(rows: Sequence[Row]) -> Evidence:
    """The rows as exchanges of the key, those of strangers without it."""
    return Evidence(FACTS, [_exchange(row, seq) for seq, row in enumerate(rows, start=1)])


def _exchange(row: Row, seq: int) -> Exchange:
    told = ((LIMIT, row.limit), (REMAINING, row.remaining))
    headers = tuple((name, str(value)) for name, value in told if value is not None)
    key = () if row.status == 401 else (("Authorization", "Bearer $BSPK_API_KEY"),)
    request = Request("POST", OPERATION_PATH, (("Content-Type", "application/json"), *key), b"{}")
    outcome = NoAnswer(Cause.CLOSED) if row.status is None else Answer(row.status, headers, b"")
    return Exchange(seq, row.sent_s, row.answered_s, request, outcome)


def broken(rows: Sequence[Row]) -> set[str]:
    """The promises that the rules of throttling find broken."""
    evidence = evidence_of(rows)
    said = [thing for rule in OF_EXCHANGES for seen in evidence.seen for thing in rule(seen)]
    said += [thing for rule in OF_HISTORIES for thing in rule(evidence)]
    return {thing.promise.id for thing in said if isinstance(thing, Finding)}
