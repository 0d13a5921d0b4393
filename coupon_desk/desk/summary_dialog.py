"""The owner's summary of a time as PDF: returns by operator, reason and day, refusals, approvals, alarms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, column, frame, label, row
from coupon_desk.desk.printing import Paper, write_pdf
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.time_span import TimeSpan
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


class SummaryDialog(QDialog):
    """Proposes this month, where the filters name no days."""

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, search: TrailSearch, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._file: Path | None = None
        self.setModal(True)
        self.setMinimumWidth(600)
        stage.speech.tell(self, msg("Owner's summary"), "setWindowTitle")
        since, until = search.since, search.until
        if since is None and until is None:
            until = desk.clock.now().astimezone().date()
            since = until.replace(day=1)
        self.span = TimeSpan(stage, since, until)
        self.span.changed.connect(self._allow)
        self._busy = QWidget()
        self._busy.setLayout(
            row(Spinner(stage), label(stage, msg("Proving the trail and summing it up…"), "muted"), 0, spacing=10)
        )
        self._busy.hide()
        self.told = Banner(stage)
        self.open_file = button(stage, msg("Open the file"), "link", key="O")
        self.open_file.setObjectName("open-summary")
        self.open_file.clicked.connect(self._open)
        self.open_file.hide()
        self.save_button = button(stage, msg("Save PDF…"), "primary", key="S")
        self.save_button.setObjectName("save-summary")
        self.save_button.clicked.connect(self._ask_where)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        body = column(
            label(stage, msg("Owner's summary"), "title"),
            label(
                stage,
                msg(
                    "Returns by operator, reason and day, refusals, approvals and alarms, as PDF for A4, with what proves them."
                ),
                "muted",
                wraps=True,
            ),
            self.span,
            self._busy,
            self.told,
            row(self.open_file, 0),
            0,
            spacing=14,
            margins=(26, 22, 26, 18),
        )
        bottom = row(0, close, self.save_button, spacing=8, margins=(26, 12, 26, 14))
        self.setLayout(column(body, frame("footer", bottom), spacing=0))

    def save(self, out: Path) -> None:
        """Sum up, and write the PDF in the language of the window."""
        from coupon_desk.receipts.layout import ReceiptWidth
        from coupon_desk.trail.summary_page import summary_page

        since, until = self.span.moments
        proofs, session, language = self._desk.proofs, self._session, self._stage.speech.language
        title = self._stage.speech.say(msg("Owner's summary"))

        def made() -> None:
            summary = proofs.summary(since, until, session)
            about = proofs.about(proofs.verify(session), session)
            write_pdf(summary_page(summary, about, language), Paper.of(ReceiptWidth.A4), language, out, title)

        self._set_busy(True)
        self.told.hide()
        self._stage.runner.read(self, "summary", made, lambda _done: self._saved(out), self._fail)

    def _ask_where(self) -> None:
        folder = self._desk.home / "exports"
        folder.mkdir(parents=True, exist_ok=True)
        since, until = self.span.since.day, self.span.until.day
        named = "-".join(day.isoformat() for day in (since, until) if day is not None)
        proposed = folder / f"summary{'-' if named else ''}{named}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(
            self, self._stage.speech.say(msg("Owner's summary")), str(proposed), "PDF (*.pdf)"
        )
        if chosen:
            self.save(Path(chosen))

    def _saved(self, out: Path) -> None:
        self._set_busy(False)
        self._file = out
        self.open_file.show()
        self.told.show_message(Tone.SUCCESS, msg("Saved as {file}", file=str(out)))

    def _fail(self, error: DeskError) -> None:
        self._set_busy(False)
        self.told.show_message(Tone.WARN, error.what, error.todo)

    def _set_busy(self, is_busy: bool) -> None:
        self._busy.setVisible(is_busy)
        self.span.setEnabled(not is_busy)
        self.open_file.hide()
        self._allow()
        if is_busy:
            self.save_button.setEnabled(False)

    def _allow(self) -> None:
        self.save_button.setEnabled(self.span.is_sound)

    def _open(self) -> None:
        if self._file is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file)))
