"""The window with nobody looking: cancels one coupon by the same clicks as a person, and keeps pictures of the way.

For the demonstration on a computer without a display. The window, the pool of threads and the dialog are the real ones; only
the drawing goes to memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEventLoop, QPoint, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import Operation, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.application import make_application
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.garbage import WindowGarbage
from coupon_desk.desk.printing import Paper, write_pdf
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.step_list import STATE_WORDS
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.desk.threads import PoolRunner
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, msg, say

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

SIZE_PX: Final = (1280, 800)
PATIENCE_SECONDS: Final = 60.0
LOOK_EVERY_MS: Final = 20
SETTLING_ROUNDS: Final = 5
NOTE: Final = "The customer prefers points; asked at the counter."
LOOKS: Final = ((Language.EN, Scheme.LIGHT), (Language.JA, Scheme.DARK))
"""How each thing is pictured."""


class NothingHappened(DeskError):
    """The window did not come to the next page in time; the log and the trail tell how far it was."""


@dataclass(frozen=True, slots=True)
class HeadlessOutcome:
    """What became of the coupon, and the pictures and receipts that were written."""

    operation: Operation
    files: tuple[Path, ...]


def cancel_and_picture(
    desk: CouponDesk, login: str, pin: str, code: CouponCode, folder: Path, say_step: Callable[[str], None]
) -> HeadlessOutcome:
    """Sign in, search, select, cancel, and keep pictures and the receipt in `folder`. The desk stays open.

    Raises DeskError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    make_application()
    garbage = WindowGarbage()
    stage = Stage(PoolRunner(), Speech(Language.EN), Theme(Scheme.LIGHT))
    stage.theme.apply(Language.EN)
    window = Window(stage, lambda: desk, closes_desk=False)
    window.resize(*SIZE_PX)
    try:
        return _Tour(stage, window, desk, folder, say_step).go(login, pin, code)
    finally:
        _close(window)
        garbage.release()


