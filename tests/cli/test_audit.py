"""`audit`: what an auditor does at the command line, and what they are told when the database was tampered with."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from coupon_desk.trail.signing import DeskKey
from coupon_desk.training.shop import TrainingShop
from coupon_desk.vault import KeyringVault, Secret, SecretName
from tests.cli.conftest import CommandLine
from tests.surroundings.tool import tool
from tests.trail.attacker import Row, Rows, attack, chained, numbered, rows_of, with_foreign_key, write

WHY = ("--reason", "customer_request", "--note", "she changed her mind")


@pytest.fixture
def worked(cli: CommandLine) -> CommandLine:
    """A home in which a program has worked, so that its trail is signed and the keyring knows it."""
    made = cli.here("audit", "checkpoint", "--json")
    assert made.status == 0, made.err
    return cli


def changed(row: Row) -> Row:
    return row.saying(actor="somebody")


def rewritten(then: Callable[[Rows], Rows]) -> Callable[[Rows], Rows]:
    return lambda rows: then([changed(row) if row.sequence == 3 else row for row in rows])


TAMPERINGS: dict[str, tuple[Callable[[Rows], Rows], Callable[[Rows], int], str]] = {
    "changed": (rewritten(list), lambda _: 3, "changed"),
    "deleted": (lambda rows: [row for row in rows if row.sequence != 3], lambda _: 3, "missing"),
    "inserted": (lambda rows: numbered([*rows[:2], changed(rows[2]), *rows[2:]]), lambda _: 3, "inserted"),
    "reordered": (lambda rows: numbered([*rows[:2], rows[3], rows[2], *rows[4:]]), lambda _: 3, "moved"),
    "cut off": (lambda rows: rows[:-2], lambda rows: len(rows) - 1, "cut_off"),
    "emptied": (lambda _: [], lambda _: 1, "cut_off"),
    "chained anew": (rewritten(chained), lambda rows: first(rows, "trail.checkpoint"), "rewritten"),
    "checkpoints repaired": (
        rewritten(lambda rows: chained(rows, repairs=True)),
        lambda rows: first(rows, "trail.checkpoint"),
        "forged",
    ),
    "another key": (
        rewritten(lambda rows: with_foreign_key(rows, DeskKey.made())),
        lambda rows: first(rows, "trail.key"),
        "foreign_key",
    ),
    "another trail": (
        lambda rows: chained([changed(row) for row in rows if not row.action.startswith("trail.")]),
        lambda _: 1,
        "replaced",
    ),
}


def first(rows: Rows, action: str) -> int:
    return next(row.sequence for row in rows if row.action == action)


@pytest.mark.parametrize(("how", "place", "why"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_what_was_tampered_with_is_named(
    worked: CommandLine, how: Callable[[Rows], Rows], place: Callable[[Rows], int], why: str
) -> None:
    database = worked.home / "desk.sqlite3"
    honest = rows_of(database)
    attack(database, how)

    found = worked.here("audit", "verify", "--json")

    assert found.status == 5
    assert found.document["intact"] is False
    assert found.document["bad"] == {"sequence": place(honest), "why": why}
    # Each sign-in is one more entry, of ours: so each time what the tampering left is put there anew.
    write(database, how(honest))
    told = worked.here("audit", "verify")
    assert (told.status, f"entry {place(honest)}" in told.out) == (5, True)
    doctor = worked.here("doctor", "--json", operator="owner")
    assert [check["name"] for check in doctor.document["checks"] if not check["ok"]] == ["Trail"]


def test_an_honest_trail_is_told_to_be_intact_and_what_was_looked_at(worked: CommandLine, shop: TrainingShop) -> None:
    cancelled = worked("cancel", str(shop.showcase.example.code), *WHY, "--json")
    assert cancelled.status == 0, cancelled.err

    found = worked.here("audit", "verify", "--json")
    told = worked.here("audit", "verify")

    assert found.status == 0
    document = found.document
    assert (document["intact"], document["questions"], document["keyring"]) == (True, [], None)
    # From the key's first signature and the first program to the last checkpoint of the second.
    assert document["signatures"] == 4
    assert document["anchor"]["sequence"] == document["signed_until"] + 1
    assert "The trail is intact" in told.out
    assert "4 signatures hold" in told.out
    assert "complete up to entry" in told.out


def test_a_receipt_is_compared_with_the_trail(worked: CommandLine, shop: TrainingShop) -> None:
    code = str(shop.showcase.example.code)
    assert worked("cancel", code, *WHY, "--json").status == 0
    paper = worked.home / "receipt.pdf"
    assert worked("receipt", code, "--pdf", str(paper)).status == 0
    text = unicodedata.normalize(
        "NFKC", subprocess.run([tool("pdftotext"), "-layout", paper, "-"], capture_output=True, text=True, check=True).stdout
    )
    entry = next(row for row in rows_of(worked.home / "desk.sqlite3") if row.hash[:8] in text)
    assert entry.action == "operation.completed" or entry.action.startswith("step.")
    assert f"{entry.sequence}:{entry.hash[:8]} {entry.hash[8:16]}" in text

    fits = worked.here("audit", "verify", "--head", f"{entry.sequence}:{entry.hash[:8].upper()} {entry.hash[8:16]}", "--json")
    other = worked.here("audit", "verify", "--head", f"{entry.sequence - 1}:{entry.hash}")
    nonsense = worked.here("audit", "verify", "--head", "something")

    assert (fits.status, fits.document["receipts"]) == (0, [{"sequence": entry.sequence, "fits": True}])
    assert (other.status, "is not the one on the receipt" in other.out) == (5, True)
    assert nonsense.status == 2


def test_a_home_that_was_put_back_has_to_be_explained_by_an_administrator(worked: CommandLine, tmp_path: Path) -> None:
    database, backup = worked.home / "desk.sqlite3", rows_of(worked.home / "desk.sqlite3")
    assert worked.here("audit", "checkpoint").status == 0
    write(database, backup)

    before = worked.here("audit", "verify", "--json")
    worked.here("audit", "checkpoint")
    after = worked.here("audit", "verify", "--json")
    told = worked.here("audit", "verify")

    assert (before.status, before.document["bad"]["why"]) == (5, "cut_off")
    assert (after.status, after.document["intact"]) == (5, True)
    (question,) = after.document["questions"]
    assert (question["kind"], question["explanation"]) == ("database_restored", None)
    assert "something in it has to be explained" in told.out
    assert f"audit explain {question['sequence']}" in told.out
    place = str(question["sequence"])
    assert worked.here("audit", "explain", place, "--note", "Backup of Monday").status == 3
    explained = worked.here("audit", "explain", place, "--note", "Backup of Monday", "--json", operator="owner")
    assert explained.document["question"]["explanation"]["note"] == "Backup of Monday"
    assert worked.here("audit", "explain", place, "--note", "Once more", operator="owner").status == 2
    settled = worked.here("audit", "verify")
    assert (settled.status, "Explained by owner" in settled.out) == (0, True)


def test_without_a_keyring_nothing_is_claimed_that_was_not_looked_at(worked: CommandLine) -> None:
    worked.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    found = worked("audit", "verify", "--json")
    assert found.status == 0
    assert (found.document["keyring"] is not None, found.document["anchor"]) == (True, None)
    told = worked("audit", "verify")
    assert "Not checked, because the keyring is out of reach" in told.out
    export = worked("audit", "export", "--out", str(worked.home / "t.jsonl"), operator="auditor")
    assert (export.status, "It is not signed" in export.out) == (0, True)


def test_an_auditor_verifies_an_export_with_the_key_from_paper_and_without_our_program(
    worked: CommandLine, shop: TrainingShop, tmp_path: Path
) -> None:
    assert worked("cancel", str(shop.showcase.example.code), *WHY, "--json").status == 0
    export, verifier = tmp_path / "trail.jsonl", tmp_path / "verify.py"
    assert worked.here("audit", "verifier", "--out", str(verifier), operator=None).status == 0
    fingerprint = worked.here("audit", "key", "--json", operator="auditor").document["fingerprint"]
    written = worked.here("audit", "export", "--out", str(export), "--json", operator="auditor").document
    assert (written["signed"], written["manifest"]) == (True, str(export) + ".manifest.json")

    def verify() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-I", str(verifier), str(export), "--key", fingerprint]
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)

    honest = verify()
    assert honest.returncode == 0, honest.stdout + honest.stderr
    assert f"This is the whole trail, entries 1 to {written['entries']}" in honest.stdout
    export.write_text(export.read_text(encoding="utf-8").replace("signed_in", "signed_up", 1), encoding="utf-8")
    spoilt = verify()
    assert (spoilt.returncode, "NOT ACCEPTED. Entry " in spoilt.stdout) == (1, True)


def test_the_owner_gets_a_summary_on_paper_as_a_page_and_as_numbers(worked: CommandLine, shop: TrainingShop) -> None:
    showcase = shop.showcase
    assert worked("cancel", str(showcase.example.code), *WHY, "--json").status == 0
    assert worked("cancel", str(showcase.used.code), *WHY, "--json").status == 3
    paper, page = worked.home / "summary.pdf", worked.home / "summary.html"

    numbers = worked.here("audit", "summary", "--json").document
    text = worked.here("audit", "summary").out
    on_paper = worked("audit", "summary", "--out", str(paper))
    in_japanese = worked("audit", "summary", "--since", "2020-01-01", "--out", str(page), "--language", "ja")
    wrong = worked.here("audit", "summary", "--out", str(worked.home / "summary.doc"))
    refused = worked.here("audit", "summary", operator="clerk")

    assert numbers["returns"] == {"count": 1, "points": 500}
    assert numbers["by_operator"] == {"manager": {"count": 1, "points": 500}}
    assert numbers["by_reason"] == {"customer_request": {"count": 1, "points": 500}}
    assert list(numbers["by_day"].values()) == [{"count": 1, "points": 500}]
    assert numbers["refusals"] == {"used": 1}
    assert numbers["intact"] is True
    assert "Returns by operator" in text
    assert "Manager Tanaka (manager)" in text
    assert numbers["fingerprint"] in text
    assert on_paper.status == 0, on_paper.err
    read = subprocess.run([tool("pdftotext"), "-layout", paper, "-"], capture_output=True, text=True, check=True).stdout
    assert "Summary of the trail" in unicodedata.normalize("NFKC", read)
    assert in_japanese.status == 0
    assert '<html lang="ja">' in page.read_text(encoding="utf-8")
    assert (wrong.status, refused.status) == (2, 3)
    assert not (worked.home / "summary.doc").exists()


def test_a_secret_that_is_set_or_deleted_stands_in_the_trail_by_its_name_alone(worked: CommandLine) -> None:
    assert worked("secrets", "set", "mail.password", stdin="correct horse\n", operator="owner").status == 0
    assert worked("secrets", "delete", "mail.password", operator="owner").status == 0
    before = KeyringVault(worked.home).get(SecretName.DESK_KEY)
    own = worked("secrets", "set", "desk.key", "--json", stdin="mine now\n", operator="owner")
    gone = worked("secrets", "delete", "desk.head", "--json", operator="owner")

    assert (own.status, gone.status) == (2, 2)
    assert isinstance(before, Secret)
    assert KeyringVault(worked.home).get(SecretName.DESK_KEY) == before
    rows = rows_of(worked.home / "desk.sqlite3")
    told = [(row.action, row.told["body"]["name"], row.told["actor"]) for row in rows if row.action.startswith("secret.")]
    assert told == [("secret.stored", "mail.password", "owner"), ("secret.deleted", "mail.password", "owner")]
    assert not any("correct horse" in row.entry for row in rows)


def test_looking_at_an_operation_stands_in_the_trail(worked: CommandLine, shop: TrainingShop) -> None:
    cancelled = worked("cancel", str(shop.showcase.example.code), *WHY, "--json")
    operation = cancelled.operation["id"]
    assert worked.here("operations", operation, operator="clerk").status == 0
    last = rows_of(worked.home / "desk.sqlite3")[-1]
    assert (last.action, last.told["actor"], last.told["body"]) == ("trail.read", "clerk", {"operation": operation})


def test_a_manifest_says_what_was_handed_out(worked: CommandLine) -> None:
    out = worked.home / "trail.csv"
    assert worked.here("audit", "export", "--out", str(out), "--since", "2020-01-01", operator="owner").status == 0
    manifest = json.loads((worked.home / "trail.csv.manifest.json").read_text(encoding="utf-8"))
    assert manifest["filters"]["until"] is None
    assert manifest["filters"]["since"] is not None
    assert (manifest["format"], manifest["exported_by"], manifest["file"]) == ("csv", "owner", "trail.csv")
    assert manifest["last"]["sequence"] == manifest["head"]["sequence"]
    exported = next(row for row in rows_of(worked.home / "desk.sqlite3") if row.action == "trail_exported")
    assert exported.told["body"]["clear"] is False
