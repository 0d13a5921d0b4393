"""The trail handed out: complete in every format, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from coupon_desk.trail import export
from coupon_desk.trail.entry import GENESIS, Entry, NewEntry, chained, entry_hash
from coupon_desk.trail.export import COLUMNS, ExportFormat, export_entries, harmless

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def entries(*notes: str) -> list[Entry]:
    chain: list[Entry] = []
    for number, note in enumerate(notes, start=1):
        previous = chain[-1].hash if chain else GENESIS
        chain.append(
            chained(NewEntry("operation.opened", {"note": note}, actor="=cmd|'/C calc'!A0"), number, AT, "-desk", previous)
        )
    return chain


def test_json_lines_prove_themselves() -> None:
    out = io.BytesIO()
    told = entries("first", "取り消し\n\u2028")

    assert export_entries(told, ExportFormat.JSONL, out) == 2

    lines = [json.loads(line) for line in out.getvalue().decode().split("\n") if line]
    assert [tuple(line) for line in lines] == [COLUMNS, COLUMNS]
    for line, entry in zip(lines, told, strict=True):
        assert line["body"] == entry.body
        assert line["hash"] == entry_hash(
            line["sequence"],
            line["at"],
            line["desk"],
            line["actor"],
            line["action"],
            line["operation"],
            line["step"],
            line["code"],
            entry.canonical_body,
            line["previous"],
        )
        assert entry.canonical_body.encode() in out.getvalue()


def test_a_spreadsheet_runs_nothing_of_a_csv() -> None:
    out = io.BytesIO()

    assert export_entries(entries('a "quoted", note\r\nwith lines'), ExportFormat.CSV, out) == 1

    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert (row["actor"], row["desk"]) == ("'=cmd|'/C calc'!A0", "'-desk")
    assert json.loads(row["body"])["note"] == 'a "quoted", note\r\nwith lines'
    assert not any(text.startswith(("=", "+", "-", "@")) for text in row.values())


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_what_looks_like_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert harmless(f"{sign}1+1") == f"'{sign}1+1"
    assert harmless(f"1{sign}1") == f"1{sign}1"


def test_a_workbook_holds_texts_alone_also_very_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SHEET_ROWS", 2)
    out = io.BytesIO()

    assert export_entries(entries("short", "x" * 70_000, "third"), ExportFormat.XLSX, out) == 3

    with zipfile.ZipFile(out) as archive:
        first, second = (archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
    assert (first.count("<row "), second.count("<row ")) == (3, 2)
    assert first.count("x" * 30_000) == 2
    assert "<f>" not in first + second
    assert "=cmd" in first


def test_entries_are_written_as_they_come() -> None:
    out = io.BytesIO()

    def endless() -> Iterator[Entry]:
        for entry in entries("one", "two"):
            yield entry
            assert out.getvalue().count(b"\n") >= entry.sequence

    assert export_entries(endless(), ExportFormat.JSONL, out) == 2


def test_an_empty_workbook_and_an_empty_table_still_name_their_columns() -> None:
    table, workbook = io.BytesIO(), io.BytesIO()

    assert export_entries([], ExportFormat.CSV, table) == 0
    assert export_entries([], ExportFormat.XLSX, workbook) == 0

    assert table.getvalue().decode("utf-8-sig").strip() == ",".join(COLUMNS)
    with zipfile.ZipFile(workbook) as archive:
        assert "canonical" not in archive.read("xl/worksheets/sheet1.xml").decode()
        assert archive.read("xl/worksheets/sheet1.xml").decode().count("<c ") == len(COLUMNS)
