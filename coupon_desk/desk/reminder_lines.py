"""How a reminder stands, as a line of the table: its state, until when the coupon is good, whose it is, and why not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from coupon_desk.desk.bulk_lines import Line
from coupon_desk.desk.colours import Tone
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.reminders import Reminder

KINDS: Final = (
    ("due", msg("Not reminded yet")),
    ("sent", msg("Reminded")),
    ("skipped", msg("Not to be reminded")),
    ("delayed", msg("Later")),
    ("refused", msg("Refused by the mail server")),
    ("unknown", msg("Outcome unknown")),
)

_LOOKS: Final = {
    "due": (Tone.ACCENT, "mail"),
    "sent": (Tone.SUCCESS, "used"),
    "skipped": (Tone.NEUTRAL, "skipped"),
    "delayed": (Tone.WARN, "expired"),
    "refused": (Tone.DANGER, "refused"),
    "unknown": (Tone.WARN, "question"),
}


def reminder_line(place: int, reminder: Reminder) -> Line:
    """The line of one coupon."""
    tone, icon = _LOOKS[reminder.state.value]
    return Line(
        place,
        reminder.code.text,
        reminder.state.value,
        reminder.state.label,
        tone,
        icon,
        tuple(_facts(reminder)),
        int(reminder.code.points),
    )


def _facts(reminder: Reminder) -> list[Message]:
    coupon, found = reminder.coupon, []
    if coupon is not None and coupon.expires_at is not None:
        # The end itself is too late: one that ends at midnight is good until the day before.
        last = (coupon.expires_at - timedelta(seconds=1)).astimezone().date()
        whose = msg("{day} · {name}", day=last, name=coupon.customer_name) if coupon.customer_name else msg("{day}", day=last)
        found.append(msg("{told}.", told=whose) if reminder.why is not None else whose)
    return [*found, reminder.why] if reminder.why is not None else found
