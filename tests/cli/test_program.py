"""The program as a whole: it starts at once, explains itself, and serves the training shop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import PROJECT, CommandLine

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8"}

LOOK_AT_MODULES = """
import sys
sys.argv = ["coupon-desk", *sys.argv[1:]]
from coupon_desk.__main__ import main
try:
    main()
except SystemExit as end:
    heavy = {"sqlalchemy", "httpx", "PySide6", "keyring", "jinja2", "babel", "alembic"} & set(sys.modules)
    print("status", end.code, "heavy", sorted(heavy))
"""


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK_AT_MODULES, word], env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines()[-1] == "status 0 heavy []"


def test_every_command_of_the_interface_is_there_and_explains_itself() -> None:
    from click.testing import CliRunner

    from coupon_desk.cli.program import program

    helped = CliRunner().invoke(program, ["--help"])
    listed = [line.split()[0] for line in helped.output.split("Commands:")[1].splitlines() if line.strip()]
    assert listed == [
        *("demo", "search", "show", "cancel", "bulk", "refund-order", "inbox", "approvals", "investigations", "operations"),
        *("resume", "reconcile", "receipt", "sync", "reminders", "audit", "signals", "people", "secrets", "config", "central"),
        *("doctor", "diagnostics", "training"),
    ]
    for name in listed:
        told = CliRunner().invoke(program, [name, "--help"])
        assert (told.exit_code, "Usage:" in told.output) == (0, True)


def test_without_a_display_the_window_says_so(empty_cli: CommandLine) -> None:
    ended = empty_cli()
    assert ended.status == 2
    assert "There is no display" in ended.err


def test_words_that_are_not_understood_are_told_to_scripts_too(empty_cli: CommandLine) -> None:
    ended = empty_cli("serch", "--json")
    assert ended.status == 2
    assert "serch" in ended.document["error"]["what"]
    assert ended.document["error"]["exit_status"] == 2


def test_the_language_is_that_of_the_surroundings_or_as_told(empty_cli: CommandLine) -> None:
    empty_cli.extra["LC_ALL"] = "ja_JP.UTF-8"
    assert "設定" in empty_cli("search").err
    assert "configuration" in empty_cli("search", "--language", "en").err


def test_the_training_shop_tells_its_addresses_on_the_first_line() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "coupon_desk", "training", "serve", "--coupons", "30", "--seed", "5"],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout, process.stderr:
        addresses = json.loads(process.stdout.readline())
        with urllib.request.urlopen(addresses["control_endpoint"] + "/state", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == b""


def test_where_qt_is_missing_the_receipt_is_kept_as_html(cli: CommandLine, shop: TrainingShop, tmp_path: Path) -> None:
    broken = tmp_path / "without qt" / "PySide6"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')", encoding="utf-8")
    cli.extra["PYTHONPATH"] = f"{broken.parent}{os.pathsep}{PROJECT}"
    code = str(shop.showcase.example.code)

    ended = cli.cold("cancel", code, "--reason", "other", "--note", "No picture today", "--json")
    again = cli.cold("receipt", code, "--json")

    assert ended.status == 0, ended.err
    kept = Path(ended.operation["receipt"])
    assert kept.suffix == ".html"
    assert code in kept.read_text(encoding="utf-8")
    assert again.status == 1
    assert "a library that Qt needs is missing" in again.document["error"]["what"]
