"""What the customer will get, before it is made: the e-mail and the receipt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.desk.cancel_asking import Asking
from coupon_desk.desk.mail_preview import MailPreview
from coupon_desk.desk.stage import Stage

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.mail.messages import RenderedMail
    from coupon_desk.people.operators import Session


class Previews(QObject):
    """Reads them on a worker and shows them over the dialog; `failed` tells why one cannot be shown."""

    failed = Signal(object)

    def __init__(
        self,
        stage: Stage,
        desk: CouponDesk,
        session: Session,
        view: CouponView,
        kind: OperationKind,
        asking: Asking,
        dialog: QWidget,
    ) -> None:
        super().__init__(dialog)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._view = view
        self._kind = kind
        self._form = asking.form
        self._dialog = dialog
        asking.consequences.mail_asked.connect(self.show_mail)
        asking.consequences.receipt_asked.connect(self.show_receipt)

    def show_mail(self) -> None:
        """The e-mail, as it would be sent."""
        desk, view, is_refund = self._desk, self._as_asked(), self._kind is OperationKind.ORDER_REFUND

        def read() -> RenderedMail | None:
            return desk.mail_preview(view, for_cancelled_order=is_refund)

        def show(mail: RenderedMail | None) -> None:
            MailPreview(self._stage, mail, self._dialog).open()

        self._stage.runner.read(self, "mail", read, show, self.failed.emit)

    def show_receipt(self) -> None:
        """The receipt, for the reason that was picked."""
        desk, session, view, kind, reason = self._desk, self._session, self._as_asked(), self._kind, self._form.reason
        order = self._form.order.text() if self._form.order is not None else None
        if reason is None:
            return

        def show(html: str) -> None:
            from coupon_desk.desk.receipt_preview import ReceiptPreview

            ReceiptPreview(self._stage, html, view.mail_language, self._dialog).open()

        self._stage.runner.read(
            self, "receipt", lambda: desk.receipt_preview(view, kind, reason, session, order), show, self.failed.emit
        )

    def _as_asked(self) -> CouponView:
        """The coupon with the points that are really asked for: a refund may give back a part of them."""
        refund = self._form.order.chosen if self._form.order is not None else None
        before = self._view.balance_before
        if refund is None:
            return self._view
        gained = refund.verdict.points_to_return
        after = None if before is None else before + gained
        return replace(self._view, verdict=refund.verdict, balance_after=after, points_gained=gained)
