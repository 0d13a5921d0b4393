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
    with cluster() as folder, serving(folder):
        yield folder


@contextmanager
def cluster() -> Iterator[Path]:
    """A folder with the data of a server that does not run yet; its superuser needs no password."""
    # Not pytest's folder: that is closed to everybody but us, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="coupon-desk-postgres-"))
    try:
        give_to_server(folder)
        initdb = [*_as_user(), str(_binaries() / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-N"]
        made = subprocess.run(
            [*initdb, "-E", "UTF8", "--locale=C.UTF-8"],
            env=_environment(folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr.decode()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(folder: Path, *options: str, port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """The server of a cluster as long as the block lasts: on its socket, and with `port` on loopback too."""
    listen = ["-h", "127.0.0.1" if port else "", *(["-p", str(port)] if port else [])]
    command = [
        *_as_user(),
        str(_binaries() / "postgres"),
        "-D",
        str(folder / "data"),
        "-k",
        str(folder),
        "-F",
        *listen,
        *options,
    ]
    with running(command, environment=_environment(folder), log=folder / "log") as server:
        wait_until(lambda: _answers(folder, port or 5432), "PostgreSQL answers")
        yield server


def give_to_server(path: Path) -> None:
    """Make the server's user the owner of a file or folder."""
    if os.geteuid() == 0:
        shutil.chown(path, USER, USER)


def _as_user() -> list[str]:
    as_user = [tool("setpriv"), "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        as_user += [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return as_user


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder), "TZ": "UTC"}


def new_database(folder: Path, name: str, port: int = 5432, *, template: str = "template1") -> str:
    """Makes an empty database, or a copy of another, and returns its SQLAlchemy URL."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(host=str(folder), port=port, user=USER, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    return f"postgresql+psycopg://{USER}@/{name}?host={folder}"


def drop_database(folder: Path, name: str, port: int = 5432) -> None:
    """Drops a database, also under those who still look at it."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(host=str(folder), port=port, user=USER, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _answers(folder: Path, port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(host=str(folder), port=port, user=USER, dbname="postgres").close()
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
