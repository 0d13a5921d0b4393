"""The dialog in which a coupon is cancelled: first what will happen and why, then how far it is, then the receipt.

Safe by default: Enter keeps the coupon, only Ctrl+Enter or the button itself cancels, and only once; a scanner does neither.
Where the house has it so, what was confirmed is held for some seconds and can be stopped. Closing the dialog while the work
runs does not stop the work.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode, is_code
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.cancel_asking import Asking
from coupon_desk.desk.cancel_frame import CancelFoot, CancelHead
from coupon_desk.desk.controls import column
from coupon_desk.desk.hold import Hold
from coupon_desk.desk.kept_note import KeptNote
from coupon_desk.desk.order_choice import OrderChoice
from coupon_desk.desk.previews import Previews
from coupon_desk.desk.progress import Progress
from coupon_desk.desk.request_form import RequestForm
from coupon_desk.desk.scanner_pace import ScannerKeys, scanner_keys
from coupon_desk.desk.scanner_watch import ScannerWatch
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.people.operators import Session


class Phase(Enum):
    """How far the dialog is. What is held has been confirmed, and nothing of it has left the dialog."""

    ASKING = auto()
    HELD = auto()
    HANDED_IN = auto()


class CancelDialog(QDialog):
    """One coupon, one request, one operation. `scanned` brings the next coupon, when this one is done."""

    scanned = Signal(str)

    def __init__(
        self,
        stage: Stage,
        desk: CouponDesk,
        session: Session,
        work: Work,
        view: CouponView,
        kind: OperationKind,
        parent: QWidget,
        *,
        order: str = "",
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._view = view
        self._kind = kind
        self._phase = Phase.ASKING
        self._request: CancelRequest | None = None
        self._is_told = True
        self.setModal(True)
        self.setMinimumSize(820, 600)
        self.resize(920, 690)
        stage.speech.tell(self, kind.label, "setWindowTitle")
        orders = OrderChoice(stage, desk, session, view.code, order) if kind is OperationKind.ORDER_REFUND else None
        house = desk.settings
        self.form = RequestForm(stage, view, kind, house.policy.minimum_note_length, house.desk.note_phrases, orders)
        self.asking = Asking(stage, view, kind, self.form, may_confirm=self.may_confirm)
        self.consequences, self.refusal = self.asking.consequences, self.asking.refusal
        self.hold = Hold(stage, house.desk.hold_seconds)
        self.hold.over.connect(self._hand_in)
        self.progress = Progress(stage, desk, session)
        self._pages = QStackedWidget()
        for page in (self.asking, self.hold, self.progress):
            self._pages.addWidget(page)
        head, self._foot = CancelHead(stage, view, kind), CancelFoot(stage, kind)
        self.pill, self.hint, self.keep, self.confirm_button = head.pill, self._foot.hint, self._foot.keep, self._foot.confirm
        self.keep.clicked.connect(self.reject)
        self.confirm_button.clicked.connect(self.confirm)
        whole = column(head, self._pages, self._foot, spacing=0)
        whole.setStretchFactor(self._pages, 1)
        self.setLayout(whole)
        previews = Previews(stage, desk, session, view, kind, self.asking, self)
        previews.failed.connect(lambda error: self._foot.tell(error.what))
        self.kept = KeptNote(stage, desk.drafts, session.login, view.code, kind, self.form.note)
        self.kept.came_back.connect(lambda: self._foot.tell(msg("The note that you had begun is here again.")))
        self._listen_for_scans(scanner_keys(house.desk))
        self.asking.changed.connect(self._form_changed)
        work.changed.connect(self._operation_changed)
        work.failed.connect(self._work_failed)
        self._form_changed()
        if orders is not None:
            orders.look()
        if self.may_confirm:
            self.form.focus()
            self.kept.recall()
        else:
            self._foot.offer(msg("Close"), with_verb=False)
            self.setMinimumSize(560, 420)
            self.resize(660, 500)
            self.keep.setFocus()

    @property
    def may_confirm(self) -> bool:
        """Whether the coupon may be cancelled at all, as far as is known; the engine looks again."""
        return self._kind is not OperationKind.CANCEL or self._view.verdict.may_cancel

    @property
    def operation(self) -> Operation | None:
        """How far it is; None before it has begun."""
        return self.progress.operation

    def confirm(self) -> None:
        """Hand the request in, once; where the house holds it for a while, then."""
        if self._phase is not Phase.ASKING or not self.may_confirm:
            return
        if self.form.what_is_missing() is not None:
            self._form_changed()
            self.form.mark_missing()
            return
        self._request = self.form.request()
        if self.hold.seconds:
            self._hold_it()
        else:
            self._hand_in()

    def reject(self) -> None:
        """Close; what is held is only stopped, and asked again."""
        if self._phase is Phase.HELD:
            self._stop(msg("Stopped in time: nothing was sent, and the coupon is kept."))
            self.kept.keep()
        else:
            super().reject()

    def leave(self) -> None:
        """Nobody looks here any more: what was written is kept; what is held is not begun, and that is told later."""
        if self._phase is Phase.HELD:
            self._is_told = False
            self._stop(msg("The desk was left before it began: nothing was sent."))
        elif self._is_told:
            self.kept.keep()

    def showEvent(self, event: QShowEvent) -> None:
        """What was not begun is told here, and need not be told elsewhere."""
        super().showEvent(event)
        self._is_told = True
        self.kept.keep()

    def hideEvent(self, event: QHideEvent) -> None:
        """Closed or locked; a window that is minimised is neither."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter confirms, Enter and Esc keep the coupon, digits pick a reason. A key that is held down does it once."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.isAutoRepeat():
            return
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.confirm()
        elif is_enter or event.key() == Qt.Key.Key_Escape:
            self.reject()
        elif self._phase is Phase.ASKING and event.text().isdigit() and self.form.reasons.isVisibleTo(self):
            if self.form.reasons.pick_number(int(event.text())):
                self.form.note.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def _form_changed(self) -> None:
        if self._phase is not Phase.ASKING:
            return
        missing = self.form.what_is_missing() if self.may_confirm else None
        self.confirm_button.setEnabled(missing is None)
        self._foot.tell(missing or self._ready())

    def _ready(self) -> Message:
        if not self.may_confirm:
            return msg("Nothing was done.")
        if self._view.verdict.needs_approval or self._kind is OperationKind.ORDER_REFUND:
            return msg("A second person will be asked to approve. Ctrl+Enter confirms.")
        return msg("Ctrl+Enter confirms. Enter and Esc keep the coupon.")

    def _hold_it(self) -> None:
        self._phase = Phase.HELD
        self.kept.keep(is_held=True)
        self._pages.setCurrentWidget(self.hold)
        self._foot.offer(msg("Stop"), with_verb=False)
        self._foot.tell(msg("It begins by itself when the time is over."))
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hold.begin()

    def _stop(self, why: Message) -> None:
        """Nothing comes of what is held; nothing was sent."""
        self.hold.stop()
        self._phase, self._request = Phase.ASKING, None
        self._pages.setCurrentWidget(self.asking)
        self._foot.offer(msg("Keep coupon"), with_verb=True)
        self.form.note.setFocus(Qt.FocusReason.OtherFocusReason)
        self._form_changed()
        self._foot.tell(why)

    def _hand_in(self) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        self._phase = Phase.HANDED_IN
        self._show_progress()
        if not self._work.begin(request):
            self.progress.show_error(DeskError(msg("This window is already working on this coupon.")))

    def _show_progress(self) -> None:
        self.progress.begin()
        self._pages.setCurrentWidget(self.progress)
        self._foot.offer(msg("Close"), with_verb=False)
        self._foot.tell(msg("You may close this window: the work goes on."))
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def _operation_changed(self, operation: Operation) -> None:
        if self._phase is not Phase.HANDED_IN or operation.code != self._view.code:
            return
        self.kept.hand_in()
        self.progress.show_operation(operation)
        if operation.state is OperationState.COMPLETED and operation.kind is not OperationKind.ORDER_REFUND:
            self.pill.show_status(CouponStatus.CANCELLED)
        if operation.state.is_over:
            self._foot.tell(msg("Written in the trail as {operation}.", operation=operation.id[:13]))

    def _work_failed(self, code: CouponCode | None, error: DeskError) -> None:
        if self._phase is Phase.HANDED_IN and code == self._view.code:
            self.progress.show_error(error)
            self._foot.tell(error.done or msg("What was begun stands in the trail."))

    def _listen_for_scans(self, keys: ScannerKeys) -> None:
        self._mark = self.form.mark()
        ScannerWatch(self, keys, self._mark_form, self._take_scan)
        self.form.note.code_committed.connect(self._answer_scan)

    def _mark_form(self) -> None:
        self._mark = self.form.mark()

    def _take_scan(self, text: str) -> bool:
        """A scan changes nothing of what was filled in."""
        if self._phase is Phase.ASKING:
            self.form.go_back_to(self._mark)
        self._answer_scan(text)
        return True

    def _answer_scan(self, text: str) -> None:
        """When this coupon is done, it is the next one; otherwise it has to wait."""
        is_done = self.operation is not None and self.operation.state is OperationState.COMPLETED
        if not is_code(text):
            self._foot.tell(msg("What was scanned is not the code of a coupon."))
        elif is_done:
            self.reject()
            self.scanned.emit(text)
        elif CouponCode.parse(text) == self._view.code:
            self._foot.tell(msg("This is the coupon that was scanned."))
        else:
            self._foot.tell(msg("{code} was scanned: first finish or keep this coupon.", code=CouponCode.parse(text).text))
