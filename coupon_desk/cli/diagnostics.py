"""`diagnostics`: one file for whoever helps, with nothing personal in it."""

from __future__ import annotations

from pathlib import Path

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.words import msg


@click.command(short_help="One file for whoever helps.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.zip")
@for_scripts
@click.pass_obj
def diagnostics(call: Call, file: Path) -> int:
    """Write what whoever helps has to know: versions, checks, how far the work is, and the program's own log.

    Names, codes, addresses, notes and secrets are left out, not masked. It works also where the desk cannot be opened.
    """
    from coupon_desk.app.diagnostics import write

    call.document = {"file": None, "parts": []}
    call.log()
    why_not: DeskError | None = None
    try:
        call.open()
    except DeskError as wrong:
        why_not = wrong
    parts = write(file, call.home, call.desk, why_not, {})
    call.output.say(msg("The diagnostics were written to {file}. There is nothing personal in them.", file=str(file)))
    if call.output.as_json:
        call.output.document({"file": str(file), "parts": list(parts)})
    return ExitStatus.DONE
