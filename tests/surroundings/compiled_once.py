"""SQL statements are compiled once for all SQLite databases of a test process.

SQLAlchemy keeps what it compiled with each engine, and a program has one. Thousands of tests open a database of their own, and
compiling its statements again was a seventh of their time.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy

from coupon_desk.storage import database


def compile_once() -> None:
    """From now on, databases of this process share one dialect, and with it what was compiled."""
    first: list[sqlalchemy.Engine] = []

    def create_engine(url: Any, **options: Any) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(url, **options)
        if engine.dialect.name == "sqlite":
            first.append(engine)
            del first[1:]
            engine.dialect = engine.pool._dialect = first[0].dialect
            engine._compiled_cache = first[0]._compiled_cache
        return engine

    vars(database)["create_engine"] = create_engine
