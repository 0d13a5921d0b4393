"""The trail, for those who may read it: found by filters, entry by entry, proved and handed out. Work goes on behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QStackedWidget, QWidget

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, column, frame, icon_label, label, row
from coupon_desk.desk.export_dialog import ExportDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.summary_dialog import SummaryDialog
from coupon_desk.desk.trail_bar import TrailBar
from coupon_desk.desk.trail_details import TrailDetails
from coupon_desk.desk.trail_filters import TrailFilters
from coupon_desk.desk.trail_proof_part import TrailProofPart
from coupon_desk.desk.trail_rows import TrailRows
from coupon_desk.desk.trail_table import TrailTable
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session
    from coupon_desk.trail.proof import TrailProof

SIZE_PX: Final = (1280, 760)
SMALLEST_PX: Final = (1120, 600)
FRAME_PX: Final = 40


class TrailWindow(QDialog):
    """A window of its own, beside the one that works. That it was opened stands in the trail."""

    def __init__(
        self, stage: Stage, desk: CouponDesk, session: Session, rights: Mapping[Right, Message | None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._wanted: int | None = None
        self._front: QDialog | None = None
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setWindowFlag(Qt.WindowType.WindowMinimizeButtonHint)
        self.setMinimumSize(*SMALLEST_PX)
        self.resize(_fitting(self))
        stage.speech.tell(self, msg("Trail – {shop}", shop=desk.settings.shop.name), "setWindowTitle")
        self.bar = TrailBar(stage, rights)
        self.filters = TrailFilters(stage)
        self.rows = TrailRows(stage, desk.reading, session, self)
        self.table = TrailTable(stage, self.rows)
        self.details = TrailDetails(stage)
        self.proof = TrailProofPart(stage)
        self.problem = Banner(stage)
        self._lay_out()
        self._connect()

    def begin(self) -> None:
        """Say in the trail that it is read, and show it."""
        desk, session = self._desk, self._session
        self._stage.runner.write(
            self, lambda _tell: desk.proofs.read({"where": "window"}, session), lambda _done: self.refresh(), self._fail
        )
        self._stage.runner.read(self, "operators", desk.people.list, self.filters.offer, self._fail)
        self.filters.focus()

    def refresh(self) -> None:
        """Read the trail anew: it grows."""
        self._search(self.filters.search)

    def show_search(self, search: TrailSearch) -> None:
        """Look for this."""
        self.filters.show_search(search)
        self._search(search)

    def verify(self) -> None:
        """Prove the trail; the window stays as it is meanwhile."""
        desk, session = self._desk, self._session
        self.bar.verify.setEnabled(False)
        self.proof.show_running()
        self._stage.runner.read(self, "proof", lambda: desk.proofs.verify(session), self._proved, self._not_proved)

    def export(self) -> ExportDialog:
        """Ask what is to be handed out."""
        dialog = ExportDialog(self._stage, self._desk, self._session, self.filters.search, self)
        self._open(dialog)
        return dialog

    def summarise(self) -> SummaryDialog:
        """Ask for which time the owner's summary is wanted."""
        dialog = SummaryDialog(self._stage, self._desk, self._session, self.filters.search, self)
        self._open(dialog)
        return dialog

    def show_entry(self, sequence: int) -> None:
        """Show the entry with this number, wherever it stands; else the one before it."""
        index = self.rows.find(sequence)
        if index.isValid():
            self.table.select(index)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.show_search(TrailSearch())
        self._wanted = sequence
        self.rows.show(TrailSearch(), before=sequence + 1)
        self.bar.show_searching(has_filters=True)

    def reject(self) -> None:
        """Close, and what stands before it first."""
        if self._front is not None:
            self._front.reject()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Esc does: whoever opened it is told."""
        self.reject()
        event.accept()

    def hideEvent(self, event: QHideEvent) -> None:
        """The desk is locked: what stands before the window must not be seen either."""
        super().hideEvent(event)
        if self._front is not None and not event.spontaneous():
            self._front.setVisible(False)

    def showEvent(self, event: QShowEvent) -> None:
        """The desk is unlocked: all is as it was."""
        super().showEvent(event)
        if self._front is not None and not event.spontaneous():
            self._front.setVisible(True)

    def _lay_out(self) -> None:
        self.list = QStackedWidget()
        self.list.addWidget(self.table)
        self.list.addWidget(self._make_nothing())
        card = frame("card", column(self.list, margins=(1, 4, 1, 4)))
        left = column(self.problem, self.proof, card, spacing=10, margins=(20, 12, 20, 16))
        left.setStretchFactor(card, 1)
        middle = row(left, self.details, spacing=0)
        middle.setStretchFactor(left, 1)
        searching = frame("plain", column(self.filters, margins=(20, 10, 20, 2)))
        body = column(searching, middle, spacing=0)
        body.setStretchFactor(middle, 1)
        whole = column(self.bar, body, spacing=0)
        whole.setStretchFactor(body, 1)
        self.setLayout(whole)

    def _connect(self) -> None:
        self.bar.everything_asked.connect(lambda: self.show_search(TrailSearch()))
        self.bar.refresh_asked.connect(self.refresh)
        self.bar.verify_asked.connect(self.verify)
        self.bar.export_asked.connect(self.export)
        self.bar.summary_asked.connect(self.summarise)
        self.filters.changed.connect(self._search)
        self.filters.left_downwards.connect(self._go_down)
        self.rows.arrived.connect(self._arrived)
        self.rows.failed.connect(self._fail)
        self.table.chosen.connect(self.details.show_line)
        self.details.search_asked.connect(self.show_search)
        self.proof.entry_asked.connect(self.show_entry)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filters.focus)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.refresh)

    def _search(self, search: TrailSearch) -> None:
        self.bar.show_searching(has_filters=not search.is_everything)
        self.rows.show(search)
        reading, session = self._desk.reading, self._session
        self._stage.runner.read(self, "count", lambda: reading.count(search, session), self.bar.show_count, self._fail)

    def _go_down(self) -> None:
        """From the filters into the list."""
        if self.rows.rowCount():
            if self.table.selected() is None:
                self.table.select(self.rows.index(0, 0))
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrived(self) -> None:
        self.bar.show_found()
        self.problem.hide()
        self.list.setCurrentIndex(0 if self.rows.rowCount() else 1)
        shown = self.details.shown
        if self._wanted is not None:
            self._wanted = None
            self.table.select(self.rows.index(0, 0))
        elif shown is not None and self.table.selected() is None:
            index = self.rows.find(shown.entry.sequence)
            if index.isValid():
                self.table.select(index)

    def _proved(self, proof: TrailProof) -> None:
        self.bar.verify.setEnabled(True)
        self.proof.show_proof(proof)

    def _not_proved(self, error: DeskError) -> None:
        self.bar.verify.setEnabled(True)
        self.proof.show_failure(error)

    def _open(self, dialog: QDialog) -> None:
        self._front = dialog
        dialog.finished.connect(lambda _result: self._closed(dialog))
        dialog.open()

    def _closed(self, dialog: QDialog) -> None:
        self._front = None
        dialog.deleteLater()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fail(self, error: DeskError) -> None:
        self.bar.show_found()
        self.problem.show_message(Tone.WARN, error.what, error.todo)

    def _make_nothing(self) -> QWidget:
        parts: tuple[QWidget, ...] = (
            icon_label(self._stage, "search", "line_strong", 44),
            label(self._stage, msg("No entry found"), "heading"),
            label(self._stage, msg("Take a filter away, or widen the days."), "muted"),
        )
        layout = column(0, *parts, 0, spacing=10)
        for part in parts:
            layout.setAlignment(part, Qt.AlignmentFlag.AlignHCenter)
        made = QFrame()
        made.setLayout(layout)
        return made


def _fitting(window: QWidget) -> QSize:
    room = window.screen().availableSize()
    return QSize(min(SIZE_PX[0], room.width()), min(SIZE_PX[1], room.height() - FRAME_PX))
