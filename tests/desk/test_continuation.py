"""Work whose time has come goes on by the clock, in the window of a real training shop."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import Operation, StepName, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.errors import DeskError
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import msg

PATIENCE_MS = 20_000


def cancelled(page: WorkPage, desk: CouponDesk, code: str) -> Operation:
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()
    assert page.details.view is not None
    dialog = page.dialogs.cancel(page.details.view)
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.form.note.setPlainText("Asked at the counter.")
    dialog.confirm()
    dialog.reject()
    (operation,) = desk.operations(code=CouponCode.parse(code))
    return operation


def test_the_discount_is_retired_by_the_timer_when_its_time_has_come(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop, qtbot: QtBot
) -> None:
    operation = cancelled(page, desk, shop.showcase.example.code)
    assert operation.step(StepName.RETIRE).state is StepState.DELAYED
    shop.advance(2 * 24 * 3600)

    with qtbot.waitSignal(page.continuation.resumed, timeout=PATIENCE_MS):
        page.continuation.plan()
    assert desk.operation(operation.id).step(StepName.RETIRE).state is StepState.DONE
    assert shop.discount(shop.showcase.example.code) is None


def test_what_hinders_it_is_said_on_the_page_and_it_tries_again(
    page: WorkPage, desk: CouponDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(on_change: object) -> tuple[Operation, ...]:
        raise DeskError(msg("Another Coupon Desk is working in this home."))

    with monkeypatch.context() as busy:
        busy.setattr(desk, "resume", refuse)
        page.continuation.resume()
    assert page.problem.title.text() == "Another Coupon Desk is working in this home."
    assert page.continuation.is_waiting
