"""Reads records as nearly all are written, thirty times as fast as `record` does: a sync reads hundreds of thousands."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.coupons.evidence import RecordEntry, RecordStatus
from coupon_desk.coupons.points import Points

_MOST_POINTS: Final = 10**12
_STATUSES: Final = {status.value: status for status in RecordStatus}
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry in which nothing has to be interpreted."""

    code: str
    status: Literal["active", "used", "cancelled"]
    points: int | None = None
    amount: Decimal | None = None
    issued_at: _Moment | None = None
    expires_at: _Moment | None = None
    used_at: _Moment | None = None
    cancelled_at: _Moment | None = None
    cancellation: None = None
    refunded_at: _Moment | None = None
    taken_over_by: str | None = None
    cancelled_by: str | None = None
    points_returned: int | None = None


class _Record(msgspec.Struct, frozen=True):
    coupons: list[_Entry]


_LIST: Final = msgspec.json.Decoder(list[_Entry])
_OBJECT: Final = msgspec.json.Decoder(_Record)


def plain_entries(raw: str) -> tuple[tuple[CouponCode, RecordEntry], ...] | None:
    """All entries of a record, in their order; None where anything is written differently, and takes a closer look."""
    try:
        told = _LIST.decode(raw) if raw.startswith("[") else _OBJECT.decode(raw).coupons
        return tuple([(CouponCode.parse(entry.code), _read(entry)) for entry in told])
    except (msgspec.DecodeError, InvalidCode, ArithmeticError):
        return None


def _read(entry: _Entry) -> RecordEntry:
    if entry.amount is not None and not entry.amount.is_finite():
        raise ArithmeticError
    return RecordEntry(
        status=_STATUSES[entry.status],
        points=_points(entry.points),
        amount=entry.amount,
        issued_at=entry.issued_at,
        expires_at=entry.expires_at,
        used_at=entry.used_at,
        cancelled_at=entry.cancelled_at,
        claim=None,
        refunded_at=entry.refunded_at,
        taken_over_by=entry.taken_over_by,
        cancelled_by=entry.cancelled_by,
        points_returned=_points(entry.points_returned),
    )


def _points(told: int | None) -> Points | None:
    return Points(told) if told is not None and -_MOST_POINTS < told < _MOST_POINTS else None
