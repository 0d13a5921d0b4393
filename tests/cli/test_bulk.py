"""Many coupons on the command line: sorted, cancelled as one job, paused, taken up, stopped, handed out."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

from coupon_desk.app import parts
from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine
from tests.surroundings.tool import wait_until

WHY = ("--reason", "customer_request", "--note", "Recalled: printed with the wrong date")


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "BULK_WORKERS", 3)


def test_a_file_is_sorted_first_and_then_cancelled_as_one_job(cli: CommandLine, shop: TrainingShop, tmp_path: Path) -> None:
    cases = shop.showcase
    file = tmp_path / "list.csv"
    file.write_text(f"code,reason,note\n{cases.example.code},staff_error,Typed wrong\n{cases.used.code}\nno code\n", "utf-8")

    sorted_ = cli.here("cancel", *WHY, "--from-file", str(file), "--dry-run", "--json")
    assert (sorted_.status, sorted_.document["dry_run"]["counts"]) == (
        3,
        {"can": 1, "needs_approval": 0, "cant": 2, "unread": 0},
    )
    assert [(row["line"], row["sorting"], row["rule"]) for row in sorted_.document["dry_run"]["rows"]] == [
        (2, "can", None),
        (3, "cant", "used"),
        (4, "cant", "invalid_code"),
    ]
    assert not shop.point_entries(cases.example.customer_id, cases.example.reference)[0].points > 0

    wrong = cli.here("cancel", *WHY, "--from-file", str(file), "--yes", "3", "--json")
    assert (wrong.status, wrong.document["operations"]) == (2, [])
    ended = cli.here("cancel", *WHY, "--from-file", str(file), "--yes", "2", "--no-receipts", "--json")
    assert ended.status == 3
    assert "Line 4" in ended.err
    told = {one["code"]: (one["state"], one["reason"] if one["id"] else None) for one in ended.document["operations"]}
    assert told == {
        cases.example.code: ("completed", "staff_error"),
        cases.used.code: ("refused", "customer_request"),
        "no code": ("refused", None),
    }
    assert ended.document["bulk"]["counts"]["done"] == 1
    job = ended.document["bulk"]["id"]

    listed = cli.here("bulk", "list", "--json", operator="viewer")
    shown = cli.here("bulk", "show", job[:8], "--state", "refused", "--json")
    people = cli.here("bulk", "show", job[:8])
    table = cli.here("bulk", "export", job[:8])
    out = cli.here("bulk", "export", job[:8], "--format", "json", "--out", str(tmp_path / "rows.json"), "--json")
    assert [one["id"] for one in listed.document["bulks"]] == [job]
    assert [(row["line"], row["rule"]) for row in shown.document["rows"]] == [(3, "used")]
    assert "Already used" in people.out
    assert [row["state"] for row in csv.DictReader(io.StringIO(table.out.removeprefix("\ufeff")))] == [
        "done",
        "refused",
        "skipped",
    ]
    assert out.document["lines"] == 3
    assert json.loads((tmp_path / "rows.json").read_text("utf-8"))["bulk"]["id"] == job
    for words in (("pause", job), ("resume", job), ("stop", job)):
        assert cli.here("bulk", *words, "--json").status == 3
    assert cli.here("bulk", "show", "zzz", "--json").status == 2


def test_what_is_left_of_a_job_is_taken_up_paused_and_stopped(cli: CommandLine, shop: TrainingShop) -> None:
    codes = (shop.showcase.example.code, shop.showcase.english_customer.code)
    with patch("coupon_desk.app.bulks.Bulks.run", lambda bulks, job_id, *_, **__: bulks.job(job_id)):
        left = cli.here("cancel", *codes, *WHY, "--json")
    assert left.status == 4
    assert [(one["state"], one["id"]) for one in left.document["operations"]] == [("running", None)] * 2
    job = left.document["bulk"]["id"]

    paused = cli.here("bulk", "pause", job[:8], "--json")
    assert (paused.status, paused.document["bulk"]["state"]) == (0, "paused")
    assert cli.here("resume", "--json").document == {"operations": [], "bulks": []}
    resumed = cli.here("bulk", "resume", job[:8])
    assert resumed.status == 0, resumed.err
    assert "Done" in resumed.out

    with patch("coupon_desk.app.bulks.Bulks.run", lambda bulks, job_id, *_, **__: bulks.job(job_id)):
        other = cli.here("cancel", shop.showcase.scheduled.code, shop.showcase.free_shipping.code, *WHY, "--json")
    stopped = cli.here("bulk", "stop", other.document["bulk"]["id"], "--json")
    assert (stopped.status, stopped.document["bulk"]["counts"]["skipped"]) == (0, 2)


def test_resume_takes_up_every_job_that_was_left(cli: CommandLine, shop: TrainingShop) -> None:
    codes = (shop.showcase.example.code, shop.showcase.english_customer.code)
    with patch("coupon_desk.app.bulks.Bulks.run", lambda bulks, job_id, *_, **__: bulks.job(job_id)):
        cli.here("cancel", *codes, *WHY, "--json")
    resumed = cli.here("resume", "--json")
    assert resumed.status == 0
    assert resumed.document["bulks"][0]["counts"]["done"] == 2


def test_above_a_number_it_has_to_be_typed_at_a_terminal(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(io, "StringIO", Terminal)
    monkeypatch.setattr("coupon_desk.app.bulks.CONFIRM_ABOVE", 1)
    codes = ("99999-ZZZZZZ-500", "99999-ZZZZZY-500")
    assert cli.here("cancel", *codes, *WHY, stdin="3\n").status == 2
    typed = cli.here("cancel", *codes, *WHY, stdin="2\n")
    assert typed.status == 3
    assert "Type the number" in typed.err


def test_killed_in_the_middle_it_is_taken_up_and_every_coupon_is_cancelled_exactly_once(
    cli: CommandLine, shop: TrainingShop, tmp_path: Path
) -> None:
    special = {specimen.code for specimen in shop.showcase.all().values()}
    found = cli.here("search", "--status", "unused", "--limit", "60", "--json").document["coupons"]
    free = [one["code"] for one in found if one["code"] not in special][:8]
    file = tmp_path / "list.txt"
    file.write_text("\n".join(free), "utf-8")
    shop.latency_seconds = 0.05
    words = cli.words("cancel", *WHY, "--from-file", str(file), "--no-receipts")
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(words, env=cli.surroundings(), cwd=tmp_path, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    try:
        wait_until(lambda: any(call.applied for call in shop.journal.calls("add")), "points were returned")
    finally:
        process.kill()
        process.wait()
    shop.latency_seconds = 0.0

    resumed = cli.here("resume", "--json")
    rows = cli.here("bulk", "show", cli.here("bulk", "list", "--json").document["bulks"][0]["id"], "--json").document["rows"]

    assert resumed.status in {0, 4}, resumed.err
    assert [row["code"] for row in rows] == free
    assert {row["state"] for row in rows} <= {"done", "needs_approval"}
    customers = {one["code"]: one["customer_id"] for one in found}
    for row in rows:
        entries = shop.point_entries(customers[row["code"]], row["reference"])
        returned = [entry.points for entry in entries if entry.points > 0]
        assert returned == ([row["points_returned"]] if row["state"] == "done" else [])
    assert sum(row["state"] == "done" for row in rows) > 4
