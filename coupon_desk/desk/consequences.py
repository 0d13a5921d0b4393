"""What will happen: the code stops working, the points go back, the customer is told. Said before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QLayout, QPushButton, QWidget

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.balance_part import BalancePart
from coupon_desk.desk.controls import Elided, allow, button, column, icon_label, label, row
from coupon_desk.desk.figures import Figures, of_proposal
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Language, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.order_refund import OrderRefundView
    from coupon_desk.app.view import CouponView

LANGUAGES = {Language.EN: msg("English"), Language.JA: msg("Japanese")}


class Consequences(QWidget):
    """Drawn from the live evidence and from the reason that was picked; e-mail and receipt can be read beforehand."""

    mail_asked = Signal()
    receipt_asked = Signal()

    def __init__(self, stage: Stage, view: CouponView, kind: OperationKind) -> None:
        super().__init__()
        self._stage = stage
        self._view = view
        self._kind = kind
        self._gained: int = view.points_gained
        self._code = label(stage, role="body", wraps=True)
        self._points = label(stage, role="strong", wraps=True)
        self.balance = BalancePart(stage)
        self.balance.show_expiry(view.points_expire_on, view.looked_at.astimezone().date())
        self.figures = Figures(stage)
        self.figures.hide()
        self._proposal = label(stage, role="muted", wraps=True)
        self._proposal.hide()
        self._mail = label(stage, role="body", wraps=True)
        self._address = Elided("muted")
        self.preview = self._link("mail-preview", msg("Read the e-mail"), self.mail_asked)
        self._receipt = label(stage, role="body", wraps=True)
        self.receipt_preview = self._link("receipt-preview", msg("See the receipt"), self.receipt_asked)
        self._for_good = label(stage, role="body", wraps=True)
        address = row(self._address, self.preview)
        address.setStretchFactor(self._address, 1)
        mail = QWidget()
        mail.setLayout(column(self._mail, address, spacing=0))
        is_refund = kind is OperationKind.ORDER_REFUND
        self.setLayout(
            column(
                label(stage, msg("What will happen"), "section"),
                self._line("used" if is_refund else "cancelled", self._code),
                self._line("swap", self._points),
                self.figures,
                self._proposal,
                self.balance,
                self._line("mail", mail),
                self._line("document", self._receipt, self.receipt_preview),
                self._line("lock", self._for_good),
                spacing=7,
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
        is_refund = self._kind is OperationKind.ORDER_REFUND
        returns = self._kind is not OperationKind.INVALIDATE and (reason is None or reason.returns_points)
        tell(self._code, msg("The coupon stays used.") if is_refund else msg("The code stops working at once."))
        tell(self._points, self._about_points(returns=returns))
        self.balance.setVisible(returns and view.balance_before is not None)
        if view.balance_before is not None:
            self.balance.show_points(view.balance_before, self._gained)
        self._show_mail(is_told=view.email_masked is not None and returns)
        tell(self._receipt, msg("A receipt is made, in {language}.", language=LANGUAGES[view.mail_language]))
        is_known = reason is not None or is_refund
        allow(self._stage, self.receipt_preview, None if is_known else msg("Pick a reason first: it stands on the receipt."))
        tell(self._for_good, self._about_good(returns=returns))

    def _show_mail(self, *, is_told: bool) -> None:
        self._address.setVisible(is_told)
        self.preview.setVisible(is_told)
        self._address.say(self._view.email_masked or "")
        language = LANGUAGES[self._view.mail_language]
        told = msg("The customer is told by e-mail, in {language}.", language=language)
        self._stage.speech.tell(self._mail, told if is_told else msg("No e-mail is sent."))

    def _about_points(self, *, returns: bool) -> Message:
        if not returns:
            return msg("No points are returned. The case is marked for investigation.")
        if not self._gained and self._kind is not OperationKind.ORDER_REFUND:
            return msg("The other desk has returned the points. None are returned again; the rest is finished.")
        return msg("{points} points are returned to the customer.", points=self._gained)

    def _about_good(self, *, returns: bool) -> Message:
        """What no button of this program takes back."""
        if self._kind is OperationKind.ORDER_REFUND:
            return msg("Cannot be undone: returned points stay with the customer.")
        if not returns:
            return msg("Cannot be undone: the code stays dead. The points can be returned after an investigation.")
        return msg("Cannot be undone, neither the code nor the points.")

    def _link(self, name: str, text: Message, asked: SignalInstance) -> QPushButton:
        made = button(self._stage, text, "link")
        made.setObjectName(name)
        made.clicked.connect(asked)
        return made

    def _line(self, icon: str, text: QWidget, beside: QWidget | None = None) -> QLayout:
        """A thing that will happen, with its icon at the height of its first line, or of the button beside it."""
        picture = icon_label(self._stage, icon, "muted", 18)
        made = row(picture, text, *([beside] if beside is not None else []), spacing=10)
        made.setAlignment(picture, Qt.AlignmentFlag.AlignTop if beside is None else Qt.AlignmentFlag.AlignVCenter)
        made.setStretchFactor(text, 1)
        return made
