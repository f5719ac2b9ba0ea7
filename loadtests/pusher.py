"""Pusher: several integrators at once, each pushing batch after batch of its own part of the stock.

A closed loop: a user sends when its last answer has come. The first refusals are run into, then each is honoured.
"""

from collections.abc import Iterable

from contracts.rules.limiters.rows import Terms
from loadtests.scenario import EVERY_BATCH, Scenario
from openapi.ledger import LOAD_1, UPS_2, Promise

RUN_INTO = 3  # refusals of all users together, before any of them waits
TURNS = 5  # sizes that each user goes through


class Pusher(Scenario):
    """Several users push as fast as they are let in: do answers stay right, and with their own requests?"""

    own_users = 4
    own_seconds = 20.0
    owes = (*EVERY_BATCH, UPS_2, LOAD_1)

    def step(self) -> None:
        """One batch. Its size is no other user's at any time, so that an answer to another's would show."""
        if self.session.refused >= RUN_INTO:
            self._keep_silence()
        users = Pusher.own_users
        size = self.session.choices.records_per_batch or 1 + self.number % users + users * (self.batches % TURNS)
        self.push(min(size, self.references.known), "push")

    def _keep_silence(self) -> None:
        """One window from the last refusal of any user: a limiter may count refusals, or begin anew with each."""
        silence_s = Terms(1, self.session.choices.window_s).longest_s
        while (left_s := self.session.refused_s + silence_s - self.session.elapsed_s) > 0:
            self.session.clock.sleep(left_s)


def owed(scenario: type[Scenario], records_per_batch: int | None) -> Iterable[Promise]:
    """What a scenario owes: with batches of one size a swap of answers cannot show, and LOAD-1 is out of scope."""
    return [promise for promise in scenario.owes if promise is not LOAD_1 or not records_per_batch]
