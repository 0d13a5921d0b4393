"""Columns in a terminal: Japanese letters are two columns wide, and a text from outside never moves the cursor."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

GAP: Final = 2
"""Columns between two cells."""


class Colour(Enum):
    """What a colour says; the words say it too."""

    PLAIN = 0
    BOLD = 1
    FAINT = 2
    GOOD = 3
    WARNING = 4
    BAD = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One text in a table."""

    text: str
    colour: Colour = Colour.PLAIN


Row = tuple[Cell | str, ...]


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes (Unicode TR 11)."""
    return sum(_width(letter) for letter in text)


def printable(text: str) -> str:
    """The text without anything that would command the terminal; line ends stay."""
    return "".join(letter if letter.isprintable() or letter in "\n\u3000" else " " for letter in text)


def laid_out(rows: Iterable[Row], right: frozenset[int] = frozenset()) -> Iterator[tuple[Cell, ...]]:
    """The rows with every cell padded to the width of its column; the last column stays as it is."""
    clean = [tuple(_clean(cell) for cell in row) for row in rows]
    count = max((len(row) for row in clean), default=0)
    widths = [max((columns_of(row[place].text) for row in clean if place < len(row)), default=0) for place in range(count)]
    for row in clean:
        yield tuple(
            Cell(_padded(cell.text, widths[place], place in right, is_last=place == count - 1), cell.colour)
            for place, cell in enumerate(row)
        )


def _clean(cell: Cell | str) -> Cell:
    known = cell if isinstance(cell, Cell) else Cell(cell)
    return Cell(" ".join(printable(known.text).split("\n")), known.colour)


def _padded(text: str, columns: int, to_the_right: bool, *, is_last: bool) -> str:
    space = " " * (columns - columns_of(text))
    if to_the_right:
        return space + text + " " * (0 if is_last else GAP)
    return text if is_last else text + space + " " * GAP


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
