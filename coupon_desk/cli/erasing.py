"""`audit erase`: makes what was kept of a customer unreadable for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.trail.erasing import Erased


@click.command(short_help="Erase a customer's personal data.")
@click.argument("customer", metavar="CUSTOMER")
@for_scripts
@click.pass_obj
def erase(call: Call, customer: str) -> int:
    """Erase what was kept of a customer: the trail's texts about them, their coupons in the lists, their receipts.

    CUSTOMER is the customer's number in Shopify. The trail still proves who did what, when, and with how many points. It takes
    a while: the database is written anew. Erase the customer in Shopify first, else the next sync brings their coupons back.
    """
    number = customer.strip().rsplit("/", 1)[-1]
    if not (number.isascii() and number.isdigit()):
        raise ConfigurationError(
            msg("“{typed}” is not a customer's number.", typed=customer.strip()[:60]),
            done=msg("Nothing was erased."),
            todo=msg("Shopify shows it in the address of the customer's page."),
        )
    desk, session = call.worker(Right.ERASE, "audit erase")
    erased = desk.erase_customer(number, session)
    _tell(call, erased)
    return ExitStatus.DONE


def _tell(call: Call, erased: Erased) -> None:
    if call.output.as_json:
        call.output.document(
            {"keys": erased.keys, "operations": erased.operations, "entries_of_version_1": erased.kept_entries}
        )
        return
    call.output.say(
        msg("Erased: {coupons} coupons, {operations} operations.", coupons=erased.keys, operations=erased.operations),
        Colour.GOOD,
    )
    if erased.kept_entries:
        call.output.say(
            msg(
                "{count} entries of an earlier version bear their texts in clear, which the proof rests on: they stay.",
                count=erased.kept_entries,
            ),
            Colour.WARNING,
        )
