"""Connections: pages by cursor, as Shopify's Admin API cuts them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from coupon_desk.training.admin_context import Resolvers, bad_request
from coupon_desk.training.search_query import Search
from coupon_desk.training.shelf import Place, Shelf
from coupon_desk.training.sources import microseconds

T = TypeVar("T")

MAX_PAGE: Final = 250


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a connection."""

    nodes: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Paging:
    """The paging arguments of a connection, checked."""

    size: int
    backwards: bool
    descending: bool
    after: Place | None

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> Paging:
        """Raises GraphQLError for a page that Shopify would not cut."""
        first, last = arguments.get("first"), arguments.get("last")
        if (first is None) == (last is None):
            raise bad_request("you must provide one of first or last")
        size = first if first is not None else last
        if not isinstance(size, int) or not 0 <= size <= MAX_PAGE:
            raise bad_request(f"the page size {size} is not between 0 and {MAX_PAGE}")
        backwards = first is None
        cursor = arguments.get("before" if backwards else "after")
        after = None if cursor is None else _place(cursor)
        return cls(size, backwards, bool(arguments.get("reverse")) != backwards, after)


def page(
    shelf: Shelf[T], search: Search[T], arguments: dict[str, Any], at: datetime | None, sees: Callable[[T], bool] | None = None
) -> Page[T]:
    """A page of what a search finds on a shelf, as its things were at a moment; the nodes are as they are now."""
    paging = Paging.of(arguments)
    cut = shelf.cut(
        arguments["sortKey"],
        search.matches if sees is None else lambda thing: sees(thing) and search.matches(thing),
        paging.size,
        descending=paging.descending,
        after=paging.after,
        at=at,
        floors={field.upper(): microseconds(floor) for field, floor in search.floors.items()},
    )
    places = tuple(reversed(cut.places)) if paging.backwards else cut.places
    found = [(shelf.get(place[1]), place) for place in places]
    pairs = [(thing, _cursor(place)) for thing, place in found if thing is not None]
    beyond = paging.after is not None
    return Page(
        tuple(thing for thing, _ in pairs),
        tuple(cursor for _, cursor in pairs),
        has_next=beyond if paging.backwards else cut.has_more,
        has_previous=cut.has_more if paging.backwards else beyond,
    )


def page_of(things: Sequence[T], key: Callable[[T], Place], arguments: dict[str, Any]) -> Page[T]:
    """A page of a short list."""
    paging = Paging.of(arguments)
    ordered = sorted(((key(thing), thing) for thing in things), key=lambda pair: pair[0], reverse=paging.descending)
    if paging.after is not None:
        edge = paging.after
        ordered = [pair for pair in ordered if (pair[0] < edge if paging.descending else pair[0] > edge)]
    has_more = len(ordered) > paging.size
    ordered = ordered[: paging.size]
    if paging.backwards:
        ordered.reverse()
    beyond = paging.after is not None
    return Page(
        tuple(thing for _, thing in ordered),
        tuple(_cursor(place) for place, _ in ordered),
        has_next=beyond if paging.backwards else has_more,
        has_previous=has_more if paging.backwards else beyond,
    )


def connection_resolvers(names: Sequence[str]) -> Resolvers:
    """The resolvers of connections: `DiscountNode` stands for `DiscountNodeConnection` and its page info."""
    table: dict[str, dict[str, Callable[..., Any]]] = {
        f"{name}Connection": {
            "nodes": lambda source, _: source.nodes,
            "edges": lambda source, _: [
                {"cursor": cursor, "node": node} for node, cursor in zip(source.nodes, source.cursors, strict=True)
            ],
            "pageInfo": lambda source, _: source,
        }
        for name in names
    }
    table["PageInfo"] = {
        "hasNextPage": lambda source, _: source.has_next,
        "hasPreviousPage": lambda source, _: source.has_previous,
        "startCursor": lambda source, _: source.cursors[0] if source.cursors else None,
        "endCursor": lambda source, _: source.cursors[-1] if source.cursors else None,
    }
    return table


def _cursor(place: Place) -> str:
    return base64.b64encode(json.dumps({"last_id": place[1], "last_value": place[0]}).encode()).decode()


def _place(cursor: str) -> Place:
    try:
        told = json.loads(base64.b64decode(cursor, validate=True))
        return told["last_value"], int(told["last_id"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise bad_request(f"Invalid cursor for current pagination sort: {cursor[:60]}") from wrong
