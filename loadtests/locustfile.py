"""What Locust loads: every scenario for its class picker, and the hooks that open a load test (`ending`: the others).

`locust` opens the web UI; `locust NAME --headless -H URL` runs one scenario to its end and exits 0 held, 1 broken,
6 undecided, 4 usage, 2 interrupted, 3 for a fault of ours. Without a host the embedded sandbox is the target.
"""

import os
from typing import Any

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import STATE_RUNNING, MasterRunner, Runner, WorkerRunner

from contracts.interrupts import Interrupts
from contracts.run.rehearsal import BASE_URL as DRY_RUN
from contracts.run.target import EmbeddedSandbox, UsageError
from loadtests.run.company import (
    GRACE_S,
    Master,
    Part,
    Worker,
    check_divisible,
    drop_evidence,
    end_without_master,
    listen_as_master,
    listen_as_worker,
    watch_parent,
)
from loadtests.run.ending import LoadTests, conclude, hurry, last_words, quitting
from loadtests.run.options import Choices, add_options, check_names, check_one, choose, usage_error
from loadtests.run.rehearsal import told
from loadtests.run.session import Session
from loadtests.scenarios.batch_sizes import BatchSizes
from loadtests.scenarios.capacity import Capacity
from loadtests.scenarios.fill_allowance import FillAllowance
from loadtests.scenarios.flood import Flood
from loadtests.scenarios.scenario import Scenario, owed
from loadtests.scenarios.stampede import Stampede
from loadtests.scenarios.steady_rate import SteadyRate
from loadtests.scenarios.throttle_probe import ThrottleProbe
from loadtests.webui.pages import Watch, serve

CLASSES = (ThrottleProbe, BatchSizes, SteadyRate, Stampede, FillAllowance, Capacity, Flood)
SCENARIOS: dict[str, type[Scenario]] = {scenario.__name__: scenario for scenario in CLASSES}


def declare(parser: LocustArgumentParser, **_: Any) -> None:
    """Our options beside Locust's."""
    add_options(parser, tuple(SCENARIOS))


def prepare(environment: Environment, **_: Any) -> None:
    """Check the options; a scenario brings its own users and duration, unless Locust's options say otherwise."""
    gevent.get_hub().loop.update_now()  # importing us took a while: the run's time would be counted from before
    options: Any = environment.parsed_options
    # Listeners are told in reverse; a master's own ends the test too, and would not say that it was broken off.
    environment.events.quitting.add_listener(quitting)  # type: ignore[no-untyped-call]  # as below
    if isinstance(environment.runner, WorkerRunner):
        listen_as_worker(environment.runner, _take_part, lambda: LoadTests.worker)
        LoadTests.interrupts = Interrupts(_leave_when_told, drop_evidence, b"")
        if options.processes:
            gevent.spawn(watch_parent, end_without_master)
        return  # everything else is its master's to choose
    if isinstance(environment.runner, MasterRunner):
        listen_as_master(environment.runner, lambda: LoadTests.master)
    try:
        check_names(options, tuple(SCENARIOS))
        if options.dry_run:
            _rehearse(options)
            raise SystemExit(0)
        if not environment.host:
            LoadTests.sandbox = EmbeddedSandbox("--window", f"{options.window}").__enter__()
            environment.host = LoadTests.sandbox.base_url
        choices = _choices(environment)
    except UsageError as error:
        raise SystemExit(usage_error(error)) from None
    LoadTests.interrupts = Interrupts(_interrupt)
    if options.run_folder:
        gevent.spawn(watch_parent, _interrupt)  # who holds the lock on what is written here
    environment.stop_timeout = environment.stop_timeout or choices.timeout_s  # what is in flight is evidence
    if environment.web_ui is not None:
        LoadTests.watch = Watch(environment)
        serve(environment, LoadTests.watch)
    if options.headless:
        scenario = SCENARIOS[options.user_classes[0]]
        options.num_users = options.num_users or min(scenario.own_users, len(choices.catalogue))
        options.spawn_rate = options.spawn_rate or options.num_users
        options.run_time = options.run_time or scenario.own_seconds


def _interrupt() -> None:
    """As if Ctrl-C had met nobody at work: raised in the midst of a user it would be told as a fault of that user's."""
    hub = gevent.get_hub()
    hub.loop.run_callback_threadsafe(hub.handle_system_error, KeyboardInterrupt, KeyboardInterrupt())


def _leave_when_told() -> None:
    """A worker's first Ctrl-C: its master, if it got it too, ends the test in order; if not, this worker leaves it."""
    gevent.get_hub().loop.run_callback_threadsafe(gevent.spawn_later, GRACE_S, _leave)


