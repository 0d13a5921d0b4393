"""`search`, `show`, `sync`, `receipt` and `audit export`: what is read, by people and by scripts."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise

from coupon_desk.clock import to_text
from coupon_desk.trail.export import COLUMNS
from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine

WHY = ("--reason", "customer_request", "--note", "=HYPERLINK(1) she changed her mind")


def test_coupons_are_found_as_the_table_shows_them(cli: CommandLine, shop: TrainingShop) -> None:
    example = shop.showcase.example

    found = cli("search", "70934", "--json")
    assert (found.status, found.document["more"]) == (0, False)
    (coupon,) = [one for one in found.document["coupons"] if one["code"] == str(example.code)]
    assert (coupon["status"], coupon["points"], coupon["currency"]) == ("unused", 500, "JPY")
    assert coupon["customer_name"]

    used = cli.here("search", "--status", "used", "--limit", "1", "--json")
    assert {one["status"] for one in used.document["coupons"]} == {"used"}
    assert used.document["more"] is True
    for_viewer = cli("search", "70934", operator="viewer")
    assert str(example.code) in for_viewer.out
    assert coupon["customer_name"] not in for_viewer.out
    nothing = cli.here("search", "no such coupon")
    assert (nothing.status, nothing.out) == (0, "No coupon was found.\n")
    wrong = cli.here("search", "--status", "lost", "--json")
    assert (wrong.status, "lost" in wrong.document["error"]["what"]) == (2, True)
    dear = cli.here("search", "--status", "unused", "--status", "used", "--points", "500-", "--sort", "points", "--json")
    points = [one["points"] for one in dear.document["coupons"]]
    assert points == sorted(points)
    assert min(points) >= 500
    assert {one["status"] for one in dear.document["coupons"]} == {"unused", "used"}


def test_one_coupon_is_shown_with_what_every_source_says(cli: CommandLine, shop: TrainingShop) -> None:
    example, used, differs = shop.showcase.example, shop.showcase.used, shop.showcase.conversion_differs

    seen = cli("show", str(example.code), "--json").document
    assert (seen["status"], seen["may_cancel"], seen["points_to_return"]) == ("unused", True, 500)
    assert seen["customer"]["id"] == example.customer_id
    assert (seen["discount"]["id"], seen["discount"]["state"]) == (example.discount_id, "ACTIVE")
    assert seen["record"]["entry"]["status"] == "active"
    assert seen["orders"]["orders"] == []
    entries = {entry["id"]: entry for entry in seen["points"]["entries"]}
    assert entries[seen["points"]["conversion"]]["points"] == -500
    assert seen["points"]["balance_after"] == seen["points"]["balance"] + 500
    assert date.fromisoformat(seen["points"]["added_points_expire_on"]) > (shop.clock.now() + timedelta(days=360)).date()

    told = cli.here("show", str(used.code))
    assert told.status == 0
    assert "May not be cancelled:" in told.out
    assert f"Already used, in order {used.order}" in told.out
    assert "conversion → coupon" in told.out
    doubted = cli.here("show", str(differs.code), "--json").document
    assert (doubted["may_cancel"], doubted["needs_approval"]) == (True, True)
    assert "points_differ" in [finding["rule"] for finding in doubted["findings"]]
    for_viewer = cli.here("show", str(example.code), "--json", operator="viewer").document
    assert for_viewer["customer"] is None
    no_code = cli.here("show", "12345", "--json")
    assert (no_code.status, "12345" in no_code.document["error"]["what"]) == (2, True)
    unknown = cli.here("show", "99999-ZZZZZZ-500", "--json")
    assert (unknown.status, unknown.document["discount"]["source"]) == (0, "absent")


def test_the_trail_is_handed_out_in_every_format(cli: CommandLine, shop: TrainingShop) -> None:
    cancelled = cli("cancel", str(shop.showcase.example.code), *WHY, "--json")
    assert cancelled.status == 0, cancelled.err
    opened_at = cancelled.operation["opened_at"]
    workbook, table = cli.home / "trail.xlsx", cli.home / "trail.csv"

    refused = cli.here("audit", "export")
    assert refused.status == 3
    lines = cli.here("audit", "export", "--format", "jsonl", operator="owner")
    entries = [json.loads(line) for line in lines.out.splitlines()]
    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
    assert all(entry["previous"] == before["hash"] for before, entry in pairwise(entries))
    opened = next(entry for entry in entries if "operation.opened" in entry["entry"])
    assert opened["opened"] is None
    assert "she changed her mind" not in lines.out
    clear = cli.here("audit", "export", "--format", "jsonl", "--clear", operator="owner")
    told = next(line for line in map(json.loads, clear.out.splitlines()) if line["sequence"] == opened["sequence"])
    assert "she changed her mind" in told["opened"]["note"]
    assert told["entry"] == opened["entry"]

    written = cli.here("audit", "export", "--out", str(table), "--json", operator="auditor")
    assert written.status == 0, written.err
    assert (written.document["file"], written.document["format"]) == (str(table), "csv")
    assert (written.document["entries"], written.document["signed"]) == (len(entries) + 4, True)
    assert json.loads((cli.home / "trail.csv.manifest.json").read_text(encoding="utf-8"))["exported_by"] == "auditor"
    assert table.read_bytes().startswith(b"\xef\xbb\xbfsequence,version,")
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["hash"] for row in rows][: len(entries)] == [entry["hash"] for entry in entries]

    since = to_text(shop.clock.now() - timedelta(days=1))
    assert cli.here("audit", "export", "--out", str(workbook), "--since", since, operator="owner").status == 0
    with zipfile.ZipFile(workbook) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert entries[-1]["hash"] in sheet
    assert "<f>" not in sheet

    part = cli.here("audit", "export", "--since", opened_at, "--until", opened_at, "--json", operator="owner")
    assert part.document == {"entries": []}
    day = cli.here("audit", "export", "--since", "2000-01-01", "--until", "2000-01-02", operator="owner")
    assert day.out.strip("\ufeff\r\n") == ",".join(COLUMNS)
    wrong = cli.here("audit", "export", "--since", "yesterday", "--json", operator="owner")
    assert (wrong.status, "yesterday" in wrong.document["error"]["what"]) == (2, True)

    copy = cli.home / "copy.pdf"
    again = cli("receipt", str(shop.showcase.example.code), "--pdf", str(copy), "--width", "80mm", "--json")
    assert (again.status, again.document["pdf"]) == (0, str(copy)), again.err
    assert copy.read_bytes().startswith(b"%PDF")
    no_printer = cli("receipt", cancelled.operation["id"], "--printer", "no such printer", "--json")
    assert (no_printer.status, "no such printer" in no_printer.document["error"]["what"]) == (1, True)
    no_operation = cli.here("receipt", "00000000", "--json")
    assert no_operation.status == 2


def test_a_changed_trail_is_found(cli: CommandLine) -> None:
    with closing(sqlite3.connect(cli.home / "desk.sqlite3")) as database, database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("UPDATE entries SET entry = replace(entry, actor, 'somebody') WHERE sequence = 2")

    ended = cli("audit", "verify", "--json")

    assert ended.status == 5
    assert ended.document["intact"] is False
    assert ended.document["bad"] == {"sequence": 2, "why": "changed"}
