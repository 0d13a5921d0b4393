"""`sync`: brings the local catalogue up to date from Shopify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg, msgn

if TYPE_CHECKING:
    from coupon_desk.catalogue.sync import SyncPhase, SyncProgress

TOLD_EVERY_SECONDS: Final = 1.0


@click.command()
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@for_scripts
@click.pass_obj
def sync(call: Call, full: bool) -> int:
    """Bring the local catalogue up to date.

    A big shop's first list, and one a day, comes from a bulk operation of Shopify's; what changed comes page by page. Ctrl+C
    stops it; the next sync goes on there.
    """
    desk, _ = call.worker(Right.SEE, "sync")
    words, clock = call.output.words, desk.clock
    last: tuple[str, float, SyncPhase | None] = "", 0.0, None

    def tell(progress: SyncProgress) -> None:
        nonlocal last
        text, now = words(progress.message), clock.monotonic()
        if text != last[0] and (progress.phase is not last[2] or now - last[1] >= TOLD_EVERY_SECONDS):
            call.output.progress(text)
            last = text, now, progress.phase

    try:
        outcome = desk.sync(full=full, on_progress=tell)
    except KeyboardInterrupt:  # what was read is kept, whichever line this was
        call.output.note(msg("Stopped. What was read is kept, and the next sync goes on there."), Colour.WARNING)
        return ExitStatus.NOT_FINISHED
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
