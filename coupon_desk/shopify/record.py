"""The customer's coupon record: reading our entry of it, and changing nothing but our entry (INTERFACE.md §5).

The record is shared with the shop's website. What cannot be understood is refused and never written over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from coupon_desk.clock import from_text, to_text
from coupon_desk.coupons.code import CouponCode, InvalidCode, fold
from coupon_desk.coupons.evidence import Claim, RecordEntry, RecordStatus
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.record import (
    DropClaim,
    MarkCancelled,
    MarkRefunded,
    MarkReleased,
    MarkReminded,
    MarkUsed,
    PutClaim,
    RecordChange,
)
from coupon_desk.coupons.reminding import ReminderMark, ReminderWish
from coupon_desk.errors import RemoteRefused, System
from coupon_desk.shopify import splice
from coupon_desk.shopify.plain_record import plain_entries
from coupon_desk.words import Message, msg

LARGEST_RECORD_BYTES: Final = 128 * 1024
"""What Shopify takes as the value of a JSON metafield (facts: changelog reduced-metafield-value-sizes)."""

_LIST_KEY: Final = "coupons"
_MARK: Final = "cancellation"
_TAKEN_OVER_BY: Final = "taken_over_by"
_REMINDERS: Final = "reminders"
_REMINDED: Final = "reminder"
_MOST_POINTS: Final = Decimal(10**12)
_MEND: Final = msg("Nothing was done. The record has to be mended by whoever looks after the shop's website.")


class MalformedRecord(RemoteRefused):
    """The record is not of the agreed form; it is never written over."""

    def __init__(self, what: Message, *, detail: str = "") -> None:
        super().__init__(System.SHOPIFY, what, todo=_MEND, detail=detail)


def entry_of(raw: str | None, code: CouponCode) -> RecordEntry | None:
    """The coupon's entry; None where the record has none. Raises MalformedRecord."""
    place = _place_of(raw, code) if raw is not None else None
    return _entry(splice.value_at(raw, place)) if raw is not None and place is not None else None


def entries_of(raw: str) -> tuple[tuple[CouponCode, RecordEntry], ...]:
    """All entries that bear the code of a coupon, in their order. Raises MalformedRecord."""
    plain = plain_entries(raw)
    if plain is not None:
        return plain
    found = []
    for start in _places(raw):
        entry = splice.value_at(raw, start)
        if isinstance(entry, dict) and isinstance(entry.get("code"), str):
            try:
                code = CouponCode.parse(entry["code"])
            except InvalidCode:
                continue
            found.append((code, _entry(entry)))
    return tuple(found)


def reminder_wish(raw: str | None, code: CouponCode) -> ReminderWish:
    """What the record says about reminders of a coupon: in its entry, or for all of them beside the list.

    `"reminders": false` forbids them, and so does any other word than true: doubt is a no. Raises MalformedRecord.
    """
    place = _place_of(raw, code) if raw is not None else None
    if raw is None or place is None:
        return ReminderWish()
    entry = splice.value_at(raw, place)
    whole = splice.value_at(raw, 0) if splice.kind_at(raw, 0) == "{" else {}
    is_unwanted = any(told.get(_REMINDERS, True) not in (None, True) for told in (entry, whole))
    return ReminderWish(is_unwanted, _reminder_mark(entry.get(_REMINDED)))


def changed(raw: str | None, code: CouponCode, change: RecordChange) -> str:
    """The record's new text: our entry changed, every other character as it was.

    Raises MalformedRecord, and RemoteRefused where another operation has its mark on the entry or the text grows too long.
    """
    text = raw if raw is not None else "[]"
    place = _place_of(text, code)
    if isinstance(change, DropClaim):
        return text if place is None else _dropped(text, place, change.operation)
    if place is None:
        text = _with_new_entry(text, code)
        place = _place_of(text, code)
    if place is None:
        raise MalformedRecord(msg("The customer's record does not have the agreed form."), detail="entry not found")
    text = _changed_entry(text, place, change)
    if len(text.encode()) > LARGEST_RECORD_BYTES:
        raise RemoteRefused(
            System.SHOPIFY,
            msg("The customer's record is full: Shopify takes 128 KB."),
            todo=msg("Nothing was done. Old entries have to be removed by whoever looks after the shop's website."),
        )
    return text


def _changed_entry(text: str, place: int, change: RecordChange) -> str:
    entry = splice.value_at(text, place)
    match change:
        case PutClaim(claim=claim, replaces=replaces):
            present = _claim(entry.get(_MARK))
            if present is not None and present.operation not in {claim.operation, replaces}:
                raise RemoteRefused(
                    System.SHOPIFY,
                    msg("Being cancelled by {by} since {at}.", by=present.by, at=present.at),
                    todo=msg("Nothing was done."),
                )
            mark = {"operation": claim.operation, "by": claim.by, "at": to_text(claim.at)}
            return splice.put(text, place, [(_MARK, mark)])
        case MarkCancelled():
            changes: list[tuple[str, Any]] = [
                ("status", RecordStatus.CANCELLED.value),
                ("cancelled_at", to_text(change.at)),
                ("cancelled_by", change.by),
                ("reason", change.reason.value),
                ("points_returned", change.points_returned),
                *_taken_over(change.taken_over_by),
            ]
        case MarkUsed():
            changes = [("status", RecordStatus.USED.value)]
            if not entry.get("used_at"):
                changes.append(("used_at", to_text(change.at)))
        case MarkRefunded() | MarkReleased():
            is_used = isinstance(change, MarkRefunded)
            changes = [
                ("status", (RecordStatus.USED if is_used else RecordStatus.CANCELLED).value),
                ("refunded_at", to_text(change.at)),
                ("refunded_by", change.by),
                ("points_returned", change.points_returned),
                *_taken_over(change.taken_over_by),
            ]
        case MarkReminded():
            mark = {"id": change.id, "by": change.by, "at": to_text(change.at)}
            return splice.put(text, place, [(_REMINDED, mark)])
        case DropClaim():
            return _dropped(text, place, change.operation)
    return splice.put(splice.take(text, place, _MARK), place, changes)


