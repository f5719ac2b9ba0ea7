"""Pusher: several integrators at once, each pushing batch after batch of its own part of the stock.

A closed loop: a user sends when its last answer has come. The first refusals are run into, then each is honoured.
"""

from collections.abc import Iterable

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
        users = Pusher.own_users
        size = self.session.choices.records_per_batch or 1 + self.number % users + users * (self.batches % TURNS)
        self.push(min(size, self.references.known), "push", wait=self.session.refused >= RUN_INTO)


def owed(scenario: type[Scenario], records_per_batch: int | None) -> Iterable[Promise]:
    """What a scenario owes: with batches of one size a swap of answers cannot show, and LOAD-1 is out of scope."""
    return [promise for promise in scenario.owes if promise is not LOAD_1 or not records_per_batch]
