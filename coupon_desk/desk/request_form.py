"""What the operator has to say before anything happens: the reason, the order where there is one, and a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.controls import column, label, restyle, row
from coupon_desk.desk.note_field import NoteField
from coupon_desk.desk.note_phrases import PHRASES
from coupon_desk.desk.order_choice import OrderChoice
from coupon_desk.desk.reason_picker import ReasonPicker
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView


@dataclass(frozen=True, slots=True)
class FormMark:
    """How the form stood at a moment, with the place of the cursor in the note and the focus. Never leaves the window."""

    reason: Reason | None
    note: str
    position: int
    order: str
    focus: QWidget | None


class RequestForm(QWidget):
    """Makes the request. `changed` tells that something was filled in."""

    changed = Signal()

    def __init__(
        self,
        stage: Stage,
        view: CouponView,
        kind: OperationKind,
        minimum_note_length: int,
        own_phrases: Sequence[str] = (),
        order: OrderChoice | None = None,
    ) -> None:
        super().__init__()
        self._stage = stage
        self._code = view.code
        self._takes_over = view.evidence.taking_over
        self._kind = kind
        self._least = minimum_note_length
        self._own_phrases = tuple(own_phrases)
        self.reasons = ReasonPicker(stage)
        self.order = order
        self.note = NoteField(stage)
        self.note.setObjectName("note")
        self.note.setMinimumHeight(76)
        self.note.setMaximumHeight(96)
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
        self.reasons.picked.connect(lambda _reason: self._reason_changed())
        stage.speech.changed.connect(self._offer_phrases)
        if order is not None:
            order.changed.connect(lambda _view: self.changed.emit())
        self.note.textChanged.connect(self._note_changed)
        if kind is OperationKind.INVALIDATE:
            self.reasons.pick(Reason.SUSPECTED_FRAUD)
        self._offer_phrases()
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

    def mark(self) -> FormMark:
        """What stands here now, so that a scan can be taken back."""
        order = self.order.typed.text() if self.order is not None else ""
        note = self.note.textCursor()
        return FormMark(self.reasons.reason, self.note.toPlainText(), note.position(), order, self.window().focusWidget())

    def go_back_to(self, mark: FormMark) -> None:
        """Be as it was marked."""
        self.reasons.put(mark.reason)
        if self.order is not None and self.order.typed.text() != mark.order:
            self.order.typed.setText(mark.order)
        if self.note.toPlainText() != mark.note:
            self.note.setPlainText(mark.note)
            cursor = self.note.textCursor()
            cursor.setPosition(mark.position)
            self.note.setTextCursor(cursor)
        self.note.phrases.hide()
        if mark.focus is not None and shiboken6.isValid(mark.focus):
            mark.focus.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _too_short(self) -> int:
        return max(0, self._least - len(self.note.toPlainText().strip()))

    def _reason_changed(self) -> None:
        self._offer_phrases()
        self.changed.emit()

    def _offer_phrases(self) -> None:
        usual = PHRASES.get(self.reason, ()) if self.reason is not None else ()
        self.note.offer((*self._own_phrases, *(self._stage.speech.say(phrase) for phrase in usual)))

    def _note_changed(self) -> None:
        length = len(self.note.toPlainText().strip())
        self._stage.speech.tell(
            self._note_length, msg("{length} of at least {least} characters", length=length, least=self._least)
        )
        if not self._too_short:
            restyle(self.note, "wrong", "false")
        self.changed.emit()
