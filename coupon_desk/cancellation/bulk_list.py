"""A list of coupons to be cancelled, as it was typed, scanned, pasted or written in a file: no line of it is lost.

Two forms: one code a line, or a table with a first line `code`, `code,reason` or `code,reason,note` (CSV; also with semicolons
or tabs between, and one row a line). Empty lines and those that begin with `#` say nothing. Pure.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from coupon_desk.coupons.code import CouponCode, InvalidCode, fold
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError
from coupon_desk.words import Message, msg

MOST_ROWS: Final = 50_000
"""So many coupons a list may hold; at the speed of Shopify's smallest plan that is a matter of hours."""

MOST_BYTES: Final = 10_000_000
"""So large a file may be."""

MOST_TYPED: Final = 60
"""So many characters of a line are kept, to tell it again."""

MOST_NOTE: Final = 1000
"""So long the note of one coupon may be, in characters."""

TWICE: Final = "twice"
"""The rule of a line whose coupon stands in an earlier one."""

COLUMNS: Final = ("code", "reason", "note")
_SEPARATORS: Final = ",;\t"


class ListUnreadable(ConfigurationError):
    """The list as a whole cannot be taken; nothing was done."""


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One line that says something. `line` counts from 1, as an editor shows it; of a selection, its place in it.

    `reason` and `note` are None where those of the whole hold. `flaw` is why the line is not taken, and `rule` a stable word
    for it: then `code` may be None.
    """

    line: int
    typed: str
    code: CouponCode | None
    reason: Reason | None = None
    note: str | None = None
    flaw: Message | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class BulkList:
    """Every line in its order; each coupon is taken at most once."""

    rows: tuple[ListedRow, ...]

    @property
    def good(self) -> tuple[ListedRow, ...]:
        """What is to be cancelled."""
        return tuple(row for row in self.rows if row.flaw is None)

    @property
    def flawed(self) -> tuple[ListedRow, ...]:
        """What is not taken, each with its reason."""
        return tuple(row for row in self.rows if row.flaw is not None)

    @property
    def points(self) -> int:
        """The points of what is to be cancelled, as the codes say."""
        return sum(row.code.points for row in self.good if row.code is not None)

    @property
    def digest(self) -> str:
        """The SHA-256 of what is to be cancelled, in hexadecimal: tells one list from any other."""
        told = hashlib.sha256()
        for row in self.good:
            parts = (row.line, str(row.code), row.reason.value if row.reason else None, row.note)
            told.update(msgspec.json.encode(parts) + b"\n")
        return told.hexdigest()


def read_file(content: bytes) -> BulkList:
    """The list in a file: text in UTF-8, or in UTF-16 with its mark. Raises ListUnreadable."""
    if len(content) > MOST_BYTES:
        raise ListUnreadable(
            msg("The file is larger than {count} bytes.", count=MOST_BYTES),
            done=msg("Nothing was done."),
            todo=msg("Split it into several files."),
        )
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise ListUnreadable(
            msg("The file with the codes is not text in UTF-8."),
            done=msg("Nothing was done."),
            todo=msg("Save it as “CSV UTF-8”, or as plain text in UTF-8, and try again."),
            detail=str(wrong),
        ) from wrong
    return read_text(text)


def read_text(text: str) -> BulkList:
    """The list that was pasted or scanned, in the same forms. Raises ListUnreadable."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    table = _table_of(lines)
    return _once_each(_rows_of_table(lines, *table) if table else _rows_of_lines(lines))


def list_of(codes: Iterable[str]) -> BulkList:
    """The list of codes that were selected or typed one by one. Raises ListUnreadable."""
    return _once_each(_row(line, typed) for line, typed in enumerate(codes, 1))


def joined(first: BulkList, second: BulkList) -> BulkList:
    """One list of two: the lines of the second count on from those of the first. Raises ListUnreadable."""
    behind = max((row.line for row in first.rows), default=0)
    moved = (replace(row, line=row.line + behind) for row in second.rows)
    anew = (replace(row, flaw=None, rule=None) if row.rule == TWICE else row for row in moved)
    return _once_each((*first.rows, *anew))


