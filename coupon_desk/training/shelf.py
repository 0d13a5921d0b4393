"""A shelf: things in the order of their numbers, most of them made when they are looked at, the changed ones kept.

That is how a shop of a million coupons opens at once: what nobody touched follows from the seed, what somebody touched is
kept with its versions, so that a lagging search index can show the shop as it was.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_NO_FLOORS: Final[Mapping[str, int]] = {}

Place = tuple[int | str, int]
"""Where a thing stands in an order: its sort key and its number."""


class Source(Protocol[T_co]):
    """Untouched things by index; numbers rise with the index. An index may hold nothing."""

    @property
    def size(self) -> int:
        """How many indices there are."""

    @property
    def rising_sorts(self) -> frozenset[str]:
        """The sort keys that rise with the index."""

    def number(self, index: int) -> int:
        """The number at an index."""

    def index(self, number: int) -> int | None:
        """The index that has a number."""

    def item(self, index: int) -> T_co | None:
        """The thing at an index."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One page of an order: the things with their places, and whether more follow in the direction of travel."""

    places: tuple[Place, ...]
    has_more: bool


class Shelf(Generic[T]):
    """Things by number. Not locked: the world that owns it is."""

    def __init__(self, source: Source[T], key: Callable[[str, T], int | str]) -> None:
        self._source = source
        self._key = key
        self._touched: dict[int, list[tuple[datetime | None, T | None]]] = {}
        self._orders: dict[str, tuple[list[int | str], array[int]]] = {}

    def get(self, number: int, at: datetime | None = None) -> T | None:
        """The thing as it is, or as it was at a moment."""
        versions = self._touched.get(number)
        if versions is None:
            index = self._source.index(number)
            return None if index is None else self._source.item(index)
        if at is None:
            return versions[-1][1]
        return next((thing for since, thing in reversed(versions) if since is None or since <= at), None)

    def put(self, number: int, thing: T | None, since: datetime | None) -> None:
        """Change, add or take away (None) a thing; `since` None: it was always so."""
        versions = self._touched.get(number)
        if versions is None:
            index = self._source.index(number)
            before = None if index is None else self._source.item(index)
            versions = self._touched[number] = [(None, before)]
        if since is None:
            versions.clear()
        versions.append((since, thing))

    def touched(self, at: datetime | None = None) -> Iterator[T]:
        """The things that were put here, in the order of their numbers."""
        for number in sorted(self._touched):
            thing = self.get(number, at)
            if thing is not None:
                yield thing

    def walk(
        self,
        sort: str,
        *,
        descending: bool = False,
        after: Place | None = None,
        at: datetime | None = None,
        floors: Mapping[str, int] = _NO_FLOORS,
    ) -> Iterator[T]:
        """All things in an order, beyond a place, as they are or as they were at a moment.

        `floors` are sort keys that no wanted thing stays below: untouched things below them may be left out.
        """
        kept = [(self._place(sort, thing), thing) for thing in self.touched(at)]
        kept = [(place, thing) for place, thing in kept if after is None or (place < after if descending else place > after)]
        kept.sort(key=lambda pair: pair[0], reverse=descending)
        fresh = ((self._place(sort, thing), thing) for thing in self._fresh(sort, descending, after, floors))
        for _, thing in heapq.merge(fresh, kept, key=lambda pair: pair[0], reverse=descending):
            yield thing

    def cut(
        self,
        sort: str,
        wanted: Callable[[T], bool],
        size: int,
        *,
        descending: bool = False,
        after: Place | None = None,
        at: datetime | None = None,
        floors: Mapping[str, int] = _NO_FLOORS,
    ) -> Cut:
        """The places of the next `size` things that are wanted."""
        places: list[Place] = []
        for thing in self.walk(sort, descending=descending, after=after, at=at, floors=floors):
            if wanted(thing):
                if len(places) == size:
                    return Cut(tuple(places), has_more=True)
                places.append(self._place(sort, thing))
        return Cut(tuple(places), has_more=False)

    def _place(self, sort: str, thing: T) -> Place:
        number = self._key("ID", thing)
        return self._key(sort, thing), int(number)

    def _fresh(self, sort: str, descending: bool, after: Place | None, floors: Mapping[str, int]) -> Iterator[T]:
        size = self._source.size
        if sort in self._source.rising_sorts:
            low, high = 0, size
            if after is not None:
                edge = bisect_right if not descending else bisect_left
                found = edge(range(size), after, key=lambda index: self._rising_place(sort, index))
                low, high = (found, size) if not descending else (0, found)
            for floor_sort in floors.keys() & self._source.rising_sorts:
                low = max(low, self._first_at(floor_sort, floors[floor_sort]))
            indices: Iterator[int] = iter(range(high - 1, low - 1, -1) if descending else range(low, high))
        else:
            indices = self._by_order(sort, descending, after)
        for index in indices:
            if self._source.number(index) not in self._touched:
                thing = self._source.item(index)
                if thing is not None:
                    yield thing

    def _first_at(self, sort: str, floor: int) -> int:
        place: Place = (floor, 0)
        return bisect_left(range(self._source.size), place, key=lambda index: self._rising_place(sort, index))

    def _rising_place(self, sort: str, index: int) -> Place:
        thing = self._source.item(index)
        number = self._source.number(index)
        return (number if thing is None else self._key(sort, thing), number)

    def _by_order(self, sort: str, descending: bool, after: Place | None) -> Iterator[int]:
        keys, indices = self._orders.get(sort) or self._sorted(sort)
        low, high = 0, len(indices)
        if after is not None:
            inside = bisect_left(keys, after[0]), bisect_right(keys, after[0])
            found = inside[0]
            while found < inside[1] and (self._source.number(indices[found]), 0) < (after[1], 0 if descending else 1):
                found += 1
            low, high = (found, high) if not descending else (low, found)
        return iter(indices[position] for position in (range(high - 1, low - 1, -1) if descending else range(low, high)))

    def _sorted(self, sort: str) -> tuple[list[int | str], array[int]]:
        pairs: list[tuple[int | str, int]] = []
        for index in range(self._source.size):
            thing = self._source.item(index)
            if thing is not None:
                pairs.append((self._key(sort, thing), index))
        pairs.sort()
        order = self._orders[sort] = [key for key, _ in pairs], array("q", (index for _, index in pairs))
        return order
