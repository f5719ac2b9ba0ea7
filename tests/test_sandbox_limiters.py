"""Each limiter, told apart by what a client can see: L = 20 requests, W = 10 s, bursts of 2L, a millisecond apart."""

from collections.abc import Callable

import pytest

from sandbox.limiter import LIMITERS, Limiter

LIMIT, WINDOW_S = 20, 10.0
PHASES_S = (1.0, 5.0, 9.0)  # of the clock's window, when the first burst begins
START_S = 1_000.0


class Client:
    """Sends to one limiter; `now_s` is when the next request goes."""

    def __init__(self, name: str, phase_s: float) -> None:
        self.limiter: Limiter = LIMITERS[name](LIMIT, WINDOW_S)
        self.now_s = START_S + phase_s

    def burst(self, size: int = 2 * LIMIT) -> int:
        """How many of `size` requests get in."""
        admitted = 0
        for _ in range(size):
            admitted += self.send()
        return admitted

    def send(self) -> bool:
        admitted, _ = self.limiter.admit(self.now_s)
        self.now_s += 0.001
        return admitted


def admitted_at_first(client: Client) -> int:
    return client.burst()


def seconds_until_admitted_when_polled(client: Client) -> float | None:
    """To the nearest tenth; None if three windows of polling are not enough."""
    client.burst()
    since_s = client.now_s
    for _ in range(300):
        client.now_s += 0.1
        if client.send():
            return round((client.now_s - since_s) * 10) / 10
    return None


def admitted_on_recovery(client: Client) -> int | None:
    """Of a burst sent as soon as polling finds an admission, that one included."""
    return None if seconds_until_admitted_when_polled(client) is None else 1 + client.burst()


def admitted_after_half_a_window(client: Client) -> int:
    client.burst()
    client.now_s += WINDOW_S / 2
    return client.burst()


