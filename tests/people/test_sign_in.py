"""Signing in, wrong PINs, locks that grow, changed PINs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.lockout import key_of, lock_after
from coupon_desk.people.people import People, SignInRefused
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Role
from coupon_desk.words import Language, say
from tests.people.conftest import Shop


def wrong(shop: Shop, login: str = "boss", times: int = 1) -> SignInRefused:
    for _ in range(times):
        with pytest.raises(SignInRefused) as refused:
            shop.people.sign_in(login, "wrong-pin")
    return refused.value


def test_the_right_pin_signs_in_and_the_trail_says_so(shop: Shop) -> None:
    session = shop.boss()
    assert (session.login, session.signed_in_at) == ("boss", datetime(2026, 11, 2, 9, 0, tzinfo=UTC))
    assert shop.witness.last == ("signed_in", {"role": "admin"}, "boss")


def test_a_login_may_be_typed_in_full_width_and_capitals(shop: Shop) -> None:
    shop.boss()
    assert shop.people.sign_in(" \uff22\uff2f\uff33\uff33 ", shop.pin).login == "boss"


def test_a_wrong_pin_and_an_unknown_login_get_the_same_sentence(shop: Shop) -> None:
    shop.boss()
    first, second = wrong(shop, "boss"), wrong(shop, "nobody")
    assert first.sentences(Language.EN) == second.sentences(Language.EN)
    assert [entry[1]["why"] for entry in shop.witness.entries[-2:]] == ["wrong_pin", "unknown_login"]


def test_what_was_typed_as_an_unknown_login_is_nowhere_kept(shop: Shop) -> None:
    shop.boss()
    wrong(shop, "482915")
    with shop.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT key FROM sign_in_tries").all()
    assert "482915" not in repr(rows) + repr(shop.witness.entries)
    assert key_of("482915", is_known=False) == key_of("482915", is_known=False)


@pytest.mark.parametrize("login", ["boss", "nobody"])
def test_the_fifth_wrong_pin_locks_for_half_a_minute_and_says_until_when(shop: Shop, login: str) -> None:
    shop.boss()
    assert wrong(shop, login, times=4).locked_until is None
    refused = wrong(shop, login)
    assert refused.locked_until == shop.clock.now() + timedelta(seconds=30)
    assert say(refused.what, Language.EN, UTC) == "Too many wrong PINs. Signing in is locked until 2 Nov 2026, 09:00."
    assert refused.what.value("until") == refused.locked_until


def test_while_it_is_locked_the_right_pin_is_refused_too(shop: Shop) -> None:
    shop.boss()
    wrong(shop, times=5)
    with pytest.raises(SignInRefused, match="locked until"):
        shop.people.sign_in("boss", shop.pin)
    assert shop.witness.last[1]["why"] == "locked"
    shop.clock.advance(30.001)
    assert shop.people.sign_in("boss", shop.pin)


def test_trying_while_it_is_locked_does_not_make_it_longer(shop: Shop) -> None:
    shop.boss()
    until = wrong(shop, times=5).locked_until
    shop.clock.advance(10)
    assert wrong(shop, times=10).locked_until == until


def test_each_lock_is_twice_as_long_up_to_an_hour(shop: Shop) -> None:
    shop.boss()
    wrong(shop, times=4)
    locks = []
    for _ in range(9):
        until = wrong(shop).locked_until
        assert until is not None
        locks.append((until - shop.clock.now()).total_seconds())
        shop.clock.advance(locks[-1] + 1)
    assert locks == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert lock_after(10_000) == timedelta(hours=1)


def test_the_count_survives_a_restart(shop: Shop) -> None:
    shop.boss()
    wrong(shop, times=4)
    assert wrong(shop.restarted()).locked_until is not None


def test_the_right_pin_forgets_the_wrong_ones(shop: Shop) -> None:
    shop.boss()
    wrong(shop, times=4)
    shop.people.sign_in("boss", shop.pin)
    assert wrong(shop, times=4).locked_until is None


def test_a_day_without_tries_starts_afresh(shop: Shop) -> None:
    shop.boss()
    wrong(shop, times=4)
    shop.clock.advance(timedelta(hours=25).total_seconds())
    assert wrong(shop).locked_until is None


def test_a_clock_that_was_set_back_locks_no_longer_than_an_hour(shop: Shop) -> None:
    shop.boss()
    wrong(shop, times=5)
    shop.clock.advance(-timedelta(days=300).total_seconds())
    assert wrong(shop).locked_until == shop.clock.now() + timedelta(hours=1)
    shop.clock.advance(3601)
    assert shop.people.sign_in("boss", shop.pin)


def test_many_tries_at_once_give_no_free_guesses(shop: Shop) -> None:
    shop.boss()

    def guess(number: int) -> bool:
        try:
            shop.people.sign_in("boss", f"guess-{number}")
        except SignInRefused as refused:
            return refused.locked_until is None
        return True

    with ThreadPoolExecutor(8) as pool:
        free = sum(pool.map(guess, range(24)))
    assert free == 4
    whys = [entry[1]["why"] for entry in shop.witness.entries if entry[0] == "sign_in_refused"]
    assert (whys.count("wrong_pin"), whys.count("locked")) == (5, 19)


def test_tries_are_counted_in_postgresql_too(postgres_shop: Shop) -> None:
    postgres_shop.boss()

    def guess(number: int) -> bool:
        with pytest.raises(SignInRefused) as refused:
            postgres_shop.people.sign_in("boss", f"guess-{number}")
        return refused.value.locked_until is None

    with ThreadPoolExecutor(4) as pool:
        free = sum(pool.map(guess, range(12)))
    assert free == 4


def test_a_hash_of_an_older_cost_is_renewed_when_its_owner_signs_in(shop: Shop) -> None:
    shop.boss()
    dearer = People(shop.database, shop.witness, shop.clock, pins=Pins(PinCost(time_cost=2, memory_kib=8, lanes=1)))
    dearer.sign_in("boss", shop.pin)
    with shop.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT pin_hash FROM operators").scalar_one()
    assert "t=2" in kept
    assert dearer.sign_in("boss", shop.pin)


def test_an_operator_changes_their_own_pin_with_the_current_one(shop: Shop) -> None:
    session = shop.with_role(Role.CLERK)
    with pytest.raises(SignInRefused, match="wrong"):
        shop.people.change_pin("the-clerk", "new-secret", session, current_pin="not-it")
    with pytest.raises(ConfigurationError, match="too easy"):
        shop.people.change_pin("the-clerk", "111111", session, current_pin=shop.pin)
    shop.people.change_pin("the-clerk", "new-secret", session, current_pin=shop.pin)
    assert shop.witness.last == ("pin_changed", {"login": "the-clerk"}, "the-clerk")
    assert shop.people.sign_in("the-clerk", "new-secret")
    with pytest.raises(SignInRefused):
        shop.people.sign_in("the-clerk", shop.pin)


def test_only_an_administrator_sets_the_pin_of_another_and_that_ends_the_lock(shop: Shop) -> None:
    clerk = shop.with_role(Role.CLERK)
    boss = shop.boss()
    with pytest.raises(NotPermitted, match="may not manage operators"):
        shop.people.change_pin("boss", "new-secret", clerk)
    wrong(shop, "the-clerk", times=5)
    shop.people.change_pin("the-clerk", "new-secret", boss)
    assert shop.people.sign_in("the-clerk", "new-secret")
