"""A real print service (CUPS) of our own, with nothing of this computer's: queues on loopback, and a printer with faults."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.surroundings.tool import ends_with_us, running, tool, wait_until

_BACKENDS = Path("/usr/lib/cups")
_BACKEND = """#!/bin/sh
# A printer that says what the file "says" holds, takes the document when that is empty, and waits for it.
[ $# = 0 ] && { echo 'direct counter "Counter" "Counter"'; exit 0; }
while told=$(cat '{folder}/says'); [ -n "$told" ]; do
    [ "$told" = "$before" ] || echo "$told" >&2
    before=$told
    sleep 0.02
done
[ -z "$before" ] || echo 'STATE: none' >&2
exec cat ${6:+"$6"} >'{folder}/taken'
"""


@dataclass(frozen=True, slots=True)
class PrintServiceOfTests:
    """`address` is what CUPS_SERVER says; `folder` belongs to the printer behind the queue `Counter`."""

    address: str
    folder: Path

    def administer(self, program: str, *words: str) -> None:
        """One of CUPS's own programs, on this service."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CUPS_SERVER": self.address, "LC_ALL": "C"}
        done = subprocess.run([tool(program), *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def add_queue(self, name: str, uri: str) -> None:
        """A queue that passes its documents on as they are."""
        self.administer("lpadmin", "-p", name, "-v", uri, "-E", "-o", "printer-error-policy=retry-current-job")

    def say(self, told: str) -> None:
        """What the printer of `Counter` says from now on; nothing: it prints."""
        (self.folder / "says").write_text(told, encoding="utf-8")

    def has_taken(self, document: bytes) -> bool:
        """Whether that is what the printer of `Counter` took last; it takes it then as if it had not been there."""
        file = self.folder / "taken"
        if not file.exists() or file.read_bytes() != document:
            return False
        file.unlink()
        return True


@contextmanager
def print_service() -> Iterator[PrintServiceOfTests]:
    """A fresh service with the queue `Counter`, which ends with the test run."""
    # Not pytest's folder: that is closed to everybody but us, and the service's helpers are nobody.
    folder = Path(tempfile.mkdtemp(prefix="coupon-desk-cups-"))
    try:
        _lay_out(folder)
        command = [
            *ends_with_us(),
            tool("cupsd"),
            "-f",
            "-c",
            str(folder / "cupsd.conf"),
            "-s",
            str(folder / "cups-files.conf"),
        ]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder / "tmp")}
        with running(command, environment=environment, log=folder / "log"):
            wait_until((folder / "cups.sock").exists, "the print service listens")
            service = PrintServiceOfTests(str(folder / "cups.sock"), folder / "printer")
            service.say("")
            service.add_queue("Counter", "counter:/")
            yield service
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(folder: Path) -> None:
    folder.chmod(0o755)
    user, group = _who()
    for name in ("root", "spool", "spool/tmp", "cache", "state", "tmp", "printer", "bin", "bin/backend"):
        (folder / name).mkdir()
        if name not in {"bin", "bin/backend"}:
            shutil.chown(folder / name, user, group)
            (folder / name).chmod(0o770)
    for place in _BACKENDS.iterdir():
        if place.name != "backend":
            (folder / "bin" / place.name).symlink_to(place)
    (folder / "bin" / "backend" / "socket").symlink_to(_socket_backend())
    backend = folder / "bin" / "backend" / "counter"
    backend.write_text(_BACKEND.replace("{folder}", str(folder / "printer")), encoding="utf-8")
    backend.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    places = {
        "ServerRoot": "root",
        "StateDir": "state",
        "CacheDir": "cache",
        "RequestRoot": "spool",
        "TempDir": "spool/tmp",
        "ErrorLog": "error.log",
        "AccessLog": "access.log",
        "PageLog": "page.log",
        "ServerBin": "bin",
    }
    (folder / "cups-files.conf").write_text(
        "".join(f"{name} {folder / place}\n" for name, place in places.items())
        + f"SystemGroup {grp.getgrgid(os.getegid()).gr_name}\nUser {user}\nGroup {group}\n",
        encoding="utf-8",
    )
    (folder / "cupsd.conf").write_text(
        f"Listen {folder / 'cups.sock'}\nBrowsing No\nWebInterface No\nIdleExitTimeout 0\nJobRetryInterval 1\n"
        "<Location />\nOrder allow,deny\nAllow localhost\n</Location>\n"
        "<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n",
        encoding="utf-8",
    )


def _who() -> tuple[str, str]:
    """The user and group of the service's helpers; where we are not root, only ourselves."""
    if os.geteuid() == 0:
        return "lp", "lp"
    return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


def _socket_backend() -> Path:
    return _BACKENDS / "backend" / "socket"
