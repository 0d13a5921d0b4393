"""What a refund for a cancelled order would be: the same evidence and the same rule as when it is asked for, and only read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.own_work import own_work
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Verdict, judge_order_refund, proposal_for
from coupon_desk.coupons.evidence import Absent, Evidence, NotAnswered, OrderSeen, OrdersSeen, Source
from coupon_desk.coupons.order_refund import Proposal
from coupon_desk.errors import NotPermitted, RemoteError, RemoteUnavailable
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message, msg


@dataclass(frozen=True, slots=True)
class OrderRefundView:
    """What asking would come to. `order` is None where it was not found or could not be read; `asked` is how it was named.

    `proposal` is None where the order is not known or not cancelled. `customer_name` is None for those who may not see it.
    """

    code: CouponCode
    asked: str
    order: OrderSeen | None
    verdict: Verdict
    proposal: Proposal | None
    customer_name: str | None
    looked_at: datetime

    @property
    def may_be_asked(self) -> bool:
        """Whether nothing refuses it; a second person looks in any case."""
        return self.verdict.may_cancel

    @property
    def why_not(self) -> tuple[Message, ...]:
        """Everything that refuses it."""
        return tuple(dict.fromkeys(finding.message for finding in self.verdict.refusals))


class OrderRefunds:
    """Looks at orders for somebody who may ask for their refund. Every call blocks on the network: worker threads only."""

    def __init__(
        self,
        shop: ShopifyShop,
        gatherer: Gatherer,
        trail: Trail,
        index: OperationIndex,
        people: People,
        need_secrets: Callable[[], None],
    ) -> None:
        self._need_secrets = need_secrets
        self._shop = shop
        self._gatherer = gatherer
        self._trail = trail
        self._index = index
        self._people = people

    def look(self, code: CouponCode, order: str, session: Session | None) -> OrderRefundView:
        """What the refund of this order would be for the coupon. Writes nothing.

        Raises NotPermitted, ConfigurationError.
        """
        contacts = may_read(self._people, session, code.masked)
        return self._view(self._evidence(code, contacts), order, session)

    def all_of(self, code: CouponCode, session: Session | None) -> tuple[OrderRefundView, ...]:
        """The same for every order that bears the code, cancelled ones first, then the newest.

        Raises NotPermitted, ConfigurationError.
        """
        contacts = may_read(self._people, session, code.masked)
        evidence = self._evidence(code, contacts)
        orders = evidence.orders.orders if isinstance(evidence.orders, OrdersSeen) else ()
        newest_first = sorted(orders, key=lambda one: (one.cancelled_at is not None, one.created_at), reverse=True)
        return tuple(self._view(evidence, order.id, session, order.name) for order in newest_first)

    def _evidence(self, code: CouponCode, contacts: tuple[str, ...]) -> Evidence:
        self._need_secrets()
        own = own_work(self._trail, self._index, code)
        return self._gatherer.gather(code, own=own, operator_contacts=contacts)

    def _view(self, evidence: Evidence, order: str, session: Session | None, name: str | None = None) -> OrderRefundView:
        seen = self._read(order)
        customer = evidence.customer
        may_see = session is None or session.may(Right.SEE_CUSTOMER)
        return OrderRefundView(
            code=evidence.code,
            asked=name or order,
            order=seen if isinstance(seen, OrderSeen) else None,
            verdict=judge_order_refund(evidence, seen),
            proposal=proposal_for(evidence, seen),
            customer_name=customer.name if customer and may_see else None,
            looked_at=evidence.gathered_at,
        )

    def _read(self, order: str) -> OrderSeen | Absent | NotAnswered:
        try:
            return self._shop.read_order(order)
        except RemoteError as silent:
            return NotAnswered(Source.ORDERS, silent.what, will_pass=isinstance(silent, RemoteUnavailable))


def may_read(people: People, session: Session | None, about: str) -> tuple[str, ...]:
    """Permit those who may have an order refunded, or may ask for it; their own e-mail and phone. Raises NotPermitted.

    Without a session only in a home that has no operators yet.
    """
    if session is None:
        if not people.is_empty():
            raise NotPermitted(msg("Sign in to see coupons."), done=msg("Nothing was done."))
        return ()
    right = Right.REFUND_ORDER if session.may(Right.REFUND_ORDER) else Right.ASK
    return people.authorise(session, right, about).contacts
