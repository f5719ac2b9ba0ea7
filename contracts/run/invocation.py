"""What a person asked for, checked before anything is sent. Every mistake is a UsageError that says what to do."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.drivers.schedule import PREFLIGHT_REQUESTS
from contracts.report.baseline import EMPTY, Baseline, BaselineError, check_writable, read_baseline
from contracts.run.target import UsageError, check_allowed, check_base_url, check_ca_bundle

SKEW = timedelta(minutes=1)  # between two clocks
DEPTHS = ("quick", "standard", "deep")


@dataclass(frozen=True)
class Options:
    """What a person may set. `base_url` None means the embedded sandbox."""

    base_url: str | None
    catalogue: Path | None
    max_requests: int
    depth: str
    seed: int
    window_s: float
    timeout_s: float
    ca_bundle: str | None
    headers: tuple[str, ...]
    runs_dir: Path
    allow_production: bool
    now: datetime | None
    gates: Path | None = None  # of the load scenarios
    load_time_s: float = 300  # for all of them together
    baseline: Path | None = None
    baseline_update: bool = False
    restore: Path | None = None
    command: str | None = None  # as it was typed, without anything secret


def check(options: Options) -> None:
    """Whatever can be told from the options alone."""
    if options.depth not in DEPTHS:
        raise UsageError(f"--depth {options.depth!r} is none of {', '.join(DEPTHS)}")
    if options.max_requests < PREFLIGHT_REQUESTS:
        raise UsageError(
            f"--max-requests {options.max_requests} is below the {PREFLIGHT_REQUESTS} that preflight needs"
        )
    for name, value in {
        "--window": options.window_s,
        "--timeout": options.timeout_s,
        "--load-time": options.load_time_s,
    }.items():
        if not 0 < value < 86_400:
            raise UsageError(f"{name} {value:g} is no sensible number of seconds: give one above 0")
    if options.ca_bundle is not None:
        check_ca_bundle(Path(options.ca_bundle))
    if options.base_url is not None:
        if options.now is not None and options.now > datetime.now(UTC) + SKEW:
            raise UsageError("--now is in the future: a server may refuse an `at` that is yet to come, and rightly")
        check_allowed(check_base_url(options.base_url), options.allow_production)


def baseline_of(options: Options) -> Baseline | None:
    """The one to compare with; empty where it is yet to be written."""
    path, update = options.baseline, options.baseline_update
    if path is None:
        if update:
            raise UsageError("--baseline-update needs --baseline FILE: the file to write")
        return None
    try:
        if update:
            check_writable(path)
        return EMPTY if update and not path.exists() else read_baseline(path)
    except BaselineError as error:
        raise UsageError(str(error)) from None
