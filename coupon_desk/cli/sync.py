"""`sync`: brings the local catalogue up to date from Shopify."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg, msgn

if TYPE_CHECKING:
    from coupon_desk.catalogue.sync import SyncProgress


@click.command()
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@for_scripts
@click.pass_obj
def sync(call: Call, full: bool) -> int:
    """Bring the local catalogue up to date."""
    desk, _ = call.worker(Right.SEE, "sync")
    words = call.output.words
    last = ""

    def tell(progress: SyncProgress) -> None:
        nonlocal last
        text = words(msg("{phase}: {count}", phase=progress.phase.label, count=progress.done))
        if text != last:
            call.output.progress(text)
            last = text

    outcome = desk.sync(full=full, on_progress=tell, stop=threading.Event())
    call.output.say(
        msg(
            "{seen} rows seen, {changed} coupons changed, {forgotten} forgotten.",
            seen=outcome.seen,
            changed=outcome.changed,
            forgotten=outcome.forgotten,
        )
    )
    if outcome.unreadable:
        call.output.note(
            msgn(
                "{count} customer's record could not be read and stays as it was.",
                "{count} customers' records could not be read and stay as they were.",
                count=outcome.unreadable,
            ),
            Colour.WARNING,
        )
    if call.output.as_json:
        call.output.document(
            {
                "finished": outcome.is_finished,
                "full": outcome.is_full,
                "seen": outcome.seen,
                "changed": outcome.changed,
                "forgotten": outcome.forgotten,
                "unreadable": outcome.unreadable,
            }
        )
    return ExitStatus.DONE if outcome.is_finished else ExitStatus.NOT_FINISHED