def _taken_over(operation: str | None) -> list[tuple[str, Any]]:
    return [(_TAKEN_OVER_BY, operation)] if operation is not None else []


def _dropped(text: str, place: int, operation: str) -> str:
    """Without our mark; the mark of another operation stays."""
    claim = _claim(splice.value_at(text, place).get(_MARK))
    return splice.take(text, place, _MARK) if claim is not None and claim.operation == operation else text


def _with_new_entry(text: str, code: CouponCode) -> str:
    entry = {"code": code.text, "points": code.points, "status": RecordStatus.ACTIVE.value}
    start = _list_start(text)
    return splice.put(text, 0, [(_LIST_KEY, [entry])]) if start is None else splice.append(text, start, entry)


def _place_of(text: str, code: CouponCode) -> int | None:
    """Where our entry begins. Several of the same code contradict each other, so they are refused."""
    found = [start for start in _places(text) if _bears(splice.value_at(text, start), code)]
    if len(found) > 1:
        raise MalformedRecord(msg("The customer's record has coupon {code} more than once.", code=code.text))
    return found[0] if found else None


def _bears(entry: Any, code: CouponCode) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("code"), str) and fold(entry["code"]) == code.text


def _places(text: str) -> list[int]:
    start = _list_start(text)
    return [] if start is None else [begin for begin, _ in splice.items(text, start)]


def _list_start(text: str) -> int | None:
    """Where the list of entries begins; None for an object that has none yet."""
    try:
        splice.check(text)
        match splice.kind_at(text, 0):
            case "[":
                return 0
            case "{":
                found = [member for member in splice.members(text, 0) if member.key == _LIST_KEY]
                if not found:
                    return None
                if len(found) == 1 and splice.kind_at(text, found[0].value_start) == "[":
                    return found[0].value_start
    except splice.NotJson as wrong:
        raise MalformedRecord(msg("The customer's record does not have the agreed form."), detail="not JSON") from wrong
    raise MalformedRecord(msg("The customer's record does not have the agreed form."), detail="no list of entries")


def _entry(entry: Mapping[str, Any]) -> RecordEntry:
    return RecordEntry(
        status=_status(entry),
        points=_points(entry.get("points")),
        amount=_amount(entry.get("amount")),
        issued_at=_moment(entry.get("issued_at"), must_be_understood=False),
        expires_at=_moment(entry.get("expires_at"), must_be_understood=False),
        used_at=_moment(entry.get("used_at"), must_be_understood=True),
        cancelled_at=_moment(entry.get("cancelled_at"), must_be_understood=True),
        claim=_claim(entry.get(_MARK)),
        refunded_at=_moment(entry.get("refunded_at"), must_be_understood=True),
        taken_over_by=told if isinstance(told := entry.get(_TAKEN_OVER_BY), str) else None,
        cancelled_by=told if isinstance(told := entry.get("cancelled_by"), str) else None,
        points_returned=_points(entry.get("points_returned")),
    )


def _status(entry: Mapping[str, Any]) -> RecordStatus:
    told = entry.get("status")
    if told is None:
        return RecordStatus.CANCELLED if entry.get("cancelled_at") else RecordStatus.ACTIVE
    try:
        return RecordStatus(told.strip().lower() if isinstance(told, str) else told)
    except ValueError as unknown:
        raise MalformedRecord(msg("The customer's record has a status that Coupon Desk does not know.")) from unknown


def _points(told: Any) -> Points | None:
    number = _amount(told)
    if number is None or not -_MOST_POINTS < number < _MOST_POINTS or number != int(number):
        return None
    return Points(int(number))


def _amount(told: Any) -> Decimal | None:
    if isinstance(told, str):
        try:
            told = Decimal(told.strip())
        except ArithmeticError:
            return None
    return told if isinstance(told, Decimal) and told.is_finite() else None


def _moment(told: Any, *, must_be_understood: bool) -> datetime | None:
    """A moment; without a zone it is taken as UTC. A use or a cancellation that is told but not understood is no "no"."""
    if told is None or told is False or told == "":
        return None
    try:
        naive = datetime.fromisoformat(told)
        return naive.replace(tzinfo=UTC) if naive.tzinfo is None else from_text(told)
    except (TypeError, ValueError, OverflowError) as wrong:
        if must_be_understood:
            raise MalformedRecord(msg("The customer's record has a date that Coupon Desk cannot read.")) from wrong
        return None


def _reminder_mark(told: Any) -> ReminderMark | None:
    """A mark that cannot be read is a mark all the same: nobody is reminded twice because of it."""
    if told is None:
        return None
    known = told if isinstance(told, dict) else {}
    id_, by = (word if isinstance(word := known.get(name), str) else "" for name in ("id", "by"))
    return ReminderMark(id_, by, _moment(known.get("at"), must_be_understood=False))


def _claim(told: Any) -> Claim | None:
    if told is None:
        return None
    at = _moment(told.get("at"), must_be_understood=True) if isinstance(told, dict) else None
    if at is None or not isinstance(told.get("operation"), str) or not isinstance(told.get("by"), str):
        raise MalformedRecord(msg("The customer's record has a claim that Coupon Desk cannot read."))
    return Claim(told["operation"], told["by"], at)
