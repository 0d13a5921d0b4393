"""Differences in the window: seen beside the coupon, compared source by source, put right with a note; a customer's life."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.customer_dialog import CustomerDialog
from coupon_desk.desk.reconcile_dialog import ReconcileDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language

Cut = Callable[[QWidget], list[str]]


def select(page: WorkPage, code: str) -> None:
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()


def test_a_difference_is_seen_compared_and_put_right_with_a_note(page: WorkPage, shop: TrainingShop) -> None:
    specimen = shop.showcase.already_returned
    select(page, specimen.code)
    assert page.details.doubt.isVisible()
    assert "not cancelled" in page.details.doubt.text.text()

    page.details.compare.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, ReconcileDialog)
    (repair,) = dialog.findChildren(QPushButton, "repair-returned_not_cancelled")
    assert not repair.isEnabled()
    dialog.note.setText("Compared with the point system")
    repair.click()

    assert dialog.told.title.text() == "Put right. The sources were looked at once more."
    assert dialog.differences.buttons == ()
    assert dialog.view is not None
    assert dialog.view.differences == ()
    assert not dialog.note.isVisible()
    dialog.reject()
    assert page.details.doubt.isHidden()
    entry = shop.record_entry(specimen.code)
    assert entry is not None
    assert entry["status"] == "cancelled"


def test_without_the_right_a_difference_is_shown_and_says_who_puts_it_right(
    sign_in: Callable[[str], WorkPage], shop: TrainingShop
) -> None:
    page = sign_in("clerk")
    dialog = page.dialogs.compare(CouponCode.parse(shop.showcase.already_returned.code))
    (repair,) = dialog.differences.buttons
    assert (repair.isEnabled(), repair.toolTip()) == (False, "Your role (clerk) may not put differences right.")
    assert not dialog.note.isVisible()
    dialog.reject()


@pytest.mark.parametrize("language", list(Language))
def test_a_customers_life_leads_to_each_coupon_and_no_text_is_cut_off(
    page: WorkPage, shop: TrainingShop, stage: Stage, qtbot: QtBot, in_view: Cut, language: Language
) -> None:
    stage.speech.switch(language)
    stage.theme.apply(language)
    specimen = shop.showcase.already_returned
    select(page, specimen.code)
    page.details.all_of_customer.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CustomerDialog)
    assert dialog.view is not None
    assert [view.code.text for view in dialog.view.coupons] == [specimen.code]
    assert dialog.name.text() == "Grace Kim"
    qtbot.waitUntil(lambda: in_view(dialog) == [])
    dialog.compare_asked.emit(dialog.view.coupons[0].code)
    compared = page.dialogs.open[-1]
    qtbot.waitUntil(lambda: in_view(compared) == [])
    compared.reject()
    dialog.reject()
