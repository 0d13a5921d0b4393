"""What an entry of the trail says to a person in the shop: what happened, what became of it, and why.

The words of the entries themselves are stable codes; one that is not known here stands as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.rule_names import short_name
from coupon_desk.desk.colours import Tone
from coupon_desk.people.roles import Right, Role
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.trail.entry import Entry


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: a word, always beside an icon and in a tone."""

    word: Message
    tone: Tone = Tone.NEUTRAL
    icon: str = "info"


def happened(entry: Entry) -> Message:
    """What it is about."""
    kind, _, _ = entry.action.partition(".")
    if kind == "step" and entry.step in set(StepName):
        return StepName(entry.step).label
    if kind == "operation":
        asked_for = (entry.fields.after or {}).get("kind")
        return OperationKind(asked_for).label if asked_for in set(OperationKind) else msg("Operation")
    if entry.action in _EVENTS:
        return _EVENTS[entry.action]
    return _about_somebody(entry.action, entry.body) or as_it_is(entry.action)


def outcome(entry: Entry) -> Outcome | None:
    """What became of it; None where there is nothing to say."""
    kind, _, verb = entry.action.partition(".")
    if kind in {"operation", "step"} and verb in OUTCOMES:
        return OUTCOMES[verb]
    result = entry.fields.result
    if entry.action.endswith(("_refused", ".refused", "_failed")):
        return OUTCOMES["refused"]
    if entry.action == "trail.verified" and result is not None:
        return _INTACT if result == "intact" else _BROKEN
    # What most other events say of their result is said by what they are.
    return None


def reason(entry: Entry) -> Message | None:
    """Why: what was asked for, or what refused it."""
    code = entry.fields.reason
    if code is None and entry.action in {"sign_in_refused", "right_refused"}:
        told = entry.body.get("why")
        code = told if isinstance(told, str) else None
    return reason_in_words(code) if code else None


def reason_in_words(code: str) -> Message:
    """A reason's or a rule's code in words."""
    if code in set(Reason):
        return Reason(code).label
    if code in set(Rule):
        return short_name(Rule(code))
    return _OTHER_REASONS.get(code) or as_it_is(code)


def role_in_words(code: str) -> Message:
    """A role's code in words."""
    return Role(code).label if code in set(Role) else as_it_is(code)


def as_it_is(code: str) -> Message:
    """A code that has no words of its own."""
    return msg("{code}", code=code)


def _about_somebody(action: str, body: Mapping[str, Any]) -> Message | None:
    """What was done to an operator, a right, a receipt, a secret: it is named."""
    with suppress(KeyError):
        match action:
            case "right_refused":
                right = body["right"]
                return msg("Right refused: {right}", right=Right(right).label) if right in set(Right) else msg("Right refused")
            case _ if action in _CHANGES_OF_OPERATORS:
                return replace(_CHANGES_OF_OPERATORS[action], values=(("login", str(body["login"])),))
            case "secret.stored":
                return msg("Secret stored: {name}", name=str(body["name"]))
            case "secret.deleted":
                return msg("Secret deleted: {name}", name=str(body["name"]))
            case "receipt.issued":
                return _RECEIPTS[body["how"] == "printed", bool(body.get("copy"))]
    return None


_RECEIPTS: Final = {
    (True, False): msg("Receipt printed"),
    (True, True): msg("Copy of the receipt printed"),
    (False, False): msg("Receipt saved as PDF"),
    (False, True): msg("Copy of the receipt saved as PDF"),
}

_CHANGES_OF_OPERATORS: Final[Mapping[str, Message]] = {
    "operator_added": msg("Operator added: {login}"),
    "operator_disabled": msg("Operator disabled: {login}"),
    "operator_enabled": msg("Operator enabled again: {login}"),
    "operator_shared": msg("Operator shared with all desks: {login}"),
    "operator_linked": msg("Operator linked with the company account: {login}"),
    "operator_updated": msg("Operator changed by the company account: {login}"),
    "operator_mirrored": msg("Operator taken over from the centre: {login}"),
    "role_changed": msg("Role changed: {login}"),
    "stores_changed": msg("Stores changed: {login}"),
    "pin_changed": msg("PIN changed: {login}"),
}

