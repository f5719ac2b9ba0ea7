"""ThrottleProbe: is the documented limit the one that is kept, and does the allowance come back?

One user, one request at a time: silence, a burst through the limit, silence of a window, a burst again, silence of half
a window, a few more. What it means is the judge's to say.
"""

from contracts.exchange import Exchange
from contracts.rules.limiters.rows import Terms
from contracts.wire import Stopped
from loadtests.scenario import Scenario

SIZE = 2  # records of a batch: no more than a result that can be mistaken for another's
REFUSALS = 2  # the first proves the limit, the second that it was no accident
AFTERWARDS = 5  # requests after half a window of silence, where limiters differ


class ThrottleProbe(Scenario):
    """Bursts through the limit, with silence between them: is the allowance the one that the headers tell?"""

    fixed_count = 1

    def step(self) -> None:
        """The whole probe, once."""
        window_s = self.session.choices.window_s
        self.silence_s = Terms(1, window_s).longest_s
        self._check_budget()
        self.session.clock.sleep(self.silence_s)
        self._burst("burst")
        self.session.clock.sleep(self.silence_s)
        if self._burst("burst after a window of silence") == 0:
            self.session.clock.sleep(2 * self.silence_s)
            self._burst("burst after two windows of silence")  # a legal limiter may need as many
        self.session.clock.sleep(window_s / 2)
        for _ in range(AFTERWARDS):
            self._push("after half a window of silence")
        self.session.history.finished(type(self).__name__)
        self.end()

    def _check_budget(self) -> None:
        """Two bursts must fit under the cap, or nothing that is sent could decide anything."""
        limit, left = self.session.limit, self.session.left
        needed = 2 * ((limit or 0) + REFUSALS) + AFTERWARDS
        if needed > left:
            cap = f"--max-requests {self.session.choices.max_requests}"
            raise Stopped(
                f"the limit of {limit} is out of reach: probing it takes {needed} requests, {cap} leaves {left}"
            )

    def _burst(self, purpose: str) -> int:
        """Through the limit and a little past it, at most for one window; returns how many were let in."""
        limit, began_s, refused, let_in = self.session.limit, self.session.elapsed_s, 0, 0
        while refused < REFUSALS and let_in < self._most():
            status = self._push(purpose).status
            let_in += status in (200, 422)
            refused += status not in (200, 422)
            if self.session.elapsed_s - began_s > self.session.choices.window_s:
                if limit is not None and refused == 0 and let_in <= limit:
                    raise Stopped(f"the limit of {limit} is out of reach: {let_in} requests took a whole window")
                break
        return let_in

    def _most(self) -> int:
        """More than any legal limiter lets in, also over an edge of its window and where a 422 costs nothing.

        Half of what is left where no Limit is told.
        """
        limit = self.session.limit
        return self.session.left // 2 if limit is None else (2 * limit + REFUSALS) * 5 // 4

    def _push(self, purpose: str) -> Exchange:
        size = min(self.session.choices.records_per_batch or SIZE, self.references.known)
        return self.push(size, purpose)
