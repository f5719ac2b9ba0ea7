"""BatchSizes: what a batch costs by its size, the largest accepted, and the size with the most records a second."""

import random
from statistics import median
from typing import Any, ClassVar

from contracts.rules.limiters.rows import Terms
from loadtests.figures.costs import costs, thinned
from loadtests.run.plan import Terms as Allowance
from loadtests.scenarios.pressing import Pressing
from loadtests.scenarios.scenario import EVERY_ANSWER
from openapi.ledger import UPS_2

SIZES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
ROUNDS = (8, 40)  # through all sizes, at least and at most
RECORDS = 50_000  # are enough, and can be judged in a minute


class BatchSizes(Pressing):
    """Batches from one record to as many as the catalogue has: what does each more record cost?"""

    own_users = 1
    fixed_count = 1
    own_seconds = 30.0
    own_requests = 2_000
    owes = (*EVERY_ANSWER, UPS_2)
    accepted: ClassVar[int] = 0  # the largest size so far
    refused_from: ClassVar[int | None] = None  # the smallest size that was too large
    ahead: ClassVar[list[int]] = []
    due: ClassVar[set[int]] = set()  # sizes of which none has been accepted yet
    rounds: ClassVar[int] = 0
    seconds: ClassVar[float] = own_seconds

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """As any, before the first batch."""
        super().prepare(users, seconds)
        cls.accepted, cls.refused_from, cls.ahead, cls.rounds, cls.due = 0, None, [], 0, set()
        cls.seconds = seconds

    @classmethod
    def most_records(cls) -> int | None:
        return None

    @classmethod
    def measure(cls, users: int) -> None:
        """As any, and what was found of sizes."""
        super().measure(users)
        session = cls.session
        samples: dict[int, list[float]] = {}
        for row in session.rows[session.rows["status"] == 200]:
            samples.setdefault(int(row["records"]), []).append(float(row["answered_s"] - row["sent_s"]) * 1000)
        if samples and cls.__name__ in session.figures:
            session.figures[cls.__name__] = {**session.figures[cls.__name__], "batch_sizes": _told(samples, cls.due)}

    def step(self) -> None:
        """The next size, until it is enough; each comes once before any comes again, in an order that changes."""
        cls, session = type(self), self.session
        if not cls.ahead:
            cls.ahead = self._sizes()
            cls.rounds += 1
            if cls.rounds == 1:
                cls.due = set(cls.ahead)
            if cls.rounds > sorted((ROUNDS[0], RECORDS // sum(cls.ahead), ROUNDS[1]))[1]:
                self.end()
            random.Random(self.batches).shuffle(cls.ahead)  # noqa: S311 — no secret, only no trend
        size = cls.ahead.pop()
        self.batches += 1
        if cls.refused_from is not None and size >= cls.refused_from:
            return  # since this round began
        faulty = (size // 2,) if size > 1 and self.batches == 3 else ()
        row = self.press(self.mine.batch(size, faulty), "batch sizes").row
        if row.status in (413, 422) and not faulty:
            cls.refused_from = size
            cls.due = {each for each in cls.due if each < size}
        elif row.status == 200:
            cls.accepted = max(cls.accepted, size)
            cls.due.discard(size)
        if row.remaining == 0:
            session.clock.sleep(Terms(1, session.choices.window_s).longest_s)

    def _sizes(self) -> list[int]:
        """Those that may pass; where some do not, one midway to the bound as well."""
        known = len(self.mine.references)
        bound = self.refused_from or known + 1
        between = (self.accepted + bound) // 2 if self.accepted < bound - 1 < known else 1
        sizes = sorted({size for size in (*SIZES, known, between) if size < bound} or {1})
        allowance = Allowance(self.session.limit, self.session.choices.window_s)
        return thinned(sizes, allowance.within(self.seconds))


def _told(samples: dict[int, list[float]], due: set[int]) -> dict[str, Any]:
    medians = {size: median(values) for size, values in sorted(samples.items())}
    best = max(medians, key=lambda size: size / max(medians[size], 1e-6))
    points = [{"records": size, "p50_ms": round(ms, 3), "n": len(samples[size])} for size, ms in medians.items()]
    return {
        "points": points,
        "unmeasured": sorted(due),
        **(costs(samples) or {}),
        "largest_accepted": max(samples),
        "best_records_per_s": {"records": best, "records_per_s": round(best / max(medians[best], 1e-6) * 1000, 1)},
    }
