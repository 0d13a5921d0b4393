"""Surroundings that fail: each gets one clear sentence, its exit status, and loses nothing."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
from contextlib import closing

from coupon_desk.app.home import Home
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.vault import KeyringVault, Secret, SecretName
from tests.cli.conftest import CommandLine
from tests.surroundings.tool import wait_until

WHY = ("--reason", "customer_request", "--note", "Changed her mind at the counter")


def test_without_a_keyring_or_with_a_wrong_token_nothing_is_begun(cli: CommandLine, shop: TrainingShop) -> None:
    code = str(shop.showcase.example.code)

    bus = cli.environment["DBUS_SESSION_BUS_ADDRESS"]
    cli.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    no_keyring = cli("cancel", code, *WHY, "--json")
    cli.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
    KeyringVault(cli.home).set(SecretName.SHOPIFY_TOKEN, Secret("training-wrong-token"))
    wrong_token = cli("cancel", code, *WHY, "--json")
    examined = cli.here("doctor")

    assert no_keyring.status == 2
    assert "keyring" in no_keyring.document["error"]["what"]
    assert wrong_token.status == 3
    assert {refusal["rule"] for refusal in wrong_token.operation["refused"]} == {"not_answered"}
    assert "training-wrong-token" not in wrong_token.out + wrong_token.err
    assert examined.status == 2
    assert [line.split()[0] for line in examined.out.splitlines() if "Shopify" in line][:1] == ["broken"]
    assert shop.journal.calls("discountCodeDeactivate") == ()
    log = (cli.home / "logs" / "coupon-desk.log").read_text(encoding="utf-8")
    assert "training-wrong-token" not in log
    assert code not in log


def test_a_second_program_in_the_same_home_does_nothing(cli: CommandLine, shop: TrainingShop) -> None:
    lock = Home(cli.home).lock()
    lock.take()
    try:
        ended = cli("cancel", str(shop.showcase.example.code), *WHY, "--json")
        reading = cli.here("search", "70934", "--json")
    finally:
        lock.release()

    assert ended.status == 1
    assert ended.document["operations"] == []
    assert "Another Coupon Desk" in ended.document["error"]["what"]
    assert reading.status == 0
    assert shop.journal.calls("discountCodeDeactivate") == ()


def test_a_full_disk_is_told_and_nothing_is_touched(cli: CommandLine, shop: TrainingShop) -> None:
    size = (cli.home / "desk.sqlite3").stat().st_size

    ended = cli.cold("cancel", str(shop.showcase.example.code), *WHY, "--json", prepare=_no_more_room)

    assert ended.status == 1
    assert "disk" in ended.document["error"]["what"]
    assert ended.document["error"]["done"]
    assert ended.document["error"]["todo"]
    assert (cli.home / "desk.sqlite3").stat().st_size == size
    assert shop.journal.calls("discountCodeDeactivate") == ()
    assert cli.here("audit", "verify").status == 0


def test_what_was_killed_in_the_middle_is_finished_by_resume(cli: CommandLine, shop: TrainingShop) -> None:
    example = shop.showcase.example
    shop.faults.add(Fault("add", FaultKind.BLACKHOLE_AFTER))
    process = subprocess.Popen(
        cli.words("cancel", str(example.code), *WHY, "--json"),
        env=cli.surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=cli.home.parent,
    )
    wait_until(lambda: bool(shop.journal.calls("add")), "the points were sent")
    process.kill()
    assert process.communicate()[0] == b""
    shop.faults.clear()

    unfinished = cli.here("operations", "--open", "--json")
    (operation,) = unfinished.document["operations"]
    assert (operation["code"], operation["state"]) == (str(example.code), "running")

    resumed = cli("resume", "--json")

    assert resumed.status == 0, resumed.out
    assert resumed.operation["id"] == operation["id"]
    assert (resumed.operation["state"], resumed.operation["points_returned"]) == ("completed", 500)
    assert resumed.operation["receipt"].endswith(".pdf")
    returned = [entry for entry in shop.point_entries(example.customer_id, f"COUPON-{example.code}") if entry.points > 0]
    assert [entry.points for entry in returned] == [500]
    assert len(shop.mailbox.mails) == 1
    assert cli.here("resume", "--json").status == 0


def test_ctrl_c_says_what_is_open_and_resume_goes_on(cli: CommandLine, shop: TrainingShop) -> None:
    config = cli.home / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("settle_seconds = 0", "settle_seconds = 3"), encoding="utf-8")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background of a shell ignore it
    process = subprocess.Popen(
        cli.words("cancel", str(shop.showcase.example.code), *WHY, "--json"),
        env=cli.surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cli.home.parent,
    )
    signal.signal(signal.SIGINT, before)
    wait_until(lambda: bool(shop.journal.calls("discountCodeDeactivate")), "the code is switched off")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    assert process.returncode == 130
    document = json.loads(out)
    assert document["error"]["exit_status"] == 130
    assert len(document["open"]) == 1
    assert "resume" in err
    assert "Traceback" not in err
    finished = cli("resume", "--json")
    assert finished.status == 0, finished.err
    assert (finished.operation["id"], finished.operation["state"]) == (document["open"][0], "completed")


def test_an_unexpected_fault_is_told_in_one_sentence_and_its_traceback_is_in_the_log(cli: CommandLine) -> None:
    with closing(sqlite3.connect(cli.home / "desk.sqlite3")) as damaged, damaged:
        damaged.execute("UPDATE operators SET role = 'wizard' WHERE login = 'viewer'")

    ended = cli("people", "list", "--json")

    assert ended.status == 1
    assert ended.document["people"] == []
    log = cli.home / "logs" / "coupon-desk.log"
    assert str(log) in ended.document["error"]["what"]
    assert str(log) in ended.err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_reader_that_goes_away_is_no_failure(cli: CommandLine) -> None:
    process = subprocess.Popen(
        cli.words("audit", "export", "--format", "jsonl", operator="owner"),
        env=cli.surroundings("owner"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cli.home.parent,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=20) == 1
    assert err == b""


def _no_more_room() -> None:
    """The file system takes no more bytes: what a full disk looks like to the process."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.umask(0o077)
