"""A picture in black and white, as receipt printers burn it into their paper."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """`rows` has one bit a dot, from left to right and from top to bottom, the highest bit first; 1 is black.

    Raises ValueError where the rows don't fill a rectangle of whole bytes.
    """

    width_dots: int
    rows: bytes

    def __post_init__(self) -> None:
        if self.width_dots % 8 or not self.rows or len(self.rows) % (self.width_dots // 8):
            raise ValueError(f"{len(self.rows)} bytes are no picture of {self.width_dots} dots")

    @property
    def height_dots(self) -> int:
        """How many rows there are."""
        return len(self.rows) // (self.width_dots // 8)
