"""The trail as a person reads it: entries with the whole code and the names that can still be read. Who may not, is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.query import CouponQuery
from coupon_desk.coupons.code import CouponCode, InvalidCode, fold
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.trail.entry import BodyState, Entry
from coupon_desk.trail.finding import TrailQuery
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.trail import Trail

MOST_COUPONS: Final = 200
"""Coupons that are looked at for a part of a code or for a customer's name."""

HASH_SIGN: Final = "#"
"""Before the beginning of what stands for a customer whose name is not known."""


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One entry, with what stands elsewhere of those it names.

    `code` is the whole code where it can still be read, else the masked one; names are None where nobody knows them, or they
    were erased. `moment` is None where the entry is too damaged to tell.
    """

    entry: Entry
    moment: datetime | None
    code: str | None
    customer_name: str | None
    actor_name: str | None
    approver_name: str | None


class TrailReading:
    """Reads the trail for somebody who may (`Right.READ_TRAIL`). Every call may block: worker threads only."""

    def __init__(self, trail: Trail, index: OperationIndex, catalogue: Catalogue, people: People) -> None:
        self._trail = trail
        self._index = index
        self._catalogue = catalogue
        self._people = people

    def page(
        self, search: TrailSearch, session: Session, *, before: int | None = None, limit: int = 100
    ) -> tuple[TrailLine, ...]:
        """The newest entries that are found, those before the sequence `before` where it is given. Raises NotPermitted."""
        self._people.authorise(session, Right.READ_TRAIL, "trail")
        return self._lines(self._trail.find(self._query(search), before=before, limit=limit))

    def count(self, search: TrailSearch, session: Session) -> int:
        """How many entries are found. Raises NotPermitted."""
        self._people.authorise(session, Right.READ_TRAIL, "trail")
        return self._trail.count(self._query(search))

    def _query(self, search: TrailSearch) -> TrailQuery:
        since, until = search.moments
        is_hash = search.customer.startswith(HASH_SIGN)
        return TrailQuery(
            codes=self._codes_like(search.code) if search.code else None,
            customers=self._customers_like(search.customer) if search.customer and not is_hash else None,
            customer_hash=search.customer.removeprefix(HASH_SIGN).lower() if is_hash else "",
            operator=search.operator,
            operation=search.operation,
            actions=search.kind.actions,
            step=search.kind.step,
            result=search.result,
            since=since,
            until=until,
        )

    def _codes_like(self, typed: str) -> tuple[CouponCode, ...]:
        """The whole code; for a part of one, the codes with that part that the list of coupons knows."""
        with suppress(InvalidCode):
            return (CouponCode.parse(typed),)
        page = self._catalogue.search(CouponQuery(text=typed, limit=MOST_COUPONS))
        return tuple(coupon.code for coupon in page.rows if fold(typed) in coupon.code.text)

    def _customers_like(self, typed: str) -> tuple[str, ...]:
        """The ids of the customers whom the list of coupons knows by this name, e-mail, phone or number."""
        page = self._catalogue.search(CouponQuery(text=typed, limit=MOST_COUPONS))
        return tuple(dict.fromkeys(coupon.customer_id for coupon in page.rows if coupon.customer_id is not None))

    def _lines(self, entries: tuple[Entry, ...]) -> tuple[TrailLine, ...]:
        names = {operator.login: operator.name for operator in self._people.list()}
        readable = {entry.operation for entry in entries if entry.operation and entry.body_state is BodyState.OPEN}
        codes = self._index.codes_of(readable)
        customers = {code: self._customer(code) for code in set(codes.values())}
        lines = []
        for entry in entries:
            fields = entry.fields
            code = codes.get(entry.operation) if entry.operation in readable else None
            lines.append(
                TrailLine(
                    entry,
                    _moment(entry),
                    code.text if code else fields.code,
                    customers.get(code) if code else None,
                    names.get(fields.actor) if fields.actor else None,
                    names.get(fields.approver) if fields.approver else None,
                )
            )
        return tuple(lines)

    def _customer(self, code: CouponCode) -> str | None:
        coupon = self._catalogue.get(code)
        return coupon.customer_name or None if coupon else None


def _moment(entry: Entry) -> datetime | None:
    try:
        return entry.moment
    except ValueError:
        return None
