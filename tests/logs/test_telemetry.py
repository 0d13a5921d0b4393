"""The program's log as OpenTelemetry logs: what a real collector decodes, and that its absence costs nothing."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import trustme

from coupon_desk import VERSION
from coupon_desk.errors import ConfigurationError
from coupon_desk.logs import Log, collector, setup, telemetry
from coupon_desk.logs.collector import CLOSE_SECONDS, QUEUE, CollectorHandler
from coupon_desk.words import Language
from tests.logs.collector import Collector
from tests.logs.collector import collector as running_collector
from tests.surroundings.tool import wait_until

logger = logging.getLogger("coupon_desk.shopify")
CLOSING = CLOSE_SECONDS + 0.5


@pytest.fixture(autouse=True)
def no_configuration_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("OTEL_") or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)


@pytest.fixture
def there() -> Iterator[Collector]:
    with running_collector() as state:
        yield state


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with setup(tmp_path) as opened:
        yield opened


@pytest.fixture
def announced(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING, logger="coupon_desk.shopify"):
        yield


def patient(log: Log, endpoint: str) -> CollectorHandler:
    """The same as `telemetry.ship`, for a test that cannot wait seconds until the collector is asked again."""
    handler = CollectorHandler(log.mask, endpoint, "till 3", first_pause_seconds=0.05)
    log.add(handler)
    return handler


def in_file(log: Log) -> list[str]:
    return [json.loads(line)["message"] for line in log.file.read_text(encoding="utf-8").splitlines()]


def closing_seconds(log: Log) -> float:
    start = time.perf_counter()
    log.close()
    return time.perf_counter() - start


@pytest.mark.usefixtures("announced")
def test_a_record_arrives_with_its_facts_and_says_from_which_desk(log: Log, there: Collector) -> None:
    telemetry.ship(log, there.endpoint, "till 3")
    before = time.time_ns()
    logger.warning("took %d ms", 12, extra={"request_id": "abc", "tries": 2, "codes": ["a", {"b": True}]})
    log.close()
    [record] = there.records
    assert there.path == "/v1/logs"
    assert there.headers["content-type"] == "application/x-protobuf"
    assert (record.body, record.severity, record.number, record.scope) == ("took 12 ms", "WARNING", 13, "coupon_desk.shopify")
    assert before - 1_000_000 <= record.at <= time.time_ns()
    assert {name: record.resource[name] for name in ("service.name", "service.version", "coupon_desk.desk")} == {
        "service.name": "coupon-desk",
        "service.version": VERSION,
        "coupon_desk.desk": "till 3",
    }
    assert record.attributes["coupon_desk.request_id"] == "abc"
    assert record.attributes["coupon_desk.tries"] == 2
    assert record.attributes["coupon_desk.codes"] == ["a", {"b": True}]
    assert record.attributes["process.pid"] == os.getpid()
    assert record.attributes["code.location"].startswith("test_telemetry:")


def test_what_is_masked_in_the_file_is_masked_on_the_way(log: Log, there: Collector) -> None:
    telemetry.ship(log, there.endpoint, "till 3")
    log.mask.register("Xy7-correct-horse-battery")
    try:
        raise ValueError("no customer hanako@example.jp with Xy7-correct-horse-battery")
    except ValueError:
        logger.info(
            "failed for 70934-AB12CD-500 and hanako@example.jp",
            exc_info=True,
            extra={"email": "hanako@example.jp", "note": "she called", "given": {"phone": "090-1234-5678"}},
        )
    log.close()
    [record] = there.records
    assert record.body == "failed for 70934-******-500 and [personal]"
    assert record.attributes["coupon_desk.email"] == "[personal]"
    assert record.attributes["coupon_desk.note"] == "[personal]"
    assert record.attributes["coupon_desk.given"] == {"phone": "[personal]"}
    assert "ValueError: no customer [personal] with [secret]" in record.attributes["exception.stacktrace"]
    assert not [hidden for hidden in ("hanako", "horse", "she called", "1234") if hidden in str(record)]


def test_records_are_sent_while_the_program_runs(log: Log, there: Collector) -> None:
    telemetry.ship(log, there.endpoint, "till 3")
    logger.info("hello")
    wait_until(lambda: there.bodies == ["hello"], "the record arrives before the log is closed")


def test_sending_says_nothing_that_would_have_to_be_sent(log: Log, there: Collector) -> None:
    for name in ("urllib3", "requests", "opentelemetry"):
        log.set_level(name, logging.DEBUG)
    telemetry.ship(log, there.endpoint, "till 3")
    for body in ("record 0", "record 1", "record 2"):
        logger.info(body)
        wait_until(partial(there.has, body), "the record arrives")
    log.close()
    assert there.bodies == ["record 0", "record 1", "record 2"]
    assert any("/v1/logs" in message for message in in_file(log)), "urllib3 spoke, into the file alone"


def test_a_letter_that_utf8_cannot_say_costs_no_record(log: Log, there: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()  # what pytest catches of it could not be sent from its workers
    monkeypatch.setattr(root, "handlers", [one for one in root.handlers if not type(one).__module__.startswith("_pytest")])
    telemetry.ship(log, there.endpoint, "till \udce3")
    logger.info("odd \udcff", extra={"name\ud800": ["\ud800"]})
    logger.info("next")
    log.close()
    assert there.bodies == ["odd \\udcff", "next"]


def test_asking_twice_sends_once(log: Log, there: Collector) -> None:
    telemetry.ship(log, there.endpoint, "till 3")
    telemetry.ship(log, f"{there.endpoint}/v1/logs", "till 3")
    logger.info("hello")
    log.close()
    assert there.bodies == ["hello"]


def test_a_collector_over_tls_is_asked_for_its_certificate(log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with running_collector(context) as secure:
        telemetry.ship(log, secure.endpoint, "till 3")
        logger.info("to a stranger")
        log.close()
        assert secure.records == []
        assert "program logs do not reach the collector (SSLError); they stay in this file" in in_file(log)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(tmp_path / "ca.pem"))
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=abc")
        with setup(tmp_path) as again:
            telemetry.ship(again, secure.endpoint, "till 3")
            logger.info("to a friend")
        assert secure.bodies == ["to a friend"]
        assert secure.headers["x-scope"] == "abc"


def test_nobody_waits_for_a_collector_that_is_not_there(log: Log) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    telemetry.ship(log, f"http://127.0.0.1:{port}", "till 3")
    start = time.perf_counter()
    for number in range(500):
        logger.info("record %d", number)
    assert time.perf_counter() - start < CLOSING
    assert closing_seconds(log) < CLOSING
    said = in_file(log)
    assert [line for line in said if line.startswith("record")] == [f"record {number}" for number in range(500)]
    assert len([line for line in said if "do not reach the collector" in line]) == 1


def test_nobody_waits_for_a_collector_that_is_silent(log: Log, there: Collector) -> None:
    there.answer = lambda: None
    telemetry.ship(log, there.endpoint, "till 3")
    for number in range(collector.QUEUE * 2):
        logger.info("record %d", number)
    assert closing_seconds(log) < CLOSING
    assert there.records == []


def test_what_was_logged_while_the_collector_was_away_arrives_when_it_is_back(log: Log, there: Collector) -> None:
    away = [503, 429, 500]
    there.answer = lambda: away.pop() if away else 200
    patient(log, there.endpoint)
    logger.info("hello")
    wait_until(lambda: "hello" in there.bodies, "the record arrives after all")
    wait_until(lambda: "program logs reach the collector again" in in_file(log), "that it is back is told")
    log.close()
    assert len([line for line in in_file(log) if "do not reach the collector" in line]) == 3, "each reason once"


def test_what_does_not_fit_into_the_queue_is_lost_silently_and_stays_in_the_file(log: Log, there: Collector) -> None:
    away = True
    there.answer = lambda: 503 if away else 200
    patient(log, there.endpoint)
    many = QUEUE + 1500
    for number in range(many):
        logger.info("record %d", number)
    wait_until(lambda: there.requests >= 2, "the collector was asked more than once")
    away = False
    wait_until(lambda: f"record {many - 1}" in there.bodies, "the newest record arrives")
    log.close()
    arrived = [body for body in there.bodies if body.startswith("record")]
    assert QUEUE // 2 <= len(arrived) <= QUEUE + 512
    assert len(set(arrived)) == len(arrived)
    assert len([line for line in in_file(log) if line.startswith("record")]) == many
    assert not [line for line in in_file(log) if "dropping" in line]


def test_a_batch_that_the_collector_refuses_is_given_up_and_the_next_one_is_sent(log: Log, there: Collector) -> None:
    refusals = [400]
    there.answer = lambda: refusals.pop() if refusals else 200
    patient(log, there.endpoint)
    logger.info("first")
    wait_until(lambda: there.requests == 1, "the first one was refused")
    logger.info("second")
    wait_until(lambda: "second" in there.bodies, "the second one arrives")
    log.close()
    assert "first" not in there.bodies
    assert "program logs do not reach the collector (HTTP 400); they stay in this file" in in_file(log)


def test_a_redirection_is_not_taken_for_success(log: Log, there: Collector) -> None:
    there.answer = lambda: 302
    patient(log, there.endpoint)
    logger.info("hello")
    log.close()
    assert "program logs do not reach the collector (HTTP 302); they stay in this file" in in_file(log)


def test_closing_puts_the_libraries_loggers_back(log: Log, there: Collector) -> None:
    before = logging.getLogger("opentelemetry").level
    telemetry.ship(log, there.endpoint, "till 3")
    log.close()
    assert logging.getLogger("opentelemetry").level == before
    assert not [one for one in logging.getLogger().handlers if isinstance(one, CollectorHandler)]


def test_without_the_libraries_one_is_told_what_to_install(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk._logs", None)
    with pytest.raises(ConfigurationError) as missing:
        telemetry.ship(log, "https://collector.example", "till 3")
    assert 'pip install "coupon-desk[telemetry]"' in missing.value.sentences(Language.EN)


def test_where_no_collector_is_configured_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from coupon_desk.logs import setup; import coupon_desk.app.desk;"
        "log = setup(Path(sys.argv[1])); log.close();"
        "print(sorted({'opentelemetry', 'requests', 'urllib3', 'google.protobuf'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("configured", "asked"),
    [
        ("https://c.example:4318", "https://c.example:4318/v1/logs"),
        ("https://c.example/otlp/", "https://c.example/otlp/v1/logs"),
        ("https://c.example/v1/logs", "https://c.example/v1/logs"),
    ],
)
def test_the_usual_path_is_added_where_the_endpoint_does_not_name_it(configured: str, asked: str) -> None:
    assert collector.address_of(configured) == asked


def test_every_level_has_its_number(log: Log, there: Collector) -> None:
    telemetry.ship(log, there.endpoint, "till 3")
    for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logging.getLogger("other").log(level, "x")
    logging.getLogger("coupon_desk.x").info("y")
    log.close()
    shown = [(record.severity, record.number) for record in there.records]
    assert shown == [("WARNING", 13), ("ERROR", 17), ("CRITICAL", 21), ("INFO", 9)]
