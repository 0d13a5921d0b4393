"""What our own trail tells of a coupon's life step by step: approvals, the code, e-mails, receipts, later looks, repairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from coupon_desk.app.noting_use import NOTED
from coupon_desk.app.timeline_event import EventKind, TimelineEvent
from coupon_desk.cancellation.operation import Operation, StepName
from coupon_desk.cancellation.own_work import CONFIRMED
from coupon_desk.trail.entry import BodyState, Entry
from coupon_desk.words import Message, msg

_STEPS: Final[Mapping[tuple[str, str], tuple[EventKind, Message]]] = {
    ("step.done", StepName.INVALIDATE): (EventKind.SWITCHED_OFF, msg("The code was switched off.")),
    ("step.done", StepName.NOTIFY): (EventKind.MAIL, msg("The customer was told by e-mail.")),
    ("step.unknown", StepName.NOTIFY): (EventKind.MAIL, msg("An e-mail may or may not have been sent.")),
    ("step.refused", StepName.NOTIFY): (EventKind.MAIL, msg("The mail server refused the e-mail.")),
    ("step.looked", StepName.RETIRE): (EventKind.RECHECK, msg("Looked again: still unused.")),
    ("step.refused", StepName.RETIRE): (EventKind.RECHECK, msg("Looked again: used although it was cancelled.")),
    ("step.done", StepName.RETIRE): (EventKind.RETIRED, msg("The discount is gone from Shopify.")),
}

_BY_SOMEBODY: Final[Mapping[str, tuple[EventKind, Message]]] = {
    "operation.approved": (EventKind.APPROVED, msg("A second person approved it.")),
    "operation.answered": (EventKind.SEEN_TO, msg("A person has seen to it.")),
    "operation.reopened": (EventKind.RECONCILED, msg("Taken up again, to put a difference right.")),
    NOTED: (EventKind.RECONCILED, msg("The use was noted in the customer's record.")),
    "reminder.sent": (EventKind.REMINDER, msg("The customer was reminded by e-mail.")),
    CONFIRMED: (EventKind.DECISION, msg("Fraud was confirmed: the points are never returned.")),
}

_RECEIPTS: Final = {
    (True, False): msg("The receipt was printed."),
    (True, True): msg("A copy of the receipt was printed."),
    (False, False): msg("The receipt was saved as PDF."),
    (False, True): msg("A copy of the receipt was saved as PDF."),
}
"""By whether it is on paper, and whether it is a copy."""


def events_of_trail(entries: Iterable[Entry], operations: Iterable[Operation], code: str) -> Iterator[TimelineEvent]:
    """The events in entries on one coupon."""
    names = {one.operator.login: one.operator.name for one in operations}
    for entry in entries:
        found = _told(entry)
        if found is not None:
            kind, what = found
            is_by_program = entry.action.startswith("step.")
            who = None if is_by_program or entry.actor is None else names.get(entry.actor, entry.actor)
            yield TimelineEvent(kind, entry.moment, what, entry.operation or code, who=who, note=_note(entry))


def _told(entry: Entry) -> tuple[EventKind, Message] | None:
    if entry.step is not None:
        return _STEPS.get((entry.action, entry.step))
    if entry.action == "receipt.issued":
        return EventKind.RECEIPT, _RECEIPTS[entry.fields.result == "printed", bool(entry.body.get("copy"))]
    return _BY_SOMEBODY.get(entry.action)


def _note(entry: Entry) -> str | None:
    if entry.step is not None or entry.body_state is not BodyState.OPEN:
        return None
    return str(entry.body.get("note", "")).strip() or None
