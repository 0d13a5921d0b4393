"""The surroundings that tests stand on are real, and the cleanliness they are held to is enforced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from PIL import ImageGrab

from tests.surroundings.tool import running, tool, wait_until

SAMPLE = """
import logging, threading
logger = logging.getLogger("coupon_desk.house")
end = threading.Event()

def test_logs_an_unannounced_warning():
    logger.warning("hm")

def test_logs_an_announced_warning(caplog):
    with caplog.at_level(logging.WARNING):
        logger.warning("hm")

def test_logs_worse_than_announced(caplog):
    with caplog.at_level(logging.WARNING):
        logger.error("worse")

def test_leaves_a_thread():
    timer = threading.Timer(4, end.set)  # so that pytest itself can end
    timer.daemon = True
    timer.start()
    thread = threading.Thread(target=end.wait, name="goes-on")
    thread.start()

def test_ends_its_threads():
    thread = threading.Thread(target=str)
    thread.start()
"""


def test_a_display_shows_real_pixels_and_has_a_window_manager(xvfb: dict[str, str]) -> None:
    picture = ImageGrab.grab(xdisplay=xvfb["DISPLAY"])
    assert picture.size == (1280, 800)
    desktops = subprocess.run([tool("xdotool"), "get_num_desktops"], env=xvfb, capture_output=True, text=True, check=True)
    assert int(desktops.stdout) >= 1


def test_each_test_gets_an_empty_database(postgres: str, postgres_folder: Path) -> None:
    assert postgres.startswith("postgresql+psycopg://postgres@/test_")
    with psycopg.connect(postgres.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE seen (at timestamptz DEFAULT now())")
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (1,)
    assert (postgres_folder / ".s.PGSQL.5432").is_socket()


def test_an_unannounced_warning_or_a_left_thread_fails_its_test_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", os.devnull, "-rA", "-q", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    outcomes = {line.split(" - ")[0] for line in done.stdout.splitlines() if line.startswith("ERROR") and "::" in line}
    assert {outcome.rsplit("::", 1)[1] for outcome in outcomes} == {
        "test_logs_an_unannounced_warning",
        "test_logs_worse_than_announced",
        "test_leaves_a_thread",
    }
    assert "ERROR coupon_desk.house: worse" in done.stdout
    assert "threads left behind: goes-on" in done.stdout


def test_a_program_of_a_test_ends_with_its_block(tmp_path: Path) -> None:
    with running(["sleep", "100"], environment={**os.environ}, log=tmp_path / "log") as process:
        assert process.poll() is None
    assert process.returncode is not None


def test_a_tool_that_is_missing_fails_with_what_to_do() -> None:
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed; `make test` installs"):
        tool("no-such-program")


def test_waiting_for_what_never_comes_fails_by_name() -> None:
    with pytest.raises(pytest.fail.Exception, match="the moon is blue"):
        wait_until(lambda: False, "the moon is blue", seconds=0.05)


def test_windows_of_tests_are_drawn_in_memory() -> None:
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
