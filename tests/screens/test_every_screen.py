"""Every screen of the program: nothing is cut off, and a screen reader is told what everything is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coupon_desk.words import placeholders
from tests.screens.accessibility import launcher
from tests.screens.stretched import stretch
from tests.surroundings.display import screen
from tests.surroundings.keyring_session import bus_environment
from tests.surroundings.tool import ends_with_us, running, tool, wait_until

PROJECT = Path(__file__).parents[2]
FEWEST_SCREENS = 42
NEED_A_NAME = {
    "button menu",
    "check box",
    "column header",
    "combo box",
    "dialog",
    "frame",
    "menu item",
    "progress bar",
    "push button",
    "radio button",
    "spin button",
    "table",
    "text",
    "toggle button",
    "tree table",
}
"""What a person works with. Labels are their own name; an empty cell is empty."""

LARGE = "2560x1600x24"

Found = dict[str, dict[str, Any]]


def examined(folder: Path, environment: dict[str, str], *options: str) -> Found:
    file = folder / "found.json"
    command = [*ends_with_us(), sys.executable, "-m", "tests.screens.examine", str(file), *options]
    run = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=110)
    assert run.returncode == 0, run.stderr
    found: Found = json.loads(file.read_text("utf-8"))
    assert len(found) >= FEWEST_SCREENS
    return found


def cut_off(found: Found) -> list[str]:
    return [f"{name}: {text}" for name, one in found.items() for text in one["clipped"]]


@pytest.fixture(scope="module")
def accessible_display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A display, a session bus and the accessibility bus on it, all our own."""
    folder = tmp_path_factory.mktemp("accessible")
    session = bus_environment(folder)
    log = folder / "buses.log"
    bus = session["DBUS_SESSION_BUS_ADDRESS"]
    dbus = [*ends_with_us(), tool("dbus-daemon"), "--session", "--nofork", "--nopidfile", f"--address={bus}"]
    with screen(folder, LARGE) as display, running(dbus, environment=session, log=log):
        environment = {**display, **session, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "LC_ALL": "C.UTF-8"}
        with running([*ends_with_us(), launcher(), "--launch-immediately"], environment=environment, log=log):
            wait_until(lambda: _has_accessibility(environment), "the accessibility bus answers")
            yield environment


def _has_accessibility(environment: dict[str, str]) -> bool:
    asked = ["dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus.GetAddress"]
    return subprocess.run([tool(asked[0]), *asked[1:]], env=environment, capture_output=True, check=False).returncode == 0


def test_at_200_percent_in_a_language_as_long_as_any_nothing_is_cut_off_and_everything_says_what_it_is(
    tmp_path: Path, accessible_display: dict[str, str]
) -> None:
    """What a screen reader is told, too. `make screenshots` looks at English and Japanese, in both themes."""
    found = examined(tmp_path, {**accessible_display, "QT_SCALE_FACTOR": "2"}, "stretched", "--listen")
    nameless = [
        f"{name}: {node['role']}"
        for name, one in found.items()
        for node in one["nodes"]
        if node["is_showing"] and node["role"] in NEED_A_NAME and not node["name"].strip()
    ]
    assert nameless == []
    roles = {node["role"] for one in found.values() for node in one["nodes"]}
    assert {"push button", "table", "cell", "text", "dialog"} <= roles
    assert all(sum(node["is_showing"] for node in one["nodes"]) > 10 for one in found.values())
    assert cut_off(found) == []


def test_the_long_language_is_longer_and_keeps_its_placeholders() -> None:
    text = "{count} coupons of {name} will be cancelled"
    assert list(placeholders(stretch(text))) == ["count", "name"]
    plain = "The points are returned to the customer when the code is dead."
    assert len(stretch(plain)) > 1.3 * len(plain)
