"""Flood: as fast as it can, whatever is refused. A closed loop: each user sends when its last answer has come."""

from loadtests.scenarios.pressing import Pressing
from loadtests.scenarios.scenario import EVERY_ANSWER

AT_A_TIME = 100  # batches: Locust's own turn from one task to the next costs about as much as judging an answer


class Flood(Pressing):
    """As fast as it goes, refusals and all: do answers stay right, and does the limit hold?"""

    divisible = True
    own_users = 16
    own_seconds = 20.0
    owes = EVERY_ANSWER

    def step(self) -> None:
        """One batch after the other."""
        for _ in range(AT_A_TIME):
            self.press(self.next_batch(), "flood")
