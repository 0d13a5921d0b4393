"""The common ground of all shapes of Shopify's answers.

An answer of another shape is not decoded, and so is never taken for success.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec

N = TypeVar("N")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """An object of an answer; keys that nobody asked for are passed over."""


class PageInfo(Shape, frozen=True):
    """Whether a connection goes on, and where."""

    has_next_page: bool
    end_cursor: str | None = None


class Connection(Shape, Generic[N], frozen=True):
    """One page of a list."""

    nodes: list[N]
    page_info: PageInfo

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None at the end."""
        return self.page_info.end_cursor if self.page_info.has_next_page else None


class Id(Shape, frozen=True):
    """Something of which only the id is wanted."""

    id: str


class Count(Shape, frozen=True):
    """A number of things."""

    count: int
