"""Programs of the system that tests start: found or named, stopped with the test run, waited for by what they show."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_SECONDS = 20.0


def tool(name: str) -> str:
    """The path of a program. Fails the test, with what to do, where it is not installed: nothing is skipped."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed; `make test` installs what the tests need", pytrace=False)
    return found


def ends_with_us() -> list[str]:
    """The words before a command that make it end when the test run is killed."""
    return [tool("setpriv"), "--pdeathsig", "TERM"]


def wait_until(ready: Callable[[], bool], what: str, *, seconds: float = START_SECONDS) -> None:
    """Looks until something is so; fails the test, by name, when it takes too long."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            pytest.fail(f"{what}: not so after {seconds:.0f} s", pytrace=False)
        time.sleep(0.01)


@contextmanager
def running(
    command: list[str], *, environment: dict[str, str], log: Path, stdin: bytes = b"", keep: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs as long as the block; its output is in `log`. `keep` are file descriptors that it inherits."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=keep)
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)
