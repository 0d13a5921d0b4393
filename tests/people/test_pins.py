"""PINs are hashed dearly, weak ones are refused, and the time tells nothing."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import Any

import pytest

from coupon_desk.errors import ConfigurationError
from coupon_desk.people.pins import PinCost, Pins, refuse_weak

CHEAP = PinCost(time_cost=1, memory_kib=8, lanes=1)


def test_the_right_pin_is_known_and_a_wrong_one_is_not() -> None:
    pins = Pins(CHEAP)
    kept = pins.hash("482915")
    assert pins.verify(kept, "482915")
    assert not pins.verify(kept, "482916")
    assert kept.startswith("$argon2id$")


def test_two_hashes_of_one_pin_differ() -> None:
    pins = Pins(CHEAP)
    assert pins.hash("482915") != pins.hash("482915")


def test_full_width_digits_are_the_same_pin() -> None:
    pins = Pins(CHEAP)
    assert pins.verify(pins.hash("482915"), "\uff14\uff18\uff12\uff19\uff11\uff15")


def test_nobodys_pin_is_never_right() -> None:
    assert not Pins(CHEAP).verify(None, "482915")


def test_a_damaged_hash_is_a_wrong_pin() -> None:
    assert not Pins(CHEAP).verify("$argon2id$damaged", "482915")


def test_an_unknown_login_costs_as_much_as_a_wrong_pin() -> None:
    pins = Pins(PinCost(time_cost=4, memory_kib=4096, lanes=1))
    kept = pins.hash("482915")

    def cost(hash_or_none: str | None) -> float:
        start = time.process_time()
        for _ in range(8):
            pins.verify(hash_or_none, "000111")
        return time.process_time() - start

    assert 0.5 < cost(None) / cost(kept) < 2


def test_a_hash_of_another_cost_is_outdated() -> None:
    kept = Pins(CHEAP).hash("482915")
    assert not Pins(CHEAP).is_outdated(kept)
    assert Pins(PinCost(time_cost=2, memory_kib=8, lanes=1)).is_outdated(kept)


def test_the_cost_in_the_shop_meets_rfc_9106_for_little_memory() -> None:
    in_the_shop: dict[str, Any] = {field.name: field.default for field in fields(PinCost)}
    kept = Pins(PinCost(**in_the_shop)).hash("482915")
    assert "$m=32768,t=3,p=1$" in kept


@pytest.mark.parametrize("pin", ["482915", "meadow71", "りんごとみかん", "9991114", "abc123def"])
def test_a_pin_that_takes_guessing_is_accepted(pin: str) -> None:
    refuse_weak(pin, "hanako")


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("48291", "too short"),
        ("", "too short"),
        ("x" * 65, "too long"),
        ("000000", "too easy"),
        ("\uff10" * 6, "too easy"),
        ("123456", "too easy"),
        ("654321", "too easy"),
        ("890123", "too easy"),
        ("121212", "too easy"),
        ("123123", "too easy"),
        ("111222", "too easy"),
        ("abcdef", "too easy"),
        ("Qwerty", "too easy"),
        ("hanako", "login"),
        ("hanako77", "login"),
    ],
)
def test_a_pin_that_anybody_would_try_is_refused_with_the_reason(pin: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        refuse_weak(pin, "hanako")
    assert refused.value.todo is not None
