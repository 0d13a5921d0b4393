"""People whom several desks share: one truth, disabled everywhere at once, and a centre that is silent, slow or raced for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coupon_desk.errors import ExitStatus, NotPermitted, RemoteUnavailable
from coupon_desk.people.mirror import SILENCE_SECONDS
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import People, SignInRefused
from coupon_desk.people.roles import Right, Role
from tests.people.conftest import Shop, cheap, open_shop
from tests.people.shared_directory import Line, SharedDirectory


@dataclass
class Desks:
    """Two desks of one shop; the first has published its people."""

    directory: SharedDirectory
    one: Shop
    two: Shop
    line_one: Line
    line_two: Line

    def boss_at(self, desk: Shop) -> Session:
        return desk.people.sign_in("boss", desk.pin)

    def join(self, desk: Shop, line: Line, *, centre_required: bool = False) -> None:
        """Connect a desk to the centre (again), otherwise configured."""
        desk.people = People(
            desk.database, desk.witness, desk.clock, pins=cheap(), directory=line, centre_required=centre_required
        )


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Desks]:
    directory = SharedDirectory()
    one, two = open_shop(tmp_path / "one.sqlite3"), open_shop(tmp_path / "two.sqlite3")
    both = Desks(directory, one, two, Line(directory), Line(directory))
    both.join(one, both.line_one)
    both.join(two, both.line_two)
    boss = one.boss()
    one.people.add(NewOperator("mei", "Mei", Role.MANAGER, one.pin), boss)
    yield both
    one.database.close()
    two.database.close()


def test_who_was_added_at_one_desk_signs_in_at_the_other(desks: Desks) -> None:
    session = desks.two.people.sign_in("mei", desks.two.pin)
    assert session.operator.name == "Mei"
    assert desks.two.people.authorise(session, Right.CANCEL, "x").version == 1
    assert desks.two.witness.actions == ["operator_mirrored", "signed_in"]


def test_a_fresh_desk_is_not_empty_where_the_shop_has_people(desks: Desks) -> None:
    with pytest.raises(NotPermitted, match="Only an administrator"):
        desks.two.people.add(NewOperator("stranger", "Stranger", Role.ADMIN, desks.two.pin), None)
    assert not desks.two.people.is_empty()
    assert "stranger" not in desks.directory.people


def test_who_is_disabled_at_one_desk_may_do_nothing_more_at_the_other_though_signed_in_there(desks: Desks) -> None:
    session = desks.two.people.sign_in("mei", desks.two.pin)
    assert desks.two.people.why_out(session) is None
    desks.one.people.disable("mei", desks.boss_at(desks.one))
    with pytest.raises(NotPermitted, match="login was disabled"):
        desks.two.people.authorise(session, Right.CANCEL, "x")
    assert str(desks.two.people.why_out(session)) == "Your login was disabled."
    with pytest.raises(SignInRefused, match="login was disabled"):
        desks.two.people.sign_in("mei", desks.two.pin)


def test_reading_does_not_ask_the_centre_each_time(desks: Desks) -> None:
    session = desks.two.people.sign_in("mei", desks.two.pin)
    asked = len(desks.line_two.asked)
    desks.two.people.authorise(session, Right.SEE, "table")
    assert len(desks.line_two.asked) == asked


def test_a_new_pin_holds_at_every_desk(desks: Desks) -> None:
    session = desks.two.people.sign_in("mei", desks.two.pin)
    desks.two.people.change_pin("mei", "new-secret", session, current_pin=desks.two.pin)
    assert desks.one.people.sign_in("mei", "new-secret")
    with pytest.raises(SignInRefused):
        desks.one.people.sign_in("mei", desks.one.pin)


def test_the_first_desk_publishes_who_is_there_already_and_the_second_keeps_its_own_to_itself(tmp_path: Path) -> None:
    directory = SharedDirectory()
    one, two = open_shop(tmp_path / "one.sqlite3"), open_shop(tmp_path / "two.sqlite3")
    both = Desks(directory, one, two, Line(directory), Line(directory))
    one.boss()
    two.people.add(NewOperator("chef", "Chef", Role.ADMIN, two.pin), None)
    both.join(one, both.line_one)
    both.join(two, both.line_two)
    both.boss_at(one)
    assert [one.login for one in directory.people.values()] == ["boss"]
    assert ("people_published", {"logins": ["boss"]}, None) in one.witness.entries

    chef = two.people.sign_in("chef", two.pin)
    assert chef.operator.version == 0
    with pytest.raises(SignInRefused):
        one.people.sign_in("chef", one.pin)
    with pytest.raises(NotPermitted, match="Only an administrator whom all desks know"):
        two.people.share("chef", chef)

    assert two.people.share("chef", both.boss_at(two)).version == 1
    assert one.people.sign_in("chef", one.pin).operator.role is Role.ADMIN
    with pytest.raises(NotPermitted, match="know chef already"):
        two.people.share("chef", both.boss_at(two))
    one.database.close()
    two.database.close()


def test_sharing_needs_a_centre(shop: Shop) -> None:
    with pytest.raises(NotPermitted, match="no central database"):
        shop.people.share("boss", shop.boss())


def test_while_the_centre_is_silent_what_this_desk_knows_holds_and_nobody_is_changed(desks: Desks) -> None:
    boss = desks.boss_at(desks.two)
    desks.line_two.is_cut = True
    assert desks.boss_at(desks.two).login == "boss"
    assert desks.two.people.authorise(boss, Right.CANCEL, "x").login == "boss"
    with pytest.raises(RemoteUnavailable, match="Operators belong to all desks") as refused:
        desks.two.people.disable("mei", boss)
    assert refused.value.exit_status is ExitStatus.NOT_FINISHED
    assert not desks.directory.people["mei"].disabled


def test_a_desk_that_must_not_work_without_the_centre_does_not(desks: Desks) -> None:
    boss = desks.boss_at(desks.two)
    desks.join(desks.two, desks.line_two, centre_required=True)
    desks.line_two.is_cut = True
    with pytest.raises(SignInRefused, match="works only while the central database answers"):
        desks.boss_at(desks.two)
    with pytest.raises(NotPermitted, match="works only while the central database answers"):
        desks.two.people.authorise(boss, Right.CANCEL, "x")
    assert desks.two.witness.last[1]["why"] == "centre_silent"
    assert desks.two.people.authorise(boss, Right.SEE, "table").login == "boss"
    desks.line_two.is_cut = False
    desks.two.clock.advance(SILENCE_SECONDS)
    assert desks.boss_at(desks.two)


def test_nobody_waits_for_a_silent_centre_twice_in_a_row(desks: Desks) -> None:
    boss = desks.boss_at(desks.two)
    desks.line_two.is_cut = True
    desks.two.people.authorise(boss, Right.CANCEL, "x")
    desks.line_two.is_cut = False
    asked = len(desks.line_two.asked)
    desks.two.people.authorise(boss, Right.CANCEL, "x")
    assert len(desks.line_two.asked) == asked
    desks.two.clock.advance(SILENCE_SECONDS)
    desks.two.people.authorise(boss, Right.CANCEL, "x")
    assert len(desks.line_two.asked) == asked + 1


def test_an_answer_that_was_lost_after_the_change_was_made_is_asked_for_again(desks: Desks) -> None:
    boss = desks.boss_at(desks.two)
    desks.line_two.loses_answers = 1
    assert desks.two.people.disable("mei", boss).disabled
    assert desks.directory.people["mei"].version == 2
    assert desks.two.witness.actions[-2:] == ["people_change_begun", "operator_disabled"]


def test_where_both_answers_are_lost_the_trail_says_so_and_the_truth_comes_with_the_next_look(desks: Desks) -> None:
    boss = desks.boss_at(desks.two)
    desks.line_two.loses_answers = 2
    with pytest.raises(RemoteUnavailable):
        desks.two.people.disable("mei", boss)
    assert desks.two.witness.last[0] == "people_change_failed"
    assert desks.two.witness.last[1]["why"] == "unanswered"
    with pytest.raises(SignInRefused, match="disabled"):
        desks.two.people.sign_in("mei", desks.two.pin)
    assert "operator_mirrored" in desks.two.witness.actions


def test_an_operator_who_is_changed_at_two_desks_at_once_is_changed_once_and_the_other_is_told(desks: Desks) -> None:
    here, there = desks.boss_at(desks.one), desks.boss_at(desks.two)
    desks.line_two.before_put = lambda: meanwhile(lambda: desks.one.people.change_role("mei", Role.CLERK, here), desks.line_two)
    with pytest.raises(NotPermitted, match="changed at another desk just now"):
        desks.two.people.change_role("mei", Role.ADMIN, there)
    assert desks.directory.people["mei"].role == "clerk"
    mirrored = desks.two.people.get("mei")
    assert mirrored is not None
    assert mirrored.role is Role.CLERK
    assert desks.two.witness.actions[-3:] == ["people_change_begun", "people_change_failed", "operator_mirrored"]


def test_two_administrators_who_disable_each_other_at_two_desks_at_once_leave_one(desks: Desks) -> None:
    boss = desks.boss_at(desks.one)
    desks.one.people.change_role("mei", Role.ADMIN, boss)
    mei = desks.two.people.sign_in("mei", desks.two.pin)
    desks.line_two.before_put = lambda: meanwhile(lambda: desks.one.people.disable("mei", boss), desks.line_two)
    with pytest.raises(NotPermitted):
        desks.two.people.disable("boss", mei)
    assert [one.login for one in desks.directory.people.values() if not one.disabled] == ["boss"]


def test_the_last_administrator_of_all_desks_stays_whoever_asks(desks: Desks) -> None:
    boss = desks.boss_at(desks.one)
    desks.one.people.add(NewOperator("second", "Second", Role.ADMIN, desks.one.pin), boss)
    second = desks.two.people.sign_in("second", desks.two.pin)
    desks.boss_at(desks.two)
    desks.line_two.before_put = lambda: meanwhile(lambda: desks.one.people.disable("boss", boss), desks.line_two)
    with pytest.raises(NotPermitted, match="last administrator"):
        desks.two.people.change_role("second", Role.CLERK, second)
    assert desks.directory.has_admin()


def test_two_desks_that_begin_at_once_publish_once(tmp_path: Path) -> None:
    directory = SharedDirectory()
    one, two = open_shop(tmp_path / "one.sqlite3"), open_shop(tmp_path / "two.sqlite3")
    both = Desks(directory, one, two, Line(directory), Line(directory, loses_answers=1))
    for shop in (one, two):
        shop.boss()
    both.join(two, both.line_two)
    both.join(one, both.line_one)
    both.boss_at(two)  # published, but the answer was lost
    assert "people_published" not in two.witness.actions
    both.boss_at(one)
    two.clock.advance(SILENCE_SECONDS)
    assert both.boss_at(two).operator.version == 1
    assert [listed.version for listed in directory.people.values()] == [1]
    one.database.close()
    two.database.close()


def meanwhile(change: object, line: Line) -> None:
    """Once, and not again when the change asks the centre itself."""
    line.before_put = lambda: None
    assert callable(change)
    change()
