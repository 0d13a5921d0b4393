"""The trail handed out: complete in every format, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.storage.database import Database
from coupon_desk.trail import export
from coupon_desk.trail.entry import Entry, NewEntry
from coupon_desk.trail.export import COLUMNS, ExportFormat, export_entries, harmless
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import chain_row, verify_rows
from tests.trail.conftest import CODE

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database, Surroundings("-desk", "@mika"), VirtualClock(AT))


def written(trail: Trail, *notes: str) -> list[Entry]:
    for note in notes:
        trail.append(NewEntry("operation.opened", {"note": note}, "=cmd|'/C calc'!A0", "op-1", None, CODE.text))
    return list(trail.between())


def test_json_lines_prove_themselves_and_can_be_read(trail: Trail) -> None:
    out = io.BytesIO()
    told = written(trail, "first", "取り消し\n\u2028")

    assert export_entries(told, ExportFormat.JSONL, out) == 2

    lines = [json.loads(line) for line in out.getvalue().decode().split("\n") if line]
    assert [tuple(line) for line in lines] == [("sequence", "version", "previous", "hash", "entry", "opened")] * 2
    assert [line["opened"]["note"] for line in lines] == ["first", "取り消し\n\u2028"]
    rows = [chain_row(line["sequence"], line["version"], line["previous"], line["entry"], line["hash"]) for line in lines]
    assert verify_rows(rows).is_intact
    assert all("取り消し" not in line["entry"] for line in lines)


def test_what_was_erased_is_handed_out_as_it_was_hashed_and_says_so(trail: Trail, file: Path, database: Database) -> None:
    written(trail, "Taro Yamada asked")
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM subject_keys")
    lines, table = io.BytesIO(), io.BytesIO()

    export_entries(trail.between(), ExportFormat.JSONL, lines)
    export_entries(trail.between(), ExportFormat.CSV, table)

    (line,) = (json.loads(line) for line in lines.getvalue().splitlines())
    assert line["opened"] is None
    assert verify_rows([chain_row(1, 2, line["previous"], line["entry"], line["hash"])]).is_intact
    (row,) = csv.DictReader(io.StringIO(table.getvalue().decode("utf-8-sig"), newline=""))
    assert (row["action"], row["body"]) == ("operation.opened", '{"erased":true}')
    assert b"Taro" not in lines.getvalue() + table.getvalue()


def test_a_spreadsheet_runs_nothing_of_a_csv(trail: Trail) -> None:
    out = io.BytesIO()

    assert export_entries(written(trail, 'a "quoted", note\r\nwith lines'), ExportFormat.CSV, out) == 1

    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert (row["actor"], row["desk"], row["os_user"]) == ("'=cmd|'/C calc'!A0", "'-desk", "'@mika")
    assert (row["code"], row["version"], row["at"]) == ("70934-******-500", "2", "2026-11-23T09:30:00.000000Z")
    assert json.loads(row["body"])["note"] == 'a "quoted", note\r\nwith lines'
    assert not any(text.startswith(("=", "+", "-", "@")) for text in row.values())


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_what_looks_like_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert harmless(f"{sign}1+1") == f"'{sign}1+1"
    assert harmless(f"1{sign}1") == f"1{sign}1"


def test_a_workbook_holds_texts_alone_also_very_long_ones(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SHEET_ROWS", 2)
    out = io.BytesIO()

    assert export_entries(written(trail, "short", "x" * 70_000, "third"), ExportFormat.XLSX, out) == 3

    with zipfile.ZipFile(out) as archive:
        first, second = (archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
    assert (first.count("<row "), second.count("<row ")) == (3, 2)
    assert first.count("x" * 30_000) == 2
    assert "<f>" not in first + second
    assert "=cmd" in first


def test_entries_are_written_as_they_come(trail: Trail) -> None:
    out = io.BytesIO()

    def endless() -> Iterator[Entry]:
        for entry in written(trail, "one", "two"):
            yield entry
            assert out.getvalue().count(b"\n") >= entry.sequence

    assert export_entries(endless(), ExportFormat.JSONL, out) == 2


def test_an_empty_workbook_and_an_empty_table_still_name_their_columns(trail: Trail) -> None:
    table, workbook = io.BytesIO(), io.BytesIO()

    assert export_entries([], ExportFormat.CSV, table) == 0
    assert export_entries([], ExportFormat.XLSX, workbook) == 0

    assert table.getvalue().decode("utf-8-sig").strip() == ",".join(COLUMNS)
    (entry,) = written(trail, "one")
    assert tuple(entry.columns) == COLUMNS
    with zipfile.ZipFile(workbook) as archive:
        assert "canonical" not in archive.read("xl/worksheets/sheet1.xml").decode()
        assert archive.read("xl/worksheets/sheet1.xml").decode().count("<c ") == len(COLUMNS)
