"""What needs a second look: alarms, unknown outcomes, second persons, copies; in the window, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.attention_strip import AttentionStrip
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.receipt_dialog import ReceiptDialog
from coupon_desk.desk.review_window import ReviewWindow
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language

NOTE = "Asked at the counter."
FIFTEEN_MINUTES = 15 * 60.0
REFERENCE = "COUPON-70934-AB12CD-500"


def select(page: WorkPage, code: str) -> None:
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()


def hand_in(page: WorkPage, code: str, reason: Reason = Reason.CUSTOMER_REQUEST) -> CancelDialog:
    """Select, ask, fill in, confirm."""
    select(page, code)
    page.details.cancel.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    dialog.form.reasons.pick(reason)
    dialog.form.note.setPlainText(NOTE)
    dialog.confirm()
    return dialog


def keep_history_silent_after_sending(page: WorkPage, shop: TrainingShop) -> None:
    """From the moment in which the points are sent, the point system does not tell what it did."""

    def look(operation: Operation) -> None:
        if operation.step(StepName.RETURN_POINTS).state is StepState.RUNNING:
            shop.faults.add(Fault("history", FaultKind.ERROR_500_BEFORE, every=1))

    page.work.changed.connect(look)


def switch_on_again(shop: TrainingShop, discount_id: str) -> None:
    """Somebody does it in Shopify's own administration, although the coupon is cancelled."""
    addresses = shop.addresses
    document = "mutation($id: ID!) { discountCodeActivate(id: $id) { userErrors { message } } }"
    answer = httpx.post(
        f"{addresses.shopify_endpoint}/admin/api/{addresses.api_version}/graphql.json",
        headers={"X-Shopify-Access-Token": addresses.token},
        json={"query": document, "variables": {"id": discount_id}},
    )
    assert answer.json()["data"]["discountCodeActivate"]["userErrors"] == []


def state_of(desk: CouponDesk, code: str) -> OperationState:
    (operation,) = desk.operations(code=CouponCode.parse(code))
    return operation.state


def credits_of(shop: TrainingShop, customer_id: str, reference: str = REFERENCE) -> list[int]:
    return [entry.points for entry in shop.point_entries(customer_id, reference) if entry.points > 0]


def shown_by(strip: AttentionStrip, page: WorkPage) -> OperationDialog:
    """Press “Show” in the strip."""
    QApplication.processEvents()
    (show,) = [one for one in strip.findChildren(QPushButton) if one.text() == "Show" and one.isVisible()]
    show.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, OperationDialog)
    return dialog


def second_person(page: WorkPage, login: str = "owner", pin: str = "739164") -> ReviewWindow:
    page.header.review.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, ReviewWindow)
    dialog.approvals.form.choose(login)
    dialog.approvals.form.pin.setText(pin)
    dialog.approvals.form.submit()
    return dialog


def pressed(dialog: ReviewWindow, verb: str, operation: Operation) -> QPushButton:
    QApplication.processEvents()
    found = [one for one in dialog.findChildren(QPushButton, f"{verb}-{operation.id}") if one.isVisible()]
    assert len(found) == 1
    return found[0]


def test_an_alarm_after_the_end_is_shown_and_answered_with_a_note(page: WorkPage, shop: TrainingShop, desk: CouponDesk) -> None:
    example = shop.showcase.example
    hand_in(page, example.code).reject()
    switch_on_again(shop, example.discount_id)
    shop.redeem(example.code)
    assert not page.attention.isVisible()
    shop.advance(FIFTEEN_MINUTES)
    page.continuation.run_due()
    assert page.attention.isVisible()
    assert page.attention.title.text() == "1 operation is not finished"

    dialog = shown_by(page.attention, page)
    assert "was used although it had been cancelled" in dialog.progress.banner.title.text()
    assert not dialog.go_on.isVisible()
    assert not dialog.answer.isEnabled()
    QTest.keyClicks(dialog.note, "Paid at the till.")
    dialog.answer.click()
    (operation,) = desk.operations(code=CouponCode.parse(example.code))
    assert operation.state is OperationState.COMPLETED
    assert not dialog.answer.isVisible()
    dialog.reject()
    assert not page.attention.isVisible()
    assert credits_of(shop, example.customer_id) == [500]


