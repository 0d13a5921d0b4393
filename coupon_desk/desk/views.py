"""Views of the list: a filter, ranges, an order and columns under a name. Some are built in, the others a person has saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy, StatusFilter
from coupon_desk.desk.columns import Column, Layout, Shown, sound
from coupon_desk.desk.query_days import first_day, first_moment, last_day, moment_behind
from coupon_desk.words import Message, msg

LONGEST_NAME: Final = 40
EXPIRING_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class View:
    """What is shown under a name. `query` has no text; without a `layout` the columns stay as they are."""

    name: str
    query: CouponQuery
    layout: Layout | None = None
    title: Message | None = None

    @property
    def label(self) -> Message:
        """What a person reads."""
        return self.title or msg("{name}", name=self.name)

    @property
    def is_built_in(self) -> bool:
        """Whether it can neither be changed nor deleted."""
        return self.title is not None


def filters_of(query: CouponQuery) -> CouponQuery:
    """A query without what was typed and without a page."""
    return replace(query, text="", after=None)


def _only(status: StatusFilter) -> CouponQuery:
    return CouponQuery(statuses=frozenset({status}))


ALL: Final = View("built-in:all", CouponQuery(), title=msg("All coupons"))
UNUSED: Final = View("built-in:unused", _only(StatusFilter.UNUSED), title=msg("Unused"))
EXPIRING: Final = View(
    "built-in:expiring",
    CouponQuery(expiring_days=EXPIRING_DAYS, sort=Sort(SortBy.EXPIRES)),
    title=msg("Expiring within {days} days", days=EXPIRING_DAYS),
)
ATTENTION: Final = View("built-in:attention", _only(StatusFilter.NEEDS_ATTENTION), title=msg("Needs attention"))
BUILT_IN: Final = (ALL, UNUSED, EXPIRING, ATTENTION)


def with_view(views: Iterable[View], view: View) -> tuple[View, ...]:
    """These views and this one, which takes the place of one with its name; in the order of their names."""
    others = [one for one in views if one.name != view.name]
    return tuple(sorted((*others, view), key=lambda one: one.name.casefold()))


def without_view(views: Iterable[View], name: str) -> tuple[View, ...]:
    """These views but the one with this name."""
    return tuple(one for one in views if one.name != name)


def pack_query(query: CouponQuery) -> dict[str, Any]:
    """The filters, ranges and order of a query as plain JSON; days and not moments, for another zone and another year."""

    def text(day: date | None) -> str | None:
        return None if day is None else day.isoformat()

    return {
        "statuses": sorted(status.value for status in query.statuses),
        "expiring_days": query.expiring_days,
        "issued": [text(first_day(query.issued_from)), text(last_day(query.issued_until))],
        "expires": [text(first_day(query.expires_from)), text(last_day(query.expires_until))],
        "points": [query.points_from, query.points_until],
        "sort": [query.sort.by.value, query.sort.descending],
    }


def unpack_query(packed: Any) -> CouponQuery:
    """The query that `pack_query` wrote. Raises KeyError, TypeError, ValueError where there is no sense in it."""

    def day(text: object) -> date | None:
        return None if text is None else date.fromisoformat(str(text))

    (issued_from, issued_until), (expires_from, expires_until) = packed["issued"], packed["expires"]
    (points_from, points_until), (by, descending) = packed["points"], packed["sort"]
    days = packed["expiring_days"]
    return CouponQuery(
        statuses=frozenset(StatusFilter(status) for status in packed["statuses"]),
        expiring_days=None if days is None else int(days),
        issued_from=first_moment(day(issued_from)),
        issued_until=moment_behind(day(issued_until)),
        expires_from=first_moment(day(expires_from)),
        expires_until=moment_behind(day(expires_until)),
        points_from=None if points_from is None else int(points_from),
        points_until=None if points_until is None else int(points_until),
        sort=Sort(SortBy(by), descending=bool(descending)),
    )


def pack_layout(layout: Layout) -> list[list[Any]]:
    """The columns as plain JSON."""
    return [[shown.column.key, shown.width_px] for shown in layout]


def unpack_layout(packed: Any) -> Layout:
    """The columns that `pack_layout` wrote; those that there are no longer are left out. Raises TypeError, ValueError."""
    known = {column.key: column for column in Column}
    return sound(Shown(known[key], None if width is None else int(width)) for key, width in packed if key in known)
