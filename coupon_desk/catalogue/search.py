"""Finds the places of the coupons that a query asks for, page by page, in a time that does not grow with the catalogue.

Each tier is one query. Where few coupons fit, they are collected by an index and sorted; where many fit, the rows are walked
from the newest and the walk ends when the page is full. A quick count with a ceiling tells which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, text

from coupon_desk.catalogue.matching import Match, match
from coupon_desk.catalogue.narrowing import Narrowing
from coupon_desk.catalogue.query import Cursor, Tier

FEW: Final = 20_000
"""So many entries of a covering index are counted, and sorted, in a few milliseconds."""

FEW_TEXTS: Final = 4_000
"""So many texts are read and looked through in a few milliseconds."""


class Search:
    """One search on one connection. `now` and `until` are in the catalogue's microseconds."""

    def __init__(
        self, connection: Connection, typed: str, narrowing: Narrowing, now: int, until: int, *, by_person: bool = True
    ) -> None:
        self._connection = connection
        self._narrowing = narrowing
        self._match = match(typed, codes_only=not by_person)
        self._is_void = narrowing.is_void or (self._match is None and bool(typed.strip()))
        self._sqlite = connection.dialect.name == "sqlite"
        self._hide = "+" if self._sqlite else ""
        self._values: dict[str, Any] = {"now": now, "until": until, **(self._match.values if self._match else {})}

    def places(self, limit: int, after: Cursor | None) -> list[Cursor]:
        """The next coupons in the order of the search, at most `limit`."""
        found: list[Cursor] = []
        if self._is_void:
            return found
        for tier in self._tiers():
            if after is not None and tier is after.tier:
                found += self._tier(tier, limit, after.place)
                after = None
            elif after is None:
                found += self._tier(tier, limit - len(found), None)
            if len(found) >= limit:
                break
        return found

    def _tiers(self) -> Iterator[Tier]:
        found = self._match
        if found is not None and found.by_code:
            yield Tier.EXACT
            yield Tier.PREFIX
        if found is not None and found.by_customer:
            yield Tier.CUSTOMER
        if found is None or (found.by_text and not names_one(self._connection, found)):
            yield Tier.CONTAINS

    def _tier(self, tier: Tier, limit: int, after: int | None) -> list[Cursor]:
        sql = self._sql(tier, "" if after is None else ":after")
        values = {**self._values, "limit": limit, "after": after}
        return [Cursor(tier, place) for place in self._connection.scalars(text(sql), values)]

    def _sql(self, tier: Tier, after: str) -> str:
        found = self._match
        if found is None:
            return self._everything(after)
        match tier:
            case Tier.EXACT:
                return self._sorted([found.exact()], after)
            case Tier.PREFIX:
                return self._prefix(found, after)
            case Tier.CUSTOMER:
                return self._sorted([found.customer(), *found.not_by_code(self._hide)], after)
            case _:
                return self._contains(found, after)

    def _everything(self, after: str) -> str:
        narrowing = self._narrowing
        if narrowing.by_clock and self._are_few(narrowing.conditions(), FEW):
            return _select(["coupons"], narrowing.conditions(), f"{self._hide}coupons.id", after)
        return _select(["coupons"], narrowing.conditions(hide_dates=self._hide), "coupons.id", after)

    def _prefix(self, found: Match, after: str) -> str:
        rest = f"{self._hide}coupons.code_key <> :code"
        if self._are_few([found.prefix()], FEW):
            return self._sorted([found.prefix(), rest], after)
        conditions = [found.prefix(self._hide), rest, *self._narrowing.conditions(hide_dates=self._hide)]
        return _select(["coupons"], conditions, "coupons.id", after)

    def _contains(self, found: Match, after: str) -> str:
        narrowing, hide = self._narrowing, self._hide
        better = found.not_better(hide)
        index, conditions = found.index, [found.inside(hide), *better, *narrowing.conditions()]
        if not self._sqlite:
            return _select([f"coupons JOIN {index} ON {index}.rowid = coupons.id"], conditions, "coupons.id", after)
        if not narrowing.takes_all and self._are_few(narrowing.conditions(), FEW_TEXTS):
            return _select([f"coupons CROSS JOIN {index} ON {index}.rowid = coupons.id"], conditions, "+coupons.id", after)
        tables = [f"{index} CROSS JOIN coupons ON coupons.id = {index}.rowid"]
        conditions = [f"{index} MATCH :phrase", *better, *narrowing.conditions("+", "+")]
        return _select(tables, conditions, f"{index}.rowid", after)

    def _sorted(self, conditions: list[str], after: str) -> str:
        """Collected by the index that the first condition names, then sorted."""
        hidden = self._narrowing.conditions(self._hide, self._hide)
        return _select(["coupons"], [*conditions, *hidden], f"{self._hide}coupons.id", after)

    def _are_few(self, conditions: list[str], ceiling: int) -> bool:
        return count(self._connection, conditions, self._values, ceiling + 1) <= ceiling


def names_one(connection: Connection, found: Match) -> bool:
    """Whether the text is the whole code of a coupon, or the whole id of a customer, that there is."""
    return any(count(connection, [condition], dict(found.values), 1) for condition in found.names_one())


def count(connection: Connection, conditions: list[str], values: dict[str, Any], ceiling: int) -> int:
    """How many rows of `coupons` meet the conditions; counting stops at the ceiling."""
    where = ["WHERE", " AND ".join(conditions)] if conditions else []
    sql = " ".join(["SELECT count(*) FROM (SELECT 1 FROM coupons", *where, "LIMIT :ceiling) AS counted"])
    return int(connection.execute(text(sql), {**values, "ceiling": ceiling}).scalar_one())


def _select(tables: list[str], conditions: list[str], order: str, after: str) -> str:
    where = [*conditions, *([f"{order} < {after}"] if after else [])]
    return " ".join(
        [
            "SELECT coupons.id FROM",
            *tables,
            *(["WHERE", " AND ".join(where)] if where else []),
            f"ORDER BY {order} DESC LIMIT :limit",
        ]
    )
