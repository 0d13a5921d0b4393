"""Databases as earlier versions of the program wrote them: made by their own migrations, written by their own SQL."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import rfc8785
from alembic import command
from alembic.config import Config

from coupon_desk.storage.database import Database
from coupon_desk.trail.verification import GENESIS

OLD_REVISIONS: Final = ("0001", "0002", "0003")
DESK: Final = "counter-1"

Fields = Mapping[str, Any]


def make_old_home(file: Path, revision: str, told: Iterable[Fields]) -> list[str]:
    """A database of an earlier revision with these entries; their hashes, in order."""
    database = Database.open(file)
    with as_file(files("coupon_desk.storage") / "migrations") as folder, database.write() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.close()
    with closing(sqlite3.connect(file)) as driver, driver:
        return _append(driver, told)


def _append(driver: sqlite3.Connection, told: Iterable[Fields]) -> list[str]:
    hashes: list[str] = []
    for sequence, fields in enumerate(told, start=1):
        whole = {
            "sequence": sequence,
            "at": "2026-11-20T09:00:00.000000Z",
            "desk": DESK,
            **{name: fields.get(name) for name in ("actor", "action", "operation", "step", "code")},
            "body": fields["body"],
            "previous": hashes[-1] if hashes else GENESIS,
        }
        row = {
            **whole,
            "body": rfc8785.dumps(fields["body"]).decode(),
            "hash": hashlib.sha256(rfc8785.dumps(whole)).hexdigest(),
        }
        driver.execute(
            "INSERT INTO entries (sequence, at, desk, actor, action, operation, step, code, body, previous, hash) VALUES "
            "(:sequence, :at, :desk, :actor, :action, :operation, :step, :code, :body, :previous, :hash)",
            row,
        )
        hashes.append(row["hash"])
    return hashes
