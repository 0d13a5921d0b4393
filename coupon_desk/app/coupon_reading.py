"""The coupons of the list, for those who may see them; whose they are, only for those who may see customers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from coupon_desk.app.view import CouponView
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.query import Counts, CouponPage, CouponQuery, Sort, SortBy
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.evidence import CustomerSeen, RecordSeen
from coupon_desk.errors import NotPermitted
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.words import msg


class CouponReading:
    """Asks the list as somebody. Without a session only in a home that has no operators yet. Safe to use from any thread."""

    def __init__(self, catalogue: Catalogue, people: People) -> None:
        self._catalogue = catalogue
        self._people = people

    def search(self, query: CouponQuery, session: Session | None) -> CouponPage:
        """A page of what a query finds; nobody by their name, e-mail or phone without the right. NotPermitted, StorageError."""
        sees_customers = self._permit(session, "search")
        page = self._catalogue.search(query if sees_customers else _codes_alone(query))
        return page if sees_customers else replace(page, rows=tuple(without_customer(one) for one in page.rows))

    def get(self, code: CouponCode, session: Session | None) -> Coupon | None:
        """One coupon as the list knows it; None where it does not. Raises NotPermitted, StorageError."""
        sees_customers = self._permit(session, code.masked)
        found = self._catalogue.get(code)
        return found if found is None or sees_customers else without_customer(found)

    def known(self, codes: Collection[CouponCode], session: Session | None) -> dict[CouponCode, Coupon]:
        """Many coupons as the list knows them; those it does not know are missing. Raises NotPermitted, StorageError."""
        sees_customers = self._permit(session, "search")
        found = self._catalogue.known(codes)
        return found if sees_customers else {code: without_customer(coupon) for code, coupon in found.items()}

    def counts(self, query: CouponQuery, session: Session | None) -> Counts:
        """How many coupons each filter would show. Raises NotPermitted, StorageError."""
        sees_customers = self._permit(session, "search")
        return self._catalogue.counts(query if sees_customers else _codes_alone(query))

    def _permit(self, session: Session | None, about: str) -> bool:
        """Whether customers may be seen, too."""
        if session is None:
            if not self._people.is_empty():
                raise NotPermitted(msg("Sign in to see coupons."), done=msg("Nothing was done."))
            return True
        return self._people.authorise(session, Right.SEE, about).role.may(Right.SEE_CUSTOMER)


def without_customer(coupon: Coupon) -> Coupon:
    """The coupon, and not whose it is."""
    return replace(coupon, customer_id=None, customer_name="", customer_email=None)


def _codes_alone(query: CouponQuery) -> CouponQuery:
    """The query, asked by somebody who may not see customers: the order of their names would tell of them, too."""
    return replace(query, by_person=False, sort=Sort() if query.sort.by is SortBy.CUSTOMER else query.sort)


def view_without_customer(view: CouponView) -> CouponView:
    """The view, and not whose coupon it is; the verdict on it stands."""
    record = view.evidence.record
    if isinstance(record, RecordSeen):
        nobody = CustomerSeen(id="", name="", email=None, phone=None, locale=record.customer.locale, pos_customer_id="")
        record = replace(record, customer=nobody, raw=None)
    return replace(
        view,
        coupon=without_customer(view.coupon) if view.coupon is not None else None,
        evidence=replace(view.evidence, record=record),
        timeline=tuple(replace(event, note=None) for event in view.timeline),
        customer_name="",
        customer_id=None,
        email_masked=None,
    )
