"""A manager cancels a coupon in the window, against a training shop over real HTTP."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import OperationKind, OperationState, StepName, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop

NOTE = "Asked for her points back at the counter."


def select(page: WorkPage, code: str) -> None:
    """As a scanner does: the code and Enter; then the live check."""
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()


def ask(page: WorkPage) -> CancelDialog:
    assert page.details.cancel.isEnabled()
    page.details.cancel.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    return dialog


def test_a_coupon_is_cancelled_by_keyboard_and_its_points_are_back(page: WorkPage, shop: TrainingShop, qtbot: QtBot) -> None:
    example = shop.showcase.example
    before = shop.balance(example.customer_id)
    select(page, str(example.code))
    dialog = ask(page)
    QTest.keyClick(dialog, Qt.Key.Key_1)
    assert dialog.focusWidget() is dialog.form.note
    QTest.keyClicks(dialog.form.note, NOTE)
    QTest.keyClick(dialog.form.note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    operation = dialog.operation
    assert operation is not None
    assert operation.state is OperationState.COMPLETED
    assert operation.request.reason is Reason.CUSTOMER_REQUEST
    assert operation.request.note == NOTE
    assert dialog.progress.steps.state_of(StepName.RETURN_POINTS) is StepState.DONE
    assert dialog.progress.receipt.is_ready
    assert "500" in dialog.progress.banner.title.text()

    assert before is not None
    assert shop.balance(example.customer_id) == before + 500
    returned = [entry for entry in shop.point_entries(example.customer_id, "COUPON-70934-AB12CD-500") if entry.points > 0]
    assert [entry.points for entry in returned] == [500]
    assert len(shop.mailbox.mails) == 1
    dialog.reject()
    page.details.look()
    assert page.details.view is not None
    assert page.details.view.verdict.status is CouponStatus.CANCELLED
    assert page.details.view.returned is not None
    assert not page.details.cancel.isEnabled()


def test_enter_keeps_the_coupon_so_that_a_scanner_never_cancels(page: WorkPage, shop: TrainingShop, qtbot: QtBot) -> None:
    select(page, str(shop.showcase.example.code))
    dialog = ask(page)
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.form.note.setPlainText(NOTE)
    assert dialog.confirm_button.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert shop.journal.calls("add") == ()
    assert shop.journal.calls("discountCodeDeactivate") == ()


@pytest.mark.parametrize(("reason", "note"), [(None, NOTE), (Reason.OTHER, "hm"), (Reason.OTHER, "    ")])
def test_without_a_reason_and_a_note_nothing_is_handed_in(
    page: WorkPage, shop: TrainingShop, qtbot: QtBot, reason: Reason | None, note: str
) -> None:
    select(page, str(shop.showcase.example.code))
    dialog = ask(page)
    if reason is not None:
        dialog.form.reasons.pick(reason)
    dialog.form.note.setPlainText(note)
    assert not dialog.confirm_button.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.operation is None
    assert dialog.isVisible()
    assert dialog.hint.text() != ""


def test_confirming_twice_cancels_once(page: WorkPage, shop: TrainingShop, desk: CouponDesk) -> None:
    select(page, str(shop.showcase.example.code))
    dialog = ask(page)
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.form.note.setPlainText(NOTE)
    dialog.confirm()
    dialog.confirm()
    dialog.confirm_button.click()
    assert len(desk.operations(code=CouponCode("70934-AB12CD-500"))) == 1
    assert len(shop.journal.calls("add")) == 1


def test_a_used_coupon_says_already_used_and_offers_no_way_to_cancel(page: WorkPage, shop: TrainingShop) -> None:
    select(page, str(shop.showcase.used.code))
    assert page.details.verdict.title.text() == "Already used"
    assert not page.details.cancel.isEnabled()
    view = page.details.view
    assert view is not None
    dialog = page.dialogs.cancel(view)
    assert dialog.refusal.title.text() == "Already used"
    assert dialog.refusal.text.text() == str(view.verdict.refusals[0].message)
    assert not dialog.confirm_button.isVisible()
    dialog.confirm()
    assert dialog.operation is None


def test_suspected_fraud_switches_the_code_off_and_returns_nothing(page: WorkPage, shop: TrainingShop) -> None:
    example = shop.showcase.example
    before = shop.balance(example.customer_id)
    select(page, str(example.code))
    dialog = ask(page)
    dialog.form.reasons.pick(Reason.SUSPECTED_FRAUD)
    assert not dialog.consequences.preview.isVisible()
    dialog.form.note.setPlainText(NOTE)
    dialog.confirm()
    assert dialog.operation is not None
    assert dialog.operation.kind is OperationKind.INVALIDATE
    assert shop.balance(example.customer_id) == before


def test_a_lost_answer_of_the_point_system_ends_with_the_points_back_once(page: WorkPage, shop: TrainingShop) -> None:
    example = shop.showcase.example
    shop.faults.add(Fault("add", FaultKind.LOST_ANSWER))
    select(page, str(example.code))
    dialog = ask(page)
    dialog.form.reasons.pick(Reason.STAFF_ERROR)
    dialog.form.note.setPlainText(NOTE)
    dialog.confirm()
    assert dialog.operation is not None
    added = [entry for entry in shop.point_entries(example.customer_id, "COUPON-70934-AB12CD-500") if entry.points > 0]
    assert len(added) == 1


def test_the_dialog_says_what_will_happen_before_anything_happens(page: WorkPage, shop: TrainingShop) -> None:
    select(page, str(shop.showcase.example.code))
    view = page.details.view
    dialog = ask(page)
    assert view is not None
    assert view.balance_before is not None
    texts = [label.text() for label in dialog.consequences.findChildren(type(dialog.hint))]
    assert "The code stops working at once." in texts
    assert "500 points are returned to the customer." in texts
    assert f"{view.balance_before:,}" in texts
    assert f"{view.balance_before + 500:,}" in texts
    assert "@example.com" in (view.email_masked or "")
