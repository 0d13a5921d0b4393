"""The inbox: cancelled orders that used a coupon whose points nobody has given back yet, so that nobody needs to be told.

Found by a search, so an order may come late; decided is nothing here: whoever asks for a refund has all looked at anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from coupon_desk.app.order_refund import may_read
from coupon_desk.cancellation.operation import OperationKind, OperationState
from coupon_desk.cancellation.own_work import OperationErased, own_work, story_of
from coupon_desk.cancellation.ports import PointSystem
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.coupons.eligibility import proposal_for
from coupon_desk.coupons.evidence import (
    Absent,
    Evidence,
    HistorySeen,
    NotAnswered,
    OrderSeen,
    OrdersSeen,
    OwnWork,
    RecordEntry,
    RecordSeen,
    RecordStatus,
    Source,
)
from coupon_desk.coupons.order_refund import Proposal
from coupon_desk.errors import RemoteError
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.shopify.cancelled_orders import ListedOrder
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message, msg

DAYS: Final = 30
"""Orders that changed so many days ago are looked through, unless told otherwise."""

_OVERLAP: Final = timedelta(hours=1)
"""So far back a further reading goes: the search knows a change only after a while."""

_ANEW: Final = timedelta(hours=24)
"""After so long all is read anew, as nobody promises how late the search may be."""

_AT_ONCE: Final = 4
"""Coupons that are looked up at the same time."""


class InboxState(StrEnum):
    """How the refund of one coupon of a cancelled order stands. The codes are for scripts and are never renamed."""

    OPEN = "open"
    REQUESTED = "requested"
    REFUSED = "refused"
    UNREAD = "unread"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    InboxState.OPEN: msg("Nobody has asked"),
    InboxState.REQUESTED: msg("Asked for"),
    InboxState.REFUSED: msg("Refused before"),
    InboxState.UNREAD: msg("Could not be read"),
}


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One coupon of a cancelled order. The customer is None for those who may not see customers, or where nobody knows them.

    `proposal` is None where a source did not answer; `operation` the request that is open or was refused last. `why` says why
    it was refused or could not be read, who works on it, or what the proposal rests on.
    """

    order: str
    order_id: str
    cancelled_at: datetime
    code: CouponCode
    customer_id: str | None
    customer_name: str | None
    proposal: Proposal | None
    state: InboxState
    operation: str | None
    why: Message | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, the newest cancelled first, as it was when reading began."""

    items: tuple[InboxItem, ...]
    read_at: datetime
    days: int


class OrderInbox:
    """Reads the inbox for somebody who may ask for refunds. Safe to use from several threads; blocks on the network.

    It remembers in memory how far it has read and what was found to be given back already, and never decides on that.
    """

    def __init__(
        self,
        shop: ShopifyShop,
        points: PointSystem,
        trail: Trail,
        index: OperationIndex,
        people: People,
        clock: Clock,
        customer_of: Callable[[CouponCode], str | None],
        need_secrets: Callable[[], None],
    ) -> None:
        self._need_secrets = need_secrets
        self._shop = shop
        self._points = points
        self._trail = trail
        self._index = index
        self._people = people
        self._clock = clock
        self._customer_of = customer_of
        self._reading = threading.Lock()
        self._orders: dict[str, ListedOrder] = {}
        self._settled: set[tuple[str, str]] = set()
        self._since: datetime | None = None
        self._read_until: datetime | None = None
        self._read_anew_at: datetime | None = None

    def read(self, session: Session | None, *, days: int = DAYS, stop: threading.Event | None = None) -> Inbox:
        """Every coupon of a cancelled order that changed in so many days, and has no grant yet.

        Leaves a part of Shopify's cost bucket to the counter. `stop` ends it early, with what was read.

        Raises NotPermitted, ConfigurationError, and RemoteError where the orders could not be searched.
        """
        may_read(self._people, session, "inbox")
        self._need_secrets()
        with self._reading:
            now = self._clock.now()
            since = now - timedelta(days=days)
            self._read_orders(now, since, stop)
            found = [listed.order for listed in self._orders.values() if listed.updated_at >= since]
            pairs = [(order, code) for order in found for code in codes_of(order) if (order.id, code.text) not in self._settled]
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="inbox") as pool:
                looked = tuple(pool.map(lambda pair: self._look(pair[0], pair[1], stop), pairs))
        may_see = session is None or session.may(Right.SEE_CUSTOMER)
        items = (item if may_see else _masked(item) for item in looked if item is not None)
        newest_first = sorted(items, key=lambda item: (item.cancelled_at, item.order, item.code), reverse=True)
        return Inbox(tuple(newest_first), now, days)

    def _read_orders(self, now: datetime, since: datetime, stop: threading.Event | None) -> None:
        """What has changed since the last reading; all of it the first time, for a longer span, and once a day."""
        known, until, anew_at = self._since, self._read_until, self._read_anew_at
        goes_on = known is not None and until is not None and anew_at is not None and known <= since and now - anew_at < _ANEW
        begin = max(since, until - _OVERLAP) if goes_on and until is not None else since
        if not goes_on:
            self._orders.clear()
        newest = begin
        for page in self._shop.cancelled_orders(begin, stop):
            for listed in page:
                newest = max(newest, listed.updated_at)
                if codes_of(listed.order):
                    self._orders[listed.order.id] = listed
        if stop is not None and stop.is_set():
            return
        self._read_until = max(newest, until) if goes_on and until is not None else newest
        if not goes_on:
            self._since, self._read_anew_at = since, now

    def _look(self, order: OrderSeen, code: CouponCode, stop: threading.Event | None) -> InboxItem | None:
        """How one coupon stands; None where its points were given back, or reading was stopped."""
        if stop is not None and stop.is_set():
            return None
        own = own_work(self._trail, self._index, code)
        customer_id = order.customer_id or self._customer_of(code)
        evidence = self._evidence(order, code, customer_id, own)
        if _is_settled(evidence):
            self._settled.add((order.id, code.text))
            return None
        silence = _silence(evidence)
        proposal = proposal_for(evidence, order) if silence is None else None
        state, operation, why = self._state(evidence, silence, proposal)
        customer = evidence.customer
        return InboxItem(
            order=order.name,
            order_id=order.id,
            cancelled_at=order.cancelled_at or order.created_at,
            code=code,
            customer_id=customer_id,
            customer_name=customer.name if customer else None,
            proposal=proposal,
            state=state,
            operation=operation,
            why=why,
        )

    def _evidence(self, order: OrderSeen, code: CouponCode, customer_id: str | None, own: OwnWork | None) -> Evidence:
        """What tells whether points were given back, and how many there would be; the discount has no say in that."""
        nobody = msg("nobody knows whose coupon this is.")
        record: RecordSeen | Absent | NotAnswered = NotAnswered(Source.RECORD, nobody)
        history: HistorySeen | Absent | NotAnswered = NotAnswered(Source.HISTORY, nobody)
        try:
            if customer_id is not None:
                record = self._shop.read_record(customer_id, code, background=True)
        except RemoteError as silent:
            record = NotAnswered(Source.RECORD, silent.what)
        try:
            if isinstance(record, RecordSeen):
                history = self._points.read_history(record.customer.pos_customer_id, code.reference)
        except RemoteError as silent:
            history = NotAnswered(Source.HISTORY, silent.what)
        return Evidence(code, self._clock.now(), Absent(), record, OrdersSeen((order,)), history, own)

    def _state(
        self, evidence: Evidence, silence: Message | None, proposal: Proposal | None
    ) -> tuple[InboxState, str | None, Message | None]:
        """How it stands, by which operation, and why."""
        own, entry = evidence.own, _entry(evidence)
        if own is not None:
            return InboxState.REQUESTED, own.operation, msg("Asked for by {by} on {at}.", by=own.by, at=own.at)
        if entry is not None and entry.claim is not None:
            told = msg("Asked for by {by} on {at}.", by=entry.claim.by, at=entry.claim.at)
            return InboxState.REQUESTED, entry.claim.operation, told
        if silence is not None:
            return InboxState.UNREAD, None, silence
        refused = self._refused_before(evidence.code)
        if refused is not None:
            return InboxState.REFUSED, *refused
        return InboxState.OPEN, None, proposal.why if proposal else None

    def _refused_before(self, code: CouponCode) -> tuple[str, Message] | None:
        """The newest request that was refused, and why; None without one, or where what it said was erased."""
        rows = self._index.of_code(code)
        refused = (row for row in rows if (row.kind, row.state) == (OperationKind.ORDER_REFUND, OperationState.REFUSED))
        row = next(refused, None)
        if row is None:
            return None
        try:
            findings = story_of(self._trail, row.id).operation.refused
        except OperationErased:
            return None
        return row.id, next((finding.message for finding in findings), OperationState.REFUSED.label)


def codes_of(order: OrderSeen) -> tuple[CouponCode, ...]:
    """Every coupon among the codes of an order, each once, in the order in which they were typed."""
    return tuple(dict.fromkeys(_coupons(order)))


def _coupons(order: OrderSeen) -> Iterator[CouponCode]:
    for text in order.codes:
        with suppress(InvalidCode):
            yield CouponCode.parse(text)


def _is_settled(evidence: Evidence) -> bool:
    """Whether nothing is left to give: granted by our trail, by the record or by the point history, or the coupon cancelled."""
    own, entry, history = evidence.own, _entry(evidence), evidence.history
    return (
        (own is not None and (own.refunded or own.cancelled))
        or (entry is not None and (entry.refunded_at is not None or entry.status is RecordStatus.CANCELLED))
        or (isinstance(history, HistorySeen) and bool(history.returns))
    )


def _silence(evidence: Evidence) -> Message | None:
    """Why it cannot be told what would be given back; None where it can."""
    if evidence.silences:
        return evidence.silences[0].why
    if isinstance(evidence.record, Absent):
        return msg("The customer of this coupon was not found in Shopify.")
    if isinstance(evidence.history, Absent):
        return msg("The point system does not know this customer.")
    return None


def _entry(evidence: Evidence) -> RecordEntry | None:
    return evidence.record.entry if isinstance(evidence.record, RecordSeen) else None


def _masked(item: InboxItem) -> InboxItem:
    return replace(item, customer_id=None, customer_name=None)
