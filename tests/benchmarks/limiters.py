"""Which candidates survive a whole probe of limiters that we did not write: the table in README.md.

python -m tests.benchmarks.limiters [--seeds N]: limit 20 in 10 s, on a virtual clock; exits 1 if one is blamed.
With --probes N instead: so many probes of each legal simulated limiter and each of --limits, by ten users, the server
taking 0 to 100 ms; how many were blamed, and in how many the true class was left, and left alone or with its twins.
With --faults: one probe of each simulated fault and each of --limits; exits 1 if one is not told.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.probing import Simulated, broken
from tests.simulated_faults import FAULTS, SUBTLE
from tests.simulated_limiters import LEGAL, name_of
from tests.strangers import STRANGERS

LIMIT = 20
USERS, SLOWEST_S = 10, 0.1
TWINS = {
    "fixed-clock": {"token-bucket-lumps"},  # one lump a window is a window of the clock
    "token-bucket": {"token-bucket-lumps"},  # the smallest lumps are a flow
}


def table(seeds: int) -> str:
    """A row for each library's limiter: its class from outside, and how often each candidate was left."""
    lines = ["| limiter of another hand | its class | left after the probe |", "|---|---|---|"]
    for name, (make, true) in STRANGERS.items():
        left: Counter[str] = Counter()
        for seed in range(seeds):
            left.update(Simulated(make(LIMIT), seed=seed).run().candidates or ("none: blamed",))
        told = ", ".join(
            f"{candidate} {count} of {seeds}" if seeds > 1 else candidate for candidate, count in left.items()
        )
        lines.append(f"| {name} | {true} | {told} |")
    return "\n".join(lines)


def sweep(probes: int, limits: Sequence[int], users: int = USERS) -> Iterator[tuple[str, int]]:
    """A line for each limiter and limit as it is done, with how many probes blamed it or lost its class."""
    for variant, make in LEGAL.items():
        true = name_of(variant)
        for limit in limits:
            lump = limit * getattr(make(limit), "tick_s", 0.0) / 10
            # Lumps of less than a token are a flow too: a whole one comes at its time.
            twins = {*TWINS.get(true, ()), *(["token-bucket"] if "lumps" in true and lump < 1 else [])}
            blamed = left = alone = 0
            for seed in range(probes):
                chance = random.Random(f"{variant} {limit} {seed}")  # noqa: S311  round trips, no secrets
                probe = Simulated(make(limit), seed=seed, delay_s=chance.random() * SLOWEST_S, users=users)
                survey = probe.run()
                blamed += survey.refuted is not None
                left += true in survey.candidates
                alone += set(survey.candidates) <= {true, *twins} and survey.refuted is None
            told = f"blamed {blamed}, the true class left {left}, alone {alone}"
            # Whole seconds are supposed only where nothing else explains the answers.
            lost = 0 if "whole seconds" in variant else probes - left
            yield f"{variant}, limit {limit}: of {probes} probes {told}", blamed + lost


def of_each_fault(limits: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """A line for each limit and fault as it is done, with whether it was told, by a promise that it breaks."""
    for limit in limits:
        for name, make in {**FAULTS, **SUBTLE}.items():
            probe = Simulated(make(limit), delay_s=0.004)
            refuted, promises = probe.run().refuted, sorted(broken(probe.rows))
            told = f"{', '.join(promises)}: {refuted.words}" if refuted and promises else "not told"
            yield f"limit {limit}, {name}: {told}", bool(refuted and promises)


def main() -> int:
    """Print the table, the sweep, or the faults; 1 if any was blamed, a true class lost, a fault not told."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.limiters", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="probes of each (default 1, as in README)")
    parser.add_argument("--probes", type=int, default=0, help="probes of each legal simulated limiter, instead")
    parser.add_argument(
        "--limits", type=int, nargs="+", default=[LIMIT], help=f"with --probes or --faults (default {LIMIT})"
    )
    parser.add_argument("--faults", action="store_true", help="one probe of each simulated fault, instead")
    users = f"of a burst, at least (default {USERS}; 1: as many as ThrottleProbe asks for)"
    parser.add_argument("--users", type=int, default=USERS, help=users)
    options = parser.parse_args()
    if options.faults:
        missed = 0
        for line, told in of_each_fault(options.limits):
            print(line, flush=True)
            missed += not told
        print(f"not told: {missed}")
        return int(missed > 0)
    if options.probes:
        wrong = 0
        for line, faults in sweep(options.probes, options.limits, options.users):
            print(line, flush=True)
            wrong += faults
        print(f"wrong: {wrong}")
        return int(wrong > 0)
    printed = table(options.seeds)
    print(printed)
    return int("blamed" in printed)


if __name__ == "__main__":
    sys.exit(main())
