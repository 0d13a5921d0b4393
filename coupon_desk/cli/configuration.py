"""`config`: hands the configuration to the next desk, and takes another desk's over. Secrets never travel with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.setup import Setup
    from coupon_desk.people.operators import Session

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(short_help="The configuration, to another desk and from one.")
def config() -> None:
    """The configuration without secrets: export it for the next desk, or import another desk's."""


@config.command()
@click.argument("file", required=False, type=_FILE)
@for_scripts
@click.pass_obj
def export(call: Call, file: Path | None) -> int:
    """Write the configuration to FILE, or to standard output.

    It holds no secrets, no comments, and nothing that belongs to this desk alone: its store, its login at the shared database.
    """
    call.document = {"file": None, "text": None}
    setup, _ = _let_in(call)
    text = setup.export()
    if file is None and not call.output.as_json:
        call.output.line(text.rstrip("\n"))
    elif file is not None:
        setup.export_to(file)
        call.output.say(msg("The configuration was written to {file}. It holds no secrets.", file=str(file)))
    if call.output.as_json:
        call.output.document({"file": str(file) if file is not None else None, "text": text})
    return ExitStatus.DONE


@config.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be other.")
@for_scripts
@click.pass_obj
def import_(call: Call, file: Path, dry_run: bool) -> int:
    """Take over the configuration in FILE, after looking at all of it; the one before is kept as config.toml.before."""
    call.document = {"changed": [], "missing_secrets": [], "dry_run": dry_run}
    setup, session = _let_in(call)
    text = setup.take_over(file)
    change = setup.difference(text) if dry_run else setup.replace(text, session)
    missing = setup.missing_secrets(text)
    say = call.output.say
    for key in change.after:
        say(msg("{key}: {before} → {after}", key=key, before=_shown(change.before[key]), after=_shown(change.after[key])))
    if not change.after:
        say(msg("Nothing is other than it was."))
    elif dry_run:
        say(msg("Nothing was changed: this was only a look."))
    else:
        say(msg("The configuration was taken over. It holds from the next start on."), Colour.GOOD)
    for name in missing:
        say(msg("Still missing: store it with “coupon-desk secrets set {name}”.", name=name.value), Colour.WARNING)
    if call.output.as_json:
        changed = [{"key": key, "before": change.before[key], "after": change.after[key]} for key in change.after]
        names = [name.value for name in missing]
        call.output.document({"changed": changed, "missing_secrets": names, "dry_run": dry_run})
    return ExitStatus.DONE


def _let_in(call: Call) -> tuple[Setup, Session | None]:
    """Before there is a configuration anybody may; once there are operators it takes their right."""
    from coupon_desk.app.home import Home
    from coupon_desk.app.setup import Setup

    if not Home(call.home).config.exists():
        return Setup(call.home, call.vault()), None
    desk = call.open()
    if desk.people.is_empty():
        return desk.setup, None
    desk, session = call.worker(Right.SETTINGS, "settings")
    return desk.setup, session


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)
