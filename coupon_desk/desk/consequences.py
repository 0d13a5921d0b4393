"""What will happen: the code stops working, the points go back, the customer is told. Said before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.controls import Elided, button, column, frame, icon_label, label, row
from coupon_desk.desk.figures import Figures, of_proposal
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Language, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.order_refund import OrderRefundView
    from coupon_desk.app.view import CouponView

LANGUAGES = {Language.EN: msg("English"), Language.JA: msg("Japanese")}


class Consequences(QWidget):
    """Drawn from the live evidence and from the reason that was picked."""

    preview_asked = Signal()

    def __init__(self, stage: Stage, view: CouponView, kind: OperationKind) -> None:
        super().__init__()
        self._stage = stage
        self._view = view
        self._kind = kind
        self._gained: int = view.points_gained
        self._code = label(stage, role="body", wraps=True)
        self._points = label(stage, role="strong", wraps=True)
        self._balance_title = label(stage, msg("Balance of the customer"), "small")
        self._before = label(stage, role="figure")
        self._after = label(stage, role="figure")
        self._arrow = icon_label(stage, "arrow-right", "muted", 20)
        self._gain = label(stage, role="gain")
        balance = row(self._before, self._arrow, self._after, 0, self._gain, spacing=10)
        self.figures = Figures(stage)
        self.figures.hide()
        self._proposal = label(stage, role="muted", wraps=True)
        self._proposal.hide()
        self._balance = frame("well", column(self._balance_title, balance, spacing=2, margins=(14, 10, 14, 12)))
        self._mail = label(stage, role="body", wraps=True)
        self._address = Elided("muted")
        self.preview = button(stage, msg("Preview"), "link")
        self.preview.setObjectName("mail-preview")
        self.preview.clicked.connect(self.preview_asked)
        address = row(self._address, self.preview)
        address.setStretchFactor(self._address, 1)
        mail = column(self._mail, address, spacing=0)
        self._mail_part = QWidget()
        self._mail_part.setLayout(mail)
        is_refund = kind is OperationKind.ORDER_REFUND
        code_line = row(icon_label(stage, "used" if is_refund else "cancelled", "muted", 18), self._code, spacing=10)
        code_line.setStretchFactor(self._code, 1)
        points_line = row(icon_label(stage, "swap", "muted", 18), self._points, spacing=10)
        points_line.setStretchFactor(self._points, 1)
        envelope = icon_label(stage, "mail", "muted", 18)
        mail_line = row(envelope, self._mail_part, spacing=10)
        mail_line.setAlignment(envelope, Qt.AlignmentFlag.AlignTop)
        mail_line.setStretchFactor(self._mail_part, 1)
        self.setLayout(
            column(
                label(stage, msg("What will happen"), "section"),
                code_line,
                points_line,
                self.figures,
                self._proposal,
                self._balance,
                mail_line,
                spacing=10,
            )
        )
        self.show_reason(None)

    def show_order(self, refund: OrderRefundView | None) -> None:
        """What a refund of the chosen order would give, and why so much; None while that is not known."""
        proposal = refund.proposal if refund is not None else None
        for part in (self.figures, self._proposal):
            part.setVisible(proposal is not None)
        if proposal is not None:
            self.figures.show_points(of_proposal(proposal))
            self._stage.speech.tell(self._proposal, proposal.why)
            self._gained = proposal.proposed
        self.show_reason(None)

    def show_reason(self, reason: Reason | None) -> None:
        """The reason decides whether points go back."""
        view, tell = self._view, self._stage.speech.tell
        tell(
            self._code,
            msg("The coupon stays used.")
            if self._kind is OperationKind.ORDER_REFUND
            else msg("The code stops working at once."),
        )
        returns = self._kind is not OperationKind.INVALIDATE and (reason is None or reason.returns_points)
        tell(self._points, self._about_points(returns=returns))
        before, gain = view.balance_before, self._gained
        self._balance.setVisible(returns and before is not None)
        if returns and before is not None:
            tell(self._before, msg("{points}", points=before))
            tell(self._after, msg("{points}", points=before + gain))
            tell(self._gain, msg("+{points}", points=gain))
        is_told = view.email_masked is not None and returns
        self._address.setVisible(is_told)
        self.preview.setVisible(is_told)
        self._address.say(view.email_masked or "")
        if is_told:
            tell(self._mail, msg("The customer is told by e-mail, in {language}.", language=LANGUAGES[view.mail_language]))
        else:
            tell(self._mail, msg("No e-mail is sent."))

    def _about_points(self, *, returns: bool) -> Message:
        if not returns:
            return msg("No points are returned. The case is marked for investigation.")
        if not self._gained and self._kind is not OperationKind.ORDER_REFUND:
            return msg("The other desk has returned the points. None are returned again; the rest is finished.")
        return msg("{points} points are returned to the customer.", points=self._gained)
