"""From what was scanned or typed to the one coupon that is meant, and to the wish to cancel it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from coupon_desk.coupons.code import CouponCode, InvalidCode, is_code
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.details_pane import DetailsPane
from coupon_desk.desk.stage import Stage

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


class CouponFinder(QObject):
    """Selects what was entered as soon as the list has it; looks beyond the list for what it does not have."""

    failed = Signal(object)

    def __init__(
        self,
        stage: Stage,
        desk: CouponDesk,
        session: Session,
        rows: CouponRows,
        table: CouponTable,
        details: DetailsPane,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._rows = rows
        self._table = table
        self._details = details
        self._wanted: CouponCode | None = None
        self._is_asked_to_cancel = False

    def enter(self, text: str) -> None:
        """Enter, or a scanner's end: select exactly this coupon; a name selects the first one found."""
        try:
            self._wanted = CouponCode.parse(text)
        except InvalidCode:
            self.go_down()
        else:
            if self._rows.find(self._wanted).isValid() or not self._rows.is_fetching:
                self.select(self._wanted)

    def enter_again(self, text: str) -> None:
        """One more Enter on the code that was entered: open the dialog for it, and for no other."""
        if is_code(text) and CouponCode.parse(text) in {self._wanted, self._details.shown}:
            self.ask_to_cancel()
        else:
            self.enter(text)

    def forget(self) -> None:
        """Something else is being searched for now."""
        self._wanted = None
        self._is_asked_to_cancel = False

    def go_down(self) -> None:
        """From the search into the list."""
        if self._rows.rowCount():
            if self._table.current() is None:
                self._table.select(self._rows.index(0, 0))
            self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_rows(self) -> None:
        """The list has changed: select what is wanted, or again what is shown."""
        if self._wanted is not None:
            self.select(self._wanted)
        elif self._table.current() is None and self._details.view is not None:
            index = self._rows.find(self._details.view.code)
            if index.isValid():
                self._table.come_back_to(index)

    def select(self, code: CouponCode) -> None:
        """Show this coupon, whether the list has it in view or not."""
        index = self._rows.find(code)
        if index.isValid():
            self._table.select(index)
            self._shown(code)
            return
        desk, session = self._desk, self._session
        self._stage.runner.read(
            self, "find", lambda: desk.coupons.get(code, session), lambda found: self._show_found(code, found), self.failed.emit
        )

    def ask_to_cancel(self) -> None:
        """Ctrl+Enter means the coupon that was entered, which may not have been found yet, and never the one before it."""
        self._is_asked_to_cancel = self._wanted is not None
        if not self._is_asked_to_cancel:
            self._details.ask_to_cancel()

    def _show_found(self, code: CouponCode, found: Coupon | None) -> None:
        if self._wanted in {None, code}:
            self._details.show_coupon(found or self._unlisted(code))
            self._shown(code)

    def _shown(self, code: CouponCode) -> None:
        if code != self._wanted:
            return
        self._wanted = None
        if self._is_asked_to_cancel:
            self._is_asked_to_cancel = False
            self._details.ask_to_cancel()

    def _unlisted(self, code: CouponCode) -> Coupon:
        """A code that the list does not know may still be true in Shopify: look there."""
        return Coupon(
            code=code,
            status=CouponStatus.NEEDS_ATTENTION,
            points=code.points,
            amount=None,
            currency=self._desk.settings.shop.currency,
            customer_id=None,
            customer_name="",
            customer_email=None,
            issued_at=None,
            expires_at=None,
            updated_at=datetime.now(UTC),
        )
