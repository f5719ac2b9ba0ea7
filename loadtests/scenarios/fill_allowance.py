"""FillAllowance: the ideal integrator, who uses all that is allowed and is never refused.

Sends while Remaining, less what is on its way, is above zero; then waits in silence as long as the slowest legal
limiter that explains what was seen needs, which the pacing of the contracts knows.
"""

from typing import ClassVar

from contracts.history.rows import LoadRow
from contracts.rules.limiters.rows import LONGEST, Row, Terms
from contracts.wire.pacing import GiveUp, Pacer
from contracts.wire.wire import Stopped
from loadtests.scenarios.pressing import Pressing
from loadtests.scenarios.scenario import EVERY_ANSWER

GLANCE_S = 0.005  # how often a user looks whether others have made room


class FillAllowance(Pressing):
    """As much as the limit allows, and not one request more: is all of it granted, without a refusal?"""

    own_users = 1
    own_seconds = 31.0
    own_requests = 100_000
    owes = EVERY_ANSWER
    pacer: ClassVar[Pacer] = Pacer()
    out: ClassVar[int] = 0
    left: ClassVar[int] = 0  # the last Remaining, less what was sent since
    unread: ClassVar[list[Row]] = []  # rows that the pacer has not seen
    going_s: ClassVar[float] = 0.0  # since when all went that was allowed, and of the last time that all had gone:
    spent: ClassVar[tuple[float, float] | None] = None  # since when, and by when

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """As any, and a silence after which all of the allowance is there."""
        super().prepare(users, seconds)
        cls.pacer, cls.out, cls.left, cls.unread = Pacer(cls.session.choices.window_s), 0, 0, []
        cls.session.clock.sleep(Terms(1, cls.session.choices.window_s).longest_s)
        cls.going_s, cls.spent = cls.session.elapsed_s, None

    @classmethod
    def measure(cls, users: int) -> None:
        """As any, and how much of the allowance was used: a full one, and what flowed in until it was last begun on."""
        super().measure(users)
        session, figures = cls.session, dict(cls.session.figures.get(cls.__name__, {}))
        let_in = session.rows[(session.rows["status"] == 200) | (session.rows["status"] == 422)]
        if session.limit and len(let_in):
            first_s, last_s = float(let_in["sent_s"].min()), float(let_in["sent_s"].max())
            began_s, by_s = cls.spent or (last_s, last_s)  # what the end of the run broke off does not count
            passed_s = max(0.0, began_s - first_s)
            allowed = session.limit * (1 + passed_s / (session.choices.window_s * LONGEST))  # read fairly
            used = {
                "limit": session.limit,
                "used_share": round(int((let_in["sent_s"] <= by_s).sum()) / allowed, 4),
                "refused": figures["refused"],
            }
            session.figures[cls.__name__] = {**figures, "allowance": used}

    def step(self) -> None:
        """One batch, once there is room for it."""
        cls = type(self)
        while cls.left <= 0 and cls.out > 0:
            self.session.clock.sleep(GLANCE_S)
        waits = cls.left <= 0  # one at a time waits for the allowance, and the others for its answer
        cls.left, cls.out = max(0, cls.left - 1), cls.out + 1
        try:
            if waits:
                self._wait()
            self._note(self.press(self.next_batch(), "fill allowance").row)
        finally:
            cls.out -= 1

    @property
    def several(self) -> bool:
        """More users than one."""
        return len(self.shares) > 1

    def _wait(self) -> None:
        session, cls = self.session, type(self)
        # Where several were on their way at once, the server decided in the order that Remaining fell.
        for row in sorted(cls.unread, key=lambda row: -(row.remaining or 0)) if self.several else cls.unread:
            self.pacer.observe(row)
        cls.unread = []
        verdict = self.pacer.next_send(session.elapsed_s)
        if isinstance(verdict, GiveUp):
            raise Stopped(verdict.why)
        if (pause_s := verdict.not_before_s - session.elapsed_s) > 0:
            cls.spent = cls.going_s, session.elapsed_s
            session.clock.sleep(pause_s)
            cls.going_s = session.elapsed_s

    def _note(self, row: LoadRow) -> None:
        cls = type(self)
        told = (None if row.limit < 0 else row.limit, None if row.remaining < 0 else row.remaining)
        cls.unread.append(Row(row.sent_s, row.answered_s, row.status or None, *told, row.seq))
        if row.status == 429:
            cls.left = 0
        elif row.remaining >= 0:
            cls.left = max(0, row.remaining - (cls.out - 1))
