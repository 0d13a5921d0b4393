"""Gathers evidence on one coupon from all sources at once. A source that fails is written down as not having answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec

from coupon_desk.cancellation.packing import pack_discount
from coupon_desk.cancellation.ports import PointSystem, Shop
from coupon_desk.cancellation.pos_ids import PosIds
from coupon_desk.cancellation.recent_evidence import RecentEvidence
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
    recent: RecentEvidence = field(default_factory=RecentEvidence)
    pos_ids: PosIds = field(default_factory=PosIds)

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
        record, orders, history = self._answers(code, about_customer, will_pass=will_pass)
        evidence = Evidence(
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
        self.recent.keep(evidence, self.clock.monotonic())
        return evidence

    def just_seen(self, code: CouponCode, *, own: OwnWork | None, operator_contacts: tuple[str, ...]) -> Evidence | None:
        """What `gather` saw of the coupon a moment ago, once; None where that is not fresh enough to decide on."""
        seen = self.recent.take(code, self.clock.monotonic())
        return replace(seen, own=own, operator_contacts=operator_contacts, taking_over=None) if seen is not None else None

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
            return _AboutCustomer(orders)
        record = self.executor.submit(self._ask, Source.RECORD, lambda: self.shop.read_record(customer_id, code))
        guess = self.pos_ids.guess(customer_id)
        guessed = self.executor.submit(self._history, code, guess) if guess else None
        return _AboutCustomer(orders, record, guess, guessed)

    def _answers(
        self, code: CouponCode, asked: _AboutCustomer, *, will_pass: bool
    ) -> tuple[RecordSeen | Absent | NotAnswered, OrdersSeen | NotAnswered, HistorySeen | Absent | NotAnswered]:
        if asked.record is None:
            unknown = msg("nobody knows whose coupon this is.")
            record: RecordSeen | Absent | NotAnswered = NotAnswered(Source.RECORD, unknown, will_pass)
            return record, asked.orders.result(), NotAnswered(Source.HISTORY, unknown, will_pass)
        record = asked.record.result()
        if not isinstance(record, RecordSeen):
            unknown = msg("the customer is not known, so the point history cannot be read.")
            may_pass = isinstance(record, NotAnswered) and record.will_pass
            return record, asked.orders.result(), NotAnswered(Source.HISTORY, unknown, may_pass)
        customer = record.customer
        self.pos_ids.learn(customer.id, customer.pos_customer_id)
        is_right = asked.guessed is not None and asked.guess == customer.pos_customer_id
        history = asked.guessed.result() if asked.guessed and is_right else self._history(code, customer.pos_customer_id)
        return record, asked.orders.result(), history

    def _history(self, code: CouponCode, pos_id: str) -> HistorySeen | Absent | NotAnswered:
        return self._ask(Source.HISTORY, lambda: self.points.read_history(pos_id, code.reference))

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
    """What was asked about the customer; `guessed` is the history under the id that was guessed."""

    orders: Future[OrdersSeen | NotAnswered]
    record: Future[RecordSeen | Absent | NotAnswered] | None = None
    guess: str | None = None
    guessed: Future[HistorySeen | Absent | NotAnswered] | None = None


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
