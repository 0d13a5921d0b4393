"""What one person may not do alone: somebody else signs in over the dialog or in the review window, and decides."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import OperationState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.request_card import RequestCard
from coupon_desk.desk.review_window import ReviewWindow
from coupon_desk.desk.second_person import SecondPerson
from coupon_desk.desk.second_person_dialog import SecondPersonDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop
from tests.desk.conftest import SignIn
from tests.screens.place import PEOPLE
from tests.surroundings.central_database import CentralDatabase

Cut = Callable[[QWidget], list[str]]
NOTE = "The manager's own idea."


def hand_in(page: WorkPage, shop: TrainingShop, reason: Reason = Reason.GOODWILL) -> CancelDialog:
    """Ask for what needs a second person."""
    page.search.begin_with(str(shop.showcase.example.code))
    page.search.text.returnPressed.emit()
    page.details.look()
    page.details.cancel.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    dialog.form.reasons.pick(reason)
    dialog.form.note.setPlainText(NOTE)
    dialog.confirm()
    return dialog


def over(page: WorkPage, dialog: CancelDialog | OperationDialog) -> SecondPersonDialog:
    """Press “Second person signs in here…”."""
    assert dialog.progress.second_person.isVisible()
    dialog.progress.second_person.click()
    asked = page.dialogs.open[-1]
    assert isinstance(asked, SecondPersonDialog)
    return asked


def card(asked: SecondPersonDialog) -> RequestCard:
    """The request that is decided there."""
    assert asked.card is not None
    return asked.card


def sign_in_there(who: SecondPerson, login: str, pin: str | None = None) -> None:
    who.form.choose(login)
    who.form.pin.setText(pin or next(person.pin for person in PEOPLE if person.login == login))
    QTest.keyClick(who.form.pin, Qt.Key.Key_Return)


def button_of(root: QWidget, name: str) -> QPushButton:
    QApplication.processEvents()
    (found,) = [one for one in root.findChildren(QPushButton, name) if one.isVisible()]
    assert isinstance(found, QPushButton)
    return found


def test_a_second_person_approves_over_the_dialog_and_the_first_ones_session_goes_on(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    dialog = hand_in(page, shop)
    asked = over(page, dialog)
    assert not card(asked).approve.isEnabled()
    assert card(asked).approve.accessibleDescription() == "First sign in at the right: who decides?"
    sign_in_there(asked.who, "owner")
    assert card(asked).approve.isEnabled()
    card(asked).approve.click()

    assert page.dialogs.open == (dialog,)
    assert dialog.operation is not None
    assert dialog.operation.state is OperationState.COMPLETED
    assert dialog.operation.approved_by == "owner"
    assert dialog.operation.operator.login == page.session.login == "manager"
    assert dialog.progress.receipt.is_ready
    assert not dialog.progress.second_person.isVisible()


def test_a_second_person_says_no_with_a_note_over_the_dialog(page: WorkPage, shop: TrainingShop) -> None:
    dialog = hand_in(page, shop)
    asked = over(page, dialog)
    sign_in_there(asked.who, "owner")
    assert not card(asked).refuse.isEnabled()
    assert card(asked).refuse.accessibleDescription() == "Rejecting needs a note."
    QTest.keyClicks(asked.who.note, "Not without the goods.")
    card(asked).refuse.click()
    assert not asked.isVisible()
    assert dialog.operation is not None
    assert dialog.operation.state is OperationState.REFUSED
    assert "Not without the goods." in str(dialog.operation.refused[0].message)
    assert shop.journal.calls("discountCodeDeactivate") == ()


def test_a_wrong_pin_is_told_there_and_nothing_is_decided(page: WorkPage, shop: TrainingShop, desk: CouponDesk) -> None:
    asked = over(page, hand_in(page, shop))
    sign_in_there(asked.who, "owner", "000000")
    assert asked.form.problem.isVisible()
    assert asked.form.problem.title.text() == "The login or the PIN is wrong."
    assert not card(asked).approve.isEnabled()
    assert [one.state for one in desk.awaiting_approval()] == [OperationState.AWAITING_APPROVAL]


def test_who_asked_is_not_offered_over_the_dialog_and_is_refused_when_they_try(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    asked = over(page, hand_in(page, shop))
    assert {asked.form.login.itemData(place) for place in range(asked.form.login.count())} == {"owner"}
    sign_in_there(asked.who, "manager")
    assert not card(asked).approve.isEnabled()
    assert card(asked).why_not.text() == "You cannot approve your own request."
    asked.who.other.click()
    sign_in_there(asked.who, "owner")
    card(asked).approve.click()
    assert desk.awaiting_approval() == ()


def test_who_may_not_approve_is_told_so_over_the_dialog(page: WorkPage, shop: TrainingShop, desk: CouponDesk) -> None:
    asked = over(page, hand_in(page, shop))
    sign_in_there(asked.who, "clerk")
    assert not card(asked).approve.isEnabled()
    assert card(asked).approve.accessibleDescription() == "Your role (clerk) may not approve requests."


def test_closing_it_leaves_the_request_waiting_and_the_strip_leads_back(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    dialog = hand_in(page, shop)
    over(page, dialog).reject()
    dialog.reject()
    assert page.attention.isVisible()
    (waiting,) = desk.awaiting_approval()
    again = page.dialogs.operation(waiting)
    asked = over(page, again)
    sign_in_there(asked.who, "owner")
    card(asked).approve.click()
    assert again.progress.operation is not None
    assert again.progress.operation.state is OperationState.COMPLETED


def test_the_badge_counts_what_waits_for_this_operator_and_not_their_own_requests(
    page: WorkPage, shop: TrainingShop, sign_in: SignIn, window: Window
) -> None:
    hand_in(page, shop).reject()
    assert page.header.review.text() == "Re&view"
    window.switch()
    owner = sign_in("owner")
    assert owner.header.review.text() == "Re&view (1)"
    QTest.keyClick(owner, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    (review,) = owner.dialogs.open
    assert isinstance(review, ReviewWindow)
    sign_in_there(review.approvals.who, "owner")
    button_of(review, f"approve-{review.approvals.waiting[0].operation}").click()
    assert owner.header.review.text() == "Re&view"
    assert review.approvals.tab.is_empty


def test_a_clerk_opens_the_review_and_somebody_who_may_decides_there(
    page: WorkPage, shop: TrainingShop, sign_in: SignIn, window: Window, desk: CouponDesk
) -> None:
    hand_in(page, shop).reject()
    window.switch()
    clerk = sign_in("clerk")
    assert clerk.header.review.isEnabled()
    clerk.header.review.click()
    (review,) = clerk.dialogs.open
    assert isinstance(review, ReviewWindow)
    (waiting,) = desk.awaiting_approval()
    assert not button_of(review, f"approve-{waiting.id}").isEnabled()
    sign_in_there(review.approvals.who, "owner")
    button_of(review, f"approve-{waiting.id}").click()
    assert desk.operation(waiting.id).state is OperationState.COMPLETED
    assert clerk.session.login == "clerk"


def test_locking_hides_the_second_persons_dialog_and_unlocking_brings_it_back(
    page: WorkPage, shop: TrainingShop, window: Window, sign_in: SignIn
) -> None:
    dialog = hand_in(page, shop)
    asked = over(page, dialog)
    window.lock()
    assert not asked.isVisible()
    assert not dialog.isVisible()
    assert sign_in("manager") is page
    assert asked.isVisible()
    assert dialog.isVisible()
    asked.reject()


def test_leaving_the_page_closes_the_review(page: WorkPage, window: Window) -> None:
    page.header.review.click()
    (review,) = page.dialogs.open
    window.switch()
    assert not review.isVisible()


@pytest.fixture
def desk_of(
    filled_home: Path, shop: TrainingShop, clock: VirtualClock, tmp_path: Path, centre: CentralDatabase
) -> Iterator[Callable[[str], CouponDesk]]:
    """Opens one desk after the other, on one shop and one real central database."""
    opened: list[CouponDesk] = []

    def open_desk(name: str) -> CouponDesk:
        home = tmp_path / name
        shutil.copytree(filled_home, home)
        with (home / "config.toml").open("a", encoding="utf-8") as config:
            config.write(f'\n[central]\nurl = "{centre.url(centre.add_desk(name))}"\n')
        opened.append(CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()


def test_a_request_of_another_desk_is_decided_in_the_review_and_goes_on_where_it_was_asked(
    desk_of: Callable[[str], CouponDesk], stage: Stage, shop: TrainingShop
) -> None:
    ginza, osaka = desk_of("Ginza"), desk_of("Osaka")
    pages = {}
    windows = []
    for desk, login in ((ginza, "manager"), (osaka, "owner")):
        window = Window(stage, partial(_same, desk), closes_desk=False)
        windows.append(window)
        window.show()
        window.open_desk()
        assert window.sign_in_page is not None
        form = window.sign_in_page.form
        form.choose(login)
        form.pin.setText(next(person.pin for person in PEOPLE if person.login == login))
        form.submit()
        assert window.work_page is not None
        pages[login] = window.work_page
    hand_in(pages["manager"], shop).reject()
    (waiting,) = ginza.awaiting_approval()

    there = pages["owner"]
    there.review_watch.look()
    assert there.header.review.text() == "Re&view (1)"
    review = there.dialogs.review()
    assert {"at the desk Ginza", "70934-AB12CD-500"} <= {text.text() for text in review.findChildren(QLabel)}
    sign_in_there(review.approvals.who, "owner")
    button_of(review, f"approve-{waiting.id}").click()
    assert review.approvals.who.problem.title.text() == "Decided. It goes on at the desk Ginza."
    assert there.header.review.text() == "Re&view"
    assert ginza.operation(waiting.id).state is OperationState.AWAITING_APPROVAL

    pages["manager"].review_watch.keep_up()
    pages["manager"].continuation.resume()
    done = ginza.operation(waiting.id)
    assert (done.state, done.approved_by) == (OperationState.COMPLETED, "owner")
    assert not pages["manager"].attention.isVisible()
    for window in windows:
        for dialog in window.work_page.dialogs.open if window.work_page is not None else ():
            dialog.reject()
        window.close()
        window.close()


def _same(desk: CouponDesk) -> CouponDesk:
    return desk
