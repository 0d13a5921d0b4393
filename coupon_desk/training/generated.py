"""The untouched part of a training shop, as pure functions of the seed: coupon i, customer j, and what belongs to them.

Nothing here is stored. Coupons are issued one after the other over the last fourteen months; numbers and dates rise with the
index, so that a page of a million is cut by arithmetic. Some are used, some were cancelled, some start later, the old ones
expired.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from math import gcd
from typing import Any, Final

from coupon_desk.coupons.points import PointEntry
from coupon_desk.training import dice
from coupon_desk.training.ledger import entries
from coupon_desk.training.people_names import person
from coupon_desk.training.things import Customer, Discount, Metafield, Order, RedeemCode, when, whole

_SPAN: Final = timedelta(days=425)
_VALID: Final = timedelta(days=365)
_POINTS: Final = (300, 500, 500, 500, 500, 800, 1000, 1000, 1000, 1500, 2000, 3000, 5000)
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TOKENS: Final = 2176782317  # a prime just below 36 ** 6: multiplication scatters every index to a token of its own
_DISCOUNTS: Final = 1_402_100_000_000
_CODES: Final = 21_640_100_000_000
_ORDERS: Final = 6_120_400_000_000
_CUSTOMERS: Final = 7_812_300_000_000
_METAFIELDS: Final = 38_900_000_000_000
_STEP: Final = 32_771
_CUSTOMER_STEP: Final = 1_000_003


class Fate(Enum):
    """What became of a generated coupon."""

    KEPT = "kept"
    USED = "used"
    CANCELLED = "cancelled"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True)
class Coupon:
    """What is decided about a generated coupon; discount, record entry, point history and order follow from it."""

    index: int
    code: str
    points: int
    customer: int
    issued_at: datetime
    starts_at: datetime
    expires_at: datetime
    fate: Fate
    fate_at: datetime | None


class Generated:
    """The coupons and customers of a shop that opened at a moment. Pure: may be used from any thread."""

    def __init__(self, size: int, seed: int, opened_at: datetime) -> None:
        self.size = size
        self.seed = seed
        self.opened_at = whole(opened_at)
        self.customers = max(1, (size + 1) // 2)
        self._scatter = 1 + dice.below(_TOKENS - 1, seed, 1)
        self._token_offset = dice.below(_TOKENS, seed, 5)
        self._gather = pow(self._scatter, -1, _TOKENS)
        self._layers = tuple(self._make_layers())

    def coupon(self, index: int) -> Coupon:
        """The coupon at an index from 0."""
        seed = self.seed
        customer = self.owner(index)
        points = dice.pick(_POINTS, seed, 2, index)
        issued_at = self.opened_at - _SPAN + timedelta(seconds=int(index * _SPAN.total_seconds() / max(1, self.size)))
        age = self.opened_at - issued_at
        starts_at, fate, fate_at = issued_at, Fate.KEPT, None
        chance = dice.share(seed, 3, index)
        if chance < 0.38:
            fate_at = issued_at + age * (0.05 + 0.6 * dice.share(seed, 4, index))
            fate = Fate.USED
        elif chance < 0.43:
            fate_at = issued_at + age * (0.02 + 0.4 * dice.share(seed, 4, index))
            fate = Fate.CANCELLED
        elif chance > 0.985 and age < timedelta(days=30):
            fate = Fate.SCHEDULED
            starts_at = self.opened_at + timedelta(days=3 + dice.below(40, seed, 4, index))
        digits = self.customer_number(customer) % 100_000
        return Coupon(
            index, f"{digits:05d}-{self._token(index)}-{points}", points, customer, issued_at, starts_at,
            starts_at + _VALID, fate, None if fate_at is None else whole(fate_at),
        )  # fmt: skip

    def index_of_code(self, code: str) -> int | None:
        """The index of the coupon that bears a code, in either case."""
        parts = code.upper().split("-")
        if len(parts) != 3 or len(parts[1]) != 6 or any(letter not in _LETTERS for letter in parts[1]):
            return None
        scattered = int(parts[1], 36)
        index = (scattered - self._token_offset) * self._gather % _TOKENS
        return index if index < self.size and self.coupon(index).code == code.upper() else None

    def owner(self, index: int) -> int:
        """The customer (by index) that a coupon belongs to: all get one, half of them a second, and so on."""
        for start, width, stride in self._layers:
            if index < start + width:
                return (index - start) * stride % self.customers
        raise IndexError(index)

    def coupons_of(self, customer: int) -> Iterator[Coupon]:
        """The coupons of a customer, oldest first."""
        for start, width, stride in self._layers:
            offset = customer * pow(stride, -1, self.customers) % self.customers if self.customers > 1 else 0
            if offset < width and start + offset < self.size:
                yield self.coupon(start + offset)

    def customer_number(self, index: int) -> int:
        """Shopify's number of a customer."""
        return _CUSTOMERS + index * _CUSTOMER_STEP + dice.below(_CUSTOMER_STEP, self.seed, 6, index)

    def customer_index(self, number: int) -> int | None:
        """The index of the customer with a number."""
        index = (number - _CUSTOMERS) // _CUSTOMER_STEP
        return index if 0 <= index < self.customers and self.customer_number(index) == number else None

    def customer(self, index: int) -> Customer:
        """A customer."""
        first, last, locale, email = person(self.seed, index)
        created_at = self.opened_at - timedelta(days=1400) + timedelta(seconds=index * 80_000_000 // self.customers)
        phone = f"+8190{dice.below(100_000_000, self.seed, 7, index):08d}" if locale == "ja" else None
        has_email = dice.below(100, self.seed, 8, index) >= 3
        agreed = dice.below(100, self.seed, 14, index)
        marketing_state = "SUBSCRIBED" if agreed < 80 else "NOT_SUBSCRIBED" if agreed < 92 else "UNSUBSCRIBED"
        return Customer(
            self.customer_number(index),
            first,
            last,
            locale,
            email if has_email else None,
            phone,
            created_at,
            created_at,
            marketing_state=marketing_state,
        )

    def discount_number(self, index: int) -> int:
        """Shopify's number of a discount."""
        return _DISCOUNTS + index * _STEP + dice.below(_STEP, self.seed, 9, index)

    def discount_index(self, number: int) -> int | None:
        """The index of the discount with a number."""
        index = (number - _DISCOUNTS) // _STEP
        return index if 0 <= index < self.size and self.discount_number(index) == number else None

    def discount(self, index: int) -> Discount:
        """The discount of a coupon."""
        coupon = self.coupon(index)
        uses = (coupon.fate_at,) if coupon.fate is Fate.USED and coupon.fate_at is not None else ()
        gone_at = coupon.fate_at if coupon.fate is Fate.CANCELLED else None
        return Discount(
            number=self.discount_number(index),
            title=coupon.code,
            codes=(RedeemCode(_CODES + index * _STEP, coupon.code, uses),),
            starts_at=coupon.starts_at,
            ends_at=gone_at or coupon.expires_at,
            created_at=coupon.issued_at,
            updated_at=coupon.issued_at,  # rises with the index, so that a million are cut by it without sorting
            amount=coupon.points,
            customer_numbers=(self.customer_number(coupon.customer),),
        )

    def order_number(self, index: int) -> int:
        """Shopify's number of the order in which a coupon was used."""
        return _ORDERS + index * _STEP + dice.below(_STEP, self.seed, 10, index)

    def order_index(self, number: int) -> int | None:
        """The index of the coupon that was used in the order with a number."""
        index = (number - _ORDERS) // _STEP
        return index if 0 <= index < self.size and self.order_number(index) == number else None

    def order(self, index: int) -> Order | None:
        """The order in which a coupon was used; None when it was not."""
        coupon = self.coupon(index)
        if coupon.fate is not Fate.USED or coupon.fate_at is None:
            return None
        total = 1200 + 110 * dice.below(180, self.seed, 11, index)
        return Order(
            self.order_number(index), f"#{1001 + index}", coupon.fate_at, coupon.fate_at, (coupon.code,),
            self.customer_number(coupon.customer), total, coupon.points,
        )  # fmt: skip

    def record(self, customer: int) -> Metafield | None:
        """The metafield `loyalty.coupons` of a customer; None without coupons."""
        coupons = list(self.coupons_of(customer))
        if not coupons:
            return None
        value = json.dumps([self._record_entry(coupon) for coupon in coupons], separators=(",", ":"))
        changed_at = max(coupon.fate_at or coupon.issued_at for coupon in coupons)
        number = self.customer_number(customer)
        return Metafield(_METAFIELDS + customer, number, "loyalty", "coupons", "json", value, coupons[0].issued_at, changed_at)

    def point_entries(self, customer: int) -> list[PointEntry]:
        """The point history of a customer, oldest first."""
        account = str(self.customer_number(customer))
        created_at = self.customer(customer).created_at
        moves: list[tuple[datetime, int, str, str | None]] = []
        for coupon in self.coupons_of(customer):
            reference = f"COUPON-{coupon.code}"
            moves.append((coupon.issued_at - timedelta(hours=30), coupon.points // 2, "Purchase", None))
            moves.append((coupon.issued_at, -coupon.points, "Converted into a coupon", reference))
            if coupon.fate is Fate.CANCELLED and coupon.fate_at is not None:
                moves.append((coupon.fate_at, coupon.points, "Coupon cancelled", reference))
        needed = -sum(points for _, points, _, _ in moves if points < 0)
        moves.append((created_at, needed + 10 * dice.below(120, self.seed, 12, customer), "Points carried over", None))
        return entries(account, moves)

    def _record_entry(self, coupon: Coupon) -> dict[str, Any]:
        status = {Fate.USED: "used", Fate.CANCELLED: "cancelled"}.get(coupon.fate, "active")
        entry: dict[str, Any] = {
            "code": coupon.code,
            "discount_id": f"gid://shopify/DiscountCodeNode/{self.discount_number(coupon.index)}",
            "points": coupon.points,
            "amount": coupon.points,
            "status": status,
            "issued_at": when(coupon.issued_at),
            "expires_at": when(coupon.expires_at),
        }
        if coupon.fate_at is not None:
            entry["used_at" if coupon.fate is Fate.USED else "cancelled_at"] = when(coupon.fate_at)
        return entry

    def _token(self, index: int) -> str:
        scattered = (index * self._scatter + self._token_offset) % _TOKENS
        letters = []
        for _ in range(6):
            scattered, letter = divmod(scattered, 36)
            letters.append(_LETTERS[letter])
        return "".join(reversed(letters))

    def _make_layers(self) -> Iterator[tuple[int, int, int]]:
        start, width = 0, self.customers
        for layer in range(self.size):
            if start >= self.size:
                return
            yield start, width, self._stride(layer)
            start, width = start + width, max(1, self.customers // 4, width // 2)

    def _stride(self, layer: int) -> int:
        stride = 1 + dice.below(self.customers, self.seed, 13, layer)
        while gcd(stride, self.customers) != 1:
            stride += 1
        return stride % self.customers if self.customers > 1 else 1
