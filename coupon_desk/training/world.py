"""The truth of a training shop: what is on its shelves, behind one lock, with one count of every change."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from coupon_desk.clock import Clock
from coupon_desk.coupons.points import PointEntry
from coupon_desk.training.generated import Generated
from coupon_desk.training.ledger import Ledger
from coupon_desk.training.shelf import Shelf
from coupon_desk.training.sources import CustomerSource, DiscountSource, OrderSource, customer_key, discount_key, order_key
from coupon_desk.training.things import Customer, Discount, Metafield, Order, whole

_FIRST_NEW: Final = 9_000_000_000_000


@dataclass(frozen=True, slots=True)
class View:
    """What a request may see: the moment, and up to when the lagging parts have caught up (None: fully)."""

    now: datetime
    usage_until: datetime
    search_at: datetime | None
    history_until: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """A background job of Shopify's."""

    number: int
    due_at: datetime

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/Job/{self.number:08x}-0c0f-4d1a-9a77-0242ac130003"


class World:
    """Everything that the remote systems know. Hold `lock` to read or change it."""

    def __init__(self, size: int, seed: int, clock: Clock, lock: threading.RLock) -> None:
        self.lock = lock
        self.clock = clock
        self.revision = 0
        self.opened_at = clock.now()
        self.caught_up_at = self.opened_at
        self.generated = generated = Generated(size, seed, self.opened_at)
        self.discounts: Shelf[Discount] = Shelf(DiscountSource(generated), discount_key)
        self.customers: Shelf[Customer] = Shelf(CustomerSource(generated), customer_key)
        self.orders: Shelf[Order] = Shelf(OrderSource(generated), order_key)
        self.ledger = Ledger(self._open_account)
        self.next_order_name = 1001 + size
        self._codes: dict[str, int] = {}
        self._orders_by_name: dict[str, int] = {}
        self._orders_by_code: dict[str, list[int]] = {}
        self._orders_by_customer: dict[int, list[int]] = {}
        self._metafields: dict[tuple[int, str, str], Metafield | None] = {}
        self._changed_records: set[int] = set()
        self._jobs: list[tuple[Job, Callable[[], None]]] = []
        self._next_number = _FIRST_NEW

    def catch_up(self) -> None:
        """Let everything that lags know all that happened up to now."""
        self.caught_up_at = self.clock.now()

    def new_number(self) -> int:
        """A number that nothing bears yet."""
        self._next_number += 32_771
        return self._next_number

    def put_discount(self, discount: Discount, *, always: bool = False) -> None:
        """Add or change a discount; `always`: it was never different."""
        self.discounts.put(discount.number, discount, None if always else self.clock.now())
        for code in discount.codes:
            self._codes[code.code.casefold()] = discount.number
        self.revision += not always

    def drop_discount(self, number: int) -> None:
        """Delete a discount, its usage with it."""
        self.discounts.put(number, None, self.clock.now())
        self.revision += 1

    def discount_with(self, code: str) -> Discount | None:
        """The discount that bears a code, in either case: at once and always up to date."""
        number = self._codes.get(code.casefold())
        if number is None:
            index = self.generated.index_of_code(code)
            number = None if index is None else self.generated.discount_number(index)
        discount = None if number is None else self.discounts.get(number)
        return discount if discount is not None and discount.code(code) is not None else None

    def put_customer(self, customer: Customer, *, always: bool = False) -> None:
        """Add or change a customer."""
        self.customers.put(customer.number, customer, None if always else self.clock.now())
        self.revision += not always

    def put_order(self, order: Order, *, always: bool = False) -> None:
        """Add or change an order."""
        if self.orders.get(order.number) is None:
            self._orders_by_name[order.name] = order.number
            for code in order.codes:
                self._orders_by_code.setdefault(code.casefold(), []).append(order.number)
            if order.customer is not None:
                self._orders_by_customer.setdefault(order.customer, []).append(order.number)
        self.orders.put(order.number, order, None if always else self.clock.now())
        self.revision += not always

    def order_named(self, name: str) -> Order | None:
        """The order of that name, `#1001` or `1001`."""
        full = name if name.startswith("#") else f"#{name}"
        number = self._orders_by_name.get(full)
        if number is None and full[1:].isascii() and full[1:].isdigit():
            index = int(full[1:]) - 1001
            if 0 <= index < self.generated.size:
                number = self.generated.order_number(index)
        return None if number is None else self.orders.get(number)

    def orders_with(self, code: str) -> list[Order]:
        """All orders that bear a code, in whichever place, oldest first."""
        numbers = list(self._orders_by_code.get(code.casefold(), ()))
        index = self.generated.index_of_code(code)
        if index is not None:
            numbers.append(self.generated.order_number(index))
        return self._orders(numbers)

    def orders_of(self, customer: int) -> list[Order]:
        """All orders of a customer, oldest first."""
        numbers = list(self._orders_by_customer.get(customer, ()))
        index = self.generated.customer_index(customer)
        if index is not None:
            numbers.extend(self.generated.order_number(coupon.index) for coupon in self.generated.coupons_of(index))
        return self._orders(numbers)

    def metafield(self, owner: int, namespace: str, key: str) -> Metafield | None:
        """A metafield of a customer."""
        if (owner, namespace, key) in self._metafields:
            return self._metafields[owner, namespace, key]
        index = self.generated.customer_index(owner)
        if index is None or (namespace, key) != ("loyalty", "coupons"):
            return None
        return self.generated.record(index)

    def put_metafield(
        self, owner: int, namespace: str, key: str, kind: str, value: str, *, always_since: datetime | None = None
    ) -> Metafield:
        """Write a metafield; `always_since`: it has been so since then."""
        now = whole(always_since or self.clock.now())
        old = self.metafield(owner, namespace, key)
        if old is None:
            metafield = Metafield(self.new_number(), owner, namespace, key, kind, value, now, now)
        else:
            metafield = replace(old, type=kind, value=value, updated_at=now, revision=old.revision + 1)
        self._metafields[owner, namespace, key] = metafield
        if always_since is None:
            self._changed_records.add(owner)
            customer = self.customers.get(owner)
            if customer is not None:
                self.put_customer(replace(customer, updated_at=now))
        return metafield

    def record(self, owner: int) -> Any:
        """The customer's coupon record, decoded; None where there is none or it is not JSON."""
        metafield = self.metafield(owner, "loyalty", "coupons")
        try:
            return None if metafield is None else json.loads(metafield.value)
        except ValueError:
            return None

    @property
    def changed_records(self) -> tuple[int, ...]:
        """The customers whose metafields were written since the shop opened."""
        return tuple(sorted(self._changed_records))

    def account_id(self, customer: int) -> str:
        """The customer's id at the point system (INTERFACE.md §5)."""
        mapped = self.metafield(customer, "loyalty", "pos_customer_id")
        return str(customer) if mapped is None else mapped.value

    def start_job(self, seconds: float, work: Callable[[], None]) -> Job:
        """Work that is done in a while."""
        job = Job(self.new_number() // 32_771 % 0xFFFFFFFF, self.clock.now() + timedelta(seconds=seconds))
        self._jobs.append((job, work))
        self.settle_jobs()
        return job

    def settle_jobs(self) -> None:
        """Do the work of all jobs that are due."""
        now = self.clock.now()
        due = [(job, work) for job, work in self._jobs if job.due_at <= now]
        self._jobs = [(job, work) for job, work in self._jobs if job.due_at > now]
        for _, work in due:
            work()

    def job_is_done(self, job_id: str) -> bool:
        """Whether a job is done; unknown jobs are."""
        self.settle_jobs()
        return all(job.id != job_id for job, _ in self._jobs)

    def _orders(self, numbers: list[int]) -> list[Order]:
        found = (self.orders.get(number) for number in dict.fromkeys(numbers))
        return sorted((order for order in found if order is not None), key=lambda order: (order.created_at, order.number))

    def _open_account(self, account_id: str) -> list[PointEntry] | None:
        index = self.generated.customer_index(int(account_id)) if account_id.isascii() and account_id.isdigit() else None
        return None if index is None else self.generated.point_entries(index)
