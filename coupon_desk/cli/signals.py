"""`signals`: what an auditor should look at, each in a sentence with its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import Document, moment
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.spans import first_moment
from coupon_desk.cli.tables import Row
from coupon_desk.cli.telling import when
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, msg, say

if TYPE_CHECKING:
    from coupon_desk.trail.signals import Signal


@click.command(short_help="What an auditor should look at.")
@click.option("--since", metavar="DATE", help="From this day or moment on; else the last 90 days.")
@for_scripts
@click.pass_obj
def signals(call: Call, since: str | None) -> int:
    """What is unusual in the trail: each in a sentence with its figures, the furthest from usual first. Nothing is blocked."""
    call.document = {"signals": []}
    begin = first_moment(since)
    desk, session = call.reader(Right.READ_TRAIL, "signals")
    found = desk.signals(session, begin)
    if call.output.as_json:
        call.output.document({"signals": [signal_document(one, call.output.language) for one in found]})
    elif not found:
        call.output.say(msg("Nothing unusual."))
    else:
        heads = (msg("Weight"), msg("Kind"), msg("At"), msg("What"))
        rows: tuple[Row, ...] = tuple(
            (
                f"{one.weight:.1f}",
                call.output.words(one.kind.label),
                when(call.output, one.at),
                call.output.words(one.message),
            )
            for one in found
        )
        call.output.table(rows, heads, right=frozenset({0}))
    return ExitStatus.DONE


def signal_document(signal: Signal, language: Language) -> Document:
    """One signal. Keys are added, never renamed or removed."""
    return {
        "kind": signal.kind.value,
        "at": moment(signal.at),
        "who": signal.who or None,
        "message": say(signal.message, language),
        "operations": list(signal.operations),
        "weight": signal.weight,
    }