def _table_of(lines: list[str]) -> tuple[int, str, tuple[str, ...]] | None:
    """Where the table's head stands, what separates its columns, and their names; None for one code a line."""
    for place, line in enumerate(lines):
        if _says_nothing(line):
            continue
        for separator in _SEPARATORS:
            names = tuple(_name(cell) for cell in line.split(separator))
            if names[0] == COLUMNS[0]:
                if len(names) == 1 and any(one in line for one in _SEPARATORS):
                    continue
                _check_names(names, line)
                return place, separator, names
        return None
    return None


def _check_names(names: tuple[str, ...], line: str) -> None:
    if len(set(names)) == len(names) and set(names) <= set(COLUMNS):
        return
    raise ListUnreadable(
        msg("The first line of the table is not understood: “{line}”.", line=line.strip()[:MOST_TYPED]),
        done=msg("Nothing was done."),
        todo=msg("It has to be code, or code,reason, or code,reason,note."),
    )


def _rows_of_lines(lines: list[str]) -> Iterator[ListedRow]:
    for line, typed in enumerate(lines, 1):
        if not _says_nothing(typed):
            yield _row(line, typed)


def _rows_of_table(lines: list[str], head: int, separator: str, names: tuple[str, ...]) -> Iterator[ListedRow]:
    """The rows below the head, each of one line: a quotation mark that is not closed spoils no other line."""
    for line, typed in enumerate(lines[head + 1 :], head + 2):
        if _says_nothing(typed):
            continue
        try:
            cells = next(csv.reader([typed], delimiter=separator, strict=True))
        except csv.Error as wrong:
            yield _flawed(line, typed, "unreadable", msg("The line cannot be read as a table's: {why}.", why=str(wrong)))
            continue
        if any(cell.strip() for cell in cells):
            yield _row_of_cells(line, cells, names)


def _row_of_cells(line: int, cells: list[str], names: tuple[str, ...]) -> ListedRow:
    if len(cells) > len(names):
        if any(cell.strip() for cell in cells[len(names) :]):
            told = msg("The line has {count} columns, the table {columns}.", count=len(cells), columns=len(names))
            return _flawed(line, cells[0], "columns", told)
        cells = cells[: len(names)]
    told_by = dict(zip(names, (cell.strip() for cell in cells), strict=False))
    row = _row(line, told_by.get("code", ""))
    reason, note = told_by.get("reason", ""), told_by.get("note", "")
    if row.flaw is not None:
        return row
    if reason and _reason(reason) is None:
        told = msg("“{reason}” is not one of the reasons.", reason=reason[:MOST_TYPED])
        return ListedRow(line, row.typed, row.code, flaw=told, rule="unknown_reason")
    if len(note) > MOST_NOTE:
        told = msg("The note is longer than {count} characters.", count=MOST_NOTE)
        return ListedRow(line, row.typed, row.code, flaw=told, rule="note_too_long")
    return ListedRow(line, row.typed, row.code, _reason(reason), note or None)


def _row(line: int, typed: str) -> ListedRow:
    try:
        return ListedRow(line, typed.strip()[:MOST_TYPED], CouponCode.parse(typed))
    except InvalidCode as wrong:
        return _flawed(line, typed, "invalid_code", wrong.what)


def _flawed(line: int, typed: str, rule: str, flaw: Message) -> ListedRow:
    return ListedRow(line, typed.strip()[:MOST_TYPED], None, flaw=flaw, rule=rule)


def _once_each(rows: Iterable[ListedRow]) -> BulkList:
    """The first line with a coupon is the one that is taken."""
    first: dict[CouponCode, int] = {}
    kept: list[ListedRow] = []
    for row in rows:
        if len(kept) == MOST_ROWS:
            raise ListUnreadable(
                msg("The list has more than {count} lines.", count=MOST_ROWS),
                done=msg("Nothing was done."),
                todo=msg("Split it into several lists."),
            )
        before = first.get(row.code) if row.code is not None else None
        if row.flaw is not None or row.code is None:
            kept.append(row)
        elif before is not None:
            told = msg("The same coupon as in line {line}.", line=before)
            kept.append(ListedRow(row.line, row.typed, row.code, flaw=told, rule=TWICE))
        else:
            first[row.code] = row.line
            kept.append(row)
    return BulkList(tuple(kept))


def _reason(typed: str) -> Reason | None:
    return next((reason for reason in Reason.choices() if reason.value == typed.strip().lower()), None)


def _name(cell: str) -> str:
    return fold(cell.strip().strip('"')).lower()


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
