"""Why all these coupons are cancelled: one reason and one note, for every line that has none of its own."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.controls import column, label, restyle, row
from coupon_desk.desk.reason_picker import ReasonPicker
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg, msgn


class BulkWhy(QWidget):
    """`changed` tells that something was filled in."""

    changed = Signal()

    def __init__(self, stage: Stage, minimum_note_length: int) -> None:
        super().__init__()
        self._stage = stage
        self._least = minimum_note_length
        self.reasons = ReasonPicker(stage)
        self.note = CommandText()
        self.note.setObjectName("bulk-note")
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(84)
        stage.speech.tell(self.note, msg("What happened, in your own words"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Note"), "setAccessibleName")
        self._length = label(stage, role="small")
        self.setLayout(
            column(
                column(label(stage, msg("Reason"), "section"), self.reasons, spacing=8),
                column(row(label(stage, msg("Note"), "section"), 0, self._length), self.note, spacing=8),
                label(stage, msg("For every coupon whose line has no reason or note of its own."), "small", wraps=True),
                0,
                spacing=14,
            )
        )
        self.reasons.picked.connect(lambda _reason: self.changed.emit())
        self.note.textChanged.connect(self._note_changed)
        self._note_changed()

    @property
    def reason(self) -> Reason | None:
        """What was picked."""
        return self.reasons.reason

    @property
    def text(self) -> str:
        """The note."""
        return self.note.toPlainText().strip()

    def what_is_missing(self) -> Message | None:
        """What must still be filled in; None when all is there."""
        if self.reason is None:
            return msg("Pick a reason.")
        short = max(0, self._least - len(self.text))
        if short:
            return msgn("The note needs {count} more character.", "The note needs {count} more characters.", count=short)
        return None

    def mark_missing(self) -> None:
        """Go where something is missing, and show it."""
        if self.reason is None:
            self.reasons.focus()
        else:
            restyle(self.note, "wrong", "true")
            self.note.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        """Ask anew for another list: a note is about what it was written for."""
        self.note.clear()

    def _note_changed(self) -> None:
        length = len(self.text)
        told = msg("{length} of at least {least} characters", length=length, least=self._least)
        self._stage.speech.tell(self._length, told)
        if length >= self._least:
            restyle(self.note, "wrong", "false")
        self.changed.emit()


class CommandText(QPlainTextEdit):
    """A field of several lines that leaves Ctrl+Enter and Esc to its window."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass them on."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if (is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier) or event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)
