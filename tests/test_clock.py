"""A clock can be set to start anywhere, and a virtual one moves by sleep alone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contracts.wire.clock import SystemClock, VirtualClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_calendar_starts_where_it_was_set_and_goes_on() -> None:
    clock = SystemClock(NOON.astimezone(timezone(timedelta(hours=2))))
    clock.sleep(0.01)
    assert timedelta(seconds=0.01) <= clock.now() - NOON < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


def test_an_unset_calendar_is_the_machines() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_virtual_time_passes_in_sleep_alone() -> None:
    clock = VirtualClock(NOON)
    clock.sleep(3600)
    assert (clock.monotonic_s(), clock.now()) == (3600.0, NOON + timedelta(hours=1))
    with pytest.raises(ValueError, match="-1"):
        clock.sleep(-1)


@pytest.mark.parametrize("clock", [SystemClock, VirtualClock])
def test_a_start_without_an_offset_is_no_instant(clock: type[SystemClock] | type[VirtualClock]) -> None:
    with pytest.raises(ValueError, match="names no offset"):
        clock(datetime(2026, 1, 1))  # noqa: DTZ001 — what is refused here
