"""Gathers evidence on one coupon from all sources at once. A source that fails is written down as not having answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from coupon_desk.cancellation.packing import pack_discount
from coupon_desk.cancellation.ports import PointSystem, Shop
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
    Evidence,
    Held,
    HistorySeen,
    NotAnswered,
    OrdersSeen,
    OwnWork,
    RecordSeen,
    Source,
)
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.words import msg, pack

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Asks Shopify and the point system in parallel.

    `customer_hint` tells the customer whom the catalogue knows for a code, so that nothing waits for the discount's answer; the
    hint is checked against what Shopify says and never trusted. `holder` tells whose claim stands in the central database.
    """

    shop: Shop
    points: PointSystem
    clock: Clock
    executor: Executor
    customer_hint: Callable[[CouponCode], str | None]
    holder: Callable[[CouponCode], Held | None] = lambda _: None

    def gather(
        self,
        code: CouponCode,
        *,
        own: OwnWork | None,
        operator_contacts: tuple[str, ...],
        taking_over: str | None = None,
    ) -> Evidence:
        """Everything that the sources say of the coupon now. Never raises a RemoteError."""
        hint = self.customer_hint(code)
        held = self.executor.submit(self._held, code)
        asked = self.executor.submit(self._ask, Source.DISCOUNT, lambda: self.shop.read_discount(code))
        about_customer = self._ask_about_customer(code, hint) if hint else None
        discount = asked.result()
        customer_id = _customer_of(discount, hint)
        if about_customer is None or customer_id != hint:
            about_customer = self._ask_about_customer(code, customer_id)
        will_pass = isinstance(discount, NotAnswered) and discount.will_pass
        record, orders, history = about_customer.answers(will_pass=will_pass)
        return Evidence(
            code=code,
            gathered_at=self.clock.now(),
            discount=discount,
            record=record,
            orders=orders,
            history=history,
            own=own,
            operator_contacts=operator_contacts,
            taking_over=taking_over,
            held=held.result(),
        )

    def look_again(self, code: CouponCode, discount: DiscountSeen | None, customer_id: str, pos_customer_id: str) -> SecondLook:
        """What may have changed since the evidence was gathered, all sources at once. Raises RemoteError.

        `discount` is None where another desk had removed the code before: then there is none to look at.
        """
        ask = self.executor.submit
        again = ask(self.shop.read_discount_by_id, discount.id, code) if discount else None
        orders = ask(self.shop.find_orders, code, customer_id, discount.created_at if discount else None)
        record = ask(self.shop.read_record, customer_id, code)
        history = ask(self.points.read_history, pos_customer_id, code.reference)
        return SecondLook(again.result() if again else Absent(), orders.result(), record.result(), history.result())

    def _ask_about_customer(self, code: CouponCode, customer_id: str | None) -> _AboutCustomer:
        orders = self.executor.submit(self._ask, Source.ORDERS, lambda: self.shop.find_orders(code, customer_id, since=None))
        if customer_id is None:
            return _AboutCustomer(orders, None)
        return _AboutCustomer(orders, self.executor.submit(self._record_and_history, code, customer_id))

    def _record_and_history(
        self, code: CouponCode, customer_id: str
    ) -> tuple[RecordSeen | Absent | NotAnswered, HistorySeen | Absent | NotAnswered]:
        record = self._ask(Source.RECORD, lambda: self.shop.read_record(customer_id, code))
        if not isinstance(record, RecordSeen):
            unknown = msg("the customer is not known, so the point history cannot be read.")
            return record, NotAnswered(Source.HISTORY, unknown, will_pass=isinstance(record, NotAnswered) and record.will_pass)
        pos_id = record.customer.pos_customer_id
        return record, self._ask(Source.HISTORY, lambda: self.points.read_history(pos_id, code.reference))

    def _held(self, code: CouponCode) -> Held | None:
        try:
            return self.holder(code)
        except RemoteError:
            return None

    @staticmethod
    def _ask(source: Source, question: Callable[[], Seen]) -> Seen | NotAnswered:
        try:
            return question()
        except RemoteError as silent:
            return NotAnswered(source, silent.what, will_pass=isinstance(silent, RemoteUnavailable))


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The sources once more, after the code was switched off."""

    discount: DiscountSeen | Absent
    orders: OrdersSeen
    record: RecordSeen | Absent
    history: HistorySeen | Absent


@dataclass(frozen=True, slots=True)
class _AboutCustomer:
    orders: Future[OrdersSeen | NotAnswered]
    record_and_history: Future[tuple[RecordSeen | Absent | NotAnswered, HistorySeen | Absent | NotAnswered]] | None

    def answers(
        self, *, will_pass: bool
    ) -> tuple[RecordSeen | Absent | NotAnswered, OrdersSeen | NotAnswered, HistorySeen | Absent | NotAnswered]:
        if self.record_and_history is None:
            unknown = msg("nobody knows whose coupon this is.")
            return (
                NotAnswered(Source.RECORD, unknown, will_pass),
                self.orders.result(),
                NotAnswered(Source.HISTORY, unknown, will_pass),
            )
        record, history = self.record_and_history.result()
        return record, self.orders.result(), history


def _customer_of(discount: DiscountSeen | Absent | NotAnswered, hint: str | None) -> str | None:
    """The customer to whom the discount is restricted; else the one whose record holds the code, as the catalogue says."""
    if isinstance(discount, DiscountSeen) and discount.customer_ids and hint not in discount.customer_ids:
        return discount.customer_ids[0]
    return hint


def pack_evidence(evidence: Evidence) -> dict[str, Any]:
    """The evidence as the trail keeps it: every fact a decision rests on, no name, e-mail or phone number."""
    packed: dict[str, Any] = {"gathered_at": evidence.gathered_at.isoformat()}
    for source, answer in (
        (Source.DISCOUNT, evidence.discount),
        (Source.RECORD, evidence.record),
        (Source.ORDERS, evidence.orders),
        (Source.HISTORY, evidence.history),
    ):
        match answer:
            case NotAnswered():
                packed[source] = {"not_answered": pack(answer.why)}
            case Absent():
                packed[source] = {"absent": True}
            case RecordSeen():
                packed[source] = {
                    "customer": answer.customer.id,
                    "entry": msgspec.to_builtins(answer.entry),
                    "raw_sha256": hashlib.sha256(answer.raw.encode()).hexdigest() if answer.raw is not None else None,
                    "digest": answer.digest,
                }
            case DiscountSeen():
                packed[source] = pack_discount(answer)
            case HistorySeen():
                packed[source] = msgspec.to_builtins(
                    replace(answer, entries=tuple(replace(entry, reason="") for entry in answer.entries), unreferenced=())
                )
            case OrdersSeen():
                packed[source] = msgspec.to_builtins(answer)
    return packed
