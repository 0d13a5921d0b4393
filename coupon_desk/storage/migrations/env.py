"""Alembic's entry: runs the migrations on the connection that `storage.migrate` gives it, in its transaction."""

from alembic import context

from coupon_desk.storage.tables.metadata import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
