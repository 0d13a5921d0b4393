"""The next entries to ship, as many as fit into one batch."""

from __future__ import annotations

from typing import Final

from coupon_desk.central.shipped import ShippedRow
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import ChainRow
from coupon_desk.words import Message, msg

BATCH_ROWS: Final = 1_000
BATCH_BYTES: Final = 1_000_000
"""A batch ends with the entry that exceeds this."""


class Unreadable(Exception):
    """The entry in this place is no text any more: somebody wrote into the home's database."""

    def __init__(self, place: int) -> None:
        super().__init__(str(place))
        self.place = place
        self.what: Message = msg("It is not readable any more.")


def batch_after(trail: Trail, place: int, rows: int) -> list[ShippedRow]:
    """The entries after a place, in order. Raises Unreadable where the first of them is; StorageError."""
    batch: list[ShippedRow] = []
    size = 0
    with trail.chain(place) as waiting:
        for row in waiting:
            try:
                batch.append(_as_text(row))
            except ValueError:
                if batch:
                    break
                raise Unreadable(row[0]) from None
            size += len(row[3])
            if size >= BATCH_BYTES or len(batch) >= rows:
                break
    return batch


def _as_text(row: ChainRow) -> ShippedRow:
    """Raises ValueError for what PostgreSQL cannot hold as text: no UTF-8, or a zero byte."""
    sequence, version, previous, entry, digest = row
    if b"\x00" in entry:
        raise ValueError("a zero byte")
    return sequence, version, previous.decode(), entry.decode(), digest.decode()
