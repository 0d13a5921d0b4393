"""What each source says of a coupon, in a sentence each: side by side one sees who contradicts whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupon_desk.app.timeline_event import EventKind
from coupon_desk.app.view import CouponView
from coupon_desk.cancellation.differences import Kind
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, HistorySeen, NotAnswered, RecordSeen, RecordStatus
from coupon_desk.words import Message, msg, msgn


class Witness(StrEnum):
    """Those that are held against each other."""

    SHOPIFY = "shopify"
    RECORD = "record"
    POINTS = "points"
    TRAIL = "trail"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    Witness.SHOPIFY: msg("Shopify"),
    Witness.RECORD: msg("Customer's record"),
    Witness.POINTS: msg("Point history"),
    Witness.TRAIL: msg("Our trail"),
}

_IN_DOUBT: Final = {
    Witness.SHOPIFY: {
        Kind.CODE_WORKS, Kind.USED_AFTERWARDS, Kind.RETURNED_AND_USED, Kind.USE_NOT_RECORDED, Kind.USE_ONLY_RECORDED,
        Kind.CODE_GONE, Kind.ENDED_EARLY,
    },
    Witness.RECORD: {
        Kind.CLAIM_LEFT, Kind.CLAIMED_ELSEWHERE, Kind.RECORD_BEHIND, Kind.USE_NOT_RECORDED, Kind.USE_ONLY_RECORDED,
        Kind.NOT_RECORDED,
    },
    Witness.POINTS: {
        Kind.RETURNED_TWICE, Kind.RETURN_MISSING, Kind.RETURN_DIFFERS, Kind.WITHHELD_RETURNED, Kind.RETURNED_NOT_CANCELLED,
        Kind.RETURNED_AND_USED, Kind.NO_CONVERSION, Kind.CONVERSION_DIFFERS, Kind.UNKNOWN_AT_POS,
    },
    Witness.TRAIL: {Kind.UNFINISHED},
}  # fmt: skip
"""Whose word each difference is about."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one of them says; `is_in_doubt` where a difference is about it."""

    witness: Witness
    what: Message
    is_in_doubt: bool


def sources_say(view: CouponView) -> tuple[Said, ...]:
    """All four, in their order."""
    told = {
        Witness.SHOPIFY: _shopify(view),
        Witness.RECORD: _record(view),
        Witness.POINTS: _points(view),
        Witness.TRAIL: _trail(view),
    }
    kinds = {one.kind for one in view.differences}
    return tuple(Said(witness, told[witness], bool(kinds & _IN_DOUBT[witness])) for witness in Witness)


def _shopify(view: CouponView) -> Message:
    seen = view.evidence.discount
    if not isinstance(seen, DiscountSeen):
        return _silence(seen)
    used = msgn("used {count} time", "used {count} times", count=seen.usage_count)
    state = _STATES[seen.state]
    return msg("{state}, {used}", state=state, used=used) if seen.usage_count else msg("{state}, unused", state=state)


_STATES: Final = {
    DiscountState.ACTIVE: msg("The code works"),
    DiscountState.EXPIRED: msg("The code is off"),
    DiscountState.SCHEDULED: msg("The code works later"),
}


def _record(view: CouponView) -> Message:
    seen = view.evidence.record
    if not isinstance(seen, RecordSeen):
        return _silence(seen)
    entry = seen.entry
    if entry is None:
        return msg("Does not know this coupon")
    at = entry.cancelled_at if entry.status is RecordStatus.CANCELLED else entry.used_at
    status = _STATUSES[entry.status]
    told = msg("{status}, {at}", status=status, at=at) if at is not None else status
    return msg("{told}; being cancelled by {by}", told=told, by=entry.claim.by) if entry.claim is not None else told


_STATUSES: Final = {
    RecordStatus.ACTIVE: msg("Unused"),
    RecordStatus.USED: msg("Used"),
    RecordStatus.CANCELLED: msg("Cancelled"),
}


def _points(view: CouponView) -> Message:
    seen = view.evidence.history
    if not isinstance(seen, HistorySeen):
        return _silence(seen)
    if not seen.entries:
        return msg("Nothing under this reference")
    deducted = sum(-one.points for one in seen.conversions)
    returned = sum(one.points for one in seen.returns)
    if len(seen.returns) > 1:
        return msg("{deducted} deducted, {returned} returned in {count} parts", deducted=deducted, returned=returned,
                   count=len(seen.returns))  # fmt: skip
    return msg("{deducted} deducted, {returned} returned", deducted=deducted, returned=returned)


def _trail(view: CouponView) -> Message:
    """The newest that was done here."""
    own = (event for event in reversed(view.timeline) if event.kind in _OWN)
    newest = next(own, None)
    return msg("Nothing was done here") if newest is None else msg("{what} ({at})", what=newest.what, at=newest.at)


_OWN: Final = frozenset({EventKind.REQUEST, EventKind.REFUSAL, EventKind.COUPON_CANCELLED, EventKind.END})


def _silence(seen: Absent | NotAnswered | object) -> Message:
    return msg("Did not answer: {why}", why=seen.why) if isinstance(seen, NotAnswered) else msg("Not known there")
