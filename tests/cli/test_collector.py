"""Program logs that also go to a collector, from a real call of the program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine
from tests.logs.collector import collector


def configure(home: Path, endpoint: str) -> None:
    with (home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[logs]\notlp_endpoint = "{endpoint}"\n')


def test_what_a_call_logs_arrives_at_the_collector(cli: CommandLine, home: Path) -> None:
    with collector() as there:
        configure(home, there.endpoint)
        ended = cli("audit", "verify", operator="clerk")
        assert ended.status == 3
    [told] = [record for record in there.records if record.body.startswith("the call ends with")]
    assert told.resource["service.name"] == "coupon-desk"


def test_without_its_libraries_the_call_says_what_to_install(
    cli: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, "https://collector.example.com")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk._logs", None)
    ended = cli.here("search")
    assert ended.status == 2
    assert 'pip install "coupon-desk[telemetry]"' in ended.err
