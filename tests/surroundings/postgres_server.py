"""A real PostgreSQL server of our own, with the system's binaries, reachable over a socket in its own folder only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.surroundings.tool import running, tool, wait_until

USER = "postgres"


@contextmanager
def postgres_server() -> Iterator[Path]:
    """The folder of the socket of a fresh server, which has no durability and ends with the test run."""
    binaries = _binaries()
    # Not pytest's folder: that is closed to everybody but us, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="coupon-desk-postgres-"))
    try:
        as_user = [tool("setpriv"), "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
            as_user += [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder), "TZ": "UTC"}
        data = folder / "data"
        initdb = [*as_user, str(binaries / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-N"]
        made = subprocess.run(
            [*initdb, "-E", "UTF8", "--locale=C.UTF-8"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr.decode()
        command = [*as_user, str(binaries / "postgres"), "-D", str(data), "-k", str(folder), "-h", "", "-F"]
        log = folder / "log"
        with running(command, environment=environment, log=log):
            wait_until(lambda: _answers(folder), "PostgreSQL answers")
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(folder: Path, name: str) -> str:
    """Makes an empty database and returns its SQLAlchemy URL."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(host=str(folder), user=USER, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"postgresql+psycopg://{USER}@/{name}?host={folder}"


def drop_database(folder: Path, name: str) -> None:
    """Drops a database, also under those who still look at it."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(host=str(folder), user=USER, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _answers(folder: Path) -> bool:
    import psycopg

    try:
        psycopg.connect(host=str(folder), user=USER, dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _binaries() -> Path:
    installed = [initdb.parent for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    if found is None:
        pytest.fail("PostgreSQL is not installed; `make test` installs what the tests need", pytrace=False)
    return Path(found).resolve().parent
