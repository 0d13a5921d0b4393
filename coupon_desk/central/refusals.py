"""What an error of the central database means, and what a person can do about it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from coupon_desk.errors import DeskError, NotPermitted, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    import psycopg


class ChainFlaw(StrEnum):
    """Why the central database does not take an entry."""

    GAP = "gap"
    FORK = "fork"
    TWICE = "twice"


class ChainRefused(RemoteRefused):
    """The central database holds another history of this desk than was sent; nothing was stored.

    GAP: the entry before `sequence` is not there. FORK: the entry before it is another one. TWICE: there is an entry of this
    number already. `sequence` is None where the database did not tell.
    """

    def __init__(self, flaw: ChainFlaw, sequence: int | None, detail: str) -> None:
        super().__init__(System.CENTRAL, _FLAWS[flaw], done=msg("Nothing was stored."), todo=_TELL_ADMINISTRATOR, detail=detail)
        self.flaw = flaw
        self.sequence = sequence


class SchemaMismatch(RemoteRefused):
    """The central database has not been prepared for this version of the program; nothing was done."""

    def __init__(self, found: int | None, *, is_newer: bool) -> None:
        if found is None:
            what = msg("The central database has not been prepared for Coupon Desk.")
        else:
            what = _NEWER if is_newer else _OLDER
        super().__init__(
            System.CENTRAL,
            what,
            done=_NOTHING_DONE,
            todo=_INSTALL_NEWEST if is_newer else _INIT,
            detail=f"schema version {found}",
        )
        self.found = found


class UnknownDesk(RemoteRefused):
    """The login role that signed in belongs to no desk, or to one that was disabled; nothing was done."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            System.CENTRAL,
            msg("The central database does not know this desk, or it was disabled there."),
            done=_NOTHING_DONE,
            todo=msg("Have the administrator run “coupon-desk central add-desk”, and check the user in [central] url."),
            detail=detail,
        )


class WrongPassword(RemoteRefused):
    """The server wants another password, or one at all; nothing was done."""


_NOTHING_DONE: Final = msg("Nothing was done.")
_TELL_ADMINISTRATOR: Final = msg("Tell the administrator; keep the home as it is.")
_INIT: Final = msg("Have the administrator run “coupon-desk central init”.")
_INSTALL_NEWEST: Final = msg("Install the newest version of Coupon Desk on this computer.")
_OLDER: Final = msg("The central database is prepared for an older version of Coupon Desk.")
_NEWER: Final = msg("The central database is prepared for a newer version of Coupon Desk.")
_AGAIN: Final = msg("Check the network and the database server; it is tried again by itself.")
_RIGHTS: Final = msg("Check the user in [central] url, and have the administrator run “coupon-desk central init” again.")

