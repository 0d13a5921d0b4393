"""Adding, disabling and authorising operators, and what the trail says about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.people import People, SignInRefused
from coupon_desk.people.roles import Right, Role
from coupon_desk.storage.database import DiskFull
from coupon_desk.trail.pen import Pen, Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg
from tests.people.conftest import Shop, cheap


def test_the_first_operator_of_an_empty_home_may_be_added_by_anybody(shop: Shop) -> None:
    assert shop.people.is_empty()
    added = shop.people.add(NewOperator("Boss", " Aiko  Mori ", Role.ADMIN, shop.pin, ("a@example.com", "")), None)
    assert (added.login, added.name, added.contacts) == ("boss", "Aiko Mori", ("a@example.com",))
    assert not shop.people.is_empty()
    assert shop.people.list() == (added,)
    assert shop.witness.last == ("operator_added", {"login": "boss", "role": "admin"}, None)


def test_the_first_operator_must_be_an_administrator(shop: Shop) -> None:
    with pytest.raises(NotPermitted, match="must be an administrator"):
        shop.people.add(NewOperator("mei", "Mei", Role.MANAGER, shop.pin), None)
    assert shop.people.is_empty()
    assert shop.witness.actions == []


def test_the_second_operator_is_not_added_by_anybody(shop: Shop) -> None:
    shop.boss()
    with pytest.raises(NotPermitted, match="Only an administrator"):
        shop.people.add(NewOperator("mei", "Mei", Role.CLERK, shop.pin), None)
    with pytest.raises(NotPermitted, match=r"Your role \(manager\) may not manage operators"):
        shop.people.add(NewOperator("mei", "Mei", Role.CLERK, shop.pin), shop.with_role(Role.MANAGER))
    assert shop.people.get("mei") is None


def test_a_login_is_taken_once_however_it_is_typed(shop: Shop) -> None:
    boss = shop.boss()
    with pytest.raises(NotPermitted, match="already an operator “boss”"):
        shop.people.add(NewOperator("BOSS", "Other", Role.CLERK, shop.pin), boss)


@pytest.mark.parametrize("login", ["", "花子", "a b", "-x", "x" * 33])
def test_a_login_that_will_not_do_is_refused(shop: Shop, login: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a login"):
        shop.people.add(NewOperator(login, "Name", Role.ADMIN, shop.pin), None)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b"])
def test_an_operator_needs_a_name(shop: Shop, name: str) -> None:
    with pytest.raises(ConfigurationError, match="needs a name"):
        shop.people.add(NewOperator("mei", name, Role.ADMIN, shop.pin), None)


def test_a_weak_pin_adds_nobody(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="too easy"):
        shop.people.add(NewOperator("boss", "Aiko", Role.ADMIN, "123456"), None)
    assert shop.people.is_empty()


def test_neither_pin_nor_contacts_stand_in_a_representation(shop: Shop) -> None:
    new = NewOperator("mei", "Mei", Role.CLERK, "482915", ("mei@example.com",))
    shop.boss()
    added = shop.people.add(new, shop.boss())
    assert "482915" not in repr(new)
    assert "mei@example.com" not in repr(new) + repr(added)


def test_the_pin_is_nowhere_in_the_database_or_the_trail(shop: Shop) -> None:
    shop.boss()
    with shop.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM operators").all()
    assert shop.pin not in repr(rows) + repr(shop.witness.entries)


def test_a_right_that_is_there_passes_silently(shop: Shop) -> None:
    session = shop.with_role(Role.MANAGER)
    before = len(shop.witness.entries)
    assert shop.people.authorise(session, Right.CANCEL, "70934-AB12CD-500").login == "the-manager"
    assert len(shop.witness.entries) == before


def test_a_missing_right_is_refused_and_the_refusal_is_in_the_trail(shop: Shop) -> None:
    session = shop.with_role(Role.CLERK)
    with pytest.raises(NotPermitted, match=r"Your role \(clerk\) may not cancel coupons"):
        shop.people.authorise(session, Right.CANCEL, "70934-AB12CD-500")
    assert shop.witness.last == (
        "right_refused",
        {"about": "70934-AB12CD-500", "right": "cancel", "role": "clerk", "why": "missing"},
        "the-clerk",
    )


def test_a_disabled_operator_may_do_nothing_more_while_signed_in(shop: Shop) -> None:
    session = shop.with_role(Role.MANAGER)
    assert shop.people.disable("the-manager", shop.boss()).disabled
    with pytest.raises(NotPermitted, match="login was disabled"):
        shop.people.authorise(session, Right.SEE, "table")
    assert shop.witness.last[1]["why"] == "disabled"


def test_an_operator_with_another_role_signs_in_again(shop: Shop) -> None:
    session = shop.with_role(Role.MANAGER)
    shop.people.change_role("the-manager", Role.CLERK, shop.boss())
    with pytest.raises(NotPermitted, match="Your role was changed to clerk"):
        shop.people.authorise(session, Right.SEE, "table")
    again = shop.people.sign_in("the-manager", shop.pin)
    assert not again.may(Right.CANCEL)
    assert shop.people.authorise(again, Right.SEE, "table").role is Role.CLERK


def test_a_disabled_operator_comes_back_when_enabled(shop: Shop) -> None:
    shop.with_role(Role.CLERK)
    boss = shop.boss()
    shop.people.disable("the-clerk", boss)
    with pytest.raises(NotPermitted, match="This login was disabled"):
        shop.people.sign_in("the-clerk", shop.pin)
    shop.people.enable("the-clerk", boss)
    assert shop.people.sign_in("the-clerk", shop.pin).login == "the-clerk"
    assert [action for action in shop.witness.actions if action.startswith("operator_")][-2:] == [
        "operator_disabled",
        "operator_enabled",
    ]


def test_the_last_administrator_stays(shop: Shop) -> None:
    boss = shop.boss()
    with pytest.raises(NotPermitted, match="last administrator"):
        shop.people.disable("boss", boss)
    with pytest.raises(NotPermitted, match="last administrator"):
        shop.people.change_role("boss", Role.VIEWER, boss)
    shop.people.add(NewOperator("second", "Second", Role.ADMIN, shop.pin), boss)
    assert shop.people.disable("boss", boss).disabled
    assert "people_change_failed" not in shop.witness.actions


def test_a_disabled_administrator_does_not_count_as_one(shop: Shop) -> None:
    boss = shop.boss()
    shop.people.add(NewOperator("second", "Second", Role.ADMIN, shop.pin), boss)
    shop.people.disable("second", boss)
    with pytest.raises(NotPermitted, match="last administrator"):
        shop.people.disable("boss", boss)


def test_an_unknown_operator_cannot_be_disabled(shop: Shop) -> None:
    with pytest.raises(NotPermitted, match="no operator “nobody”"):
        shop.people.disable("nobody", shop.boss())


def test_everything_works_with_the_real_trail_in_the_same_database(shop: Shop, trail: Trail) -> None:
    people = People(shop.database, trail, shop.clock, pins=cheap())
    people.add(NewOperator("boss", "Aiko", Role.ADMIN, shop.pin), None)
    boss = people.sign_in("boss", shop.pin)
    people.add(NewOperator("mei", "Mei", Role.CLERK, shop.pin), boss)
    people.change_pin("mei", "another-one", boss)
    people.disable("mei", boss)
    people.sign_out(boss)
    assert [entry.action for entry in trail.between()] == [
        "operator_added",
        "signed_in",
        "operator_added",
        "pin_changed",
        "operator_disabled",
        "signed_out",
    ]
    assert trail.verify().is_intact


def test_entries_say_in_clear_who_did_it_as_what_and_what_it_changed(shop: Shop) -> None:
    boss = shop.boss()
    shop.people.add(NewOperator("mei", "Mei", Role.CLERK, shop.pin), boss)
    shop.people.change_role("mei", Role.MANAGER, boss)
    shop.people.disable("mei", boss)
    with pytest.raises(SignInRefused):
        shop.people.sign_in("mei", shop.pin)
    with pytest.raises(SignInRefused):
        shop.people.sign_in("nobody", shop.pin)
    auditor = shop.with_role(Role.AUDITOR)
    with pytest.raises(NotPermitted):
        shop.people.authorise(auditor, Right.CANCEL, "coupon")

    told = [(action, fields) for (action, _, _), fields in zip(shop.witness.entries, shop.witness.fields, strict=True)]

    admin = {"role": "admin", "result": "done"}
    assert told[1] == ("signed_in", admin)
    assert told[2] == ("operator_added", admin | {"after": {"role": "clerk", "disabled": False}})
    assert told[3] == ("role_changed", admin | {"before": {"role": "clerk"}, "after": {"role": "manager"}})
    assert told[4] == ("operator_disabled", admin | {"before": {"disabled": False}, "after": {"disabled": True}})
    assert told[5] == ("sign_in_refused", {"role": "manager", "result": "refused", "reason": "disabled"})
    assert told[6] == ("sign_in_refused", {"result": "refused", "reason": "unknown_login"})
    assert told[-1] == ("right_refused", {"role": "auditor", "result": "refused", "reason": "missing"})


def test_a_change_and_its_entry_are_written_together_or_not_at_all(shop: Shop, trail: Trail) -> None:
    boss = shop.boss()
    shop.people.add(NewOperator("second", "Second", Role.ADMIN, shop.pin), boss)

    class BreaksAfterTheEntry(Trail):
        @contextmanager
        def writing(self) -> Iterator[Pen]:
            with super().writing() as pen:
                yield pen
                raise DiskFull(msg("The disk is full."))

    breaking = BreaksAfterTheEntry(shop.database, Surroundings("desk-1"), shop.clock)
    with pytest.raises(DiskFull):
        People(shop.database, breaking, shop.clock, pins=cheap()).disable("second", boss)
    assert trail.head().sequence == 0
    assert not shop.people.list()[1].disabled

    People(shop.database, trail, shop.clock, pins=cheap()).disable("second", boss)
    assert [entry.action for entry in trail.between()] == ["operator_disabled"]
    assert shop.people.list()[1].disabled
    assert trail.verify().is_intact


def test_a_change_that_a_rule_refuses_leaves_no_entry_that_says_it_was_made(shop: Shop) -> None:
    boss = shop.boss()
    before = len(shop.witness.entries)
    with pytest.raises(NotPermitted, match="last administrator"):
        shop.people.disable("boss", boss)
    assert len(shop.witness.entries) == before


def test_operators_live_in_postgresql_with_the_same_code(postgres_shop: Shop) -> None:
    shop = postgres_shop
    session = shop.with_role(Role.CLERK)
    with pytest.raises(NotPermitted, match="may not cancel"):
        shop.people.authorise(session, Right.CANCEL, "x")
    shop.people.disable("the-clerk", shop.boss())
    assert [operator.disabled for operator in shop.people.list()] == [False, True]
    with pytest.raises(NotPermitted, match="last administrator"):
        shop.people.disable("boss", shop.boss())