class _Tour:
    """One way through the window, with pictures."""

    def __init__(self, stage: Stage, window: Window, desk: CouponDesk, folder: Path, say_step: Callable[[str], None]) -> None:
        self._stage = stage
        self._window = window
        self._desk = desk
        self._folder = folder
        self._say_step = say_step
        self._files: list[Path] = []
        self._said: set[str] = set()
        self._look = LOOKS[0]

    def go(self, login: str, pin: str, code: CouponCode) -> HeadlessOutcome:
        """From the door to the receipt."""
        self._window.show()
        self._window.open_desk()
        self._sign_in(login, pin)
        page = self._page()
        self._find(page, code)
        dialog = self._ask(page)
        operation = self._cancel(page, dialog)
        self._receipts(operation)
        return HeadlessOutcome(operation, tuple(self._files))

    def _sign_in(self, login: str, pin: str) -> None:
        wait_until(lambda: self._window.sign_in_page is not None and self._window.page is self._window.sign_in_page)
        sign_in = self._window.sign_in_page
        if sign_in is None:
            raise _stuck()
        wait_until(lambda: sign_in.form.login.count() > 0)
        sign_in.form.choose(login)
        self._picture("1-sign-in", self._window)
        sign_in.form.pin.setText(pin)
        sign_in.form.submit()
        wait_until(lambda: self._window.work_page is not None or sign_in.form.problem.isVisible())
        self._say_step(f"{login}: {self._window.windowTitle()}")

    def _page(self) -> WorkPage:
        page = self._window.work_page
        if page is None:
            raise _stuck()
        wait_until(lambda: page.rows.rowCount() > 0 and not page.upkeep.is_syncing)
        return page

    def _find(self, page: WorkPage, code: CouponCode) -> None:
        page.search.begin_with(code.text)
        page.search.text.returnPressed.emit()
        wait_until(lambda: page.details.view is not None and page.details.view.code == code)
        page.search.show_all()
        wait_until(lambda: page.rows.rowCount() > 1 and page.table.current() is not None)
        page.table.setFocus()
        self._picture("2-coupon", self._window)

    def _ask(self, page: WorkPage) -> CancelDialog:
        page.details.cancel.click()
        dialog = next((one for one in page.dialogs.open if isinstance(one, CancelDialog)), None)
        if dialog is None:
            raise _stuck()
        dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
        dialog.form.note.setPlainText(NOTE)
        self._picture("3-before", dialog)
        return dialog

    def _cancel(self, page: WorkPage, dialog: CancelDialog) -> Operation:
        page.work.changed.connect(self._tell_steps)
        dialog.confirm()
        wait_until(lambda: dialog.operation is not None and not page.work.running)
        operation = dialog.operation
        if operation is None:
            raise _stuck()
        if operation.state.is_over:
            wait_until(lambda: dialog.progress.receipt.is_ready or bool(operation.refused))
        self._picture("4-done", dialog)
        dialog.reject()
        wait_until(lambda: page.details.view is not None and page.details.view.verdict.status.value == "cancelled")
        self._picture("5-cancelled", self._window)
        return self._desk.operation(operation.id)

    def _tell_steps(self, operation: Operation) -> None:
        for step in operation.steps:
            line = f"{say(step.name.label, Language.EN)}: {say(STATE_WORDS[step.state], Language.EN)}"
            if step.state not in {StepState.PENDING, StepState.RUNNING} and line not in self._said:
                self._said.add(line)
                self._say_step(line)

    def _receipts(self, operation: Operation) -> None:
        from coupon_desk.receipts.layout import ReceiptWidth

        for width in ReceiptWidth:
            file = self._folder / f"receipt-{width.value}.pdf"
            html = self._desk.receipt(operation.id, width, operation.language)
            write_pdf(html, Paper.of(width), operation.language, file, operation.reference)
            self._files.append(file)

    def _picture(self, name: str, widget: QWidget) -> None:
        """One picture in each look; the window is switched while it is open, as a person would, and stays as it is then."""
        for language, scheme in (self._look, *(look for look in LOOKS if look != self._look)):
            self._look = (language, scheme)
            self._stage.speech.switch(language)
            self._stage.theme.apply(language, scheme)
            settle()
            file = self._folder / f"{name}-{language.value}-{scheme.value}.png"
            picture = widget.grab() if widget is self._window else over(self._window, widget)
            if not picture.save(str(file)):
                raise DeskError(msg("The picture could not be written to {file}.", file=str(file)))
            self._files.append(file)


def over(window: QWidget, dialog: QWidget) -> QPixmap:
    """A dialog in front of its window, as a person sees it."""
    picture = window.grab()
    front = dialog.grab()
    painter = QPainter(picture)
    painter.fillRect(window.rect(), QColor(0, 0, 0, 110))
    corner = QPoint((window.width() - dialog.width()) // 2, (window.height() - dialog.height()) // 2)
    for spread in (10, 6, 3):
        shadow = dialog.rect().translated(corner).adjusted(-spread, -spread + 3, spread, spread + 3)
        painter.fillRect(shadow, QColor(0, 0, 0, 26))
    painter.drawPixmap(corner, front)
    painter.end()
    return picture


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let the window live until something is so. Raises NothingHappened."""
    until = monotonic() + PATIENCE_SECONDS
    while not is_so():
        if monotonic() > until:
            raise _stuck()
        rest()


def settle() -> None:
    """Let the window lay itself out: what one round of its events asks for is done in the next."""
    for _ in range(SETTLING_ROUNDS):
        rest(0)


def rest(milliseconds: int = LOOK_EVERY_MS) -> None:
    """Let the window live for a moment, so that it takes in what has arrived."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _close(window: Window) -> None:
    ended: list[bool] = []
    window.closed.connect(lambda: ended.append(True))
    window.close()
    wait_until(lambda: bool(ended))
    window.deleteLater()
    rest()


def _stuck() -> NothingHappened:
    return NothingHappened(
        msg("The window did not answer in time."),
        done=msg("What was begun stands in the trail."),
        todo=msg("“coupon-desk operations --open” shows what is not finished."),
    )
