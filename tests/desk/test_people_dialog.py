"""Operators and PINs in the window: what an administrator changes holds at once, and everybody else reads why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QDialog

from coupon_desk.app.desk import CouponDesk
from coupon_desk.desk.add_person_dialog import AddPersonDialog, names_in
from coupon_desk.desk.people_dialog import PeopleDialog
from coupon_desk.desk.pin_dialog import PinDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.people.people import SignInRefused
from coupon_desk.people.roles import Role

SignIn = Callable[[str], WorkPage]


@pytest.fixture
def open_people(sign_in: SignIn, stage: Stage, desk: CouponDesk) -> Iterator[Callable[[str], PeopleDialog]]:
    opened: list[PeopleDialog] = []

    def open_people(login: str) -> PeopleDialog:
        page = sign_in(login)
        dialog = PeopleDialog(stage, desk, page.session, page)
        dialog.open()
        opened.append(dialog)
        return dialog

    yield open_people
    for dialog in opened:
        dialog.reject()
        dialog.deleteLater()


def rows(dialog: PeopleDialog) -> list[list[str]]:
    table = dialog.table
    items = [[table.item(place, at) for at in range(table.columnCount())] for place in range(table.rowCount())]
    return [[item.text() if item is not None else "" for item in each] for each in items]


def inner(dialog: QDialog, kind: type[QDialog]) -> QDialog:
    found = [one for one in dialog.findChildren(QDialog) if isinstance(one, kind) and one.isVisible()]
    (only,) = found
    return only


def test_an_administrator_sees_everybody_and_disables_one(open_people: Callable[[str], PeopleDialog], desk: CouponDesk) -> None:
    dialog = open_people("owner")
    assert rows(dialog)[0] == ["Daniel Weber (clerk)", "clerk", "all", "PIN", "active"]
    dialog.choose("clerk")
    dialog.disable.click()
    assert rows(dialog)[0][4] == "disabled"
    assert dialog.disable.text() == "Enable again"
    with pytest.raises(SignInRefused, match="disabled"):
        desk.people.sign_in("clerk", "615273")
    dialog.disable.click()
    assert desk.people.sign_in("clerk", "615273")


def test_roles_and_stores_are_given(open_people: Callable[[str], PeopleDialog], desk: CouponDesk) -> None:
    dialog = open_people("owner")
    dialog.choose("clerk")
    dialog.role.setCurrentIndex(dialog.role.findData("manager"))
    dialog.give_role_button.click()
    dialog.stores.setText("Ginza、 Ueno")
    dialog.give_stores_button.click()
    clerk = desk.people.get("clerk")
    assert clerk is not None
    assert (clerk.role, clerk.stores) == (Role.MANAGER, ("Ginza", "Ueno"))
    assert rows(dialog)[0][1:3] == ["manager", "Ginza, Ueno"]


def test_a_rule_that_refuses_is_told_in_the_dialog(open_people: Callable[[str], PeopleDialog], desk: CouponDesk) -> None:
    dialog = open_people("owner")
    dialog.choose("owner")
    dialog.disable.click()
    assert dialog.problem.title.text() == "This is the last administrator."
    assert desk.people.list()[2].disabled is False


def test_whoever_may_not_manage_operators_reads_why(open_people: Callable[[str], PeopleDialog]) -> None:
    dialog = open_people("manager")
    dialog.choose("clerk")
    for each in (dialog.add, dialog.disable, dialog.new_pin, dialog.give_role_button, dialog.give_stores_button):
        assert not each.isEnabled()
        assert each.toolTip() == "Your role (manager) may not manage operators."
    assert dialog.about.text() == "Your role (manager) may not manage operators."


def test_somebody_is_added_and_signs_in(open_people: Callable[[str], PeopleDialog], desk: CouponDesk) -> None:
    dialog = open_people("owner")
    dialog.add.click()
    adding = inner(dialog, AddPersonDialog)
    assert isinstance(adding, AddPersonDialog)
    adding.login.setText("yuki")
    adding.name.setText("Yuki Sato")
    adding.pin.setText("111111")
    adding.again.setText("111112")
    adding.add.click()
    assert adding.problem.title.text() == "The two PINs differ; enter them again."
    adding.again.setText("111111")
    adding.add.click()
    assert "too easy to guess" in adding.problem.title.text()
    adding.pin.setText("820463")
    adding.again.setText("820463")
    adding.add.click()
    assert not adding.isVisible()
    assert dialog.problem.title.text() == "Yuki Sato was added, and may sign in."
    assert dialog.chosen is not None
    assert dialog.chosen.login == "yuki"
    assert desk.people.sign_in("yuki", "820463").operator.role is Role.CLERK


def test_an_administrator_gives_a_new_pin(open_people: Callable[[str], PeopleDialog], desk: CouponDesk) -> None:
    dialog = open_people("owner")
    dialog.choose("clerk")
    dialog.new_pin.click()
    asking = inner(dialog, PinDialog)
    assert isinstance(asking, PinDialog)
    assert not asking.current.isVisible()
    asking.pin.setText("820463")
    asking.again.setText("820463")
    asking.save.click()
    assert not asking.isVisible()
    assert desk.people.sign_in("clerk", "820463")


def test_one_changes_ones_own_pin_with_the_current_one(page: WorkPage, stage: Stage, desk: CouponDesk) -> None:
    dialog = PinDialog(stage, desk, page.session, page)
    dialog.open()
    dialog.current.setText("000001")
    dialog.pin.setText("820463")
    dialog.again.setText("820463")
    dialog.save.click()
    assert dialog.problem.title.text() == "The login or the PIN is wrong."
    assert dialog.current.text() == ""
    dialog.current.setText("482915")
    dialog.save.click()
    assert not dialog.isVisible()
    assert desk.people.sign_in("manager", "820463")
    dialog.deleteLater()


def test_names_stand_between_commas_of_either_script() -> None:
    assert names_in(" Ginza, 上野、,渋谷，") == ("Ginza", "上野", "渋谷")


def test_the_operators_menu_leads_to_ones_pin_and_to_the_operators(page: WorkPage) -> None:
    menu = page.header.operator.menu()
    actions = {action.text(): action for action in menu.actions()}
    for name, kind in (("Change your PIN…", PinDialog), ("Operators…", PeopleDialog)):
        actions[name].trigger()
        (dialog,) = page.dialogs.open
        assert isinstance(dialog, kind)
        dialog.reject()
