"""`people`: the operators of this home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cli.asking import new_pin
from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import operator_document
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Cell, Colour
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right, Role
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.people.operators import Operator

_ROLES = click.Choice([role.value for role in Role])


@click.group(short_help="Operators.")
def people() -> None:
    """Operators: list, add, disable, enable, give another role, PIN or stores.

    Where several desks share a central database, operators belong to all of them: they are changed only while it answers.
    """


@people.command("list")
@for_scripts
@click.pass_obj
def list_people(call: Call) -> int:
    """List the operators, disabled ones too."""
    call.document = {"people": []}
    desk, session = call.reader(Right.SEE, "people")
    silent = desk.people.refresh()
    if silent is not None:
        call.output.note(msg("As this desk knows them: {why}", why=silent.what))
    everybody = desk.people.list()
    if call.output.as_json:
        documents = [operator_document(one) for one in everybody]
        if session is not None and not session.may(Right.MANAGE_PEOPLE):
            documents = [{**one, "contacts": None} for one in documents]
        call.output.document({"people": documents})
        return ExitStatus.DONE
    if not everybody:
        call.output.say(msg("There is no operator yet."))
        return ExitStatus.DONE
    words = call.output.words
    rows = [
        (
            one.login,
            one.name,
            words(one.role.label),
            ", ".join(one.stores) or words(msg("all")),
            words(one.source.label),
            Cell(words(msg("disabled")), Colour.WARNING) if one.disabled else Cell(words(msg("active")), Colour.GOOD),
        )
        for one in everybody
    ]
    call.output.table(rows, (msg("Login"), msg("Name"), msg("Role"), msg("Stores"), msg("Signs in with"), msg("State")))
    return ExitStatus.DONE


@people.command()
@click.argument("login")
@click.option("--name", required=True, metavar="NAME", help="The person's name, as receipts show it.")
@click.option("--role", required=True, type=_ROLES, help="What the person may do.")
@click.option(
    "--contact", "contacts", multiple=True, metavar="TEXT", help="Their own e-mail or phone; see a coupon of their own."
)
@click.option("--store", "stores", multiple=True, metavar="STORE", help="A store they may work in; none given: all stores.")
@for_scripts
@click.pass_obj
def add(call: Call, login: str, name: str, role: str, contacts: tuple[str, ...], stores: tuple[str, ...]) -> int:
    """Add an operator; the first one of a home may be added by anyone and must be an admin.

    The PIN is asked for twice at a terminal, and is one line of standard input otherwise.
    """
    from coupon_desk.people.operators import NewOperator

    desk = call.open()
    if desk.people.is_empty():
        desk.hold()
        session = None
    else:
        desk, session = call.worker(Right.MANAGE_PEOPLE, login)
    pin = new_pin(login, call.output.language)
    added = desk.people.add(NewOperator(login, name, Role(role), pin, contacts, stores), session)
    return _done(
        call, added, msg("{name} ({login}) was added as {role}.", name=added.name, login=added.login, role=added.role.label)
    )


@people.command()
@click.argument("login")
@for_scripts
@click.pass_obj
def disable(call: Call, login: str) -> int:
    """Let nobody sign in with this login any more; what they did stays in the trail."""
    desk, session = call.worker()
    changed = desk.people.disable(login, session)
    return _done(call, changed, msg("{login} may not sign in any more.", login=changed.login))


@people.command()
@click.argument("login")
@for_scripts
@click.pass_obj
def enable(call: Call, login: str) -> int:
    """Let a disabled operator sign in again."""
    desk, session = call.worker()
    changed = desk.people.enable(login, session)
    return _done(call, changed, msg("{login} may sign in again.", login=changed.login))


@people.command()
@click.argument("login")
@click.argument("role", type=_ROLES)
@for_scripts
@click.pass_obj
def role(call: Call, login: str, role: str) -> int:
    """Give an operator another role."""
    desk, session = call.worker()
    changed = desk.people.change_role(login, Role(role), session)
    return _done(call, changed, msg("{login} is now {role}.", login=changed.login, role=changed.role.label))


@people.command()
@click.argument("login")
@click.argument("stores", nargs=-1)
@for_scripts
@click.pass_obj
def stores(call: Call, login: str, stores: tuple[str, ...]) -> int:
    """Say in which stores an operator may work; without a store: in all.

    A desk belongs to the store that its configuration names: [shop] store.
    """
    desk, session = call.worker()
    changed = desk.people.change_stores(login, stores, session)
    if changed.stores:
        told = msg("{login} may work in {stores} only.", login=changed.login, stores=", ".join(changed.stores))
    else:
        told = msg("{login} may work in all stores.", login=changed.login)
    return _done(call, changed, told)


@people.command()
@click.argument("login")
@for_scripts
@click.pass_obj
def share(call: Call, login: str) -> int:
    """Let an operator who is known at this desk only sign in at all desks of the shop."""
    desk, session = call.worker()
    changed = desk.people.share(login, session)
    return _done(call, changed, msg("All desks know {login} now.", login=changed.login))


@people.command()
@click.argument("login")
@for_scripts
@click.pass_obj
def link(call: Call, login: str) -> int:
    """Let an operator who was added with a PIN sign in with the company account of the same login, too."""
    desk, session = call.worker()
    changed = desk.people.link(login, session)
    return _done(call, changed, msg("The company account {login} signs in as this operator from now on.", login=changed.login))


@people.command()
@click.argument("login")
@for_scripts
@click.pass_obj
def pin(call: Call, login: str) -> int:
    """Set a new PIN: your own, or as an admin somebody else's, which also ends their lock."""
    desk, session = call.worker()
    typed = new_pin(login, call.output.language)
    desk.people.change_pin(login, typed, session, current_pin=call.pin)
    changed = desk.people.get(login)
    assert changed is not None
    return _done(call, changed, msg("The PIN of {login} was changed.", login=changed.login))


def _done(call: Call, operator: Operator, told: Message) -> int:
    call.output.say(told)
    if call.output.as_json:
        call.output.document({"person": operator_document(operator)})
    return ExitStatus.DONE
