"""The review window: cancelled orders, investigations, and what an operator may not use there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.mail_preview import MailPreview
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.review_window import ReviewWindow, Subject
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.people.operators import Session
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from tests.desk.conftest import SignIn
from tests.screens.place import PEOPLE

Cut = Callable[[QWidget], list[str]]
NOTE = "Seen by two of us."


def session(desk: CouponDesk, login: str) -> Session:
    return desk.people.sign_in(login, next(person.pin for person in PEOPLE if person.login == login))


def invalidated(desk: CouponDesk, code: str, by: str = "owner") -> Operation:
    """A coupon that somebody has switched off on suspicion."""
    request = CancelRequest(CouponCode.parse(code), OperationKind.INVALIDATE, Reason.SUSPECTED_FRAUD, "Always the same card.")
    ended = desk.cancel(request, session(desk, by), wait_seconds=60)
    assert ended.state is OperationState.COMPLETED
    return ended


def review(page: WorkPage, subject: Subject) -> ReviewWindow:
    page.header.review.click()
    (window,) = page.dialogs.open
    assert isinstance(window, ReviewWindow)
    window.show_subject(subject)
    return window


def button_of(root: QWidget, name: str) -> QPushButton:
    for _ in range(20):  # cards come one by one, between the frames
        QApplication.processEvents()
    (found,) = [one for one in root.findChildren(QPushButton, name) if one.isVisible()]
    assert isinstance(found, QPushButton)
    return found


def texts(root: QWidget) -> set[str]:
    for _ in range(20):  # cards come one by one, between the frames
        QApplication.processEvents()
    return {label.text() for label in root.findChildren(QLabel) if label.isVisible()}


def test_the_inbox_leads_to_the_refund_with_its_order_chosen_and_its_figures(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    partly = shop.showcase.used_partly_refunded
    window = review(page, Subject.ORDERS)
    item = next(one for one in window.orders.items if one.code.text == partly.code)
    assert item.proposal is not None
    assert {"Deducted", "Returned before", "Proposed", f"{item.proposal.proposed:,}"} <= texts(window.orders)
    button_of(window, f"refund-{item.code}-{item.order}").click()

    dialog = page.dialogs.open[-1]
    assert isinstance(dialog, CancelDialog)
    assert dialog.form.order is not None
    assert dialog.form.order.text() == item.order
    assert f"{item.proposal.proposed} points are returned to the customer." in texts(dialog)
    assert str(item.proposal.why) in texts(dialog)
    dialog.consequences.preview.click()
    (preview,) = dialog.findChildren(MailPreview)
    written = "".join(field.toPlainText() for field in preview.findChildren(QTextBrowser))
    assert f"{item.proposal.proposed:,}" in written
    assert f"{item.code.points:,}" not in written.replace(item.code.text, "")
    preview.reject()
    QTest.keyClicks(dialog.form.note, NOTE)
    dialog.confirm()
    assert dialog.operation is not None
    assert dialog.operation.state is OperationState.AWAITING_APPROVAL
    dialog.reject()

    window.read()
    item = next(one for one in window.orders.items if one.code.text == partly.code)
    refund = button_of(window, f"refund-{item.code}-{item.order}")
    assert not refund.isEnabled()
    assert refund.accessibleDescription() == "It was asked for already: a second person decides under Approvals."
    button_of(window, f"show-{item.operation}").click()
    shown = page.dialogs.open[-1]
    assert isinstance(shown, OperationDialog)
    shown.progress.second_person.click()
    asked = page.dialogs.open[-1]
    assert dialog.operation.proposal is not None
    assert {f"{item.code.points:,}", f"{dialog.operation.proposal.proposed:,}"} <= texts(asked)
    asked.reject()
    shown.reject()


def test_an_order_that_is_not_cancelled_is_refused_in_the_dialog_with_the_reason(page: WorkPage, shop: TrainingShop) -> None:
    used = shop.showcase.used
    page.search.begin_with(used.code)
    page.search.text.returnPressed.emit()
    page.details.look()
    page.details.footer.refund.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    assert dialog.form.order is not None
    QTest.keyClicks(dialog.form.note, NOTE)
    assert dialog.form.order.problem.isVisible()
    assert not dialog.confirm_button.isEnabled()
    assert "not cancelled" in dialog.hint.text()
    dialog.form.order.other.click()
    dialog.form.order.typed.setText(str(shop.showcase.used_order_cancelled.order))
    dialog.form.order.typed.editingFinished.emit()
    assert dialog.form.order.problem.isVisible()
    assert not dialog.confirm_button.isEnabled()


def test_points_are_released_when_somebody_asks_and_another_approves(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    example = shop.showcase.example
    suspected = invalidated(desk, example.code, by="owner")
    before = shop.balance(example.customer_id)
    window = review(page, Subject.INVESTIGATIONS)
    release = button_of(window, f"release-{suspected.id}")
    assert not release.isEnabled()
    assert release.accessibleDescription() == "First say at the right what was found out."
    QTest.keyClicks(window.investigations.note, NOTE)
    release = button_of(window, f"release-{suspected.id}")
    release.click()
    assert window.investigations.told.title.text() == "The release of 70934-AB12CD-500 was asked for."
    (waiting,) = desk.awaiting_approval()
    assert waiting.kind is OperationKind.RELEASE
    assert shop.balance(example.customer_id) == before
    assert not button_of(window, f"release-{suspected.id}").isEnabled()


def test_confirmed_fraud_leaves_the_list_and_its_points_are_gone_for_good(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    suspected = invalidated(desk, shop.showcase.example.code)
    window = review(page, Subject.INVESTIGATIONS)
    QTest.keyClicks(window.investigations.note, NOTE)
    button_of(window, f"confirm-{suspected.id}").click()
    assert window.investigations.tab.is_empty
    assert window.investigations.told.title.text() == "Fraud is confirmed: 70934-AB12CD-500"
    (case,) = desk.investigations.all(session(desk, "owner"))
    assert case.decision is not None
    assert case.decision.by == "manager"


def test_tabs_that_an_operator_may_not_use_are_there_and_say_why(sign_in: SignIn, desk: CouponDesk, window: Window) -> None:
    desk.people.change_role("clerk", Role.VIEWER, session(desk, "owner"))
    page = sign_in("clerk")
    opened = review(page, Subject.ORDERS)
    assert opened.orders.tab.refusal == "Your role (viewer) may not ask for a refund for a cancelled order."
    opened.show_subject(Subject.INVESTIGATIONS)
    assert opened.investigations.tab.refusal == "Your role (viewer) may not read the trail."


def test_the_tabs_are_walked_through_and_read_again_by_keyboard(page: WorkPage, qtbot: QtBot) -> None:
    window = review(page, Subject.APPROVALS)
    qtbot.waitUntil(window.isActiveWindow)
    seen = []
    for key, modifier in (
        (Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier),
    ):
        QTest.keyClick(window, key, modifier)
        seen.append(window.subject)
    assert seen == [Subject.ORDERS, Subject.INVESTIGATIONS, Subject.INVESTIGATIONS]
    assert button_of(window, "review-investigations").text() == "&Investigations"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
