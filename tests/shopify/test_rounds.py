"""Rounds: each of many callers gets its own answer of the one request, or its own error."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from coupon_desk.errors import OutcomeUnknown, RemoteRefused, RemoteUnavailable, System
from coupon_desk.shopify.refusals import Hopeless, throttled
from coupon_desk.shopify.rounds import ALONE, Rounds, Told, meets_everybody, twin
from coupon_desk.words import msg
from tests.shopify.conftest import NOW
from tests.shopify.together import Failed, MeetingClock, together

REFUSED = RemoteRefused(System.SHOPIFY, msg("Refused."))
SILENT = RemoteUnavailable(System.SHOPIFY, msg("Silent."))


class Asked:
    """Answers a round with the members' numbers doubled; 13 is refused, 14 is to be asked alone."""

    def __init__(self) -> None:
        self.rounds: list[Sequence[int]] = []

    def __call__(self, members: Sequence[int]) -> list[Told[int]]:
        self.rounds.append(tuple(members))
        if 99 in members:
            raise SILENT
        if 100 in members:
            raise ZeroDivisionError
        return [REFUSED if member == 13 else ALONE if member == 14 else 2 * member for member in members]


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def clock() -> MeetingClock:
    return MeetingClock(NOW)


def ask(asked: Asked, clock: MeetingClock, members: Sequence[int], most: int = 50) -> list[object]:
    rounds: Rounds[int, int] = Rounds(asked, most, clock)
    return together([partial(rounds.ask, member) for member in members], clock, lambda: rounds.gathered)


def test_each_gets_its_own_answer_of_one_round(asked: Asked, clock: MeetingClock) -> None:
    assert ask(asked, clock, [1, 2, 3]) == [2, 4, 6]
    assert [sorted(members) for members in asked.rounds] == [[1, 2, 3]]


def test_the_error_of_one_is_not_the_others(asked: Asked, clock: MeetingClock) -> None:
    assert ask(asked, clock, [1, 13, 14]) == [2, Failed(RemoteRefused, "Refused."), ALONE]


def test_a_round_that_fails_fails_for_each(asked: Asked, clock: MeetingClock) -> None:
    assert ask(asked, clock, [1, 99, 3]) == [Failed(RemoteUnavailable, "Silent.")] * 3


def test_who_stays_by_itself_is_told_so_and_nobody_is_asked(asked: Asked, clock: MeetingClock) -> None:
    assert ask(asked, clock, [7]) == [ALONE]
    assert asked.rounds == []


def test_a_full_round_takes_nobody_in_any_more(asked: Asked, clock: MeetingClock) -> None:
    rounds: Rounds[int, int] = Rounds(asked, 2, clock)

    told = together([partial(rounds.ask, 1), partial(rounds.ask, 2)], clock, lambda: 2 if rounds.gathered == 0 else 0)

    assert told == [2, 4]
    assert rounds.ask(3) is ALONE


def test_a_mistake_of_the_program_leaves_nobody_waiting(asked: Asked, clock: MeetingClock) -> None:
    rounds: Rounds[int, int] = Rounds(asked, 50, clock)
    raised: list[type[BaseException]] = []

    def run(member: int) -> None:
        try:
            rounds.ask(member)
        except (ZeroDivisionError, RuntimeError) as error:
            raised.append(type(error))

    clock.expect(3, lambda: rounds.gathered)
    threads = [threading.Thread(target=run, args=(member,)) for member in (1, 2, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(error.__name__ for error in raised) == ["RuntimeError", "RuntimeError", "ZeroDivisionError"]


def test_a_twin_says_the_same_and_is_another_exception() -> None:
    error = OutcomeUnknown(System.SHOPIFY, msg("Who knows."), request_id="request-1", detail="lost")

    again = twin(error)

    assert again is not error
    assert type(again) is OutcomeUnknown
    assert (again.what, again.request_id, again.detail, str(again)) == (error.what, "request-1", "lost", str(error))


@pytest.mark.parametrize(
    ("error", "everybody"),
    [
        (SILENT, True),
        (throttled(3.0, request_id="request-1"), True),
        (RemoteUnavailable(System.SHOPIFY, msg("Silent."), request_id="request-1"), False),
        (Hopeless(System.SHOPIFY, msg("Silent.")), False),
        (REFUSED, False),
    ],
)
def test_only_what_would_meet_each_by_itself_meets_all(error: RemoteRefused | RemoteUnavailable, everybody: bool) -> None:
    assert meets_everybody(error) is everybody
