"""What the shelves hold while nobody has touched it, and by which keys the shelves are sorted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from coupon_desk.training.generated import Generated
from coupon_desk.training.things import Customer, Discount, Order

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime | None) -> int:
    """A moment as a sort key; None sorts last."""
    return ((moment or _NEVER) - _EPOCH) // timedelta(microseconds=1)


def discount_key(sort: str, discount: Discount) -> int | str:
    """The place of a discount in one of `DiscountSortKeys`."""
    match sort:
        case "CREATED_AT":
            return microseconds(discount.created_at)
        case "UPDATED_AT":
            return microseconds(discount.updated_at)
        case "STARTS_AT":
            return microseconds(discount.starts_at)
        case "ENDS_AT":
            return microseconds(discount.ends_at)
        case "TITLE":
            return discount.title
    return discount.number


def customer_key(sort: str, customer: Customer) -> int | str:
    """The place of a customer in one of `CustomerSortKeys`."""
    match sort:
        case "CREATED_AT":
            return microseconds(customer.created_at)
        case "UPDATED_AT":
            return microseconds(customer.updated_at)
        case "NAME":
            return f"{customer.last_name}, {customer.first_name}"
    return customer.number


def order_key(sort: str, order: Order) -> int | str:
    """The place of an order in one of `OrderSortKeys`."""
    match sort:
        case "CREATED_AT" | "PROCESSED_AT":
            return microseconds(order.created_at)
        case "UPDATED_AT":
            return microseconds(order.updated_at)
        case "TOTAL_PRICE" | "CURRENT_TOTAL_PRICE":
            return order.total
        case "ORDER_NUMBER":
            return int(order.name.lstrip("#"))
    return order.number


class DiscountSource:
    """The untouched discounts, for a shelf."""

    def __init__(self, generated: Generated) -> None:
        self._generated = generated
        self.size = generated.size
        self.rising_sorts = frozenset({"ID", "RELEVANCE", "CREATED_AT", "UPDATED_AT"})

    def number(self, index: int) -> int:
        """The number at an index."""
        return self._generated.discount_number(index)

    def index(self, number: int) -> int | None:
        """The index that has a number."""
        return self._generated.discount_index(number)

    def item(self, index: int) -> Discount | None:
        """The thing at an index."""
        return self._generated.discount(index)


class CustomerSource:
    """The untouched customers, for a shelf."""

    def __init__(self, generated: Generated) -> None:
        self._generated = generated
        self.size = generated.customers
        self.rising_sorts = frozenset({"ID", "RELEVANCE", "LOCATION", "CREATED_AT", "UPDATED_AT"})

    def number(self, index: int) -> int:
        """The number at an index."""
        return self._generated.customer_number(index)

    def index(self, number: int) -> int | None:
        """The index that has a number."""
        return self._generated.customer_index(number)

    def item(self, index: int) -> Customer | None:
        """The thing at an index."""
        return self._generated.customer(index)


class OrderSource:
    """The untouched orders, for a shelf."""

    def __init__(self, generated: Generated) -> None:
        self._generated = generated
        self.size = generated.size
        self.rising_sorts = frozenset({"ID", "RELEVANCE"})

    def number(self, index: int) -> int:
        """The number at an index."""
        return self._generated.order_number(index)

    def index(self, number: int) -> int | None:
        """The index that has a number."""
        return self._generated.order_index(number)

    def item(self, index: int) -> Order | None:
        """The thing at an index."""
        return self._generated.order(index)
