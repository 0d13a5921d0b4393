"""What the operator has to say before anything happens: the reason, the order where there is one, and a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.controls import column, label, restyle, row
from coupon_desk.desk.order_choice import OrderChoice
from coupon_desk.desk.reason_picker import ReasonPicker
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView


class RequestForm(QWidget):
    """Makes the request. `changed` tells that something was filled in."""

    changed = Signal()

    def __init__(
        self, stage: Stage, view: CouponView, kind: OperationKind, minimum_note_length: int, order: OrderChoice | None = None
    ) -> None:
        super().__init__()
        self._stage = stage
        self._code = view.code
        self._takes_over = view.evidence.taking_over
        self._kind = kind
        self._least = minimum_note_length
        self.reasons = ReasonPicker(stage)
        self.order = order
        self.note = _Note()
        self.note.setObjectName("note")
        self.note.setTabChangesFocus(True)
        self.note.setMinimumHeight(76)
        self.note.setMaximumHeight(96)
        stage.speech.tell(self.note, msg("What happened, in your own words"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Note"), "setAccessibleName")
        self._note_length = label(stage, role="small")
        self.reasons.setVisible(order is None)
        why = label(stage, msg("Cancelled order") if order is not None else msg("Reason"), "section")
        asked: QWidget = order or self.reasons
        layout = column(
            column(why, asked, spacing=8),
            column(row(label(stage, msg("Note"), "section"), 0, self._note_length), self.note, spacing=8),
            0,
            spacing=14,
        )
        self.setLayout(layout)
        self.reasons.picked.connect(lambda _reason: self.changed.emit())
        if order is not None:
            order.changed.connect(lambda _view: self.changed.emit())
        self.note.textChanged.connect(self._note_changed)
        if kind is OperationKind.INVALIDATE:
            self.reasons.pick(Reason.SUSPECTED_FRAUD)
        self._note_changed()

    @property
    def reason(self) -> Reason | None:
        """The reason that counts; a refund has its own."""
        return Reason.ORDER_CANCELLED if self._kind is OperationKind.ORDER_REFUND else self.reasons.reason

    def what_is_missing(self) -> Message | None:
        """What must still be filled in; None when the request can be made."""
        if self.reason is None:
            return msg("Pick a reason (keys 1 to 9).")
        if self.order is not None and (missing := self.order.what_is_missing()) is not None:
            return missing
        if self._too_short:
            return msgn(
                "The note needs {count} more character.", "The note needs {count} more characters.", count=self._too_short
            )
        return None

    def request(self) -> CancelRequest:
        """The request, complete. Suspected fraud returns no points, whatever button opened the dialog.

        Raises ValueError where something is missing.
        """
        if self.reason is None:
            raise ValueError("no reason was picked")
        kind = self._kind
        if kind is OperationKind.CANCEL and not self.reason.returns_points:
            kind = OperationKind.INVALIDATE
        order = self.order.text() if self.order is not None else None
        return CancelRequest(self._code, kind, self.reason, self.note.toPlainText().strip(), order, self._takes_over)

    def focus(self) -> None:
        """Go where something is missing."""
        if self.order is not None and not self.order.text():
            self.order.focus()
        elif self.reason is None:
            self.reasons.focus()
        else:
            self.note.setFocus(Qt.FocusReason.OtherFocusReason)

    def mark_missing(self) -> None:
        """Show where."""
        restyle(self.note, "wrong", "true" if self._too_short else "false")
        self.focus()

    @property
    def _too_short(self) -> int:
        return max(0, self._least - len(self.note.toPlainText().strip()))

    def _note_changed(self) -> None:
        length = len(self.note.toPlainText().strip())
        self._stage.speech.tell(
            self._note_length, msg("{length} of at least {least} characters", length=length, least=self._least)
        )
        if not self._too_short:
            restyle(self.note, "wrong", "false")
        self.changed.emit()


class _Note(QPlainTextEdit):
    """Ctrl+Enter belongs to the dialog, everywhere."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass it on."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if (is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier) or event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)