def admitted_after_two_halves(client: Client) -> int:
    """Half the limit at once, half at nine tenths of the window; then a burst just after its end."""
    began_s = client.now_s
    client.burst(LIMIT // 2)
    client.now_s = began_s + 0.9 * WINDOW_S
    client.burst(LIMIT // 2)
    client.now_s = began_s + WINDOW_S + 0.05
    return client.burst()


def admitted_after_two_windows_of_silence(client: Client) -> int:
    client.burst()
    client.now_s += 2 * WINDOW_S
    return client.burst()


SIGNATURES: list[tuple[str, Callable[[Client], float | None], tuple[float | None, float | None, float | None]]] = [
    ("fixed-clock", admitted_at_first, (20, 20, 20)),
    ("fixed-clock", seconds_until_admitted_when_polled, (9, 5, 1)),
    ("fixed-clock", admitted_on_recovery, (20, 20, 20)),
    ("fixed-clock", admitted_after_half_a_window, (0, 20, 20)),
    ("fixed-clock", admitted_after_two_halves, (10, 10, 10)),
    ("fixed-first", admitted_at_first, (20, 20, 20)),
    ("fixed-first", seconds_until_admitted_when_polled, (10, 10, 10)),
    ("fixed-first", admitted_on_recovery, (20, 20, 20)),
    ("fixed-first", admitted_after_half_a_window, (0, 0, 0)),
    ("fixed-first", admitted_after_two_halves, (20, 20, 20)),
    ("fixed-first-restarting", admitted_at_first, (20, 20, 20)),
    ("fixed-first-restarting", seconds_until_admitted_when_polled, (None, None, None)),
    ("fixed-first-restarting", admitted_after_half_a_window, (0, 0, 0)),
    ("fixed-first-restarting", admitted_after_two_halves, (20, 20, 20)),
    ("sliding-log", admitted_at_first, (20, 20, 20)),
    ("sliding-log", seconds_until_admitted_when_polled, (10, 10, 10)),
    ("sliding-log", admitted_on_recovery, (20, 20, 20)),
    ("sliding-log", admitted_after_half_a_window, (0, 0, 0)),
    ("sliding-log", admitted_after_two_halves, (10, 10, 10)),
    ("sliding-log-counting", admitted_at_first, (20, 20, 20)),
    ("sliding-log-counting", seconds_until_admitted_when_polled, (None, None, None)),
    ("sliding-log-counting", admitted_after_half_a_window, (0, 0, 0)),
    ("sliding-log-counting", admitted_after_two_halves, (10, 10, 10)),
    ("sliding-counter", admitted_at_first, (20, 20, 20)),
    ("sliding-counter", seconds_until_admitted_when_polled, (9, 5, 1)),
    ("sliding-counter", admitted_on_recovery, (1, 1, 1)),
    ("sliding-counter", admitted_after_half_a_window, (0, 1, 9)),
    ("sliding-counter", admitted_after_two_halves, (2, 6, 10)),
    ("token-bucket", admitted_at_first, (20, 20, 20)),
    ("token-bucket", seconds_until_admitted_when_polled, (0.5, 0.5, 0.5)),
    ("token-bucket", admitted_on_recovery, (1, 1, 1)),
    ("token-bucket", admitted_after_half_a_window, (10, 10, 10)),
    ("token-bucket", admitted_after_two_halves, (12, 12, 12)),
    ("token-bucket-lumps", admitted_at_first, (20, 20, 20)),
    ("token-bucket-lumps", seconds_until_admitted_when_polled, (1, 1, 1)),
    ("token-bucket-lumps", admitted_on_recovery, (2, 2, 2)),
    ("token-bucket-lumps", admitted_after_half_a_window, (10, 10, 10)),
    ("leaky", admitted_at_first, (1, 1, 1)),
    ("leaky", seconds_until_admitted_when_polled, (0.5, 0.5, 0.5)),
    ("leaky", admitted_on_recovery, (1, 1, 1)),
    ("leaky", admitted_after_half_a_window, (1, 1, 1)),
    ("leaky", admitted_after_two_halves, (1, 1, 1)),
    *((name, admitted_after_two_windows_of_silence, (20, 20, 20)) for name in LIMITERS if name != "leaky"),
]


@pytest.mark.parametrize(("name", "probe", "seen"), SIGNATURES)
def test_signature(
    name: str, probe: Callable[[Client], float | None], seen: tuple[float | None, float | None, float | None]
) -> None:
    found = tuple(probe(Client(name, phase_s)) for phase_s in PHASES_S)
    assert found == pytest.approx(seen, abs=0.1)


@pytest.mark.parametrize("name", LIMITERS)
def test_remaining_is_what_still_gets_in(name: str) -> None:
    """At any moment Remaining = r means that r more get in at that moment, and no more than r."""
    limiter = LIMITERS[name](LIMIT, WINDOW_S)
    now_s = START_S
    for step_s, size in [(0, 7), (3, 5), (4, 9), (2, 3), (1.5, 30), (11, 4), (0.3, 30), (25, 21)]:
        now_s += step_s
        left: int | None = None
        for _ in range(size):
            admitted, remaining = limiter.admit(now_s)
            assert left is None or admitted == (left > 0)
            assert 0 <= remaining <= LIMIT
            assert left is None or not admitted or remaining == left - 1
            left = remaining


EDGE = [(9.9, 40), (10.01, 40)]  # seconds since an edge of the clock, requests
MOST = [
    ("fixed-clock", EDGE, 40),
    ("fixed-first", [(0.0, 1), *EDGE], 39),
    ("sliding-log", [(0.0, 1), *EDGE], 20),
    ("token-bucket", [(0.0, 20), (9.99, 40)], 39),
]


@pytest.mark.parametrize(("name", "bursts", "most"), MOST)
def test_most_ever_admitted_in_one_window(name: str, bursts: list[tuple[float, int]], most: int) -> None:
    limiter = LIMITERS[name](LIMIT, WINDOW_S)
    admitted = [at_s for at_s, size in bursts for _ in range(size) if limiter.admit(START_S + at_s)[0]]
    assert max(sum(began <= at_s < began + WINDOW_S for at_s in admitted) for began in admitted) == most
