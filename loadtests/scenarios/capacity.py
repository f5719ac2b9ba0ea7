"""Capacity: the highest rate at which answers come in time and none fails, and what kept it from being higher."""

from typing import ClassVar

import numpy as np

from contracts.history.rows import RESENT, LoadRow
from contracts.rules.limiters.rows import Terms
from loadtests.figures.figures import LATE_S, LATE_SHARE
from loadtests.scenarios.arrivals import Arrivals, due_times
from loadtests.scenarios.scenario import EVERY_ANSWER
from loadtests.scenarios.search import Search
from loadtests.scenarios.steady_rate import OpenModel

STEP_S = 4.0
P99_S = 1.0  # as the default gate
MOST_PER_S = 20_000.0
FIRST_PER_S = 5.0


class Capacity(OpenModel):
    """Twice the rate, as long as the target keeps up: how many requests a second does it take?"""

    own_seconds = 60.0
    owes = EVERY_ANSWER
    arrival = "constant"
    search: ClassVar[Search] = Search(None, MOST_PER_S)
    step_rows: ClassVar[list[LoadRow]] = []

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """As any, and the first rate."""
        super().prepare(users, seconds)
        most = cls.session.choices.rate_per_s or MOST_PER_S
        cls.search = Search(min(FIRST_PER_S, most), most)
        cls.session.rig(cls.__name__, cls.keeps_all).keeper.listeners.append(cls._take)
        cls._begin()

    @classmethod
    def _take(cls, row: LoadRow) -> None:
        cls.step_rows.append(row)

    @classmethod
    def _begin(cls) -> None:
        cls.step_rows = []
        rate, began_s = cls.search.rate_per_s, cls.session.elapsed_s + 0.1
        cls.arrivals = Arrivals(due_times("constant", rate, STEP_S), began_s, LATE_S) if rate else None

    @classmethod
    def measure(cls, users: int) -> None:
        """As any, and what the search came to."""
        super().measure(users)
        if cls.__name__ in cls.session.figures:
            search = cls.search
            rate = None if search.kept is None else round(search.kept, 3)
            found = {"rate_per_s": rate, "bound_by": search.bound_by, "steps": search.steps}
            cls.session.figures[cls.__name__] = {**cls.session.figures[cls.__name__], "capacity": found}

    def exhausted(self) -> None:
        """One user weighs the step once its last answer is there, and begins the next; the others wait."""
        self.session.clock.sleep(0.05)
        cls = type(self)
        if self.number != 0 or cls.search.rate_per_s is None or self.session.out:
            return
        refused = any(row.status == 429 for row in cls.step_rows)
        if not cls.search.tried(*self._weigh(refused)):
            self.session.history.finished(cls.__name__)
            self.end()
        if refused:
            self.session.clock.sleep(Terms(1, self.session.choices.window_s).longest_s)
        cls._begin()

    def _weigh(self, refused: bool) -> tuple[bool, str]:
        rows, arrivals = self.step_rows, type(self).arrivals
        if refused:
            return False, "limiter"
        if arrivals is not None and arrivals.late > max(LATE_SHARE * len(rows), 1):
            return False, "generator"
        if any(row.status >= 500 or (row.status == 0 and row.cause != RESENT) for row in rows):
            return False, "target"
        latencies_s = [row.answered_s - row.due_s for row in rows]
        slow = not rows or float(np.percentile(latencies_s, 99)) > P99_S
        return (False, "target") if slow else (True, "")
