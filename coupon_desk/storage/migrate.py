"""Runs the Alembic migrations at start, from the package itself, without an ini file."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Final

from sqlalchemy import Engine, text

from coupon_desk.storage.database import NewerSchema
from coupon_desk.words import msg

HEAD: Final = "0009"
"""The newest revision. Asked for first, so that a start with nothing to migrate does without Alembic (0.2 s)."""


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision, all or nothing. Raises NewerSchema."""
    here = _revision(engine)
    if here == HEAD:
        return

    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    with as_file(files("coupon_desk.storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
        if here is not None and here not in known:
            raise NewerSchema(
                msg("This home was written by a newer version of Coupon Desk."),
                done=msg("Nothing was changed."),
                todo=msg("Install the newest version on this computer."),
            )
        with engine.execution_options(writing=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    """The revision that the database says it has; None for an empty one."""
    with engine.connect() as connection:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
