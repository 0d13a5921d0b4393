"""An error that nobody caught: logged whole, told in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coupon_desk.logs import log_file_of

PROGRAM = """
import sys, threading
from pathlib import Path
from coupon_desk.logs import install_excepthook, setup
from coupon_desk.words import Language
log = setup(Path(sys.argv[1]))
install_excepthook(log, Language.EN)
class Noisy:
    def __del__(self):
        raise ValueError("in a finaliser")
def fail():
    raise ValueError("no customer hanako@example.jp")
def worker(what):
    thread = threading.Thread(target=what, name="worker-1")
    thread.start()
    thread.join()
"""


def run(home: Path, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + what, str(home)], capture_output=True, text=True, check=False, timeout=60
    )


def test_an_uncaught_error_is_one_sentence_with_the_name_of_the_log(tmp_path: Path) -> None:
    done = run(tmp_path, "fail()")
    file = log_file_of(tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"Something unexpected went wrong. The details are in {file}.\n"
    line = json.loads(file.read_text())
    assert (line["level"], line["logger"]) == ("CRITICAL", "coupon_desk.crash")
    assert line["error"].endswith("ValueError: no customer [personal]")


def test_an_uncaught_error_of_a_thread_names_the_thread(tmp_path: Path) -> None:
    done = run(tmp_path, "worker(fail)")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert json.loads(log_file_of(tmp_path).read_text())["message"] == "uncaught in worker-1: ValueError"


def test_an_error_that_cannot_be_raised_is_in_the_log_only(tmp_path: Path) -> None:
    done = run(tmp_path, "noisy = Noisy(); del noisy")
    assert done.stderr == ""
    assert "in a finaliser" in json.loads(log_file_of(tmp_path).read_text())["error"]


@pytest.mark.parametrize("what", ["raise KeyboardInterrupt", "sys.exit(3)", "worker(sys.exit)"])
def test_leaving_on_purpose_is_not_an_error_of_the_program(tmp_path: Path, what: str) -> None:
    run(tmp_path, what)
    assert log_file_of(tmp_path).read_text() == ""


def test_a_log_that_cannot_be_written_is_said_too(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    done = run(tmp_path, "fail()")
    assert "could not be written" in done.stderr
    assert done.stderr.count("\n") == 1


def test_closing_the_log_puts_the_hooks_back(tmp_path: Path) -> None:
    done = run(tmp_path, "log.close(); fail()")
    assert "Traceback" in done.stderr
