"""Keeps a note while it is being written, so that neither closing nor a crash loses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextCursor

from coupon_desk.desk.note_field import NoteField
from coupon_desk.desk.stage import Stage

if TYPE_CHECKING:
    from coupon_desk.app.drafts import Drafts
    from coupon_desk.cancellation.operation import OperationKind
    from coupon_desk.coupons.code import CouponCode

KEEP_AFTER_MS: Final = 400


class KeptNote(QObject):
    """Brings back what one operator has begun to write about one coupon, and keeps it until it is handed in."""

    came_back = Signal()

    def __init__(
        self, stage: Stage, drafts: Drafts, login: str, code: CouponCode, kind: OperationKind, note: NoteField
    ) -> None:
        super().__init__(note)
        self._stage = stage
        self._drafts = drafts
        self._about = (login, code, kind)
        self._note = note
        self._kept = ("", False)
        self._is_handed_in = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(KEEP_AFTER_MS)
        self._soon.timeout.connect(self.keep)
        note.textChanged.connect(self._soon.start)

    def recall(self) -> None:
        """Bring back what was begun, unless somebody has written something by then."""
        drafts, about = self._drafts, self._about
        self._stage.runner.read(self, "draft", lambda: drafts.note(*about), self._show, lambda _error: None)

    def keep(self, *, is_held: bool = False) -> None:
        """Keep it now, if there is anything new. `is_held`: it was confirmed and can be stopped still."""
        self._soon.stop()
        note = self._note.toPlainText()
        if self._is_handed_in or (note, is_held) == self._kept:
            return
        self._kept = (note, is_held)
        drafts, about = self._drafts, self._about
        self._write(lambda: drafts.keep(*about, note, is_held=is_held))

    def hand_in(self) -> None:
        """It stands in the trail now."""
        if self._is_handed_in:
            return
        self._soon.stop()
        self._is_handed_in = True
        drafts, about = self._drafts, self._about
        self._write(lambda: drafts.forget(*about))

    def _show(self, note: str) -> None:
        if note and not self._note.toPlainText():
            self._kept = (note, False)
            self._note.setPlainText(note)
            self._note.moveCursor(QTextCursor.MoveOperation.End)
            self.came_back.emit()

    def _write(self, job: Callable[[], None]) -> None:
        self._stage.runner.write(self, lambda _tell: job(), lambda _done: None, lambda _error: None)
