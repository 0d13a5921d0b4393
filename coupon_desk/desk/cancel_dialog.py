"""The dialog in which a coupon is cancelled: first what will happen and why, then how far it is, then the receipt.

Safe by default: Enter keeps the coupon, only Ctrl+Enter or the button itself cancels, and only once. Closing the dialog while
the work runs does not stop the work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QScrollArea, QStackedWidget, QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.consequences import Consequences
from coupon_desk.desk.controls import Banner, Elided, button, column, frame, label, row
from coupon_desk.desk.findings import Findings, checks
from coupon_desk.desk.mail_preview import MailPreview
from coupon_desk.desk.order_choice import OrderChoice
from coupon_desk.desk.progress import Progress
from coupon_desk.desk.request_form import RequestForm
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusPill
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.mail.messages import RenderedMail
    from coupon_desk.people.operators import Session

VERBS = {
    OperationKind.CANCEL: msg("Cancel coupon"),
    OperationKind.INVALIDATE: msg("Invalidate coupon"),
    OperationKind.ORDER_REFUND: msg("Ask for the refund"),
}


class CancelDialog(QDialog):
    """One coupon, one request, one operation."""

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
        self._stage = stage
        self._desk = desk
        self._work = work
        self._view = view
        self._kind = kind
        self._is_submitted = False
        self.setModal(True)
        self.setMinimumSize(820, 600)
        self.resize(920, 660)
        stage.speech.tell(self, kind.label, "setWindowTitle")
        orders = OrderChoice(stage, desk, session, view.code, order) if kind is OperationKind.ORDER_REFUND else None
        self.form = RequestForm(stage, view, kind, desk.settings.policy.minimum_note_length, orders)
        self.progress = Progress(stage, desk, session)
        self.refusal = Banner(stage)
        self.refusal.setObjectName("refusal")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._asking())
        self._pages.addWidget(self.progress)
        whole = column(self._top(), self._pages, self._bottom(), spacing=0)
        whole.setStretchFactor(self._pages, 1)
        self.setLayout(whole)
        self.form.changed.connect(self._form_changed)
        work.changed.connect(self._operation_changed)
        work.failed.connect(self._work_failed)
        self._form_changed()
        if orders is not None:
            orders.changed.connect(self.consequences.show_order)
            orders.look()
        if self.may_confirm:
            self.form.focus()
        else:
            stage.speech.tell(self.keep, msg("Close"))
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
        """Hand the request in, once."""
        if self._is_submitted or not self.may_confirm:
            return
        if self.form.what_is_missing() is not None:
            self._form_changed()
            self.form.mark_missing()
            return
        self._is_submitted = True
        self.confirm_button.setEnabled(False)
        self._show_progress()
        if not self._work.begin(self.form.request()):
            self.progress.show_error(DeskError(msg("This window is already working on this coupon.")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter confirms, Enter and Esc keep the coupon, digits pick a reason."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.confirm()
        elif is_enter or event.key() == Qt.Key.Key_Escape:
            self.reject()
        elif not self._is_submitted and event.text().isdigit() and self.form.reasons.isVisibleTo(self):
            if self.form.reasons.pick_number(int(event.text())):
                self.form.note.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def _top(self) -> QWidget:
        stage, view = self._stage, self._view
        code = label(stage, role="code")
        code.setText(view.code.text)
        self.pill = StatusPill(stage)
        self.pill.show_status(view.verdict.status)
        customer = Elided("muted")
        customer.say(view.customer_name)
        points = label(stage, msg("{points} points", points=view.code.points), "heading")
        left = column(label(stage, self._kind.label, "section"), row(code, self.pill, 0, spacing=12), customer, spacing=4)
        inside = row(left, points, margins=(26, 18, 26, 16))
        inside.setStretchFactor(left, 1)
        inside.setAlignment(points, Qt.AlignmentFlag.AlignVCenter)
        return frame("header", inside)

    def _asking(self) -> QWidget:
        stage, view = self._stage, self._view
        self.consequences = Consequences(stage, view, self._kind)
        self.consequences.preview_asked.connect(self._read_mail)
        self.checks = Findings(stage)
        self.checks.show_lines(checks(view.evidence, view.verdict, self._told_elsewhere()))
        left = column(
            self.refusal,
            self.consequences,
            column(label(stage, msg("Checked just now"), "section"), self.checks, spacing=6),
            0,
            spacing=18,
            margins=(26, 20, 20, 20),
        )
        inner = QWidget()
        inner.setLayout(left)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        right = frame("pane", column(self.form, margins=(24, 20, 26, 20)))
        right.setFixedWidth(420)
        if view.evidence.taking_over is not None:
            self.refusal.show_message(
                Tone.WARN,
                msg("Only if the other desk is gone for good"),
                msg("A desk that still works goes on by itself, also after a restart: let it finish."),
                "people",
            )
        if not self.may_confirm:
            first = view.verdict.refusals[0].message
            is_used = view.verdict.has(Rule.USED)
            title = msg("Already used") if is_used else msg("May not be cancelled")
            self.refusal.show_message(Tone.DANGER, title, first, "used" if is_used else "refused")
            self.consequences.hide()
            right.hide()
        whole = row(scroll, right, spacing=0)
        whole.setStretchFactor(scroll, 1)
        page = QWidget()
        page.setLayout(whole)
        return page

    def _told_elsewhere(self) -> tuple[Finding, ...]:
        """The refusal has a banner of its own; that the coupon is used is what a refund for its order begins with."""
        if self._kind is OperationKind.ORDER_REFUND:
            return tuple(finding for finding in self._view.verdict.findings if finding.rule is Rule.USED)
        return () if self.may_confirm else self._view.verdict.refusals[:1]

    def _bottom(self) -> QWidget:
        stage = self._stage
        self.hint = label(stage, role="muted", wraps=True)
        self.keep = button(stage, msg("Keep coupon"), key="K")
        self.keep.setObjectName("keep")
        self.keep.setMinimumHeight(40)
        self.keep.clicked.connect(self.reject)
        self.confirm_button = button(stage, VERBS[self._kind], "primary", key="C")
        self.confirm_button.setObjectName("confirm")
        self.confirm_button.setMinimumHeight(40)
        self.confirm_button.clicked.connect(self.confirm)
        self.confirm_button.setVisible(self.may_confirm)
        stage.speech.tell(self.confirm_button, msg("Ctrl+Enter"), "setToolTip")
        inside = row(self.hint, self.keep, self.confirm_button, spacing=10, margins=(26, 14, 26, 14))
        inside.setStretchFactor(self.hint, 1)
        return frame("footer", inside)

    def _form_changed(self) -> None:
        if self._is_submitted:
            return
        missing = self.form.what_is_missing() if self.may_confirm else None
        self.confirm_button.setEnabled(missing is None)
        self.consequences.show_reason(self.form.reason)
        self._stage.speech.tell(self.hint, missing or self._ready())

    def _ready(self) -> Message:
        if not self.may_confirm:
            return msg("Nothing was done.")
        if self._view.verdict.needs_approval or self._kind is OperationKind.ORDER_REFUND:
            return msg("A second person will be asked to approve. Ctrl+Enter confirms.")
        return msg("Ctrl+Enter confirms. Enter and Esc keep the coupon.")

    def _show_progress(self) -> None:
        self.progress.begin()
        self._pages.setCurrentWidget(self.progress)
        self.confirm_button.hide()
        self._stage.speech.tell(self.keep, msg("Close"))
        self._stage.speech.tell(self.hint, msg("You may close this window: the work goes on."))
        self.keep.setFocus()

    def _operation_changed(self, operation: Operation) -> None:
        if not self._is_submitted or operation.code != self._view.code:
            return
        self.progress.show_operation(operation)
        if operation.state is OperationState.COMPLETED and operation.kind is not OperationKind.ORDER_REFUND:
            self.pill.show_status(CouponStatus.CANCELLED)
        if operation.state.is_over:
            self._stage.speech.tell(self.hint, msg("Written in the trail as {operation}.", operation=operation.id[:13]))

    def _work_failed(self, code: CouponCode | None, error: DeskError) -> None:
        if self._is_submitted and code == self._view.code:
            self.progress.show_error(error)
            self._stage.speech.tell(self.hint, error.done or msg("What was begun stands in the trail."))

    def _read_mail(self) -> None:
        desk, view = self._desk, self._as_asked()
        self._stage.runner.read(self, "mail", lambda: desk.mail_preview(view), self._show_mail, self._mail_failed)

    def _as_asked(self) -> CouponView:
        """The coupon with the points that are really asked for: a refund may give back a part of them."""
        refund = self.form.order.chosen if self.form.order is not None else None
        before = self._view.balance_before
        if refund is None:
            return self._view
        after = None if before is None else before + refund.verdict.points_to_return
        return replace(self._view, verdict=refund.verdict, balance_after=after)

    def _show_mail(self, mail: RenderedMail | None) -> None:
        MailPreview(self._stage, mail, self).open()

    def _mail_failed(self, error: DeskError) -> None:
        self._stage.speech.tell(self.hint, error.what)
