"""Fixtures for every test: real surroundings, and the cleanliness that all tests are held to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from coupon_desk.people.pins import PinCost
from coupon_desk.storage.database import Database
from tests.surroundings.central_database import CentralDatabase, central_database
from tests.surroundings.cleanliness import no_new_threads, no_unexpected_records
from tests.surroundings.compiled_once import compile_once
from tests.surroundings.display import display
from tests.surroundings.keyring_session import KeyringSession, keyring_session
from tests.surroundings.postgres_server import drop_database, new_database, postgres_server

# Windows of tests are drawn in memory, also where there is a display; tests of real windows ask for `xvfb`.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

# What a guess at a PIN costs is for tests/people/test_pins.py alone.
PinCost.__init__.__defaults__ = (1, 8, 1)
compile_once()

hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the home, the PIN, the keyring or the printers that the developer has configured."""
    monkeypatch.setenv("CUPS_SERVER", "/no/print/service")
    for name in ("COUPON_DESK_HOME", "COUPON_DESK_PIN", "PYTHON_KEYRING_BACKEND", "PGPASSWORD", "PGHOST", "PGUSER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def unexpected_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning or error in the program's log fails the test.

    A test that expects one says so: `with caplog.at_level(logging.WARNING, logger="coupon_desk.shopify"): ...`. The level
    must be that of the record.
    """
    with no_unexpected_records(caplog):
        yield


@pytest.fixture(autouse=True)
def leftovers() -> Iterator[None]:
    """A thread that would keep the program from ending fails the test that started it."""
    with no_new_threads():
        yield


@pytest.fixture(scope="session")
def keyring_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyringSession]:
    """A real, unlocked keyring. `.environment` is for subprocesses, `.join(monkeypatch)` for this process."""
    with keyring_session(tmp_path_factory.mktemp("keyring")) as session:
        yield session


@pytest.fixture(scope="session")
def xvfb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of programs on a real display with a window manager, of 1280 x 800 pixels."""
    with display(tmp_path_factory.mktemp("display")) as environment:
        yield environment


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The socket folder of a real PostgreSQL server."""
    with postgres_server() as folder:
        yield folder


@pytest.fixture
def postgres(postgres_folder: Path) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh, empty PostgreSQL database."""
    name = f"test_{uuid4().hex}"
    url = new_database(postgres_folder, name)
    yield url
    drop_database(postgres_folder, name)


@pytest.fixture(scope="session")
def postgres_template(postgres_folder: Path) -> str:
    """The name of a home's empty database, to be copied."""
    name = f"template_{uuid4().hex}"
    database = Database.open(new_database(postgres_folder, name))
    database.migrate()
    database.close()
    return name


@pytest.fixture
def migrated_postgres(postgres_folder: Path, postgres_template: str) -> Iterator[str]:
    """The SQLAlchemy URL of a home's empty database."""
    name = f"test_{uuid4().hex}"
    yield new_database(postgres_folder, name, template=postgres_template)
    drop_database(postgres_folder, name)


@pytest.fixture
def centre(postgres_folder: Path) -> Iterator[CentralDatabase]:
    """A fresh, prepared central database; `.open("Ginza")` is what the desk of that name has of it."""
    with central_database(postgres_folder) as database:
        yield database
