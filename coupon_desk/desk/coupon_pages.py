"""The pages of the table: all that were scrolled through have a place, only those near what is seen have their rows.

A page that was let go keeps where it begins, how many rows it has and their codes; it is read again when somebody comes back to
it. So a hundred thousand rows cost about what a thousand do.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.coupon_words import Row

if TYPE_CHECKING:
    from coupon_desk.catalogue.query import Cursor

KEPT_ROWS: Final = 600
"""So many rows before and behind those that are seen stay."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was read: where it begins, its rows, and where the next begins."""

    after: Cursor | None
    rows: tuple[Row, ...]
    next: Cursor | None


@dataclass(slots=True)
class _Block:
    """A page in its place. `rows` is None where it was let go; then `codes` has the codes, one a line."""

    after: Cursor | None
    size: int
    rows: tuple[Row, ...] | None
    codes: str = ""


class Pages:
    """Rows by their place, 0 to `count` - 1."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._starts: list[int] = []
        self.count = 0
        self.end: Cursor | None = None
        """Where the rows that were not read yet begin; None where there are none."""

    def begin(self, page: Page) -> None:
        """Forget everything, and begin with this page."""
        self._blocks.clear()
        self.append(page)

    def append(self, page: Page) -> None:
        """Put a page behind the last."""
        if page.rows:
            self._blocks.append(_Block(page.after, len(page.rows), page.rows))
        self.end = page.next
        self._measure()

    def row(self, place: int) -> Row | None:
        """The row at a place; None where its page was let go."""
        at = bisect_right(self._starts, place) - 1
        rows = self._blocks[at].rows
        return None if rows is None else rows[place - self._starts[at]]

    def code(self, place: int) -> CouponCode:
        """The code at a place, also where its page was let go."""
        row = self.row(place)
        if row is not None:
            return row.coupon.code
        at = bisect_right(self._starts, place) - 1
        return CouponCode(self._blocks[at].codes.split("\n")[place - self._starts[at]])

    def codes(self, first: int, last: int) -> Iterator[CouponCode]:
        """The codes from one place to another, both included."""
        for at, block in enumerate(self._blocks):
            start = self._starts[at]
            if start > last:
                break
            if start + block.size <= first:
                continue
            inside = slice(max(0, first - start), last - start + 1)
            if block.rows is not None:
                yield from (row.coupon.code for row in block.rows[inside])
            else:
                yield from (CouponCode(text) for text in block.codes.split("\n")[inside])

    def resident(self) -> Iterator[tuple[int, Row]]:
        """The rows that are there, with their places."""
        for start, block in zip(self._starts, self._blocks, strict=True):
            if block.rows is not None:
                yield from enumerate(block.rows, start)

    def span(self, first: int, last: int) -> range:
        """The numbers of the pages that hold these places."""
        if not self._blocks:
            return range(0)
        begin = max(0, bisect_right(self._starts, max(0, first)) - 1)
        return range(begin, max(begin + 1, bisect_right(self._starts, last)))

    def missing(self, first: int, last: int) -> range | None:
        """The pages of these places that were let go, as one stretch; None where all are there."""
        gone = [at for at in self.span(first, last) if self._blocks[at].rows is None]
        return range(gone[0], gone[-1] + 1) if gone else None

    def wants(self, span: range) -> tuple[tuple[Cursor | None, int], ...]:
        """How to read these pages again: after what, and how many rows each."""
        return tuple((self._blocks[at].after, self._blocks[at].size) for at in span)

    def places(self, span: range) -> range:
        """The places that these pages hold."""
        if not span:
            return range(0)
        return range(self._starts[span.start], self._starts[span.stop - 1] + self._blocks[span.stop - 1].size)

    def follows(self, span: range) -> Cursor | None:
        """Where the rows behind these pages begin."""
        return self._blocks[span.stop].after if span.stop < len(self._blocks) else self.end

    def drop_after(self, span: range, end: Cursor | None) -> None:
        """Forget what stands behind these pages; it begins at `end` now."""
        del self._blocks[span.stop :]
        self.end = end
        self._measure()

    def put(self, span: range, pages: Sequence[Page]) -> range:
        """Put pages in the place of these; which they are now."""
        new = [_Block(page.after, len(page.rows), page.rows) for page in pages if page.rows]
        self._blocks[span.start : span.stop] = new
        self._measure()
        return range(span.start, span.start + len(new))

    def stand_in(self, span: range, after: Cursor | None, codes: Sequence[CouponCode]) -> range:
        """Put places without rows where these pages are, while rows come and go one by one; which page they are now."""
        new = [_Block(after, len(codes), None, "\n".join(code.text for code in codes))] if codes else []
        self._blocks[span.start : span.stop] = new
        self._measure()
        return range(span.start, span.start + len(new))

    def let_go(self, first: int, last: int, kept: int = KEPT_ROWS) -> None:
        """Let pages go that are more than `kept` rows away from these places."""
        for start, block in zip(self._starts, self._blocks, strict=True):
            is_far = start + block.size <= first - kept or start > last + kept
            if is_far and block.rows is not None:
                block.codes = "\n".join(row.coupon.code.text for row in block.rows)
                block.rows = None

    def say_again(self, first: int, last: int, word: Callable[[Row], Row]) -> None:
        """Say these places anew; what is not seen now is read again when it is."""
        self.let_go(first, last, kept=0)
        for block in self._blocks:
            if block.rows is not None:
                block.rows = tuple(word(row) for row in block.rows)

    def _measure(self) -> None:
        self._starts.clear()
        place = 0
        for block in self._blocks:
            self._starts.append(place)
            place += block.size
        self.count = place
