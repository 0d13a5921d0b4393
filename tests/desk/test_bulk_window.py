"""The window in which many coupons are cancelled, from the list to the last line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.bulk_job import JobState, RowState
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.bulk_window import BulkWindow, Step
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop

SignIn = Callable[[str], WorkPage]
Cut = Callable[[QWidget], list[str]]

WAIT_MS = 30_000
NOTE = "Issued twice by the campaign."


def free(desk: CouponDesk, shop: TrainingShop, count: int) -> tuple[CouponCode, ...]:
    special = {specimen.code for specimen in shop.showcase.all().values()}
    page = desk.catalogue.search(CouponQuery(statuses=frozenset({StatusFilter.UNUSED}), limit=100, points_until=1500))
    return tuple(one.code for one in page.rows if one.code.text not in special)[:count]


def asked(page: WorkPage, codes: tuple[CouponCode, ...]) -> BulkWindow:
    window = page.dialogs.bulk(codes)
    window.input.why.reasons.pick(Reason.DUPLICATE_ISSUE)
    window.input.why.note.setPlainText(NOTE)
    return window


def begun(page: WorkPage, codes: tuple[CouponCode, ...]) -> BulkWindow:
    window = asked(page, codes)
    window.look()
    window.sorted.typed.field.setText(str(len(window.sorted.chosen)))
    window.confirm()
    assert window.step is Step.PROGRESS
    return window


def ended(qtbot: QtBot, window: BulkWindow) -> None:
    def look() -> bool:
        window.progress.take_news()
        return window.progress.job is not None and window.progress.job.state is JobState.ENDED

    qtbot.waitUntil(look, timeout=WAIT_MS)
    window.progress.read()


def keys(window: BulkWindow) -> dict[str, str]:
    lines = window.progress.lines
    found = (lines.line_at(lines.index(row, 0)) for row in range(lines.rowCount()))
    return {line.code: line.key for line in found if line is not None}


def test_a_list_is_looked_at_first_and_then_cancelled_line_by_line(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop, qtbot: QtBot, tmp_path: Path
) -> None:
    codes = free(desk, shop, 2)
    used = shop.showcase.used.code
    window = asked(page, ())
    window.input.codes.setPlainText(f"{codes[0]}\n{codes[1]}\n{used}\nHELLO\n")
    window.input.read_now()
    assert window.input.flaws.isVisible()

    window.look_button.click()
    assert window.sorted.lines.counts["can"] == 2
    assert shop.journal.calls("discountCodeDeactivate") == ()
    assert "2 coupons will be cancelled" in window.sorted.figure.text()
    window.confirm_button.click()
    window.confirm()
    ended(qtbot, window)

    assert [desk.operations(code=code)[0].state.value for code in codes] == ["completed", "completed"]
    assert {keys(window)[code.text] for code in codes} == {"done"}
    assert keys(window)[used] == "skipped"
    assert window.progress.job is not None
    assert window.progress.job.points_returned == sum(int(code.points) for code in codes)
    assert len(desk.bulks.jobs()) == 1
    window.progress.export_to(tmp_path / "out.json")
    told = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [row["state"] for row in told["rows"]][:2] == ["done", "done"]
    window.reject()


def test_above_a_number_it_is_typed_and_enter_alone_begins_nothing(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coupon_desk.app.bulks.CONFIRM_ABOVE", 2)
    window = asked(page, free(desk, shop, 3))
    window.look()
    count = len(window.sorted.chosen)
    assert count == 3
    assert window.sorted.typed.isVisible()
    for typed in ("", str(count - 1), "all"):
        window.sorted.typed.field.setText(typed)
        assert not window.confirm_button.isEnabled()
        window.confirm()
    QTest.keyClick(window.sorted.typed.field, Qt.Key.Key_Return)
    assert desk.bulks.jobs() == ()

    window.sorted.typed.field.setText(f" {count} ")
    assert window.confirm_button.isEnabled()
    QTest.keyClick(window.sorted.typed.field, Qt.Key.Key_Return)
    assert desk.bulks.jobs() == ()
    window.reject()


def test_what_was_typed_is_there_again_when_the_window_is_opened_anew(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop
) -> None:
    window = asked(page, free(desk, shop, 2))
    window.reject()

    again = page.dialogs.bulk()

    assert again.input.why.text == NOTE
    assert len(again.input.listed.good) == 2
    assert again.step is Step.INPUT
    again.reject()


def test_a_window_that_was_closed_shows_the_work_that_went_on(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop, qtbot: QtBot
) -> None:
    codes = free(desk, shop, 2)
    window = begun(page, codes)
    job = window.progress.job
    assert job is not None
    window.reject()
    qtbot.waitUntil(lambda: desk.bulks.job(job.id).state is JobState.ENDED, timeout=WAIT_MS)

    again = page.dialogs.bulk()

    assert again.step is Step.PROGRESS
    assert {keys(again)[code.text] for code in codes} == {"done"}
    again.reject()


def test_an_unfinished_list_is_what_the_window_opens_with(page: WorkPage, desk: CouponDesk, shop: TrainingShop) -> None:
    from coupon_desk.cancellation.bulk_job import BulkRequest
    from coupon_desk.cancellation.bulk_list import list_of
    from coupon_desk.cancellation.operation import OperationKind

    codes = free(desk, shop, 2)
    request = BulkRequest(list_of(code.text for code in codes), OperationKind.CANCEL, Reason.OTHER, NOTE)
    job = desk.bulks.open(request, page.session)
    desk.bulks.pause(job.id, page.session)

    window = page.dialogs.bulk()

    assert window.step is Step.PROGRESS
    assert set(keys(window).values()) == {RowState.WAITING.value}
    assert window.progress.resume_button.isVisible()
    window.progress.stop_button.click()
    assert "Stop for good?" in window.progress.told.title.text()
    window.progress.go_on.click()
    assert desk.bulks.job(job.id).state is JobState.PAUSED
    window.progress.stop_button.click()
    window.progress.really_stop.click()
    assert desk.bulks.job(job.id).state is JobState.STOPPED
    assert set(keys(window).values()) == {RowState.SKIPPED.value}
    assert shop.journal.calls("discountCodeDeactivate") == ()
    window.reject()


def test_a_file_is_dropped_or_opened_and_one_that_is_no_text_is_refused(page: WorkPage, tmp_path: Path) -> None:
    table, picture = tmp_path / "list.csv", tmp_path / "picture.png"
    table.write_text("code,reason,note\n70934-AB12CD-500,goodwill,Said so\n", encoding="utf-8")
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\x00")
    window = page.dialogs.bulk()

    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(table))])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, dropped, buttons, modifiers)
    window.dragEnterEvent(entered)
    assert entered.isAccepted()
    window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, dropped, buttons, modifiers))
    (row,) = window.input.listed.good
    assert (str(row.code), row.reason, row.note) == ("70934-AB12CD-500", Reason.GOODWILL, "Said so")

    window.open_file(picture)
    assert window.input.listed.good == ()
    assert window.input.flaws.isVisible()
    window.open_file(tmp_path / "gone.csv")
    assert "cannot be read" in window.input.flaws.title.text()
    window.input.clear()
    assert window.input.is_empty
    window.reject()


def test_who_may_not_ask_is_told_why(page: WorkPage, stage: Stage, desk: CouponDesk) -> None:
    from coupon_desk.people.roles import Right
    from coupon_desk.words import msg

    window = BulkWindow(stage, desk, page.session, {Right.ASK: msg("Your role may not ask.")}, page)
    window.input.codes.setPlainText("70934-AB12CD-500")
    window.input.why.reasons.pick(Reason.OTHER)
    window.input.why.note.setPlainText(NOTE)
    window.look()

    assert not window.look_button.isEnabled()
    assert window.hint.text() == "Your role may not ask."
    assert window.step is Step.INPUT
    window.reject()


def test_what_is_selected_in_the_list_is_what_the_window_begins_with(page: WorkPage) -> None:
    page.table.selectAll()
    codes = page.selected()
    assert len(codes) > 1

    page.cancel_selected.click()

    (window,) = (one for one in page.dialogs.open if isinstance(one, BulkWindow))
    assert tuple(row.code for row in window.input.listed.good) == codes
    window.reject()


def test_with_the_real_threads_what_was_just_typed_is_waited_for(
    pooled_window: Window, desk: CouponDesk, shop: TrainingShop, qtbot: QtBot
) -> None:
    sign_in = pooled_window.sign_in_page
    assert sign_in is not None
    sign_in.form.choose("manager")
    sign_in.form.pin.setText("482915")
    sign_in.form.submit()
    qtbot.waitUntil(lambda: pooled_window.work_page is not None, timeout=WAIT_MS)
    page = pooled_window.work_page
    assert page is not None
    qtbot.waitUntil(page.header.trail.isEnabled, timeout=WAIT_MS)
    (code,) = free(desk, shop, 1)
    window = asked(page, ())
    window.input.codes.setPlainText(code.text)
    window.look()
    qtbot.waitUntil(lambda: window.sorted.found is not None, timeout=WAIT_MS)
    window.confirm()
    window.confirm()
    qtbot.waitUntil(lambda: window.step is Step.PROGRESS, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.progress.job is not None and window.progress.job.state is JobState.ENDED, timeout=WAIT_MS)

    assert len(desk.bulks.jobs()) == 1
    qtbot.waitUntil(lambda: keys(window) == {code.text: "done"}, timeout=WAIT_MS)
    window.reject()
