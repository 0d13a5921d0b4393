"""`doctor`: looks at everything that has to work, one line each, with the mend beside what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.checks import Check


@click.command(short_help="Check everything that has to work.")
@for_scripts
@click.pass_obj
def doctor(call: Call) -> int:
    """Check configuration, keyring, trail, clocks, each remote system and its permissions; one line each, with the mend."""
    call.document = {"well": False, "checks": []}
    checks = _checks(call)
    is_well = all(check.is_well for check in checks)
    if call.output.as_json:
        call.output.document({"well": is_well, "checks": [_document(call, check) for check in checks]})
    else:
        call.output.table([_row(call, check) for check in checks])
    return ExitStatus.DONE if is_well else ExitStatus.USAGE


def _checks(call: Call) -> tuple[Check, ...]:
    """All checks; where the configuration is wrong, that and what can be looked at without it."""
    from coupon_desk.app.checks import Check, keyring

    try:
        call.open()
    except ConfigurationError as wrong:
        return Check(msg("Configuration"), False, wrong.what, wrong.todo), keyring(call.vault())
    desk, _ = call.reader(Right.SEE, "doctor")
    return tuple(desk.doctor())


def _document(call: Call, check: Check) -> dict[str, object]:
    words = call.output.words
    return {
        "name": words(check.name),
        "ok": check.is_well,
        "found": words(check.found),
        "mend": words(check.mend) if check.mend is not None else None,
    }


def _row(call: Call, check: Check) -> Row:
    words = call.output.words
    word = Cell(words(msg("well")), Colour.GOOD) if check.is_well else Cell(words(msg("broken")), Colour.BAD)
    mend = words(msg(" → {mend}", mend=check.mend)) if check.mend is not None and not check.is_well else ""
    return (word, words(check.name), words(check.found) + mend)
