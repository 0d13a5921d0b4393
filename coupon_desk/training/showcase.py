"""The special coupons that every training shop has: one of each story that a manager may meet at the counter."""

from __future__ import annotations

from dataclasses import dataclass, fields

SHOWCASE_DISCOUNTS = 27
"""How many discounts the showcase puts into a shop (two of its codes share one)."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One special coupon: its code, its discount, its customer, the points in its code, and the order that it appears in."""

    code: str
    discount_id: str
    customer_id: str
    points: int
    order: str | None = None

    @property
    def reference(self) -> str:
        """What links conversion and return in the point history."""
        return f"COUPON-{self.code}"


@dataclass(frozen=True, slots=True)
class Showcase:
    """The special coupons by name.

    `example` is unused and in order in every respect; its record has an unknown key in the entry and one at the top. Unless the
    name says otherwise the others are unused too. `used_second_code` was used twenty minutes before the shop opened: its use is
    counted only an hour later, so that the customer's own orders alone tell it. `used_partly_refunded` and the two of
    `used_two_codes`, which one order bears, are of cancelled orders of whose money only a part was refunded.
    """

    example: Specimen
    used: Specimen
    used_order_cancelled: Specimen
    used_second_code: Specimen
    expired: Specimen
    scheduled: Specimen
    cancelled: Specimen
    several_codes: Specimen
    several_codes_sibling: Specimen
    free_shipping: Specimen
    percentage: Specimen
    unrestricted: Specimen
    record_wrapped: Specimen
    record_list: Specimen
    no_record: Specimen
    conversion_missing: Specimen
    conversion_differs: Specimen
    already_returned: Specimen
    unknown_at_pos: Specimen
    mapped_pos_id: Specimen
    no_email: Specimen
    english_customer: Specimen
    expiring_soon: Specimen
    buy_x_get_y: Specimen
    app_discount: Specimen
    used_partly_refunded: Specimen
    used_two_codes: Specimen
    used_two_codes_other: Specimen

    def all(self) -> dict[str, Specimen]:
        """Every special coupon by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
