"""The log of a home: where it is, what a line says, and that it never stops the program."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupon_desk.logs import Log, log_file_of, setup
from coupon_desk.logs.files import PrivateRotatingFile

logger = logging.getLogger("coupon_desk.shopify")
TOKEN = "Xy7-correct-horse-battery"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with setup(tmp_path) as opened:
        yield opened


def lines(log: Log) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.file.read_text(encoding="utf-8").splitlines() if line]


def test_a_record_is_one_json_object_a_line(log: Log) -> None:
    logger.info("took %d ms\nfor 70934-AB12CD-500", 12, extra={"request_id": "abc", "email": "a@b.jp"})
    [line] = lines(log)
    assert line["message"] == "took 12 ms\nfor 70934-******-500"
    assert line["facts"] == {"request_id": "abc", "email": "[personal]"}
    assert (line["level"], line["logger"], line["process"]) == ("INFO", "coupon_desk.shopify", os.getpid())
    assert line["at"].endswith("+00:00")


def test_the_file_is_in_the_home_and_only_its_owner_may_read_it(log: Log, tmp_path: Path) -> None:
    logger.info("hello")
    assert log.file == log_file_of(tmp_path) == tmp_path / "logs" / "coupon-desk.log"
    assert log.file.stat().st_mode & 0o777 == 0o600
    assert log.file.parent.stat().st_mode & 0o777 == 0o700


def test_a_log_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = log_file_of(tmp_path)
    file.parent.mkdir()
    file.write_text("")
    file.chmod(0o644)
    with setup(tmp_path):
        assert file.stat().st_mode & 0o777 == 0o600


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(secret=st.text(min_size=12, max_size=40).filter(lambda text: len(set(text)) > 6))
def test_a_registered_secret_is_in_no_line_however_it_was_logged(tmp_path: Path, secret: str) -> None:
    def values(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            for key, inner in node.items():
                yield key
                yield from values(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from values(inner)
        else:
            yield str(node)

    log_file_of(tmp_path).unlink(missing_ok=True)
    with setup(tmp_path) as log:
        log.mask.register(secret)
        logger.info("a %s", secret)
        logger.info("b %r %s", {"x": secret}, [secret])
        logger.info("c", extra={"given": {"deep": [secret]}, "plain": secret})
        try:
            raise ValueError(secret) from RuntimeError(f"before {secret} after")
        except ValueError:
            logger.info("d", exc_info=True)
        told = lines(log)
    assert [line["message"][0] for line in told] == ["a", "b", "c", "d"]
    assert all(secret not in value for line in told for value in values(line))


def test_personal_data_in_a_traceback_is_masked(log: Log) -> None:
    try:
        raise ValueError("no customer hanako@example.jp, 090-1234-5678, shpat_0123456789abcdef")
    except ValueError:
        logger.info("failed", exc_info=True)
    [line] = lines(log)
    assert "ValueError: no customer [personal], [personal], [secret]" in line["error"]
    assert "Traceback" in line["error"]


def test_a_message_that_does_not_fit_its_arguments_is_told_without_them(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("coupon_desk").propagate = True
    record = logger.makeRecord(logger.name, logging.INFO, "f", 1, "%d points", ("hanako@example.jp",), None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrivateRotatingFile):
            handler.handle(record)
    assert lines(log)[0]["message"] == "%d points (its arguments do not fit: TypeError)"
    assert capsys.readouterr().err == ""


def test_the_level_is_that_of_our_own_loggers_and_libraries_are_heard_from_warning_on(tmp_path: Path) -> None:
    with setup(tmp_path, level="DEBUG") as log:
        logger.debug("ours")
        logging.getLogger("httpx").info("HTTP Request: GET https://shop.example/?token=x")
        logging.getLogger("httpcore.http11").debug("send_request_headers.started")
        logging.getLogger("httpx").warning("theirs")
        assert [line["message"] for line in lines(log)] == ["ours", "theirs"]
    with setup(tmp_path, level=logging.WARNING) as log:
        logger.info("too small")
        assert len(lines(log)) == 2


def test_closing_puts_every_logger_back(tmp_path: Path) -> None:
    names = ("coupon_desk", "httpx", "httpcore")
    before = [logging.getLogger(name).level for name in names], list(logging.getLogger().handlers), warnings.showwarning
    log = setup(tmp_path, level="DEBUG", console=io.StringIO())
    assert len(logging.getLogger().handlers) == len(before[1]) + 2
    log.close()
    log.close()
    assert ([logging.getLogger(name).level for name in names], logging.getLogger().handlers, warnings.showwarning) == before


def test_the_console_hears_short_masked_lines_without_tracebacks(tmp_path: Path) -> None:
    console = io.StringIO()
    with setup(tmp_path, console=console) as log:
        log.mask.register(TOKEN)
        try:
            raise ValueError("inside")
        except ValueError:
            logger.info("could not use %s\nnow", TOKEN, exc_info=True)
    assert console.getvalue() == "info: coupon_desk.shopify: could not use [secret] now\n"


def test_a_console_that_was_closed_is_no_reason_to_stop(tmp_path: Path) -> None:
    console = io.StringIO()
    with setup(tmp_path, console=console) as log:
        console.close()
        logger.info("still told")
        assert lines(log)[0]["message"] == "still told"


def test_the_log_rotates_by_size_and_stays_private(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    handler = PrivateRotatingFile(file, max_bytes=500, backups=2)
    for number in range(60):
        handler.handle(logging.LogRecord("coupon_desk.x", logging.INFO, "", 0, f"line {number:03d} " + "x" * 40, None, None))
    handler.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["x.log", "x.log.1", "x.log.2"]
    assert all(path.stat().st_size <= 500 and path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    assert "line 059" in file.read_text()


def test_a_process_follows_the_rotation_of_another_one(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    ours, other = PrivateRotatingFile(file), PrivateRotatingFile(file)
    record = logging.LogRecord("coupon_desk.x", logging.INFO, "", 0, "hello", None, None)
    ours.handle(record)
    other.handle(record)
    other.doRollover()
    ours.handle(record)
    assert (file.read_text(), (tmp_path / "x.log.1").read_text()) == ("hello\n", "hello\nhello\n")
    ours.close()
    other.close()


def test_a_home_that_cannot_be_written_costs_the_log_and_not_the_program(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with setup(tmp_path) as log:
        logger.info("lost")
        assert not log.is_writable


def test_a_full_disk_loses_lines_and_says_how_many_when_there_is_room_again(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.info("before")
    log.file.rename(tmp_path / "kept")
    log.file.symlink_to("/dev/full")
    logger.info("lost for %s", TOKEN)
    logger.info("lost too")
    writable = [log.is_writable]
    log.file.unlink()
    logger.info("after")
    assert [line["message"] for line in lines(log)] == ["after", "2 lines of this log could not be written"]
    writable.append(log.is_writable)
    assert writable == [False, True]
    assert capsys.readouterr().err == ""


def test_warnings_of_libraries_go_to_the_log_of_a_running_program(tmp_path: Path) -> None:
    code = (
        "import sys, warnings; from pathlib import Path; from coupon_desk.logs import setup;"
        "log = setup(Path(sys.argv[1])); warnings.warn('old for hanako@example.jp'); log.close()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    line = json.loads(log_file_of(tmp_path).read_text())
    assert "UserWarning: old for [personal]" in line["message"]