def _leave() -> None:
    if LoadTests.session is not None and LoadTests.session.clock.ending:
        gevent.spawn_later(GRACE_S, _leave)  # it is being ended
    else:
        _interrupt()


def _rehearse(options: Any) -> None:
    if not options.headless:
        raise UsageError("--dry-run goes with a scenario's name and --headless")
    scenario = SCENARIOS[options.user_classes[0]]
    choices = choose(options, DRY_RUN, True, os.environ, scenario.own_requests)
    seconds = float(options.run_time or scenario.own_seconds or 0.0)
    for line in told(scenario, choices, options.num_users or scenario.own_users, seconds):
        print(line)


def _choices(environment: Environment) -> Choices:
    options: Any = environment.parsed_options
    own = [SCENARIOS[getattr(chosen, "__name__", chosen)].own_requests or 0 for chosen in options.user_classes or ()]
    ours = LoadTests.sandbox is not None and environment.host == LoadTests.sandbox.base_url
    embedded = ours or (LoadTests.part is not None and LoadTests.part.embedded)
    return choose(options, environment.host, embedded, os.environ, max(own, default=0))


def _take_part(part: Part) -> None:
    LoadTests.part = part


def _begin_as_worker(environment: Environment, part: Part) -> None:
    """This worker's part of a test that its master has begun."""
    runner = environment.runner
    assert isinstance(runner, WorkerRunner)  # noqa: S101 — nobody else is given a part
    scenarios: list[Any] = environment.user_classes
    session = Session(part.choices(_choices(environment)), {s.__name__: [] for s in scenarios}, part.users, part.began)
    session.part, session.parts = part.index, part.of
    LoadTests.session = Scenario.session = session
    Scenario.joined, Scenario.refused, LoadTests.users = 0, False, part.users
    LoadTests.worker = Worker(runner, session)
    for scenario in scenarios:
        SCENARIOS[scenario.__name__].prepare(part.users, _seconds(environment))


def begin(environment: Environment, **_: Any) -> None:
    """Open the history and knock at the door."""
    if LoadTests.part is not None:
        _begin_as_worker(environment, LoadTests.part)
        return
    Scenario.refused = isinstance(environment.runner, WorkerRunner)  # whose master could not begin
    if Scenario.refused:
        return
    try:
        scenarios: list[Any] = environment.user_classes
        check_one(scenarios)
        choices = _choices(environment)
        promises = {scenario.__name__: [*owed(scenario, choices.records_per_batch)] for scenario in scenarios}
        users = environment.runner.target_user_count if environment.runner else 1
        LoadTests.session = Scenario.session = Session(choices, promises, max(users, 1))
        LoadTests.concluded.clear()
        Scenario.joined = 0
        if LoadTests.watch is not None:
            Scenario.session.watch = LoadTests.watch
            owing = {promise.id for owes in promises.values() for promise in owes}
            LoadTests.watch.begin("+".join(promises), Scenario.session.folder, owing)
        Scenario.session.preflight()
        LoadTests.users = max(users, 1)
        if isinstance(environment.runner, MasterRunner):
            check_divisible(SCENARIOS[name] for name in promises)
            LoadTests.master = Master(environment.runner, Scenario.session)
            LoadTests.master.divide(LoadTests.users, LoadTests.sandbox is not None)
            return
        for scenario in environment.user_classes:
            SCENARIOS[scenario.__name__].prepare(LoadTests.users, _seconds(environment))
    except UsageError as error:
        code = usage_error(error)
        if LoadTests.watch is None:
            _send_home(environment)
            raise SystemExit(code) from None
        Scenario.refused = True
        LoadTests.watch.refuse(str(error))
        gevent.spawn(_end_refused, environment.runner)


def _end_refused(runner: Runner | None) -> None:
    """Once it has begun for Locust, which would go on with what is stopped any sooner."""
    for _ in range(100):
        gevent.sleep(0.1)
        if runner is not None and runner.state == STATE_RUNNING:
            runner.stop()
            return


def _send_home(environment: Environment) -> None:
    """Workers of a test that cannot begin: they would wait a minute for their master."""
    if isinstance(environment.runner, MasterRunner):
        environment.runner.send_message("quit")
        gevent.sleep(0.2)


def _seconds(environment: Environment) -> float:
    """How long the test may take; the longest of its scenarios' own where nothing was chosen."""
    own = (SCENARIOS[scenario.__name__].own_seconds or 0.0 for scenario in environment.user_classes)
    return float(getattr(environment.parsed_options, "run_time", None) or max(own, default=0.0))


for hook, listener in (
    (events.init_command_line_parser, declare),
    (events.init, prepare),
    (events.test_start, begin),
    (events.test_stopping, hurry),
    (events.test_stop, conclude),
    (events.quit, last_words),
):
    hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust leaves its hooks untyped
