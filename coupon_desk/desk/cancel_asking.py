"""What is asked before a coupon is cancelled: at the left what will happen and what was found, at the right why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.consequences import Consequences
from coupon_desk.desk.controls import Banner, column, frame, label, row
from coupon_desk.desk.findings import Findings, checks
from coupon_desk.desk.request_form import RequestForm
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView

FORM_PX = 420


class Asking(QWidget):
    """The first page of the dialog. A coupon that may not be cancelled is told, and nothing is asked."""

    changed = Signal()

    def __init__(self, stage: Stage, view: CouponView, kind: OperationKind, form: RequestForm, *, may_confirm: bool) -> None:
        super().__init__()
        self._view = view
        self._kind = kind
        self.form = form
        self.refusal = Banner(stage)
        self.refusal.setObjectName("refusal")
        self.consequences = Consequences(stage, view, kind)
        self.checks = Findings(stage)
        self.checks.show_lines(checks(view.evidence, view.verdict, self._told_elsewhere(may_confirm=may_confirm)))
        left = column(
            self.refusal,
            self.consequences,
            column(label(stage, msg("Checked just now"), "section"), self.checks, spacing=4),
            0,
            spacing=14,
            margins=(26, 18, 20, 8),
        )
        inner = QWidget()
        inner.setLayout(left)
        # As high as its texts are at this width; on its own it would ask for the height of texts in narrow columns.
        inner.setMinimumHeight(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        right = frame("pane", column(form, margins=(24, 18, 26, 18)))
        right.setFixedWidth(FORM_PX)
        whole = row(scroll, right, spacing=0)
        whole.setStretchFactor(scroll, 1)
        self.setLayout(whole)
        form.changed.connect(self._form_changed)
        if form.order is not None:
            form.order.changed.connect(self.consequences.show_order)
        if view.evidence.taking_over is not None:
            self.refusal.show_message(
                Tone.WARN,
                msg("Only if the other desk is gone for good"),
                msg("A desk that still works goes on by itself, also after a restart: let it finish."),
                "people",
            )
        if not may_confirm:
            self._show_refusal()
            self.consequences.hide()
            right.hide()

    def _form_changed(self) -> None:
        self.consequences.show_reason(self.form.reason)
        self.changed.emit()

    def _show_refusal(self) -> None:
        verdict = self._view.verdict
        is_used = verdict.has(Rule.USED)
        title = msg("Already used") if is_used else msg("May not be cancelled")
        self.refusal.show_message(Tone.DANGER, title, verdict.refusals[0].message, "used" if is_used else "refused")

    def _told_elsewhere(self, *, may_confirm: bool) -> tuple[Finding, ...]:
        """The refusal has a banner of its own; that the coupon is used is what a refund for its order begins with."""
        verdict = self._view.verdict
        if self._kind is OperationKind.ORDER_REFUND:
            return tuple(finding for finding in verdict.findings if finding.rule is Rule.USED)
        return () if may_confirm else verdict.refusals[:1]
