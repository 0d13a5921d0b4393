"""The desks that may work with the central database: each has a login role of its own and a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.central.administration import DESKS, OWNER
from coupon_desk.errors import ConfigurationError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    import psycopg

SHORTEST_PASSWORD: Final = 12
"""The server may be reachable for everybody who guesses."""

_ROLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class DeskRole:
    """A desk as the central database knows it. `is_new`: it was not there before."""

    desk: str
    role: str
    is_new: bool


def role_for(desk: str) -> str:
    """The login role for a desk where none is named. Raises ConfigurationError where its name has no Latin letters."""
    slug = re.sub(r"[^a-z0-9]+", "_", desk.lower()).strip("_")
    if not re.search(r"[a-z0-9]", slug) or not desk.isascii():
        raise _wrong(msg("No login role can be made from the name “{desk}”.", desk=desk), msg("Name one with --role ROLE."))
    return f"desk_{slug}"[:63]


def add_desk(
    connection: psycopg.Connection[Any], desk: str, role: str | None, password: str, *, forget_key: bool = False
) -> DeskRole:
    """Let a desk work: its login role gets this password. A desk that is there already is enabled again.

    `forget_key`: the next public key that the desk shows is kept in place of the one it showed first. In the administrator's
    open transaction. Raises ConfigurationError.
    """
    name = desk.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise _wrong(msg("“{desk}” is no name for a desk.", desk=desk[:80]), msg("Take 1 to 64 printable characters."))
    if len(password) < SHORTEST_PASSWORD:
        raise _wrong(msg("The password is too short."), msg("Take at least {count} characters.", count=SHORTEST_PASSWORD))
    known = _role_of(connection, name)
    chosen = role or known or role_for(name)
    if not _ROLE.fullmatch(chosen) or chosen.startswith("pg_"):
        raise _wrong(
            msg("“{role}” is no name for a login role.", role=chosen),
            msg("Take small letters, digits and underscores, beginning with a letter."),
        )
    if known is not None and chosen != known:
        raise _wrong(
            msg("The desk {desk} signs in as {role}.", desk=name, role=known), msg("Leave --role out, or add another desk.")
        )
    _set_role(connection, chosen, password, is_ours=known is not None)
    connection.execute(f"SET LOCAL ROLE {OWNER}".encode())
    connection.execute(
        "INSERT INTO coupon_desk.desks (desk, role) VALUES (%s, %s) "
        "ON CONFLICT (desk) DO UPDATE SET disabled_at = NULL, public_key = CASE WHEN %s THEN NULL ELSE desks.public_key END",
        (name, chosen, forget_key),
    )
    connection.execute("RESET ROLE")
    return DeskRole(name, chosen, is_new=known is None)


def disable_desk(connection: psycopg.Connection[Any], desk: str) -> int:
    """Let a desk do nothing more, also in sessions that are open; what it stored stays.

    Returns how many claims it leaves open, for others to take over. In the administrator's open transaction. Raises
    ConfigurationError for an unknown desk.
    """
    name = desk.strip()
    role = _role_of(connection, name)
    if role is None:
        raise _wrong(
            msg("The central database knows no desk “{desk}”.", desk=name[:80]),
            msg("It knows: {desks}", desks=", ".join(_names(connection)) or "-"),
        )
    if _exists(connection, role):
        connection.execute(f'ALTER ROLE "{role}" NOLOGIN'.encode())
    connection.execute(f"SET LOCAL ROLE {OWNER}".encode())
    connection.execute("UPDATE coupon_desk.desks SET disabled_at = now() WHERE desk = %s AND disabled_at IS NULL", (name,))
    row = connection.execute("SELECT count(*) FROM coupon_desk.claims WHERE desk = %s AND ended_at IS NULL", (name,)).fetchone()
    connection.execute("RESET ROLE")
    return int(row[0]) if row is not None else 0


def _set_role(connection: psycopg.Connection[Any], role: str, password: str, *, is_ours: bool) -> None:
    """The server gets the password's verifier only: it may log statements."""
    from psycopg import sql

    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    named, proved = sql.Identifier(role), sql.Literal(verifier)
    if not _exists(connection, role):
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOCREATEDB NOCREATEROLE INHERIT PASSWORD {}").format(named, proved))
    elif is_ours:
        connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(named, proved))
    else:
        raise _wrong(
            msg("The login role {role} is there already and belongs to no desk of this database.", role=role),
            msg("Name another one with --role ROLE."),
        )
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(DESKS), named))


def _exists(connection: psycopg.Connection[Any], role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None


def _role_of(connection: psycopg.Connection[Any], desk: str) -> str | None:
    connection.execute(f"SET LOCAL ROLE {OWNER}".encode())
    row = connection.execute("SELECT role FROM coupon_desk.desks WHERE desk = %s", (desk,)).fetchone()
    connection.execute("RESET ROLE")
    return str(row[0]) if row is not None else None


def _names(connection: psycopg.Connection[Any]) -> list[str]:
    connection.execute(f"SET LOCAL ROLE {OWNER}".encode())
    rows = connection.execute("SELECT desk FROM coupon_desk.desks WHERE disabled_at IS NULL ORDER BY desk").fetchall()
    connection.execute("RESET ROLE")
    return [str(row[0]) for row in rows]


def _wrong(what: Message, todo: Message) -> ConfigurationError:
    return ConfigurationError(what, done=msg("Nothing was done."), todo=todo)
