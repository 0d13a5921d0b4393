"""Finds the coupons whose texts hold what was typed: those with a field that begins with it first.

Where few texts hold it, the full-text index is asked once, and they are told apart by reading them. Where many do, each tier is
walked from the newest until the page is full. Where the filters leave few coupons over, the texts of those are read instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.fitting import LEAN, collected_by, looked_through
from coupon_desk.catalogue.matching import Match
from coupon_desk.catalogue.narrowing import EVERYTHING, PLACE, Narrowing
from coupon_desk.catalogue.ordering import NEWEST
from coupon_desk.catalogue.query import Cursor, Tier
from coupon_desk.catalogue.walking import of_narrowing

FEW_MATCHES: Final = 500
"""So many texts, and their coupons, are read in two or three milliseconds."""

OneTier = Callable[[Tier, int, Cursor | None], Sequence[Any]]


class Texts:
    """One search in the texts, on one connection."""

    def __init__(self, asker: Asker, found: Match, narrowing: Narrowing) -> None:
        self._asker = asker
        self._match = found
        self._narrowing = narrowing

    def places(self, limit: int, after: Cursor | None) -> list[Cursor]:
        """The next coupons of all tiers of texts, at most `limit`; `after` is of one of these tiers."""
        if not self._asker.is_sqlite:
            return self._by_tier(self._read_through, limit, after)
        columns = None if self._narrowing.takes_all else collected_by(self._asker, self._narrowing)
        if columns is not None:
            return self._by_tier(self._among(columns), limit, after)
        matches = self._few_matches()
        if matches is not None:
            return self._told_apart(matches, limit, after)
        return self._by_tier(self._matched, limit, after)

    def _by_tier(self, one: OneTier, limit: int, after: Cursor | None) -> list[Cursor]:
        found: list[Cursor] = []
        for tier in self._match.text_tiers:
            if after is not None and after.tier is not tier:
                continue
            found += [Cursor(row[-1], tier) for row in one(tier, limit - len(found), after)]
            after = None
            if len(found) >= limit:
                break
        return found

    def _few_matches(self) -> list[int] | None:
        """The places of all texts that hold it; None where they are many."""
        index, values = self._match.index, Values()
        holds = f"{index} MATCH {values.bind(self._match.phrase())}"
        rows = self._asker.rows(question(f"{index}.rowid", index, [holds], limit=values.bind(FEW_MATCHES + 1)), values)
        return [row[0] for row in rows] if len(rows) <= FEW_MATCHES else None

    def _told_apart(self, matches: list[int], limit: int, after: Cursor | None) -> list[Cursor]:
        found, index, hide, values = self._match, self._match.index, self._asker.hide, Values()
        tiers = found.text_tiers
        *better, _last = tiers
        cases = " ".join(f"WHEN {found.inside(values, hide, tier)} THEN {rank}" for rank, tier in enumerate(better))
        ranked = question(
            f"{f'CASE {cases} ELSE {len(better)} END' if cases else 0} AS worse, coupons.id AS place",
            f"coupons JOIN {index} ON {index}.rowid = coupons.id",
            [
                f"coupons.id IN ({question('value', f'json_each({values.bind(json.dumps(matches))})')})",
                *found.not_by_number(values, hide),
                *of_narrowing(self._narrowing, values, hide),
            ],
        )
        behind = []
        if after is not None and after.tier is not None:
            rank = values.bind(tiers.index(after.tier))
            behind.append(f"(worse > {rank} OR (worse = {rank} AND place < {values.bind(after.place)}))")
        asked = question("worse, place", f"({ranked}) AS ranked", behind, order="worse, place DESC", limit=values.bind(limit))
        return [Cursor(place, tiers[worse]) for worse, place in self._asker.rows(asked, values)]

    def _among(self, columns: Sequence[str]) -> OneTier:
        """Those of the few coupons that the filters leave over."""

        def one(tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
            return looked_through(self._asker, self._match, self._narrowing, columns, NEWEST, limit, after, tier)

        return one

    def _matched(self, tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
        """Walked from the newest in the full-text index, each looked up where something else is to be known of it."""
        found, values, index = self._match, Values(), self._match.index
        conditions = [f"{index} MATCH {values.bind(found.phrase(tier))}"]
        numbers = found.not_by_number(values)
        filters = of_narrowing(self._narrowing, values)
        tables = index
        if numbers or filters:
            looked_up = "coupons" if numbers else f"coupons INDEXED BY {LEAN}"
            tables += f" CROSS JOIN {looked_up} ON coupons.id = {index}.rowid"
            conditions += [*numbers, *filters]
        conditions += self._places_within(values)
        if after is not None:
            conditions.append(f"{index}.rowid < {values.bind(after.place)}")
        newest = f"{index}.rowid DESC"
        return self._asker.rows(question(f"{index}.rowid", tables, conditions, order=newest, limit=values.bind(limit)), values)

    def _places_within(self, values: Values) -> list[str]:
        """The range of issue, which all pieces have in common, as the full-text index understands it."""
        span = self._narrowing.pieces[0].spans.get(PLACE, EVERYTHING)
        low = [] if span.low is None else [f"{self._match.index}.rowid >= {values.bind(span.low)}"]
        return low if span.high is None else [*low, f"{self._match.index}.rowid < {values.bind(span.high)}"]

    def _read_through(self, tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
        """Without a full-text index."""
        found, index, values = self._match, self._match.index, Values()
        conditions = [found.inside(values, "", tier), *found.not_by_number(values), *of_narrowing(self._narrowing, values)]
        if after is not None:
            conditions.append(NEWEST.after(after, values))
        tables = f"coupons JOIN {index} ON {index}.rowid = coupons.id"
        return self._asker.rows(question("coupons.id", tables, conditions, order=NEWEST.by(), limit=values.bind(limit)), values)
