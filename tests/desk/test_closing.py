"""With the real threads: closing a dialog or the window never stops what was begun."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop

PATIENCE_MS = 30_000


def at_work(window: Window, shop: TrainingShop, qtbot: QtBot) -> tuple[WorkPage, CancelDialog]:
    """Signed in, the example selected, and the dialog handed in while the point system is slow."""
    assert window.sign_in_page is not None
    window.sign_in_page.form.choose("manager")
    window.sign_in_page.form.pin.setText("482915")
    window.sign_in_page.form.submit()
    qtbot.waitUntil(lambda: window.work_page is not None, timeout=PATIENCE_MS)
    page = window.work_page
    assert page is not None
    qtbot.waitUntil(lambda: page.rows.rowCount() > 0 and not page.upkeep.is_syncing, timeout=PATIENCE_MS)
    page.search.begin_with(str(shop.showcase.example.code))
    page.search.text.returnPressed.emit()
    qtbot.waitUntil(page.details.cancel.isEnabled, timeout=PATIENCE_MS)
    shop.faults.add(Fault("add", FaultKind.SLOW, seconds=0.4))
    page.details.cancel.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.form.note.setPlainText("Asked at the counter.")
    dialog.confirm()
    return page, dialog


def the_points_came_back_once(shop: TrainingShop) -> bool:
    entries = shop.point_entries(shop.showcase.example.customer_id, "COUPON-70934-AB12CD-500")
    return [entry.points for entry in entries if entry.points > 0] == [500]


def test_the_dialog_shows_each_step_and_the_receipt(pooled_window: Window, shop: TrainingShop, qtbot: QtBot) -> None:
    page, dialog = at_work(pooled_window, shop, qtbot)
    qtbot.waitUntil(lambda: dialog.progress.receipt.is_ready, timeout=PATIENCE_MS)
    assert dialog.operation is not None
    assert dialog.operation.state is OperationState.COMPLETED
    qtbot.waitUntil(lambda: not page.work.running, timeout=PATIENCE_MS)
    assert the_points_came_back_once(shop)


def test_closing_the_dialog_does_not_stop_the_work(
    pooled_window: Window, shop: TrainingShop, desk: CouponDesk, qtbot: QtBot
) -> None:
    page, dialog = at_work(pooled_window, shop, qtbot)
    assert "goes on" in dialog.hint.text()
    dialog.reject()
    qtbot.waitUntil(lambda: not page.work.running, timeout=PATIENCE_MS)
    (operation,) = desk.operations(code=CouponCode.parse(str(shop.showcase.example.code)))
    assert operation.state is OperationState.COMPLETED
    assert the_points_came_back_once(shop)


def test_closing_the_window_waits_for_the_work_and_says_so(
    pooled_window: Window, shop: TrainingShop, desk: CouponDesk, qtbot: QtBot
) -> None:
    _page, dialog = at_work(pooled_window, shop, qtbot)
    dialog.reject()
    pooled_window.close()
    assert pooled_window.isVisible()
    assert pooled_window.ending.isVisible()
    qtbot.waitUntil(lambda: not pooled_window.isVisible(), timeout=PATIENCE_MS)
    (operation,) = desk.operations(code=CouponCode.parse(str(shop.showcase.example.code)))
    assert operation.state is OperationState.COMPLETED
    assert the_points_came_back_once(shop)
