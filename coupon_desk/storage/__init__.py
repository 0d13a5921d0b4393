"""Where everything is kept: one engine, the tables of each room, migrations. SQLite by default, PostgreSQL alike."""
