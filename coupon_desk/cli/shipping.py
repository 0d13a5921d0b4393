"""`central ship` and `central verify`: sends this desk's trail into the central database, and proves what stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import Document, moment, verification_document
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.trail.shipping_state import ShippingState, ShippingStatus, waiting
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.trail.shipped_verification import ShippedVerification


@click.command(short_help="Send what waits of the trail.")
@for_scripts
@click.pass_obj
def ship(call: Call) -> int:
    """Send what waits of this desk's trail into the central database now, and say how it stands."""
    desk, _ = call.reader(Right.SEE, "central ship")

    def tell(state: ShippingState) -> None:
        call.output.progress(call.output.words(waiting(state.behind)))

    state = desk.shipping.ship_now(tell)
    _tell(call, state)
    if call.output.as_json:
        call.output.document(shipping_document(call, state))
    return int(state.state.exit_status)


@click.command(short_help="Prove what the centre holds of this desk.")
@for_scripts
@click.pass_obj
def verify(call: Call) -> int:
    """Read this desk's trail back from the central database, prove each entry, and compare it with the trail here."""
    desk, session = call.reader(Right.READ_TRAIL, "central verify")
    found = desk.shipping.verify(session)
    _tell_verified(call, found)
    if call.output.as_json:
        call.output.document(_verified_document(call, found))
    return ExitStatus.DONE if found.trouble is None else ExitStatus.NEEDS_A_PERSON


def shipping_document(call: Call, state: ShippingState) -> Document:
    """How shipping stands."""
    words = call.output.words
    return {
        "state": state.state.value,
        "shipped": state.shipped,
        "behind": state.behind,
        "oldest_unshipped_at": moment(state.oldest_unshipped_at),
        "last_contact_at": moment(state.last_contact_at),
        "alarm": words(state.alarm) if state.alarm is not None else None,
        "todo": words(state.todo) if state.todo is not None else None,
    }


def _tell(call: Call, state: ShippingState) -> None:
    say = call.output.say
    match state.state:
        case ShippingStatus.UP_TO_DATE:
            whole = msg("The central database holds the whole trail of this desk: {count} entries.", count=state.shipped)
            say(whole, Colour.GOOD)
        case ShippingStatus.ALARM:
            say(msg("Nothing more is shipped."), Colour.BAD)
            for sentence in (state.alarm, state.todo):
                if sentence is not None:
                    say(sentence)
        case ShippingStatus.OUT_OF_REACH:
            say(msg("The central database is out of reach; nothing is lost."), Colour.WARNING)
        case _:
            pass
    if state.behind:
        say(waiting(state.behind))


def _tell_verified(call: Call, found: ShippedVerification) -> None:
    say = call.output.say
    trouble = found.trouble
    if trouble is not None:
        say(trouble, Colour.BAD)
        say(msg("Keep the home as it is, and tell the administrator of the central database."))
        return
    head = found.centre.head
    say(
        msg(
            "The central database holds {count} entries of {desk}: each is what was written, in its place.",
            count=head.sequence,
            desk=found.desk,
        ),
        Colour.GOOD,
    )
    say(msg("They are the same as entries 1 to {count} of the trail here.", count=head.sequence))
    say(msg("Head: {hash}", hash=head.hash))
    if found.signs_here is not None:
        say(msg("It keeps the key that signs here: {fingerprint}", fingerprint=found.signs_here.fingerprint))
    if found.waiting:
        say(waiting(found.waiting))


def _verified_document(call: Call, found: ShippedVerification) -> Document:
    trouble = found.trouble
    return {
        **verification_document(found.centre),
        "intact": found.is_intact,
        "desk": found.desk,
        "here": found.ours,
        "waiting": found.waiting,
        "differs_at": found.differs_at,
        "key": {"here": found.signs_here.hex if found.signs_here is not None else None, "there": found.kept_there},
        "trouble": call.output.words(trouble) if trouble is not None else None,
    }