_FLAWS: Final = {
    ChainFlaw.GAP: msg("The central database misses the entry before this one."),
    ChainFlaw.FORK: msg("The central database holds another entry before this one."),
    ChainFlaw.TWICE: msg("The central database holds an entry of this number already."),
}
_CHAIN_STATES: Final = {"CD002": ChainFlaw.GAP, "CD003": ChainFlaw.FORK}
_NOT_PERMITTED: Final = {
    "CD007": (msg("Nobody may approve their own request."), msg("Ask another manager to sign in and decide.")),
    "CD008": (
        msg("This request is not open any more: it has expired, was closed, or was changed."),
        msg("Read the list again."),
    ),
    "CD009": (
        msg("A request of this desk is not decided through the central database."),
        msg("Decide it here: the second person signs in at this desk."),
    ),
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSES: Final = re.compile(
    r"08...|53...|57P0[1-5]"  # connection, resources (too many connections, disk full), shutting down or starting up
    r"|57014|55P03|25P0[2-4]|25006"  # a time-out of ours, a lock, a transaction cut off, a standby
    r"|40...|58..."  # serialisation and deadlock, the server's own disk
)
_SIGN_IN: Final = re.compile(r"28...")
_NOT_PREPARED: Final = re.compile(r"3F000|42P01|42883")

# libpq hands out no code for a connection that did not come about, only text; the server's part may be in its own language.
_TLS_FAILED: Final = re.compile(r"certificate|SSL error|does not support SSL|SSL was required|root\.crt|host name|tlsv1", re.I)
_NO_ENTRY: Final = re.compile(r"pg_hba\.conf|role \".*\" (does not exist|is not permitted to log in)")
_NO_DATABASE: Final = re.compile(r"database \".*\" does not exist")
_ASKS_PASSWORD: Final = re.compile(r"no password supplied|password authentication failed")


def refusal(wrong: psycopg.Error) -> DeskError:
    """What an error on an open connection means: RemoteUnavailable where it passes by itself, else RemoteRefused.

    NotPermitted where a rule about persons refuses it.
    """
    state, detail = wrong.sqlstate, str(wrong)
    if state is None or _PASSES.fullmatch(state):
        return out_of_reach(detail)
    if state in _CHAIN_STATES:
        return ChainRefused(_CHAIN_STATES[state], _number_in(wrong), detail)
    if state == "23505" and wrong.diag.table_name == "entries":
        return ChainRefused(ChainFlaw.TWICE, _number_in(wrong), detail)
    if state == "CD001":
        return UnknownDesk(detail)
    if state == "CD005":
        return _refused(msg("A claim is not taken over without a proof."), msg("Say what was looked at, and by whom."), detail)
    if state == "CD006":
        return _refused(
            msg("The central database did not count this operation, or counts it for somebody else."),
            msg("Look at the operation; where it should go on, begin a new one."),
            detail,
        )
    if state == "CD010":
        return _refused(
            msg("Among the operators who are listed first, one must be an administrator."),
            msg("Add an administrator at this desk first."),
            detail,
        )
    if state in _NOT_PERMITTED:
        what, todo = _NOT_PERMITTED[state]
        return NotPermitted(what, done=_NOTHING_DONE, todo=todo, detail=detail)
    if state == "42501":
        return _refused(msg("The central database does not give this desk the rights that it needs."), _RIGHTS, detail)
    if _NOT_PREPARED.fullmatch(state):
        return SchemaMismatch(None, is_newer=False)
    if _SIGN_IN.fullmatch(state):
        return _sign_in_refused(detail)
    return _refused(
        msg("The central database refused what was asked ({code}).", code=state),
        msg("Look into the log, and tell the administrator of the database."),
        detail,
    )


def not_connected(wrong: psycopg.OperationalError) -> RemoteError:
    """Why no connection came about; nothing was done."""
    detail, connection = str(wrong), wrong.pgconn
    if _NO_ENTRY.search(detail):
        return _sign_in_refused(detail)
    if _TLS_FAILED.search(detail):
        return _refused(
            msg("The connection to the central database is not safe: its certificate or encryption was refused."),
            msg("Name the authority's certificate in [central] url (sslrootcert=FILE), or mend the server's certificate."),
            detail,
        )
    if _NO_DATABASE.search(detail):
        return _refused(
            msg("The server of the central database has no database of that name."),
            msg("Check [central] url, or have the administrator create the database."),
            detail,
        )
    needs_password = connection is not None and connection.needs_password
    if needs_password or _ASKS_PASSWORD.search(detail):
        return WrongPassword(
            System.CENTRAL,
            msg("The central database did not accept the password, or wants one."),
            done=_NOTHING_DONE,
            todo=msg("Store it with “coupon-desk secrets set {name}”.", name="central.password"),
            detail=detail,
        )
    return RemoteUnavailable(System.CENTRAL, _OUT_OF_REACH, done=_NOTHING_DONE, todo=_AGAIN, detail=detail)


def _number_in(wrong: psycopg.Error) -> int | None:
    """Our trigger tells the sequence as the error's detail; PostgreSQL's own errors tell nothing under row security."""
    detail = wrong.diag.message_detail or ""
    return int(detail) if detail.isdecimal() else None


def out_of_reach(detail: str) -> RemoteUnavailable:
    """The database did not answer. What is idempotent may be asked again: after a cut in the commit it may be done."""
    return RemoteUnavailable(System.CENTRAL, _OUT_OF_REACH, todo=_AGAIN, detail=detail)


_OUT_OF_REACH: Final[Message] = msg("The central database is out of reach.")


def _sign_in_refused(detail: str) -> RemoteRefused:
    return _refused(
        msg("The central database does not let this desk sign in."),
        msg("Check the user in [central] url, and have the administrator run “coupon-desk central add-desk”."),
        detail,
    )


def _refused(what: Message, todo: Message, detail: str) -> RemoteRefused:
    return RemoteRefused(System.CENTRAL, what, done=_NOTHING_DONE, todo=todo, detail=detail)
