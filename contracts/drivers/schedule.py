"""Which drivers there are, in their order, what each owes, and how a run goes from the first request to the last."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from contracts.drivers import authentication, batches, elsewhere, explore, silence, validation
from contracts.drivers.confirm import confirm
from contracts.drivers.run import Run, as_it_is, batch
from contracts.seen import Seen
from contracts.wire.wire import Stopped
from openapi.ledger import (
    AUTH_1,
    AUTH_2,
    AUTH_3,
    ERR_1,
    ERR_2,
    ERR_3,
    FMT_1,
    FMT_2,
    FMT_3,
    RATE_3,
    RATE_4,
    RATE_6,
    RES_1,
    RES_2,
    RES_3,
    RES_4,
    RES_5,
    RES_6,
    RES_7,
    UPS_1,
    UPS_2,
    UPS_3,
    VAL_1,
    VAL_2,
    VAL_3,
    VAL_4,
    Promise,
)  # fmt: skip

PREFLIGHT_REQUESTS = 2
DOOR = (AUTH_1, AUTH_2, AUTH_3)
ANY_ANSWER = (AUTH_2, AUTH_3, RATE_3, RATE_4, RATE_6, ERR_1, ERR_2, FMT_1, FMT_2, FMT_3)
ANY_BATCH = (*ANY_ANSWER, RES_1, RES_2, RES_3, RES_4)
UPDATES = (UPS_1, UPS_2, UPS_3)


@dataclass(frozen=True, slots=True)
class Driver:
    """A part of the run that can be chosen by name or chapter."""

    name: str
    chapter: str
    owes: tuple[Promise, ...]
    drive: Callable[[Run], None]


SCHEDULE: tuple[Driver, ...] = (
    Driver("past_moments", "updates", (*ANY_BATCH, UPS_3), batches.past_moments),
    Driver("acceptable_records", "updates", (*ANY_BATCH, UPS_3), batches.acceptable_records),
    Driver("wrong_records", "validation", (*ANY_BATCH, VAL_1, VAL_2, RES_5, RES_6), validation.wrong_records),
    Driver("strangers", "authentication", DOOR, authentication.strangers),
    Driver("wrong_documents", "validation", (*ANY_ANSWER, ERR_3, VAL_1, VAL_2, VAL_4), validation.wrong_documents),
    Driver("relations", "results", (*ANY_BATCH, *UPDATES, RES_5, RES_6, RES_7), batches.relations),
    Driver("two_faults", "validation", (*ANY_ANSWER, VAL_3), validation.two_faults),
    Driver("sizes", "results", (*ANY_BATCH, UPS_2), batches.sizes),
    Driver("open_records", "validation", ANY_BATCH, validation.open_records),
    Driver("free_batches", "exploration", (*ANY_BATCH, RES_7), explore.free_batches),
    Driver("generated_documents", "exploration", ANY_ANSWER, explore.documents),
    Driver("reads_elsewhere", "exploration", (), elsewhere.reads),
    Driver("after_a_silence", "throttling", ANY_BATCH, silence.after_a_silence),
    Driver("the_door_at_the_end", "authentication", DOOR, authentication.at_the_end),
)


def preflight(run: Run) -> Seen:
    """Is the operation there, and the key accepted? Raises Stopped, with the reason, where going on makes no sense."""
    run.driver = "preflight"
    seen = run.perform(batch("preflight", [as_it_is]))
    answer = seen.answer
    if answer is None:
        raise Stopped(f"the target does not answer: {getattr(seen.exchange.outcome, 'cause', 'no answer')}")
    if answer.status in (401, 403):
        raise Stopped(f"key refused: {answer.status} to the key in BSPK_API_KEY")
    if 300 <= answer.status < 400:
        raise Stopped(
            f"redirected ({answer.status}), which is not followed: give the address it leads to as the base URL"
        )
    if answer.status in (404, 405):
        raise Stopped(f"the operation is not there: {answer.status}; is the base URL right, with its path prefix?")
    if answer.status == 429:
        raise Stopped("no allowance: 429 to the first request and to those after it")
    run.learn_refusal()
    run.try_examples()
    return seen


def drive(run: Run, driver: Driver) -> None:
    """Let one driver send what it has to; finished only when it came to its end."""
    run.driver = driver.name
    driver.drive(run)
    run.history.finished(driver.name)


def owe(run: Run, drivers: Iterable[Driver]) -> None:
    """Write down, before anything is sent, what this run owes."""
    for driver in drivers:
        run.history.owes(driver.name, [promise.id for promise in driver.owes])


def conduct(run: Run, drivers: Iterable[Driver] = SCHEDULE) -> None:
    """A whole run without pytest: preflight, every driver, the retries of what was found."""
    chosen = tuple(drivers)
    owe(run, chosen)
    try:
        preflight(run)
        for driver in chosen:
            drive(run, driver)
        confirm(run)
    except Stopped as stopped:
        run.history.stopped(stopped.reason)