def test_an_email_of_unknown_fate_is_shown_and_answered(page: WorkPage, shop: TrainingShop, desk: CouponDesk) -> None:
    example = shop.showcase.example
    shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))
    dialog = hand_in(page, example.code)
    assert state_of(desk, example.code) is OperationState.COMPLETED
    assert dialog.progress.steps.state_of(StepName.NOTIFY) is StepState.UNKNOWN
    dialog.reject()
    assert page.attention.isVisible()
    told = shown_by(page.attention, page)
    QTest.keyClicks(told.note, "She has the e-mail on her telephone.")
    told.answer.click()
    assert told.progress.steps.state_of(StepName.NOTIFY) is StepState.SKIPPED
    told.reject()
    assert not page.attention.isVisible()
    assert len(shop.mailbox.mails) == 1


def test_a_lost_answer_is_shown_as_unknown_until_the_history_tells(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    example = shop.showcase.example
    shop.faults.add(Fault("add", FaultKind.LOST_ANSWER))
    keep_history_silent_after_sending(page, shop)
    dialog = hand_in(page, example.code)
    assert dialog.operation is not None
    assert state_of(desk, example.code) is OperationState.RUNNING
    assert dialog.progress.steps.state_of(StepName.RETURN_POINTS) is StepState.UNKNOWN
    assert dialog.progress.steps.state_of(StepName.UPDATE_RECORD) is StepState.PENDING
    assert dialog.operation.points_returned == 0
    assert dialog.progress.receipt.isHidden()
    assert "are returned" not in dialog.progress.banner.title.text()
    assert credits_of(shop, example.customer_id) == [500]

    shop.faults.clear()
    while state_of(desk, example.code) is OperationState.RUNNING:
        assert desk.next_due() is not None
        shop.advance(60)
        page.continuation.run_due()
    assert state_of(desk, example.code) is OperationState.COMPLETED
    assert dialog.progress.steps.state_of(StepName.RETURN_POINTS) is StepState.DONE
    assert dialog.progress.receipt.is_ready
    assert dialog.progress.banner.title.text() == "Cancelled: 500 points are returned"
    assert credits_of(shop, example.customer_id) == [500]
    assert len(shop.journal.calls("add")) == 1


def test_a_used_coupon_of_a_cancelled_order_is_refunded_when_a_second_person_approves(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    specimen = shop.showcase.used_order_cancelled
    before = shop.balance(specimen.customer_id)
    assert before is not None
    select(page, specimen.code)
    assert not page.details.cancel.isEnabled()
    page.details.footer.refund.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    (order,) = shop.orders_with(specimen.code)
    assert dialog.form.order is not None
    assert dialog.form.order.text() == order.name
    shown = {label.text() for label in dialog.consequences.findChildren(QLabel)}
    assert {f"{before:,}", f"{before + specimen.points:,}", f"+{specimen.points:,}"} <= shown
    dialog.form.note.setPlainText(NOTE)
    QTest.keyClick(dialog.form.note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.operation is not None
    assert dialog.operation.state is OperationState.AWAITING_APPROVAL
    assert dialog.progress.banner.title.text() == "Waiting for a second person"
    assert shop.balance(specimen.customer_id) == before
    dialog.reject()

    approvals = second_person(page)
    (waiting,) = desk.awaiting_approval()
    pressed(approvals, "approve", waiting).click()
    done = desk.operation(waiting.id)
    assert done.state is OperationState.COMPLETED
    assert done.kind is OperationKind.ORDER_REFUND
    assert done.approved_by == "owner"
    assert shop.balance(specimen.customer_id) == before + specimen.points
    approvals.reject()
    page.details.look()
    assert page.details.view is not None
    assert page.details.view.verdict.status is CouponStatus.USED


def test_rejecting_needs_a_note_and_ends_the_request_with_nothing_done(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    hand_in(page, shop.showcase.example.code, Reason.GOODWILL).reject()
    (waiting,) = desk.awaiting_approval()
    approvals = second_person(page)
    assert not pressed(approvals, "reject", waiting).isEnabled()
    approvals.approvals.who.note.setText("Not without the shop owner.")
    pressed(approvals, "reject", waiting).click()
    refused = desk.operation(waiting.id)
    assert refused.state is OperationState.REFUSED
    assert "Not without the shop owner." in str(refused.refused[0].message)
    assert shop.journal.calls("add") == ()
    assert shop.journal.calls("discountCodeDeactivate") == ()
    approvals.reject()
    assert not page.attention.isVisible()


def test_a_clerk_may_not_approve_and_is_told_so(page: WorkPage, shop: TrainingShop, desk: CouponDesk) -> None:
    hand_in(page, shop.showcase.example.code, Reason.GOODWILL).reject()
    (waiting,) = desk.awaiting_approval()
    approvals = second_person(page, "clerk", "615273")
    approve = pressed(approvals, "approve", waiting)
    assert not approve.isEnabled()
    assert approve.accessibleDescription() == "Your role (clerk) may not approve requests."


def test_who_asked_withdraws_the_request_and_the_coupon_is_free_again(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk
) -> None:
    code = shop.showcase.example.code
    hand_in(page, code, Reason.GOODWILL).reject()
    dialog = shown_by(page.attention, page)
    assert not dialog.answer.isVisible()
    assert not dialog.withdraw.isEnabled()
    QTest.keyClicks(dialog.note, "Picked the wrong coupon.")
    dialog.withdraw.click()
    dialog.reject()
    assert not page.attention.isVisible()
    (operation,) = desk.operations(code=CouponCode.parse(code))
    assert operation.state is OperationState.REFUSED
    page.details.look()
    assert page.details.cancel.isEnabled()


def test_a_receipt_copy_says_that_it_is_one_and_handing_it_out_is_noted(
    page: WorkPage, shop: TrainingShop, desk: CouponDesk, tmp_path: Path
) -> None:
    code = shop.showcase.example.code
    hand_in(page, code).reject()
    page.details.look()
    page.details.footer.receipt.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, ReceiptDialog)
    assert dialog.receipt.is_ready
    text = dialog.receipt.paper.accessibleDescription()
    assert "控え" in text
    assert "70934-AB12CD-500" in text
    file = tmp_path / "copy.pdf"
    dialog.receipt.save(file)
    assert file.read_bytes().startswith(b"%PDF-")
    (operation,) = desk.operations(code=CouponCode.parse(code))
    issued = [entry for entry in desk.trail.of_operation(operation.id) if entry.action == "receipt.issued"]
    assert [(entry.actor, entry.body["how"]) for entry in issued] == [("manager", "pdf")]


def test_a_coupon_that_was_never_cancelled_has_no_receipt(page: WorkPage, shop: TrainingShop) -> None:
    select(page, shop.showcase.example.code)
    page.details.footer.receipt.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, ReceiptDialog)
    assert dialog.problem.title.text() == "There is no receipt for this coupon."
    assert not dialog.receipt.isVisible()


def test_what_a_crash_left_goes_on_when_the_desk_opens_and_nobody_is_there(
    stage: Stage, desk: CouponDesk, shop: TrainingShop, qtbot: QtBot
) -> None:
    example = shop.showcase.example
    first = Window(stage, lambda: desk, closes_desk=False)
    first.open_desk()
    shop.faults.add(Fault("add", FaultKind.LOST_ANSWER))
    assert first.sign_in_page is not None
    first.sign_in_page.form.choose("manager")
    first.sign_in_page.form.pin.setText("482915")
    first.sign_in_page.form.submit()
    assert first.work_page is not None
    keep_history_silent_after_sending(first.work_page, shop)
    hand_in(first.work_page, example.code)
    assert state_of(desk, example.code) is OperationState.RUNNING
    shop.faults.clear()
    shop.advance(3600)

    second = Window(stage, lambda: desk, closes_desk=False)
    second.open_desk()
    assert second.work_page is None
    assert state_of(desk, example.code) is OperationState.COMPLETED
    assert credits_of(shop, example.customer_id) == [500]
    for window in (first, second):
        for dialog in window.work_page.dialogs.open if window.work_page is not None else ():
            dialog.reject()
        window.close()
        window.close()


def test_pages_and_dialogs_that_are_gone_hear_nothing_more(
    window: Window, page: WorkPage, sign_in: Callable[[str], WorkPage], stage: Stage, shop: TrainingShop, qtbot: QtBot
) -> None:
    hand_in(page, shop.showcase.example.code, Reason.GOODWILL).reject()
    shown_by(page.attention, page).reject()
    second_person(page).reject()
    with qtbot.waitSignal(page.destroyed):
        window.switch()
        sign_in("clerk")
    with qtbot.captureExceptions() as wrong:
        stage.speech.switch(Language.JA)
        stage.theme.apply(Language.JA, Scheme.DARK)
        assert window.continuation is not None
        window.continuation.resume()
    assert wrong == []


@pytest.mark.parametrize("kind", [FaultKind.ERROR_500_BEFORE, FaultKind.RESET_BEFORE])
def test_a_check_that_fails_says_so_and_can_be_tried_again(page: WorkPage, shop: TrainingShop, kind: FaultKind) -> None:
    shop.faults.add(Fault("history", kind, every=1, times=40))
    select(page, shop.showcase.example.code)
    assert not page.details.cancel.isEnabled()
    assert page.details.answer.again.isVisibleTo(page.details)
    shop.faults.clear()
    page.details.answer.again.click()
    assert page.details.cancel.isEnabled()
