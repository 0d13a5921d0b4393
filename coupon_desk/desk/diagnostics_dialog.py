"""Writes the diagnostics for whoever helps: says what is in them, and what never is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, column, frame, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

PROPOSED: Final = "coupon-desk-diagnostics.zip"


class DiagnosticsDialog(QDialog):
    """Works also where the desk could not be opened."""

    def __init__(self, stage: Stage, home: Path, desk: CouponDesk | None, why_not: DeskError | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._home = home
        self._desk = desk
        self._why_not = why_not
        self._file: Path | None = None
        self.setModal(True)
        self.setMinimumWidth(560)
        stage.speech.tell(self, msg("Diagnostics"), "setWindowTitle")
        within = msg("Versions, what “doctor” finds, how far unfinished work is, and what the program itself wrote in its log.")
        never = msg("Never in it: names, codes, addresses, notes, tokens, PINs, and anything that another system answered.")
        self._busy = QWidget()
        self._busy.setLayout(row(Spinner(stage), label(stage, msg("Looking at everything…"), "muted"), 0, spacing=10))
        self._busy.hide()
        self.told = Banner(stage)
        self.open_folder = button(stage, msg("Open the folder"), "link", key="O")
        self.open_folder.clicked.connect(self._open)
        self.open_folder.hide()
        self.save_button = button(stage, msg("Save…"), "primary", key="S")
        self.save_button.setObjectName("save-diagnostics")
        self.save_button.clicked.connect(self._ask_where)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        body = column(
            label(stage, msg("Diagnostics for whoever helps"), "title"),
            label(stage, within, wraps=True),
            label(stage, never, "muted", wraps=True),
            self._busy,
            self.told,
            row(self.open_folder, 0),
            0,
            spacing=14,
            margins=(26, 22, 26, 18),
        )
        bottom = row(0, close, self.save_button, spacing=8, margins=(26, 12, 26, 14))
        self.setLayout(column(body, frame("footer", bottom), spacing=0))

    def save(self, file: Path) -> None:
        """Write them, in the background."""
        home, desk, why_not, window = self._home, self._desk, self._why_not, _about_window(self._stage)

        def made() -> tuple[str, ...]:
            from coupon_desk.app.diagnostics import write

            return write(file, home, desk, why_not, window)

        self._set_busy(is_busy=True)
        self.told.hide()
        self._stage.runner.read(self, "diagnostics", made, lambda _parts: self._saved(file), self._fail)

    def _ask_where(self) -> None:
        title = self._stage.speech.say(msg("Diagnostics"))
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / PROPOSED), "ZIP (*.zip)")
        if chosen:
            self.save(Path(chosen))

    def _saved(self, file: Path) -> None:
        self._set_busy(is_busy=False)
        self._file = file
        self.open_folder.show()
        hint = msg("Have a look before you hand it on: it is a ZIP file with short texts.")
        self.told.show_message(Tone.SUCCESS, msg("Saved as {file}", file=str(file)), hint)

    def _fail(self, error: DeskError) -> None:
        self._set_busy(is_busy=False)
        self.told.show_message(Tone.WARN, error.what, error.todo)

    def _set_busy(self, *, is_busy: bool) -> None:
        self._busy.setVisible(is_busy)
        self.save_button.setEnabled(not is_busy)

    def _open(self) -> None:
        if self._file is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.parent)))


def _about_window(stage: Stage) -> dict[str, Any]:
    """What the window knows of itself: numbers, and words of its own."""
    screens = [
        {"width": one.size().width(), "height": one.size().height(), "scale": one.devicePixelRatio()}
        for one in QGuiApplication.screens()
    ]
    return {
        "qt": qVersion(),
        "platform": QGuiApplication.platformName(),
        "screens": screens,
        "language": stage.speech.language.value,
        "theme": stage.theme.scheme.value,
    }
