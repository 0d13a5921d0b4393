"""`central`: the database that several desks share. Its administrator prepares it and lets desks in; a desk sees how it stands.

The administrator needs no home and no operator here: the database decides what he may do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from coupon_desk.cli.asking import administrators_password, new_password
from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import moment
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.shipping import ship, shipping_document, verify
from coupon_desk.errors import ConfigurationError, ExitStatus, RemoteRefused, System
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn, write

if TYPE_CHECKING:
    import psycopg

    from coupon_desk.address import PostgresAddress
    from coupon_desk.central.health import CentralState

Done = TypeVar("Done")

_PASSWORD_VARIABLE: Final = "PGPASSWORD"  # noqa: S105
_URL = click.option(
    "--url",
    metavar="URL",
    help="Where the administrator signs in: postgresql://ADMIN@HOST/DATABASE, without a password; else [central] url.",
)


@click.group(short_help="The database that several desks share.")
def central() -> None:
    """The central database: prepare it, let desks in, see how this desk stands there."""


central.add_command(ship)
central.add_command(verify)


@central.command()
@_URL
@for_scripts
@click.pass_obj
def init(call: Call, url: str | None) -> int:
    """Create the schema, roles and rights, or bring older ones up to date; as often as you like.

    The administrator's password comes from PGPASSWORD, from a prompt, or from standard input.
    """
    from coupon_desk.central.schema import prepare

    call.document = {"central": None}
    address = _address(call, url)
    done = _as_administrator(call, address, prepare, may_be_piped=True)
    if done.before is None:
        call.output.say(msg("{server} is prepared (version {version}).", server=address.shown, version=str(done.version)))
        call.output.say(msg("Let each desk in with “coupon-desk central add-desk DESK”."))
    elif done.before < done.version:
        call.output.say(
            msg("{server} was brought up to date (version {version}).", server=address.shown, version=str(done.version))
        )
    else:
        call.output.say(
            msg(
                "{server} is up to date (version {version}); its rights are in order.",
                server=address.shown,
                version=str(done.version),
            )
        )
    if call.output.as_json:
        call.output.document({"central": {"server": address.shown, "before": done.before, "version": done.version}})
    return ExitStatus.DONE


@central.command("add-desk")
@click.argument("desk")
@click.option("--role", metavar="ROLE", help="Its login role in the database; else one made from its name.")
@click.option("--new-key", is_flag=True, help="Forget the key that the desk signs with: the next one that it shows is kept.")
@_URL
@for_scripts
@click.pass_obj
def add_desk(call: Call, desk: str, role: str | None, new_key: bool, url: str | None) -> int:
    """Let a desk in, or in again with a new password.

    The desk's password is asked for twice at a terminal, and is one line of standard input otherwise. The administrator's
    comes from PGPASSWORD or from the terminal.
    """
    from coupon_desk.central.desks import add_desk as add

    call.document = {"desk": None}
    address = _address(call, url)
    password = new_password(desk, call.output.language)
    added = _as_administrator(
        call, address, lambda connection: add(connection, desk, role, password, forget_key=new_key), may_be_piped=False
    )
    call.output.say(
        msg("{desk} may work with {server} and signs in as {role}.", desk=added.desk, server=address.shown, role=added.role)
    )
    call.output.say(
        msg("On its computer: store the password with “coupon-desk secrets set central.password”, and write under [central]:")
    )
    call.output.line(f'    url = "{address.for_user(added.role)}"')
    if call.output.as_json:
        call.output.document(
            {"desk": {"name": added.desk, "role": added.role, "is_new": added.is_new, "url": address.for_user(added.role)}}
        )
    return ExitStatus.DONE


@central.command("disable-desk")
@click.argument("desk")
@_URL
@for_scripts
@click.pass_obj
def disable_desk(call: Call, desk: str, url: str | None) -> int:
    """Let a desk do nothing more in the central database; what it stored stays."""
    from coupon_desk.central.desks import disable_desk as disable

    call.document = {"desk": None}
    address = _address(call, url)
    left_open = _as_administrator(call, address, lambda connection: disable(connection, desk), may_be_piped=True)
    call.output.say(msg("{desk} may not work with {server} any more.", desk=desk.strip(), server=address.shown))
    if left_open:
        call.output.say(
            msgn(
                "It leaves {count} claim open; another desk can take it over.",
                "It leaves {count} claims open; other desks can take them over.",
                count=left_open,
            )
        )
    if call.output.as_json:
        call.output.document({"desk": {"name": desk.strip(), "disabled": True, "open_claims": left_open}})
    return ExitStatus.DONE


@central.command()
@for_scripts
@click.pass_obj
def status(call: Call) -> int:
    """How this desk stands there: its name, its entries there and here, operators, requests, limits, open claims."""
    call.document = {"central": None}
    desk, _ = call.reader(Right.SEE, "central")
    found, here, shipping = desk.central_state(), desk.trail.head().sequence, desk.shipping.state()
    if call.output.as_json:
        call.output.document({"central": {**_document(found, here), "shipping": shipping_document(call, shipping)}})
        return ExitStatus.DONE
    words = call.output.words
    call.output.table(
        [
            (words(msg("Server")), found.server),
            (words(msg("Connection")), words(msg("encrypted") if found.is_encrypted else msg("on this computer"))),
            (words(msg("Version")), str(found.schema_version)),
            (words(msg("Desk")), found.desk),
            (words(msg("Entries there")), words(msg("{there} of {here}", there=found.entries, here=here))),
            (words(msg("Shipping")), words(shipping.alarm or shipping.state.label)),
            (words(msg("Operators of all desks")), str(found.people)),
            (
                words(msg("Requests for a second person")),
                words(
                    msg(
                        "{here} of this desk, {elsewhere} of others",
                        here=found.requests_here,
                        elsewhere=found.requests_elsewhere,
                    )
                ),
            ),
            (words(msg("Counted towards limits")), words(_counted(found.allowances))),
            (words(msg("Open claims")), str(len(found.claims))),
        ]
    )
    rows = [(claim.coupon, claim.operation, claim.by, write(claim.at, call.output.language)) for claim in found.claims]
    if rows:
        call.output.table(rows, (msg("Coupon"), msg("Operation"), msg("Operator"), msg("Since")))
    return ExitStatus.DONE


def _counted(allowances: int) -> Message:
    return msgn("{count} operation of this desk", "{count} operations of this desk", count=allowances)


def _document(found: CentralState, here: int) -> dict[str, Any]:
    return {
        "server": found.server,
        "encrypted": found.is_encrypted,
        "version": found.schema_version,
        "desk": found.desk,
        "entries": {"there": found.entries, "here": here},
        "people": found.people,
        "requests": {"here": found.requests_here, "elsewhere": found.requests_elsewhere},
        "allowances": found.allowances,
        "claims": [
            {
                "shop": claim.shop,
                "coupon": claim.coupon,
                "operation": claim.operation,
                "operator": claim.by,
                "at": moment(claim.at),
                "returning": claim.is_returning,
            }
            for claim in found.claims
        ],
    }


def _address(call: Call, url: str | None) -> PostgresAddress:
    """Where the administrator signs in: as told, else as the configuration says."""
    from coupon_desk.address import PostgresAddress

    key = "--url"
    if url is None:
        from coupon_desk.app.home import Home
        from coupon_desk.settings import load

        configured = load(Home(call.home).config).central
        if configured is None:
            raise ConfigurationError(
                msg("No central database is configured."),
                done=msg("Nothing was done."),
                todo=msg("Name it with --url postgresql://ADMIN@HOST/DATABASE."),
            )
        url, key = configured.url, "central.url"
    try:
        return PostgresAddress.parse(url)
    except ValueError as wrong:
        raise ConfigurationError(
            msg("The address of the central database ({key}) is wrong: {why}", key=key, why=str(wrong)),
            done=msg("Nothing was done."),
        ) from wrong


def _as_administrator(
    call: Call, address: PostgresAddress, work: Callable[[psycopg.Connection[Any]], Done], *, may_be_piped: bool
) -> Done:
    """Do the work; the password is asked for only where the server wants one and PGPASSWORD, which libpq reads, has none."""
    from coupon_desk.central.administration import as_administrator
    from coupon_desk.central.refusals import WrongPassword

    try:
        try:
            with as_administrator(address, lambda: None) as connection:
                return work(connection)
        except WrongPassword:
            if os.environ.get(_PASSWORD_VARIABLE):
                raise
        password = administrators_password(address.shown, call.output.language, may_be_piped=may_be_piped)
        with as_administrator(address, lambda: password) as connection:
            return work(connection)
    except WrongPassword as wrong:
        raise RemoteRefused(
            System.CENTRAL,
            msg("The central database did not accept the administrator's password."),
            done=msg("Nothing was done."),
            todo=msg("Try again, or give another user with --url."),
            detail=wrong.detail,
        ) from wrong
