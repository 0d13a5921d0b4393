"""What may be done with the selected coupon. What may not be done stays in view and says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QGridLayout

from coupon_desk.coupons.eligibility import Rule
from coupon_desk.desk.controls import allow, button, column, label
from coupon_desk.desk.stage import Stage
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView

POINTS_ONLY = frozenset({Rule.ALREADY_RETURNED, Rule.UNKNOWN_AT_POS, Rule.NO_CONVERSION, Rule.POINTS_DIFFER})
"""Findings of the point history, which has no say where no points are returned."""


class CouponActions(QFrame):
    """One primary button and three quiet ones; a fourth where another desk's claim stands in the way."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._rights: Mapping[Right, Message | None] = {}
        self._view: CouponView | None = None
        self.setProperty("role", "footer")
        self.cancel = button(stage, msg("Cancel coupon…"), "primary", key="C")
        self.cancel.setObjectName("cancel-coupon")
        self.cancel.setMinimumHeight(42)
        self.why_not = label(stage, role="small", wraps=True)
        self.invalidate = button(stage, msg("Invalidate only…"), "plain", "cancelled", "muted", key="I")
        self.invalidate.setObjectName("invalidate")
        self.refund = button(stage, msg("Refund for a cancelled order…"), "plain", "undo", "muted", key="R")
        self.refund.setObjectName("refund-order")
        self.receipt = button(stage, msg("Receipt copy…"), "plain", "printer", "muted", key="Y")
        self.receipt.setObjectName("receipt-copy")
        self.take_over = button(stage, msg("Take over from another desk…"), "plain", "people", "muted", key="O")
        self.take_over.setObjectName("take-over")
        self.take_over.hide()
        grid = QGridLayout()
        grid.setSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.invalidate, 0, 0)
        grid.addWidget(self.receipt, 0, 1)
        grid.addWidget(self.refund, 1, 0, 1, 2)
        grid.addWidget(self.take_over, 2, 0, 1, 2)
        self.setLayout(column(self.cancel, self.why_not, grid, spacing=8, margins=(22, 14, 18, 12)))

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """What this operator may do; a sentence says why not."""
        self._rights = rights
        self.show_view(self._view)

    def show_view(self, view: CouponView | None) -> None:
        """What the evidence allows; None while it is being gathered."""
        self._view = view
        why_not = self._why_no_cancellation()
        allow(self._stage, self.cancel, why_not, msg("Ctrl+Enter"))
        self.why_not.setVisible(why_not is not None and view is not None)
        if why_not is not None:
            self._stage.speech.tell(self.why_not, why_not)
        allow(self._stage, self.invalidate, self._why_no_invalidation())
        is_used = view is not None and view.verdict.has(Rule.USED)
        not_used = None if is_used else msg("Only for a coupon that was used in an order which was cancelled.")
        allow(self._stage, self.refund, self._refusal(Right.REFUND_ORDER) or not_used)
        allow(self._stage, self.receipt, self._rights.get(Right.REPRINT))
        self.take_over.setVisible(view is not None and view.evidence.others_operation is not None)
        allow(self._stage, self.take_over, self._refusal(Right.CANCEL))

    def _refusal(self, right: Right) -> Message | None:
        """None where the operator may do it, or may ask for it: a second person decides then."""
        return self._rights.get(right) if self._rights.get(Right.ASK) is not None else None

    def _why_no_cancellation(self) -> Message | None:
        if self._view is None:
            return msg("Being checked…")
        refusal = self._refusal(Right.CANCEL)
        if refusal is not None:
            return refusal
        return None if self._view.verdict.may_cancel else msg("Not possible: see above.")

    def _why_no_invalidation(self) -> Message | None:
        if self._view is None:
            return msg("Being checked…")
        if any(finding.rule not in POINTS_ONLY for finding in self._view.verdict.refusals):
            return msg("Not possible: see above.")
        return self._refusal(Right.INVALIDATE)
