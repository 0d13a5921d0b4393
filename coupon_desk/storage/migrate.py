"""Runs the Alembic migrations at start, from the package itself, without an ini file."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from coupon_desk.storage.database import NewerSchema
from coupon_desk.words import msg


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision, all or nothing. Raises NewerSchema."""
    with as_file(files("coupon_desk.storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        script = ScriptDirectory.from_config(config)
        with engine.connect() as connection:
            here = MigrationContext.configure(connection).get_current_revision()
        if here == script.get_current_head():
            return
        if here is not None and here not in {revision.revision for revision in script.walk_revisions()}:
            raise NewerSchema(
                msg("This home was written by a newer version of Coupon Desk."),
                done=msg("Nothing was changed."),
                todo=msg("Install the newest version on this computer."),
            )
        with engine.execution_options(writing=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
