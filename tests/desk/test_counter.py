"""At the counter by keyboard and scanner: what a scan never does, phrases, what can be stopped, notes that come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.page_scans import PageScans
from coupon_desk.desk.paper_sheet import PaperSheet
from coupon_desk.desk.scanner_pace import ScannerKeys
from coupon_desk.desk.scanner_watch import ScannerWatch
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.settings import Desk
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.desk.conftest import SignIn
from tests.desk.keys import Keys

NOTE = "Asked for her points back at the counter."
OWN_PHRASE = "Seen by the manager on duty."
WIDE = "７０９３４ーＡＢ１２ＣＤー５００"
CONTROL = Qt.KeyboardModifier.ControlModifier

Ask = Callable[[], CancelDialog]


@pytest.fixture
def example(shop: TrainingShop) -> CouponCode:
    return CouponCode(shop.showcase.example.code)


@pytest.fixture
def used(shop: TrainingShop) -> CouponCode:
    return CouponCode(shop.showcase.used.code)


@pytest.fixture
def ask(page: WorkPage, example: CouponCode) -> Ask:
    def ask() -> CancelDialog:
        page.search.enter(example.text)
        page.details.look()
        assert page.details.view is not None
        return page.dialogs.cancel(page.details.view)

    return ask


@pytest.fixture
def holding(desk: CouponDesk) -> None:
    """A house that holds what was confirmed for three seconds, and has a phrase of its own."""
    house = Desk(hold_seconds=3, note_phrases=[OWN_PHRASE])
    desk.settings = msgspec.structs.replace(desk.settings, desk=house)


def keys_in(dialog: CancelDialog) -> Keys:
    """Offscreen no window system brings a dialog to the front, which is when it begins to listen."""
    for watch in dialog.findChildren(ScannerWatch):
        watch._listen(dialog.windowHandle())
    return Keys(dialog)


def commit(field: QWidget, text: str) -> None:
    """What an input method does in the end."""
    committed = QInputMethodEvent()
    committed.setCommitString(text)
    QApplication.sendEvent(field, committed)


def texts(parent: QWidget) -> set[str]:
    return {shown.text() for shown in parent.findChildren(QLabel) if shown.isVisibleTo(parent)}


def test_a_scan_selects_its_coupon_and_only_a_persons_enter_opens_the_dialog(
    page: WorkPage, example: CouponCode, used: CouponCode
) -> None:
    keys = Keys(page)
    page.search.filters.click()
    page.search.panel.points_from.setFocus()
    keys.scan(f"{example}\r\n")
    assert (page.search.panel.points_from.text(), page.search.text.text()) == ("", example.text)
    assert page.details.shown == example
    keys.scan(f"{example}\r\n")
    page.details.look()
    for _ in range(3):
        keys.press(Qt.Key.Key_Return, after_ms=30, is_held=True)
    assert not page.dialogs.open
    keys.press(Qt.Key.Key_Return)
    (dialog,) = page.dialogs.open
    assert dialog.windowTitle() == "Cancel coupon"
    dialog.reject()

    page.table.setFocus()
    keys.scan(f"{used}\r")
    keys.press(Qt.Key.Key_Return)
    page.details.look()
    assert not page.dialogs.open
    assert page.details.verdict.title.text() == "Already used"


def test_a_code_may_come_slowly_in_a_frame_or_through_an_input_method(
    page: WorkPage, example: CouponCode, used: CouponCode
) -> None:
    keys = Keys(page)
    page.search.focus()
    keys.type(f"{example}\r")
    assert page.details.shown == example
    page.search.show_all()
    page.search.text.setText(example.text)
    page.table.select(page.rows.find(used))
    page.search.focus()
    keys.press(Qt.Key.Key_Return)
    assert (page.details.shown, page.dialogs.open) == (example, ())

    PageScans(page, page.search, ScannerKeys("\x02", "\x03"))
    keys.scan(f"\x02{used}\x03")
    assert page.search.text.text() == used.text
    assert page.details.shown == used

    page.search.clear()
    QApplication.sendEvent(page.search.text, QInputMethodEvent("７０９３４", []))
    assert page.details.shown == used
    commit(page.search.text, WIDE)
    assert page.details.shown == example


def test_a_scan_in_the_dialog_changes_and_confirms_nothing_until_it_is_done(
    page: WorkPage, ask: Ask, example: CouponCode, used: CouponCode
) -> None:
    dialog = ask()
    keys, form = keys_in(dialog), dialog.form
    for scanned, told in (
        (f"{used}\r\n", f"{used} was scanned: first finish or keep this coupon."),
        (f"{example}\r", "This is the coupon that was scanned."),
        ("4901234567894\r", "What was scanned is not the code of a coupon."),
    ):
        keys.scan(scanned)
        assert (form.reason, form.note.toPlainText(), dialog.hint.text()) == (None, "", told)
        assert form.reasons.isAncestorOf(dialog.focusWidget())

    keys.type("3")
    commit(form.note, NOTE)
    commit(form.note, WIDE)
    assert (form.reason, form.note.toPlainText()) == (Reason.ORDER_CANCELLED, NOTE)
    keys.scan(example.text)
    keys.press(Qt.Key.Key_Return, CONTROL, after_ms=8)
    dialog.confirm_button.setFocus()
    keys.scan("A B C D E F G\r")
    keys.press(Qt.Key.Key_Return, CONTROL, is_held=True)
    assert (form.reason, form.note.toPlainText()) == (Reason.ORDER_CANCELLED, NOTE)
    assert (dialog.operation, dialog.isVisible()) == (None, True)

    keys.press(Qt.Key.Key_Return, CONTROL)
    assert dialog.operation is not None
    assert (dialog.operation.state, dialog.operation.request.note) == (OperationState.COMPLETED, NOTE)
    keys.scan(f"{used}\r")
    assert not page.dialogs.open
    assert page.details.shown == used


def test_what_will_happen_is_told_and_a_phrase_takes_three_keys(holding: None, page: WorkPage, ask: Ask, stage: Stage) -> None:
    dialog = ask()
    assert {
        "The points can be used until 23 Nov 2027 then.",
        "The customer is told by e-mail, in Japanese.",
        "A receipt is made, in Japanese.",
        "Cannot be undone, neither the code nor the points.",
    } <= texts(dialog.consequences)
    assert not dialog.consequences.receipt_preview.isEnabled()

    note, phrases = dialog.form.note, dialog.form.note.phrases

    def offered() -> list[str]:
        return [phrases.item(row).text() for row in range(phrases.count())] if phrases.isVisible() else []

    QTest.keyClick(dialog, Qt.Key.Key_2)
    assert dialog.focusWidget() is note
    QTest.keyClick(note, Qt.Key.Key_Down)
    assert offered() == [
        OWN_PHRASE,
        "The customer did not mean to convert the points.",
        "The customer chose the wrong number of points.",
    ]
    QTest.keyClick(note, Qt.Key.Key_Escape)
    assert (offered(), dialog.isVisible()) == ([], True)
    QTest.keyClicks(note, "He said so. wr")
    QTest.keyClick(note, Qt.Key.Key_Tab)
    assert (note.toPlainText(), offered()) == ("He said so. The customer chose the wrong number of points.", [])
    note.clear()
    QTest.keyClicks(note, "The")
    QTest.keyClick(note, Qt.Key.Key_Return)
    QTest.keyClicks(note, "The")
    QTest.keyClick(note, Qt.Key.Key_Up)
    QTest.keyClick(note, Qt.Key.Key_Return)
    assert note.toPlainText() == "The\nThe customer chose the wrong number of points."
    stage.speech.switch(Language.JA)
    note.clear()
    QTest.keyClick(note, Qt.Key.Key_Down)
    assert len(offered()) == 3
    commit(note, "man")
    assert offered() == [OWN_PHRASE]
    stage.speech.switch(Language.EN)

    dialog.consequences.receipt_preview.click()
    paper = dialog.findChildren(PaperSheet)[-1]
    assert "見本" in paper.accessibleDescription()
    assert "500ポイント返還" in paper.accessibleDescription()
    for child in dialog.findChildren(CancelDialog):
        child.reject()
    dialog.reject()

    view = page.details.view
    assert view is not None
    today = view.looked_at.astimezone().date()
    for days, told in (
        (30, "Tell the customer: the points can be used until 23 Dec 2026 only."),
        (-1, "These points expired on 22 Nov 2026: the point system may take the returned ones away again."),
    ):
        again = page.dialogs.cancel(replace(view, points_expire_on=today + timedelta(days=days)))
        assert told in texts(again.consequences)
        again.reject()
    silent = page.dialogs.cancel(replace(view, points_expire_on=None))
    assert not any("until" in text for text in texts(silent.consequences))


def test_what_is_held_can_be_stopped_and_nothing_was_sent(
    holding: None, ask: Ask, desk: CouponDesk, shop: TrainingShop, example: CouponCode
) -> None:
    dialog = ask()
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.form.note.setPlainText(NOTE)
    calls = len(shop.journal.entries)
    dialog.confirm()
    dialog.hold.tick()
    assert (dialog.hold.is_running, dialog.keep.text(), dialog.focusWidget()) == (True, "Stop", dialog.keep)
    QTest.keyClick(dialog.keep, Qt.Key.Key_Return)
    assert dialog.hint.text() == "Stopped in time: nothing was sent, and the coupon is kept."
    assert (dialog.form.reason, dialog.form.note.toPlainText()) == (Reason.CUSTOMER_REQUEST, NOTE)
    assert (dialog.isVisible(), len(shop.journal.entries), desk.operations(code=example)) == (True, calls, ())
    assert desk.drafts.not_begun("manager") == ()

    dialog.confirm()
    for _ in range(3):
        dialog.hold.tick()
    assert dialog.operation is not None
    assert dialog.operation.state is OperationState.COMPLETED
    assert desk.drafts.note("manager", example, OperationKind.CANCEL) == ""


def test_a_note_comes_back_to_its_writer_and_what_was_held_when_they_left_is_told_as_not_begun(
    holding: None, window: Window, sign_in: SignIn, ask: Ask, desk: CouponDesk, example: CouponCode
) -> None:
    first = ask()
    QTest.keyClicks(first.form.note, "Asked for her points")
    first.kept._soon.timeout.emit()
    assert desk.drafts.note("manager", example, OperationKind.CANCEL) == "Asked for her points"
    QTest.keyClicks(first.form.note, NOTE.removeprefix("Asked for her points"))
    first.reject()
    dialog = ask()
    assert (dialog.form.note.toPlainText(), dialog.form.reason) == (NOTE, None)
    assert dialog.hint.text() == "The note that you had begun is here again."

    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    dialog.confirm()
    window.lock()
    assert not dialog.hold.is_running
    assert sign_in("manager").not_begun.isHidden()
    assert dialog.hint.text() == "The desk was left before it began: nothing was sent."
    assert desk.drafts.not_begun("manager") == ()

    dialog.confirm()
    window.lock()
    assert sign_in("clerk").not_begun.isHidden()
    window.lock()
    page = sign_in("manager")
    assert page.not_begun.title.text().startswith("The cancellation of 70934-AB12CD-500 was not begun")
    page.not_begun.show_coupon.click()
    page.details.look()
    page.details.cancel.click()
    (asked,) = page.dialogs.open
    assert isinstance(asked, CancelDialog)
    assert asked.form.note.toPlainText() == NOTE
    assert desk.operations(code=example) == ()
