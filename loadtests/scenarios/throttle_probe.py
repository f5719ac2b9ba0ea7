"""ThrottleProbe: which limiter is it, is the documented limit the one that is kept, and does the allowance come back?

Carries out what `probe_plan` asks for, phase by phase: silences, bursts, one with many requests at once. What it means
is the judge's to say.
"""

import gevent
from gevent.event import Event

from contracts.drivers.run import as_it_is, batch
from contracts.evidence import Evidence
from contracts.exchanges.exchange import KEY_2, Exchange
from contracts.rules.allowance import rate_rows
from contracts.rules.limiters import Row
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import Stopped, Wire
from loadtests.scenarios.probe_plan import SECOND_KEY, Phase, Plan
from loadtests.scenarios.scenario import Scenario

SIZE = 2  # records of a batch: no more than a result that can be mistaken for another's
REFUSED_KINDS = {
    "401": Outgoing(b'{"inventories": []}', authorization=None),
    "400": Outgoing(b'{"inventories": ['),
    "422": Outgoing(b'{"inventories": []}'),
}  # asked for to learn what they cost; what they are answered is judged as ever


class ThrottleProbe(Scenario):
    """Bursts, silences and a crowd: which limiter is it, and does it let in what its headers tell?"""

    fixed_count = 1

    def step(self) -> None:
        """The whole probe, once."""
        self._crowd: list[Wire] = [self.wire]
        before = self._rows()
        trips = [row.answered_s - row.sent_s for row in before]
        session = self.session
        trip_s = min(trips, default=0.0)
        second = session.choices.secret.has_second
        plan = Plan(session.limit, session.choices.window_s, session.elapsed_s, round_trip_s=trip_s, second_key=second)
        plan.start_from(before)
        self._check_budget()
        while isinstance(phase := plan.next(), Phase):
            if phase.requests > session.left and not phase.must_fit:
                break  # what is left under the cap tells no more
            session.clock.sleep(max(0.0, phase.at_s - session.elapsed_s))
            seqs = self._carry_out(phase)
            rows = [row for row in self._rows() if row.seq in seqs]
            plan.note(phase, rows)
            self._check_reach(phase, rows)
        self.session.history.finished(type(self).__name__)
        self.end()

    def _rows(self) -> tuple[Row, ...]:
        story = self.session.history.story()
        return rate_rows(Evidence(story.facts, story.exchanges))

    def _check_budget(self) -> None:
        """A burst and two tries to see it come back must fit under the cap, or nothing sent decides anything."""
        limit, left = self.session.limit, self.session.left
        needed = 4 * ((limit or 0) + 2)
        if needed > left:
            cap = f"--max-requests {self.session.choices.max_requests}"
            raise Stopped(
                f"the limit of {limit} is out of reach: probing it takes {needed} requests, {cap} leaves {left}"
            )

    def _check_reach(self, phase: Phase, rows: list[Row]) -> None:
        """A burst that took a whole window and met no refusal says nothing of the limit."""
        limit, window_s = self.session.limit, self.session.choices.window_s
        took_s = rows[-1].answered_s - rows[0].sent_s if rows else 0.0
        met = any(row.status not in (200, 422) for row in rows)
        silent = phase.name == "burst" and not met and took_s > window_s
        if silent and limit and len(rows) <= limit:
            raise Stopped(f"the limit of {limit} is out of reach: {len(rows)} requests took {took_s:.1f} s")

    def _carry_out(self, phase: Phase) -> set[int]:
        """The numbers of the requests sent. Several at once start together and go on until all is sent."""
        sent: list[Exchange] = []
        turns = iter(range(phase.requests))
        until_s = self.session.elapsed_s + self.session.choices.window_s
        go = Event()

        def go_on(wire: Wire) -> None:
            go.wait()
            for turn in turns:
                began_s = self.session.elapsed_s
                sent.append(self._one(wire, phase.kinds[turn % len(phase.kinds)], phase.name))
                refused = sum(exchange.status not in (200, 400, 401, 422) for exchange in sent)
                if phase.until_refused and (refused >= phase.until_refused or self.session.elapsed_s > until_s):
                    return
                if phase.spacing_s:
                    self.session.clock.sleep(max(0.0, began_s + phase.spacing_s - self.session.elapsed_s))

        if phase.at_once == 1:
            go.set()
            go_on(self.wire)
        else:
            self._crowd += [self.session.wire() for _ in range(phase.at_once - len(self._crowd))]
            crowd = [gevent.spawn(go_on, wire) for wire in self._crowd[: phase.at_once]]
            gevent.sleep(0)
            go.set()
            gevent.joinall(crowd, raise_error=True)
        return {exchange.seq for exchange in sent}

    def _one(self, wire: Wire, kind: str, purpose: str) -> Exchange:
        if kind == "batch":
            size = min(self.session.choices.records_per_batch or SIZE, self.references.known)
            return self.push(size, purpose, wire)
        outgoing = self._by_second_key(purpose) if kind == SECOND_KEY else REFUSED_KINDS[kind]
        exchange = self.session.send(wire, outgoing, type(self).__name__, purpose)
        self._tell(exchange)
        return exchange

    def _by_second_key(self, purpose: str) -> Outgoing:
        return batch(purpose, [as_it_is], authorization=f"Bearer {KEY_2}").build(self.references)
