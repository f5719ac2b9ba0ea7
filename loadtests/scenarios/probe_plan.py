"""What ThrottleProbe does next: from the rows so far to the next phase, or to the end. Pure: no clock, no socket.

Each phase asks what the phases before left undecided. What an answer means is the limiter models' to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.observations.limiter import safe_rate_per_s
from contracts.rules.limiters import Inquiry, Row, Survey
from contracts.rules.limiters.rows import Terms

REFUSALS = 2  # the first proves the limit, the second that it was no accident
LATE = 0.91  # of a window: a clock's edge has passed, but hardly a tenth before its time, as whole seconds may have it
OVER = 1.12  # of a window: the longest legal one has ended, also by a clock of whole seconds
ROUNDS = (0.48, 0.82, LATE, LATE)  # of a window: bursts so close together that no clock lets many of them in
SOON = (0.3, 0.3)  # before them, where a burst is one request and its Remaining, always 0, tells nothing
EDGE_FILL = 0.88  # of a window: that none can have ended by a clock of whole seconds either
IN_FLIGHT = 24  # at once behind the barrier: more than a race needs, less than troubles anybody
EXACT_UP_TO = 500  # limits above it are not searched while the probe runs
FREE_KINDS = ("400", "422", "401")  # the first two tell what they left, the third has the next one tell it
ASKED_OFTEN = 3
SECOND_KEY = "second key"
TURNS = 4  # of each of two keys, and one more: more than an edge of a window between two of them explains
STEADY_WINDOWS = 2
EXCESS, EXCESS_WINDOWS, FAST = 48, 3, 15  # requests and windows of an excess where tokens flow back, and of one window


@dataclass(frozen=True, slots=True)
class Phase:
    """Requests of one kind of pace, the first not before `at_s` (seconds since the run began)."""

    name: str
    at_s: float
    requests: int  # at most
    until_refused: int = 0  # ends after so many refusals; 0: all are sent
    spacing_s: float = 0.0  # from one to the next; 0: one after the other
    at_once: int = 1  # in flight; more than one go off together
    kinds: tuple[str, ...] = ("batch",)  # in turn
    must_fit: bool = False  # without it nothing is decided


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to learn, or nothing more can be."""

    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One phase that was carried out, and the rows that it brought."""

    phase: Phase
    rows: tuple[Row, ...]

    @property
    def let_in(self) -> int:
        return sum(row.status in (200, 422) for row in self.rows)

    @property
    def refused(self) -> bool:
        return any(row.status not in (200, 400, 401, 422) for row in self.rows)


class Plan:
    """The phases so far of one probe, and the next. Without a Limit told, `limit` is None and two bursts are all."""

    def __init__(
        self, limit: int | None, window_s: float, began_s: float, *, round_trip_s: float = 0.0, second_key: bool = False
    ) -> None:
        self.limit, self.window_s, self._began_s, self._second_key = limit, window_s, began_s, second_key
        self.terms = Terms(limit or 1, window_s)
        # As many at once as bring a burst through in a quarter of a window.
        needed = -(-4 * (limit or 1) * round_trip_s // window_s)
        self._abreast = min(IN_FLIGHT, max(1, int(needed)))
        self._done: list[Seen] = []
        self._before: tuple[Row, ...] = ()
        self._inquiry = Inquiry(window_s)
        self._survey: Survey | None = None

    def start_from(self, rows: Sequence[Row]) -> None:
        """Rows from before the first phase belong to the history as well."""
        self._before = tuple(rows)

    def note(self, phase: Phase, rows: Sequence[Row]) -> None:
        """A phase was carried out."""
        self._done.append(Seen(phase, tuple(rows)))
        self._survey = None

    def next(self) -> Phase | Done:
        """The next phase, from what is still undecided."""
        done = {seen.phase.name for seen in self._done}
        if "burst" not in done:
            return Phase("burst", self._began_s + self.terms.longest_s, *self._through(), must_fit=True)
        if self.limit is None:
            return Done("no Limit was told") if "after one window" in done else self._recover("after one window", 1)
        if self._exact and (survey := self.survey()).refuted is not None and not survey.others_spend:
            return Done("no legal limiter gives these answers")
        phase = self._recovery(done) or self._at_chosen_phases() or self._edge(done) or self._under_load(done)
        phase = phase or self._two_keys(done)
        return phase or Done("nothing is left to learn")

    @property
    def _exact(self) -> bool:
        return self.limit is not None and self.limit <= EXACT_UP_TO

    def survey(self) -> Survey:
        """The candidates that live after the phases so far."""
        if self._survey is None:
            self._survey = self._inquiry.survey([*self._before, *(row for seen in self._done for row in seen.rows)])
        return self._survey

    def _lives(self, *names: str) -> bool:
        return not self._exact or any(name in self.survey().candidates for name in names)

    def _through(self) -> tuple[int, int, float, int]:
        """(requests, until refused, spacing, at once) of a burst through the limit, over an edge of its window too."""
        limit = self.limit if self.limit is not None else 100
        return (2 * limit + REFUSALS) * 5 // 4, REFUSALS, 0.0, self._abreast

    def _last_s(self) -> float:
        return max(row.answered_s for seen in self._done for row in seen.rows)

    def _recover(self, name: str, windows: int) -> Phase:
        return Phase(name, self._last_s() + windows * self.terms.longest_s, *self._through(), must_fit=True)

    def _recovery(self, done: set[str]) -> Phase | None:
        """Is it refused until the window is over, and back then? Counting limiters want silence since a refusal."""
        first_s = self._done[0].rows[0].sent_s
        last = self._done[-1]
        if "late" not in done:
            return Phase("late", max(self._last_s(), first_s + LATE * self.window_s), *self._one_or_all())
        if "when the window is over" not in done and self._seen("late").let_in == 0:
            over_s = self._seen("burst").rows[-1].answered_s + OVER * self.window_s
            return Phase("when the window is over", max(self._last_s(), over_s), *self._through(), must_fit=True)
        if last.let_in == 0 and last.phase.name in ("when the window is over", "late"):
            return self._recover("after one window", 1)
        if last.let_in == 0 and last.phase.name == "after one window":
            return self._recover("after two windows", 2)
        return None

    def _one_or_all(self) -> tuple[int, int]:
        return self._through()[0], 1

    def _seen(self, name: str) -> Seen:
        return next(seen for seen in reversed(self._done) if seen.phase.name == name)

    def _at_chosen_phases(self) -> Phase | None:
        """While a window of the clock explains that a burst was let in too early, more of them at other phases."""
        rounds = sum(seen.phase.name.startswith("at a chosen phase") for seen in self._done)
        shares = (*SOON, *ROUNDS) if self.limit == 1 else ROUNDS
        if self._seen("late").let_in < (self.limit or 1) or rounds >= len(shares):
            return None
        if self._edged() or not self._lives("fixed-clock"):
            return None
        let_in = [seen for seen in self._done if seen.let_in]
        at_s = max(self._last_s(), let_in[-1].rows[0].sent_s + shares[rounds] * self.window_s)
        return Phase(f"at a chosen phase, {rounds + 1}", at_s, *self._through())

    def _edged(self) -> bool:
        return any(seen.phase.name == "full allowance" for seen in self._done)

    def _edge(self, done: set[str]) -> Phase | None:
        """One early, the others late in the window, none refused; then across its end. What errors cost, on the way."""
        limit = self.limit or 1
        if limit == 1:
            return None
        if "full allowance" not in done:
            turn = tuple(part for kind in FREE_KINDS for part in (kind, "batch"))
            rounds = min(ASKED_OFTEN, (limit - 2) // len(turn))  # a lump that falls hides what one request costs
            asked = ("batch", *(turn * rounds or FREE_KINDS[: limit - 2]))
            # Half a window off the phase of the bursts before: a clock's edge would fall between this and what follows.
            at_s = self._last_s() + 2 * self.terms.longest_s + self.window_s * 0.45
            return Phase("full allowance", at_s, len(asked), kinds=asked)
        opened = self._seen("full allowance").rows
        if "late in the window" not in done and limit > 1:
            left = min((row.remaining for row in opened if row.remaining is not None), default=0)
            if left:
                at_s = max(self._last_s(), opened[0].sent_s + EDGE_FILL * self.window_s)
                return Phase("late in the window", at_s, left, 1, 0.0, self._abreast)
        if "across its end" not in done:
            over_s = opened[-1].answered_s + OVER * self.window_s
            return Phase("across its end", max(self._last_s(), over_s), limit // 2 + REFUSALS, REFUSALS)
        return None

    def _under_load(self, done: set[str]) -> Phase | None:
        limit, longest_s = self.limit or 1, self.terms.longest_s
        if "all at once" not in done:
            surplus = max(8, IN_FLIGHT // 2)
            at_s = self._last_s() + 2 * longest_s
            return Phase("all at once", at_s, limit + surplus, at_once=max(2, min(IN_FLIGHT, limit + surplus)))
        names = self.survey().candidates if self._exact else ()
        names = names or ("sliding-counter",)
        spacing_s = 1.02 / min(safe_rate_per_s(name, limit, self.window_s) for name in names)
        if spacing_s < 0.002:  # no sender keeps such a pace one after the other
            return None
        if "steady, just below the limit" not in done:
            count = max(2, int(STEADY_WINDOWS * self.window_s / spacing_s))
            at_s = self._last_s() + 2 * longest_s
            return Phase("steady, just below the limit", at_s, count, spacing_s=spacing_s)
        if "steady, above the limit" not in done and limit > 1:
            spacing_s = self.window_s / limit / 1.5
            count, refusals = limit + limit // 2, 3
            # What flows back bit by bit shows by how much only where few come at once and for long.
            if set(names) <= {"sliding-counter", "token-bucket", "token-bucket-lumps"}:
                if "sliding-counter" not in names:
                    spacing_s = self.window_s / max(limit * 1.5, FAST)
                count = refusals = max(count, min(EXCESS, int(EXCESS_WINDOWS * self.window_s / spacing_s)))
            return Phase("steady, above the limit", self._last_s() + spacing_s, count, refusals, spacing_s)
        return None

    def _two_keys(self, done: set[str]) -> Phase | None:
        """Two keys in turn: each loses its own, or both lose what each spends; with one a window no order tells.

        The rows of the second key are no part of this plan, which speaks of one allowance.
        """
        if not self._second_key or self.limit == 1 or "two keys in turn" in done:
            return None
        turns = 2 * min(TURNS, self.limit or 1) + 2
        at_s = self._last_s() + 2 * self.terms.longest_s
        return Phase("two keys in turn", at_s, turns, kinds=("batch", SECOND_KEY))
