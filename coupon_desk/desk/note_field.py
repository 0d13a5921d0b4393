"""The note: in one's own words, or with a phrase that a few letters or the arrow down bring."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFocusEvent, QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QListWidget, QPlainTextEdit

from coupon_desk.coupons.code import is_code
from coupon_desk.desk.note_phrases import begun_sentence, completions
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

FRAME_PX = 10
ENTERS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class NoteField(QPlainTextEdit):
    """Ctrl+Enter and Esc belong to the dialog. A phrase is taken with Tab, or with Enter when an arrow has chosen it.

    `code_committed` brings a code that a scanner sent through an input method; it is no part of the note.
    """

    code_committed = Signal(str)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._offered: tuple[str, ...] = ()
        self.setTabChangesFocus(True)
        stage.speech.tell(self, msg("In your own words; arrow down for phrases"), "setPlaceholderText")
        stage.speech.tell(self, msg("Note"), "setAccessibleName")
        self.phrases = QListWidget(self)
        self.phrases.setObjectName("phrases")
        self.phrases.setProperty("role", "phrases")
        self.phrases.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.phrases.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.phrases.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.phrases.setUniformItemSizes(True)
        stage.speech.tell(self.phrases, msg("Phrases for the note"), "setAccessibleName")
        self.phrases.itemClicked.connect(lambda item: self._take(item.text()))
        self.phrases.hide()

    def offer(self, phrases: tuple[str, ...]) -> None:
        """What may be completed from now on."""
        self._offered = phrases
        self.phrases.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The phrases first, while they are shown; then what the dialog wants; then writing."""
        if self.phrases.isVisible() and self._choose(event):
            return
        is_confirming = event.key() in ENTERS and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if is_confirming or event.key() == Qt.Key.Key_Escape:
            event.ignore()
        elif event.key() == Qt.Key.Key_Down and not self.toPlainText().strip():
            self._show(self._offered)
        else:
            super().keyPressEvent(event)
            if event.text():
                self._complete()

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab takes a phrase, while some are shown."""
        if forwards and self.phrases.isVisible():
            self._take(self.phrases.item(max(self.phrases.currentRow(), 0)).text())
            return True
        return super().focusNextPrevChild(forwards)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """A code that was scanned while an input method was on is passed on; anything else is written."""
        if is_code(event.commitString()):
            super().inputMethodEvent(QInputMethodEvent())
            self.code_committed.emit(event.commitString())
            return
        super().inputMethodEvent(event)
        if event.commitString():
            self._complete()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nobody writes here now."""
        super().focusOutEvent(event)
        self.phrases.hide()

    def _choose(self, event: QKeyEvent) -> bool:
        """Whether the key was for the phrases."""
        chosen, count = self.phrases.currentRow(), self.phrases.count()
        match event.key():
            case Qt.Key.Key_Down | Qt.Key.Key_Up:
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self._come_to((chosen + step) % count if chosen >= 0 else (0 if step > 0 else count - 1))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if chosen >= 0 and not event.modifiers():
                self._take(self.phrases.item(chosen).text())
            case Qt.Key.Key_Escape:
                self.phrases.hide()
            case _:
                return False
        return True

    def _complete(self) -> None:
        is_at_end = self.textCursor().atEnd()
        self._show(completions(self._offered, begun_sentence(self.toPlainText())) if is_at_end else ())

    def _show(self, phrases: tuple[str, ...]) -> None:
        """Above the note, where the reason has been picked by now, and as wide."""
        if not phrases:
            self.phrases.hide()
            return
        window = self.window()
        if self.phrases.parent() is not window:
            self.phrases.setParent(window)
        self.phrases.clear()
        self.phrases.addItems(list(phrases))
        self.phrases.setCurrentRow(-1)
        height = len(phrases) * self.phrases.sizeHintForRow(0) + FRAME_PX
        corner = self.mapTo(window, QPoint(0, -height - 4))
        self.phrases.setGeometry(QRect(corner.x(), corner.y(), self.width(), height))
        self.phrases.show()
        self.phrases.raise_()

    def _come_to(self, row: int) -> None:
        self.phrases.setCurrentRow(row)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.phrases.item(row).text()))

    def _take(self, phrase: str) -> None:
        """In place of the sentence that was begun."""
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        begun = len(begun_sentence(self.toPlainText()))
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, begun)
        cursor.insertText(phrase)
        self.setTextCursor(cursor)
        self.phrases.hide()
