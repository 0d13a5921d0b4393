"""A desk that nobody touches locks itself."""

from __future__ import annotations

from datetime import UTC, datetime

from coupon_desk.clock import VirtualClock
from coupon_desk.people.idle import IdleLock

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def test_the_desk_locks_when_its_time_is_up_and_not_before() -> None:
    clock = VirtualClock(START)
    lock = IdleLock(clock, 300)
    clock.advance(299)
    assert (lock.is_due(), lock.seconds_left()) == (False, 1)
    clock.advance(1)
    assert (lock.is_due(), lock.seconds_left()) == (True, 0)


def test_a_touch_starts_the_time_again() -> None:
    clock = VirtualClock(START)
    lock = IdleLock(clock, 300)
    clock.advance(299)
    lock.touch()
    clock.advance(299)
    assert not lock.is_due()


class SleepingComputer(VirtualClock):
    """Its steady clock stands still while it sleeps."""

    def monotonic(self) -> float:
        return 0.0


def test_a_computer_that_slept_is_locked_when_it_wakes_up() -> None:
    clock = SleepingComputer(START)
    lock = IdleLock(clock, 300)
    clock.advance(3600)
    assert lock.is_due()


class SetBack(VirtualClock):
    """Its time of day was set back by an hour."""

    def now(self) -> datetime:
        return START.replace(hour=8)


def test_setting_the_clock_back_does_not_keep_the_desk_open() -> None:
    clock = SetBack(START)
    lock = IdleLock(clock, 300)
    clock.advance(300)
    assert lock.is_due()
