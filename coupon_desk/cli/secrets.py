"""`secrets`: what the keyring of the operating system keeps for this home. No value is ever an argument, or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cli.asking import secret_value
from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.people.operators import Session
    from coupon_desk.trail.trail import Trail


@click.group(short_help="Secrets in the OS keyring.")
def secrets() -> None:
    """Secrets in the keyring of the operating system: set, list, delete."""


@secrets.command("list")
@for_scripts
@click.pass_obj
def list_secrets(call: Call) -> int:
    """List the names: which secrets are there and which are not."""
    from coupon_desk.vault import SecretName

    call.document = {"secrets": []}
    _let_in(call)
    there = call.vault().names()
    if call.output.as_json:
        call.output.document({"secrets": [{"name": name.value, "stored": name in there} for name in SecretName]})
    else:
        words = call.output.words
        call.output.table(
            [
                (
                    name.value,
                    words(msg("stored")) if name in there else words(msg("not stored")),
                    words(msg("kept by the program itself")) if name.is_our_own else "",
                )
                for name in SecretName
            ]
        )
    return ExitStatus.DONE


@secrets.command("set")
@click.argument("name")
@for_scripts
@click.pass_obj
def set_secret(call: Call, name: str) -> int:
    """Store a secret; its value comes from a prompt, or from standard input where that is no terminal."""
    from coupon_desk.app.secrets import store
    from coupon_desk.vault import Secret, SecretName

    known = SecretName.typed(name)
    trail, session = _let_in(call)
    value = Secret.typed(secret_value(known.value, call.output.language))
    store(call.vault(), known, value, trail, session)
    call.output.say(msg("{name} is stored in the keyring.", name=known.value))
    if call.output.as_json:
        call.output.document({"secrets": [{"name": known.value, "stored": True}]})
    return ExitStatus.DONE


@secrets.command("delete")
@click.argument("name")
@for_scripts
@click.pass_obj
def delete_secret(call: Call, name: str) -> int:
    """Delete a secret."""
    from coupon_desk.app.secrets import delete
    from coupon_desk.vault import SecretName

    known = SecretName.typed(name)
    trail, session = _let_in(call)
    was_there = delete(call.vault(), known, trail, session)
    if was_there:
        call.output.say(msg("{name} was deleted from the keyring.", name=known.value))
    else:
        call.output.say(msg("There was no {name} in the keyring.", name=known.value))
    if call.output.as_json:
        call.output.document({"secrets": [{"name": known.value, "stored": False}], "deleted": was_there})
    return ExitStatus.DONE


def _let_in(call: Call) -> tuple[Trail | None, Session | None]:
    """Secrets are stored before there is a configuration or an operator; once there are operators it takes their right."""
    from coupon_desk.app.home import Home

    if not Home(call.home).database.exists():
        return None, None
    desk = call.open()
    if desk.people.is_empty():
        return desk.trail, None
    desk, session = call.worker(Right.SETTINGS, "secrets")
    return desk.trail, session
