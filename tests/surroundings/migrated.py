"""Databases of homes that are migrated already: migrated once in each process of tests, then copied."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from coupon_desk.storage.database import Database


def migrated(file: Path) -> Path:
    """Make the file a home's empty SQLite database."""
    file.write_bytes(_template())
    return file


@cache
def _template() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "desk.sqlite3"
        database = Database.open(file)
        database.migrate()
        database.close()
        return file.read_bytes()
