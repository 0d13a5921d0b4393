"""A real display for what looks at real windows: Xvfb, with a window manager or without."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.surroundings.tool import ends_with_us, running, tool, wait_until

SCREEN = "1280x800x24"


@contextmanager
def display(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of programs on a display of our own, with a window manager."""
    with screen(folder) as environment, _window_manager(folder, environment):
        wait_until(lambda: _has_window_manager(environment), "the window manager answers")
        yield environment


@contextmanager
def screen(folder: Path, size: str = SCREEN) -> Iterator[dict[str, str]]:
    """The environment of programs on a display of our own on which windows come up by themselves; Xvfb picks a free number."""
    log = folder / "display.log"
    read, write = os.pipe()
    # Without -noreset the server resets when its last window goes and refuses the next one (facts/platform.md §2).
    command = [*ends_with_us(), tool("Xvfb"), "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    with running(command, environment={**os.environ}, log=log, keep=(write,)) as server:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        assert number, f"Xvfb ended with {server.wait(timeout=5)}: {log.read_text()}"
        environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        environment.pop("WAYLAND_DISPLAY", None)
        yield environment


def _window_manager(folder: Path, environment: dict[str, str]) -> AbstractContextManager[object]:
    return running([*ends_with_us(), tool("openbox")], environment=environment, log=folder / "display.log")


def _has_window_manager(environment: dict[str, str]) -> bool:
    asked = subprocess.run(
        [tool("xdotool"), "get_num_desktops"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return asked.returncode == 0
