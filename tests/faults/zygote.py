"""A process that has imported and warmed up everything, and forks a desk for each errand: `python -m tests.faults.zygote`.

Reads one line of JSON at a time: an errand (answered with the process id), or a process id to wait for (answered with how it
ended). It has one thread and does nothing else, so that forking it is safe; a desk is a real process, and dies like one.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

import httpx

from coupon_desk import settings
from coupon_desk.central import claims, place
from coupon_desk.clock import SystemClock
from coupon_desk.mail import smtp
from coupon_desk.people import pins
from coupon_desk.points import transport as points_transport
from coupon_desk.shopify import transport as shopify_transport
from coupon_desk.storage import database
from coupon_desk.storage.database import Database
from tests.faults.assembly import put
from tests.faults.desk_process import do, end_with
from tests.faults.errand import Errand
from tests.faults.shared_time import SharedTime

READ_SECONDS: Final = 0.5
BUSY_SECONDS: Final = 0.25
PROJECT: Final = Path(__file__).parents[2]


class Zygote:
    """The process, as its owner sees it."""

    def __init__(self, true_time_file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote", str(true_time_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_up(self, errand: Errand) -> int:
        """Do an errand in the zygote itself, so that every desk has done one before; its exit status."""
        return self._ask({"warm_up": errand.to_json().decode()})

    def start(self, errand: Errand) -> int:
        """A new process for an errand; its id."""
        return self._ask({"start": errand.to_json().decode()})

    def wait(self, pid: int) -> int:
        """Wait for a process to end: its exit status, or -9 where it was killed."""
        return self._ask({"wait": pid})

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()

    def _ask(self, what: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ChildProcessError("the zygote is gone")
        return int(answer)


def serve(true_time: SharedTime) -> None:
    """Answer until nobody asks any more."""
    logging.getLogger().addHandler(logging.NullHandler())  # no program logs here: what it says belongs to its home
    shorten_waits()
    keep_databases()
    load_centre()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        match asked:
            case {"warm_up": errand}:
                answer = do(Errand.from_json(errand.encode()), true_time)
                gc.collect()
                gc.freeze()
            case {"start": errand}:
                answer = _fork(Errand.from_json(errand.encode()), true_time)
            case {"wait": pid}:
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def shorten_waits() -> None:
    """What waits in real time waits less: silence on the wire, a database held by others, the price of a PIN.

    Certificates are read once and not by each desk; the training shop shows none.
    """
    put(shopify_transport, "_TIMEOUT", httpx.Timeout(READ_SECONDS))
    put(points_transport, "READ_SECONDS", READ_SECONDS)
    put(points_transport, "CONNECT_SECONDS", READ_SECONDS)
    for wait in ("CONNECT_SECONDS", "REPLY_SECONDS", "FINAL_REPLY_SECONDS"):
        put(smtp, wait, READ_SECONDS)
    put(database, "BUSY_SECONDS", BUSY_SECONDS)
    put(pins.PinCost.__init__, "__defaults__", (1, 8, 1))
    context = ssl.create_default_context()
    put(ssl, "create_default_context", lambda *_, **__: context)


def load_centre() -> None:
    """What a desk with a central database loads late, its driver above all. Nothing is connected."""
    shared = place.open_central(settings.Central(url="postgresql://nobody@/nothing?host=/nowhere"), lambda: None, SystemClock())
    claims.PostgresClaims(shared, "nowhere")
    shared.close()


def keep_databases() -> None:
    """A home that moves into a place where another was finds its statements compiled, as a program that runs for a while does.

    Connections are never kept: each desk makes its own, after it was forked.
    """
    opened: dict[Path, Database] = {}
    opening = Database.open

    def kept(where: Path) -> Database:
        if where not in opened:
            opened[where] = opening(where)
        return opened[where]

    put(Database, "open", kept)


def _fork(errand: Errand, true_time: SharedTime) -> int:
    pid = os.fork()
    if pid == 0:
        os.close(0)
        gc.disable()
        end_with(errand, true_time)
    return pid


if __name__ == "__main__":
    serve(SharedTime(Path(sys.argv[1])))