OUTCOMES: Final[Mapping[str, Outcome]] = {
    "opened": Outcome(msg("Asked for"), Tone.ACCENT, "info"),
    "approval_needed": Outcome(msg("Waiting for approval"), Tone.WARN, "people"),
    "approved": Outcome(msg("Approved"), Tone.SUCCESS, "people"),
    "refused": Outcome(msg("Refused"), Tone.DANGER, "refused"),
    "attention": Outcome(msg("Needs attention"), Tone.WARN, "attention"),
    "answered": Outcome(msg("Seen to"), Tone.SUCCESS, "check"),
    "resumed": Outcome(msg("Taken up again"), Tone.ACCENT, "refresh"),
    "completed": Outcome(msg("Completed"), Tone.SUCCESS, "used"),
    "reopened": Outcome(msg("Taken up again, to put a difference right"), Tone.ACCENT, "refresh"),
    "reconciled": Outcome(msg("Difference put right"), Tone.SUCCESS, "used"),
    "started": Outcome(msg("Begun"), Tone.ACCENT, "cancelling"),
    "sent": Outcome(msg("Sent"), Tone.ACCENT, "arrow-right"),
    "done": Outcome(msg("Done"), Tone.SUCCESS, "used"),
    "skipped": Outcome(msg("Not needed"), Tone.NEUTRAL, "skipped"),
    "unknown": Outcome(msg("Outcome unknown"), Tone.WARN, "question"),
    "looked": Outcome(msg("Looked"), Tone.ACCENT, "search"),
    "delayed": Outcome(msg("Later"), Tone.WARN, "expired"),
}
"""By the last word of the actions of operations and steps."""

_INTACT: Final = Outcome(msg("Intact"), Tone.SUCCESS, "shield")
_BROKEN: Final = Outcome(msg("Broken"), Tone.DANGER, "attention")

_EVENTS: Final[Mapping[str, Message]] = {
    "signed_in": msg("Signed in"),
    "signed_out": msg("Signed out, or locked"),
    "sign_in_refused": msg("Signing in"),
    "people_change_failed": msg("Change of an operator"),
    "people_change_begun": msg("Change of an operator, for all desks"),
    "people_published": msg("Operators published for all desks"),
    "investigation.confirmed": msg("Fraud confirmed: the points are never returned"),
    "request.decided": msg("Decision on another desk's request"),
    "request.decision_failed": msg("Decision on another desk's request did not stand"),
    "bulk.opened": msg("Bulk cancellation asked for"),
    "bulk.paused": msg("Bulk cancellation paused"),
    "bulk.resumed": msg("Bulk cancellation taken up again"),
    "bulk.stopped": msg("Bulk cancellation stopped"),
    "bulk.ended": msg("Bulk cancellation ended"),
    "investigation.refused": msg("Decision on suspected fraud"),
    "reminder.started": msg("Reminder of a coupon that expires soon: about to be sent"),
    "reminder.sent": msg("Reminder sent"),
    "reminder.unknown": msg("Reminder: may or may not have arrived"),
    "reminder.refused": msg("Reminder: not sent"),
    "reminder.delayed": msg("Reminder: not sent, may be tried again"),
    "reminders.ended": msg("Reminders were sent"),
    "use.started": msg("Use of a coupon: about to be noted in the customer's record"),
    "use.noted": msg("Use of a coupon noted in the customer's record"),
    "use.not_noted": msg("Use of a coupon: not noted in the customer's record"),
    "trail.erased": msg("Customer's personal data erased"),
    "trail_exported": msg("Trail exported"),
    "trail.read": msg("Trail read"),
    "trail.summarised": msg("Owner's summary made"),
    "trail.verified": msg("Trail verified"),
    "trail.checkpoint": msg("Trail signed"),
    "trail.key": msg("A key of this desk begins to sign"),
    "trail.explained": msg("An alarm was explained"),
    "trail.database_restored": msg("Alarm: the database was put back"),
    "trail.database_replaced": msg("Alarm: another database stood here"),
    "trail.shipping_alarm": msg("Alarm: the central database does not take the trail"),
    "program.started": msg("Program started"),
    "program.stopped": msg("Program ended"),
    "settings.changed": msg("Settings changed"),
    "settings.saved": msg("Settings saved by an administrator"),
}

_OTHER_REASONS: Final[Mapping[str, Message]] = {
    "wrong_pin": msg("Wrong PIN"),
    "unknown_login": msg("Unknown login"),
    "locked": msg("Locked after wrong PINs"),
    "disabled": msg("Login disabled"),
    "missing": msg("Right missing"),
    "not_permitted": msg("Whoever asked may no longer"),
    "failed": msg("It could not go on"),
    "role_changed": msg("Role was changed"),
    "already_confirmed": msg("Fraud was confirmed before"),
    "already_released": msg("The points were released before"),
    "release_open": msg("The points are asked for"),
    "asked": msg("The customer asked for it"),
    "no_answer": msg("The mail server did not answer"),
    "mail_unavailable": msg("The mail server could not be reached"),
    "mail_refused": msg("The mail server refused it"),
    "record_not_marked": msg("The customer's record could not be marked"),
    "time_is_over": msg("Kept long enough"),
    "after_cut_off": msg("The program was cut off before"),
}
