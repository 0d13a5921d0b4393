"""Which coupons `search` finds, and in which order, as it is typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from coupon_desk.cli.spans import first_moment, last_moment
from coupon_desk.errors import ConfigurationError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.catalogue.query import CouponQuery

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FILTERS: Final = ("all", "unused", "used", "expired", "cancelled", "scheduled", "needs_attention")
SORTS: Final = ("fit", "issued", "expires", "points", "code", "customer")

_POINTS: Final = re.compile(r"(?P<low>[0-9]{1,9})?(?P<range>-(?P<high>[0-9]{1,9})?)?")

_OPTIONS: Final = (
    click.option(
        "--status",
        type=click.Choice(FILTERS),
        multiple=True,
        default=("all",),
        help="Only those that stand so; may be repeated.",
    ),
    click.option("--expiring", type=click.IntRange(0, 3650), metavar="DAYS", help="Only those expiring within so many days."),
    click.option("--from", "issued_from", metavar="DATE", help="Issued from this day (2026-11-23) or moment on."),
    click.option("--until", "issued_until", metavar="DATE", help="Issued to the end of this day, or before this moment."),
    click.option("--expires-from", metavar="DATE", help="Expiring from this day or moment on."),
    click.option("--expires-until", metavar="DATE", help="Expiring to the end of this day, or before this moment."),
    click.option("--points", metavar="N[-M]", help="With so many points: 500, 500-1000, 500- or -1000."),
    click.option(
        "--sort", type=click.Choice(SORTS), default="fit", show_default=True, help="In this order; fit: best fit, then newest."
    ),
    click.option("--descending", is_flag=True, help="The other way round: latest, most or last first."),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `search` as they were typed."""

    status: tuple[str, ...]
    expiring: int | None
    issued_from: str | None
    issued_until: str | None
    expires_from: str | None
    expires_until: str | None
    points: str | None
    sort: str
    descending: bool

    def query(self, text: str) -> CouponQuery:
        """What is asked of the catalogue. Raises ConfigurationError."""
        from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy, StatusFilter

        low, high = _points(self.points)
        try:
            return CouponQuery(
                text,
                frozenset(map(StatusFilter, self.status)),
                self.expiring,
                sort=Sort(SortBy(self.sort), self.descending),
                issued_from=first_moment(self.issued_from),
                issued_until=last_moment(self.issued_until),
                expires_from=first_moment(self.expires_from),
                expires_until=last_moment(self.expires_until),
                points_from=low,
                points_until=high,
            )
        except ValueError:
            raise ConfigurationError(
                msg("A range begins after its end."),
                done=msg("Nothing was done."),
                todo=msg("Give the earlier day, or the smaller number of points, first."),
            ) from None


def range_options(function: Decorated) -> Decorated:
    """Give a command the options that narrow and sort coupons; they arrive as keywords, the fields of Asked."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _points(typed: str | None) -> tuple[int | None, int | None]:
    if typed is None:
        return None, None
    found = _POINTS.fullmatch(typed.strip())
    if found is None or not (found["low"] or found["high"]):
        raise ConfigurationError(
            msg("“{typed}” is no number of points.", typed=typed[:60]),
            done=msg("Nothing was done."),
            todo=msg("Write 500, 500-1000, 500- or -1000."),
        )
    low = int(found["low"]) if found["low"] else None
    high = int(found["high"]) if found["high"] else None
    return low, high if found["range"] else low
