"""Hands the trail out, entry by entry: CSV for spreadsheets, JSON lines for programs, a workbook for auditors."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import IO, Any, Final

import msgspec

from coupon_desk.trail.entry import Entry

COLUMNS: Final = (
    *("sequence", "version", "at", "logged_at", "clock_offset", "desk", "os_user", "app"),
    *("actor", "role", "approver", "action", "operation", "step", "code", "coupon", "customer"),
    *("result", "reason", "before", "after", "points", "request_ids", "body", "previous", "hash"),
)
"""The columns of a table and of a workbook, in their order."""

SHEET_ROWS: Final = 1_000_000
"""Entries of one sheet; a workbook's sheet ends at 1,048,576 rows (Excel specifications and limits)."""

CELL_LETTERS: Final = 32_767
"""Letters of one cell (Excel specifications and limits); a longer body goes on in the cells after the last column."""

_WIDTHS: Final = {"at": 28, "action": 24, "operation": 38, "code": 22, "result": 16, "reason": 24}

# What a spreadsheet takes for a formula (OWASP, "CSV injection").
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


class ExportFormat(StrEnum):
    """What the trail can be written as."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


def export_entries(entries: Iterable[Entry], form: ExportFormat, out: IO[bytes]) -> int:
    """Write the entries to a binary file; how many there were. Raises OSError.

    `out` stays open. CSV and JSON lines are written as they are read; a workbook is put together in temporary files first.
    """
    match form:
        case ExportFormat.CSV:
            return _as_csv(entries, out)
        case ExportFormat.JSONL:
            return _as_json_lines(entries, out)
        case ExportFormat.XLSX:
            return _as_workbook(entries, out)


def harmless(text: str) -> str:
    """A text that a spreadsheet shows and never runs: what looks like a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def _as_csv(entries: Iterable[Entry], out: IO[bytes]) -> int:
    """RFC 4180 in UTF-8 with a byte order mark, without which Excel takes it for the computer's old code page."""
    count = 0
    wrapped = io.TextIOWrapper(out, encoding="utf-8-sig", errors="replace", newline="", write_through=True)
    try:
        writer = csv.writer(wrapped)
        writer.writerow(COLUMNS)
        for entry in entries:
            writer.writerow([harmless(value) if isinstance(value, str) else value for value in entry.columns.values()])
            count += 1
        wrapped.flush()
    finally:
        wrapped.detach()
    return count


def _as_json_lines(entries: Iterable[Entry], out: IO[bytes]) -> int:
    """One object a line: what proves itself, the exact text that was hashed as one string, and the body where it is open."""
    count = 0
    for entry in entries:
        line = {
            "sequence": entry.sequence,
            "version": entry.version,
            "previous": entry.previous,
            "hash": entry.hash,
            "entry": entry.text,
            "opened": None if entry.canonical_body is None else msgspec.Raw(entry.canonical_body.encode()),
        }
        out.write(msgspec.json.encode(line) + b"\n")
        count += 1
    return count


def _as_workbook(entries: Iterable[Entry], out: IO[bytes]) -> int:
    """Every cell is written as text and so never runs; `constant_memory` keeps one row in memory at a time."""
    import xlsxwriter

    count = 0
    workbook = xlsxwriter.Workbook(out, {"constant_memory": True, "in_memory": False})
    bold = workbook.add_format({"bold": True})
    sheet, row = None, SHEET_ROWS
    for entry in entries:
        if row >= SHEET_ROWS:
            sheet, row = _new_sheet(workbook, bold), 0
        row += 1
        assert sheet is not None
        sheet.write_number(row, 0, entry.sequence)
        for column, text in _cells(entry):
            sheet.write_string(row, column, text)
        count += 1
    if sheet is None:
        _new_sheet(workbook, bold)
    workbook.close()
    return count


def _new_sheet(workbook: Any, bold: Any) -> Any:
    sheet = workbook.add_worksheet()
    sheet.freeze_panes(1, 0)
    for name, letters in _WIDTHS.items():
        sheet.set_column(COLUMNS.index(name), COLUMNS.index(name), letters)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, name, bold)
    return sheet


def _cells(entry: Entry) -> Iterator[tuple[int, str]]:
    """The texts of a row, left to right as `constant_memory` asks for."""
    values = entry.columns
    rest = ""
    for column, name in enumerate(COLUMNS[1:], start=1):
        text = "" if values[name] is None else str(values[name])
        if name == "body":
            text, rest = text[:CELL_LETTERS], text[CELL_LETTERS:]
        yield column, text
    column = len(COLUMNS)
    while rest:
        yield column, rest[:CELL_LETTERS]
        rest, column = rest[CELL_LETTERS:], column + 1
