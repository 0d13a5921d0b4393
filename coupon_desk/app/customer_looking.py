"""Everything about one customer: each of their coupons as all sources see it now, and all events as one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from coupon_desk.app.reconciling import Look
from coupon_desk.app.timeline import in_order
from coupon_desk.app.timeline_event import TimelineEvent
from coupon_desk.app.view import CouponView
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.coupons.evidence import RecordSeen
from coupon_desk.errors import NotPermitted, RemoteRefused
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.shopify.record import entries_of
from coupon_desk.words import msg

MOST_COUPONS: Final = 60
"""So many of a customer's coupons are looked at; each is several calls to Shopify and the point system."""

AT_ONCE: Final = 4

_REFERENCE: Final = "COUPON-"


@dataclass(frozen=True, slots=True)
class CustomerView:
    """One customer. `coupons` are sorted newest first, `events` oldest first; `left_out` coupons were not looked at.

    `balance` is None where the point system did not tell.
    """

    customer_id: str
    name: str
    balance: int | None
    coupons: tuple[CouponView, ...]
    events: tuple[TimelineEvent, ...]
    left_out: int

    @property
    def count_of_differences(self) -> int:
        """How many differences all coupons have together."""
        return sum(len(one.differences) for one in self.coupons)


@dataclass(frozen=True, slots=True)
class CustomerLooking:
    """Looks at customers. Every call blocks on the network: worker threads only."""

    catalogue: Catalogue
    people: People
    look: Look

    def of(self, customer_id: str, session: Session | None) -> CustomerView:
        """A customer by their number or id in Shopify. Raises NotPermitted, ConfigurationError.

        Their coupons are those in the list, in their record and in their newest point entries. Without a session only in a
        home that has no operators yet.
        """
        if session is not None:
            self.people.authorise(session, Right.SEE_CUSTOMER, "customer")
        elif not self.people.is_empty():
            raise NotPermitted(msg("Sign in to see coupons."), done=msg("Nothing was done."))
        known = self._newest_first(self.catalogue.codes_of_customer(customer_id))
        first = tuple(self.look(code, session) for code in known[:1])
        told = (code for view in first for code in _named_by(view))
        rest = [code for code in dict.fromkeys((*known, *told)) if code not in known[:1]]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="customer") as pool:
            views = (*first, *pool.map(partial(self.look, session=session), rest[: MOST_COUPONS - 1]))
        theirs = tuple(view for view in views if view.customer_id is None or _is_same(view.customer_id, customer_id))
        return CustomerView(
            customer_id=next((view.customer_id for view in theirs if view.customer_id), customer_id),
            name=next((view.customer_name for view in theirs if view.customer_name), ""),
            balance=next((view.balance_before for view in theirs if view.balance_before is not None), None),
            coupons=theirs,
            events=in_order(event for view in theirs for event in view.timeline),
            left_out=max(0, len(rest) - (MOST_COUPONS - 1)),
        )

    def _newest_first(self, codes: Iterable[CouponCode]) -> list[CouponCode]:
        known = self.catalogue.known(tuple(codes))
        return sorted(
            known, key=lambda code: (known[code].issued_at is not None, known[code].issued_at, code.text), reverse=True
        )


def _named_by(view: CouponView) -> Iterator[CouponCode]:
    """Coupons that the record or the point history names, and the list may not know."""
    record = view.evidence.record
    if isinstance(record, RecordSeen) and record.raw is not None:
        try:
            yield from (code for code, _ in entries_of(record.raw))
        except RemoteRefused:
            return
    for entry in view.entries:
        if entry.reference is not None and entry.reference.startswith(_REFERENCE):
            try:
                yield CouponCode.parse(entry.reference.removeprefix(_REFERENCE))
            except InvalidCode:
                continue


def _is_same(one: str, other: str) -> bool:
    return one.rsplit("/", 1)[-1] == other.strip().rsplit("/", 1)[-1]
