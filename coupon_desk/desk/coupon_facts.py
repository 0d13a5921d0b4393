"""The small facts of a coupon: dates, uses, how its discount stands in Shopify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QWidget

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, NotAnswered
from coupon_desk.desk.controls import Elided, column, label
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView

STATES = {
    DiscountState.ACTIVE: msg("Active"),
    DiscountState.EXPIRED: msg("Expired or switched off"),
    DiscountState.SCHEDULED: msg("Scheduled"),
}
NAMES = (msg("Issued"), msg("Expires"), msg("Uses"), msg("Discount in Shopify"), msg("Checked at"))
COLUMNS = 3


class CouponFacts(QWidget):
    """A grid of names with values under them."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._values: list[Elided] = []
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        for place, name in enumerate(NAMES):
            value = Elided()
            is_last = place == len(NAMES) - 1
            fact = column(label(stage, name, "small"), value, spacing=0)
            grid.addLayout(fact, place // COLUMNS, place % COLUMNS, 1, 2 if is_last else 1)
            grid.setColumnStretch(place % COLUMNS, 1)
            self._values.append(value)
        self.setLayout(grid)

    def show_coupon(self, coupon: Coupon, view: CouponView | None) -> None:
        """What the list knows, and what the live evidence adds; dots while it is being gathered."""
        speech = self._stage.speech
        discount = view.evidence.discount if view is not None else None
        state, uses = "…", "…"
        if isinstance(discount, DiscountSeen):
            state, uses = speech.say(STATES[discount.state]), speech.number(discount.usage_count)
        elif isinstance(discount, Absent):
            state = uses = speech.say(msg("Not found"))
        elif isinstance(discount, NotAnswered):
            state = uses = speech.say(msg("No answer"))
        looked_at = speech.moment(view.looked_at) if view is not None else "…"
        texts = (speech.day(coupon.issued_at), speech.day(coupon.expires_at), uses, state, looked_at)
        for value, text in zip(self._values, texts, strict=True):
            value.say(text)
