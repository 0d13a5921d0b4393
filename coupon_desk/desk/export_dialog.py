"""Hands the trail out as a file, with a signed manifest beside it: what, from when to when, where to."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QButtonGroup, QDialog, QFileDialog, QProgressBar, QPushButton, QWidget

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.time_span import TimeSpan
from coupon_desk.errors import DeskError
from coupon_desk.words import NOTHING, Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session
    from coupon_desk.trail.manifest import Exported

FORMS: Final = (
    ("xlsx", msg("Excel"), msg("A workbook to read, sort and filter.")),
    ("csv", msg("CSV"), msg("A table for any spreadsheet.")),
    ("jsonl", msg("JSON lines"), msg("For auditors: every entry as it was hashed, to be verified without this program.")),
)
LOOK_EVERY_MS: Final = 100


class ExportEnded(DeskError):
    """Somebody ended the export; there is no file."""


class _Progress:
    """How far the export is, written by its worker and read by the window; and whether it should end."""

    def __init__(self) -> None:
        self.done = 0
        self.of = 0
        self._is_ended = threading.Event()

    def end(self) -> None:
        """End it at the next entry."""
        self._is_ended.set()

    def tell(self, done: int, of: int) -> None:
        """On the worker. Raises ExportEnded."""
        self.done, self.of = done, of
        if self._is_ended.is_set():
            raise ExportEnded(msg("The export was ended."), done=msg("No file was written."))


class ExportDialog(QDialog):
    """Work goes on while it writes, and it can be ended at any time; a file appears only when it is complete."""

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, search: TrailSearch, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._progress: _Progress | None = None
        self.setModal(True)
        self.setMinimumWidth(560)
        stage.speech.tell(self, msg("Export the trail"), "setWindowTitle")
        self.forms = _Forms(stage)
        self.span = TimeSpan(stage, search.since, search.until)
        self.span.changed.connect(self._allow)
        self.clear = button(stage, msg("With texts and names in the clear"), "toggle")
        self.clear.setCheckable(True)
        self.clear.setObjectName("export-clear")
        self.clear.toggled.connect(lambda _on: self._say_clear())
        self.warning = label(stage, role="small", wraps=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        stage.speech.tell(self.bar, msg("Progress of the export"), "setAccessibleName")
        self.written = label(stage, role="small")
        self._running = QWidget()
        self._running.setLayout(column(self.bar, self.written, spacing=4))
        self._running.hide()
        self.told = Banner(stage)
        self.start = button(stage, msg("Choose a file and export…"), "primary", key="E")
        self.start.setObjectName("start-export")
        self.start.clicked.connect(self._ask_where)
        self.stop = button(stage, msg("End the export"), key="N")
        self.stop.setObjectName("end-export")
        self.stop.clicked.connect(self._end)
        self.stop.hide()
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        body = column(
            label(stage, msg("Export the trail"), "title"),
            self.forms,
            self.span,
            column(row(self.clear, 0), self.warning, spacing=6),
            label(stage, _MANIFEST, "muted", wraps=True),
            self._running,
            self.told,
            0,
            spacing=14,
            margins=(26, 22, 26, 18),
        )
        bottom = row(0, close, self.stop, self.start, spacing=8, margins=(26, 12, 26, 14))
        self.setLayout(column(body, frame("footer", bottom), spacing=0))
        self._looking = QTimer(self)
        self._looking.setInterval(LOOK_EVERY_MS)
        self._looking.timeout.connect(self._show_progress)
        self._say_clear()

    def export_to(self, out: Path) -> None:
        """Write the trail to this file, on a worker that reads: nothing that is being cancelled waits for it."""
        from coupon_desk.app.trail_export import ExportRequest
        from coupon_desk.trail.export import ExportFormat

        since, until = self.span.moments
        form, session = ExportFormat(self.forms.chosen), self._session
        request = ExportRequest(form, since, until, session.login, clear=self.clear.isChecked())
        progress = self._progress = _Progress()
        proofs = self._desk.proofs
        self._set_running(True)
        self._stage.runner.read(
            self,
            "export",
            lambda: proofs.export(request, session, out, progress.tell),
            lambda found: self._exported(out, *found),
            self._fail,
        )

    def reject(self) -> None:
        """Closing ends what is running."""
        self._end()
        self._looking.stop()
        super().reject()

    def _ask_where(self) -> None:
        title = self._stage.speech.say(msg("Export the trail"))
        folder = self._desk.home / "exports"
        folder.mkdir(parents=True, exist_ok=True)
        proposed = folder / f"trail-{self._desk.clock.now().astimezone():%Y-%m-%d}.{self.forms.chosen}"
        chosen, _ = QFileDialog.getSaveFileName(
            self, title, str(proposed), f"{self.forms.chosen.upper()} (*.{self.forms.chosen})"
        )
        if chosen:
            self.export_to(Path(chosen))

    def _end(self) -> None:
        if self._progress is not None:
            self._progress.end()

    def _set_running(self, is_running: bool) -> None:
        for part in (self.span, self.clear, self.forms):
            part.setEnabled(not is_running)
        self._running.setVisible(is_running)
        self.stop.setVisible(is_running)
        self.start.setVisible(not is_running)
        if is_running:
            self.told.hide()
            self.bar.setRange(0, 0)
            self.written.setText("")
            self._looking.start()
            self.stop.setFocus()
        else:
            self._looking.stop()
            self._progress = None
            self._allow()

    def _show_progress(self) -> None:
        if self._progress is not None and self._progress.of:
            self.bar.setRange(0, self._progress.of)
            self.bar.setValue(self._progress.done)
            told = msg("{count} of {all} entries", count=self._progress.done, all=self._progress.of)
            self._stage.speech.tell(self.written, told)

    def _exported(self, out: Path, exported: Exported, is_signed: bool) -> None:
        self._set_running(False)
        count = msgn(
            "{count} entry was written to {file}.",
            "{count} entries were written to {file}.",
            count=exported.entries,
            file=str(out),
        )
        manifest: Message = msg("Beside it stands its manifest, signed with the key of this desk.")
        if not is_signed:
            manifest = msg("Its manifest could not be signed: the key of this desk is out of reach.")
        self.told.show_message(Tone.SUCCESS if is_signed else Tone.WARN, count, manifest)

    def _fail(self, error: DeskError) -> None:
        self._set_running(False)
        is_wanted = isinstance(error, ExportEnded)
        self.told.show_message(Tone.NEUTRAL if is_wanted else Tone.WARN, error.what, error.done if is_wanted else error.todo)

    def _say_clear(self) -> None:
        self._stage.speech.tell(
            self.warning,
            msg("What is handed out so can never be erased again. Keep the file as you keep customers' data.")
            if self.clear.isChecked()
            else msg("Personal data stays sealed: the file proves everything and names no customer."),
        )

    def _allow(self) -> None:
        self.start.setEnabled(self.span.is_sound)


class _Forms(QWidget):
    """What is written: one of the forms, and what it is good for."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._buttons: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        segments = row(spacing=2, margins=(3, 3, 3, 3))
        for form, name, _ in FORMS:
            made = button(stage, name, "segment")
            made.setCheckable(True)
            made.setObjectName(f"form-{form}")
            group.addButton(made)
            self._buttons[form] = made
            segments.addWidget(made)
        self.about = label(stage, role="muted", wraps=True)
        self.setLayout(column(row(frame("segments", segments), 0), self.about, spacing=10))
        group.buttonToggled.connect(lambda _button, _on: self._say())
        self._buttons[FORMS[0][0]].setChecked(True)

    @property
    def chosen(self) -> str:
        """The form that is chosen."""
        return next(form for form, made in self._buttons.items() if made.isChecked())

    def choose(self, form: str) -> None:
        """Press its button."""
        self._buttons[form].click()

    def _say(self) -> None:
        pressed = (about for form, _, about in FORMS if self._buttons[form].isChecked())
        self._stage.speech.tell(self.about, next(pressed, NOTHING))


_MANIFEST: Final = msg("A signed manifest is written beside the file. The export itself stands in the trail.")
