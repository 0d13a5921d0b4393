"""The command line as a real process that is forked where everything is imported already: starting Python is most of a call.

That a cold start does the same is what the tests of the start itself are for.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Final

_IMPORTED_BEFORE: Final = (
    "coupon_desk.__main__",
    "coupon_desk.app.desk",
    "coupon_desk.app.doctor",
    "coupon_desk.central.place",
    "coupon_desk.cli.cancelling",
    "coupon_desk.cli.program",
    "coupon_desk.logs.log",
    "coupon_desk.storage.migrate",
    "alembic.command",
    "babel.dates",
    "babel.numbers",
    "httpcore",
    "jinja2",
    "keyring.backends.SecretService",
    "keyring.backends.chainer",
    "psycopg",
    "sqlalchemy.dialects.sqlite",
)
"""None of them starts a thread, so that forking is safe."""

_STREAMS: Final = (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY | os.O_CREAT), ("stderr", os.O_WRONLY | os.O_CREAT))


def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED_BEFORE))
    return context


def call(words: Sequence[str], environment: Mapping[str, str], cwd: Path, folder: Path, timeout_seconds: float) -> int:
    """Run `coupon-desk WORDS` to its end; its exit status.

    Standard input is read from the file `stdin` in a folder; `stdout` and `stderr` are written there. The process has no
    terminal. Raises TimeoutError after it was killed.
    """
    process = _server().Process(target=_begin, args=(list(words), dict(environment), cwd, folder))
    process.start()
    process.join(timeout_seconds)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"coupon-desk {words[0]} did not end within {timeout_seconds} s")
    status = process.exitcode
    process.close()
    assert status is not None
    return status


def _begin(words: list[str], environment: dict[str, str], cwd: Path, folder: Path) -> None:
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, (name, flags) in enumerate(_STREAMS):
        os.dup2(os.open(folder / name, flags), number)
        setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
    sys.argv = ["coupon-desk", *words]
    from coupon_desk.__main__ import main
    from coupon_desk.people.pins import PinCost

    PinCost.__init__.__defaults__ = (1, 8, 1)  # as in every test
    main()
