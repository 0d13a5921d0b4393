"""A real keyring: a D-Bus session and GNOME's keyring daemon of our own, with nothing of this computer's user."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.surroundings.tool import ends_with_us, running, tool, wait_until

PASSWORD = "correct horse"


@dataclass(frozen=True, slots=True)
class KeyringSession:
    """`environment` is what a process needs to find this keyring, and only this one."""

    environment: dict[str, str]

    def join(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Makes this very process use this keyring until the test ends."""
        import keyring.core

        for name in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            monkeypatch.setenv(name, self.environment[name])
        monkeypatch.setattr(keyring.core, "_keyring_backend", None)


@contextmanager
def keyring_session(folder: Path, password: str = PASSWORD) -> Iterator[KeyringSession]:
    """Starts a bus and a keyring daemon that is unlocked with `password`; a keyring with another one stays locked."""
    environment = bus_environment(folder)
    log = folder / "keyring.log"
    bus = environment["DBUS_SESSION_BUS_ADDRESS"]
    dbus = [*ends_with_us(), tool("dbus-daemon"), "--session", "--nofork", "--nopidfile", f"--address={bus}"]
    daemon = [tool("gnome-keyring-daemon"), "--foreground", "--unlock", "--components=secrets"]
    with running(dbus, environment=environment, log=log):
        wait_until(lambda: _answers(environment, "org.freedesktop.DBus"), "the session bus answers")
        with running(daemon, environment=environment, log=log, stdin=password.encode()):
            wait_until(lambda: _answers(environment, "org.freedesktop.secrets"), "the keyring daemon answers")
            yield KeyringSession(environment)


def bus_environment(folder: Path) -> dict[str, str]:
    """The environment of a session in a folder of its own, with no display and nothing of the user's."""
    home, run = folder / "home", folder / "run"
    for path in (home, run):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(run),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run}/bus",
    }


def _answers(environment: dict[str, str], name: str) -> bool:
    asked = subprocess.run(
        [
            tool("dbus-send"),
            "--session",
            "--print-reply=literal",
            "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            f"string:{name}",
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return asked.returncode == 0 and b"true" in asked.stdout
