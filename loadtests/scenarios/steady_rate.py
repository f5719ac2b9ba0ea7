"""SteadyRate: requests come when they come, as from many integrators who know nothing of each other. An open model."""

from typing import ClassVar

from loadtests.figures.figures import LATE_S
from loadtests.run.plan import Terms, steady_rate_per_s
from loadtests.scenarios.arrivals import Arrivals, due_times
from loadtests.scenarios.pressing import Pressing
from loadtests.scenarios.scenario import EVERY_ANSWER


class OpenModel(Pressing):
    """Users that wait for nothing but the clock; there are as many as may be in flight at once."""

    abstract = True
    own_users = 40
    own_records = 5
    rate_per_s: ClassVar[float] = 0.0

    def step(self) -> None:
        """The next request that is due, at that time or as soon after as may be."""
        arrivals, session = type(self).arrivals, self.session
        due_s = arrivals.next_s(session.elapsed_s) if arrivals else None
        if arrivals is None or due_s is None:
            self.exhausted()
            return
        wait_s = due_s - session.elapsed_s
        if wait_s > 0:
            session.clock.sleep(wait_s)
        sending = self.press(self.next_batch(), type(self).__name__, due_s)
        if wait_s > 0:
            arrivals.went(due_s, sending.row.sent_s)

    def exhausted(self) -> None:
        """No more requests are due."""
        self.session.clock.sleep(1.0)


class SteadyRate(OpenModel):
    """A given rate, about half of the allowance unless told: how long does an answer take, from when it was due?"""

    divisible = True
    own_seconds = 30.0
    owes = EVERY_ANSWER
    arrival = "constant"

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """As any, and the times at which requests are due."""
        super().prepare(users, seconds)
        session = cls.session
        rate_per_s = session.choices.rate_per_s or steady_rate_per_s(
            Terms(session.limit, session.choices.window_s), seconds
        )
        cls.arrival = session.choices.arrival or "constant"
        times = due_times(cls.arrival, rate_per_s / session.parts, seconds, seed=session.part)
        began_s = session.elapsed_s + 0.5 + session.part / rate_per_s  # workers take turns
        cls.arrivals = Arrivals(times, began_s, LATE_S)
