"""In the window: a coupon that another desk began to cancel can be taken over, with the warning that this needs."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from coupon_desk.cancellation.operation import OperationState
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop

MARK = {"operation": "6f1f7a4e-0000-4000-8000-000000000001", "by": "ken", "at": "2026-11-20T03:00:00.000000Z"}


def select(page: WorkPage, code: str) -> None:
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()


def test_another_desks_work_is_taken_over_from_the_details(page: WorkPage, shop: TrainingShop, qtbot: QtBot) -> None:
    example = shop.showcase.example
    record = shop.record(example.customer_id)
    for entry in record if isinstance(record, list) else record["coupons"]:
        if entry["code"] == str(example.code):
            entry["cancellation"] = MARK
    shop.edit_record(example.customer_id, record)
    select(page, str(example.code))
    assert not page.details.cancel.isEnabled()
    assert page.details.footer.take_over.isVisibleTo(page)

    page.details.footer.take_over.click()

    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    assert "gone for good" in dialog.refusal.title.text()
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.form.note.setPlainText("That counter burnt down.")
    dialog.confirm()
    assert dialog.operation is not None
    assert dialog.operation.request.takes_over == MARK["operation"]
    assert dialog.operation.state is OperationState.AWAITING_APPROVAL


def test_nothing_is_offered_where_nobody_stands_in_the_way(page: WorkPage, shop: TrainingShop, qtbot: QtBot) -> None:
    select(page, str(shop.showcase.example.code))
    assert page.details.cancel.isEnabled()
    assert not page.details.footer.take_over.isVisibleTo(page)
