"""`reminders`: coupons that expire soon, and the one e-mail that reminds each customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cli.call import Call, nobody_yet
from coupon_desk.cli.coupons import HIDDEN_CUSTOMER, may_see_customers
from coupon_desk.cli.documents import Document, moment
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, day, msg, msgn, number, say

if TYPE_CHECKING:
    from coupon_desk.app.reminders import Reminder, ReminderRun

_COLOURS: Final = {
    "due": Colour.GOOD,
    "sent": Colour.FAINT,
    "skipped": Colour.FAINT,
    "delayed": Colour.WARNING,
    "refused": Colour.BAD,
    "unknown": Colour.BAD,
}

_days_option = click.option(
    "--days",
    type=click.IntRange(1, 60),
    default=7,
    show_default=True,
    help="Coupons that expire within so many days.",
)


@click.group(invoke_without_command=True, short_help="Remind customers of coupons that expire soon.")
@for_scripts
@click.pass_context
def reminders(context: click.Context) -> int:
    """Coupons that expire soon: remind their customers by e-mail, once for each coupon. Without a word more: list them."""
    if context.invoked_subcommand is None:
        return _list(context.ensure_object(Call), 7)
    return ExitStatus.DONE


@reminders.command("list")
@_days_option
@for_scripts
@click.pass_obj
def list_reminders(call: Call, days: int) -> int:
    """List the coupons that expire soon and how their reminders stand, as the table knows them."""
    return _list(call, days)


@reminders.command()
@click.argument("codes", nargs=-1, metavar="[CODE…]")
@_days_option
@click.option("--dry-run", is_flag=True, help="Look at each coupon and say what would be sent; write and send nothing.")
@for_scripts
@click.pass_obj
def send(call: Call, codes: tuple[str, ...], days: int, dry_run: bool) -> int:
    """Remind the customers of these coupons, or of all that expire within so many days.

    Each coupon is looked at anew: only one that can still be used, and only a customer who agreed to e-mails is written to.
    """
    call.document = {"reminders": [], "days": days, "dry_run": dry_run}
    parsed = tuple(CouponCode.parse(code) for code in codes) or None
    if dry_run:
        desk, reader = call.reader(None)
        if reader is None:
            raise nobody_yet()
        session = reader
    else:
        desk, session = call.worker()
    told: list[Reminder] = []

    def tell(reminder: Reminder) -> None:
        told.append(reminder)
        call.document["reminders"] = [_document(one, call.output.language) for one in told]
        if not call.output.as_json:
            _tell_one(call, reminder)

    run = desk.reminders.send(session, days=days, codes=parsed, dry_run=dry_run, on_each=tell)
    if call.output.as_json:
        call.output.document(_run_document(run, call.output.language))
    else:
        _tell_run(call, run)
    return run.exit_status


def _list(call: Call, days: int) -> int:
    call.document = {"reminders": [], "days": days}
    desk, session = call.reader(Right.SEE, "reminders")
    found = desk.reminders.list(session, days=days)
    output = call.output
    if output.as_json:
        output.document({"reminders": [_document(one, output.language) for one in found], "days": days})
        return ExitStatus.DONE
    if not found:
        output.say(msgn("No coupon expires within {count} day.", "No coupon expires within {count} days.", count=days))
        return ExitStatus.DONE
    heads = (msg("Code"), msg("Expires"), msg("Points"), msg("Customer"), msg("Reminder"), msg("Why"))
    sees_customers = may_see_customers(session)
    rows = tuple(_row(one, output.language, sees_customers=sees_customers) for one in found)
    output.table(rows, heads, right=frozenset({2}))
    return ExitStatus.DONE


def _row(reminder: Reminder, language: Language, *, sees_customers: bool) -> Row:
    coupon = reminder.coupon
    expires_at = coupon.expires_at if coupon is not None else None
    name = coupon.customer_name if coupon is not None else ""
    return (
        reminder.code.text,
        day(expires_at, language) if expires_at is not None else "",
        number(int(reminder.code.points), language),
        name if sees_customers else HIDDEN_CUSTOMER,
        Cell(say(reminder.state.label, language), _COLOURS[reminder.state.value]),
        say(reminder.why, language) if reminder.why is not None else "",
    )


def _tell_one(call: Call, reminder: Reminder) -> None:
    said = reminder.state.label if reminder.why is None else msg("{state}: {why}", state=reminder.state.label, why=reminder.why)
    call.output.say(msg("{code}  {told}", code=reminder.code.text, told=said), _COLOURS[reminder.state.value])


def _tell_run(call: Call, run: ReminderRun) -> None:
    output = call.output
    if not run.reminders:
        output.say(msgn("No coupon expires within {count} day.", "No coupon expires within {count} days.", count=run.days))
        return
    if run.dry_run:
        due = run.counts.get("due", 0)
        output.say(msgn("{count} customer would be reminded.", "{count} customers would be reminded.", count=due))
        output.say(msg("Nothing was sent: this was a dry run."))
    else:
        output.say(msgn("{count} reminder was sent.", "{count} reminders were sent.", count=run.sent))
    if run.has_given_up:
        output.note(msg("Somebody did not answer again and again: the rest was not looked at. Try again later."))


def _run_document(run: ReminderRun, language: Language) -> Document:
    return {
        "reminders": [_document(one, language) for one in run.reminders],
        "days": run.days,
        "dry_run": run.dry_run,
        "counts": run.counts,
        "given_up": run.has_given_up,
    }


def _document(reminder: Reminder, language: Language) -> Document:
    """One reminder. Keys are added, never renamed or removed."""
    coupon = reminder.coupon
    return {
        "code": reminder.code.text,
        "state": reminder.state.value,
        "rule": reminder.rule,
        "why": say(reminder.why, language) if reminder.why is not None else None,
        "at": moment(reminder.at),
        "expires_at": moment(coupon.expires_at) if coupon is not None else None,
        "customer": (coupon.customer_name or None) if coupon is not None else None,
    }
