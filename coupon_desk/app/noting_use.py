"""Notes in the customer's record that a coupon was used, where orders prove it and the record does not know: nothing else.

Written down before it is sent. The record is changed only as it was read, so that a second writing, a late one and one between
others' writings do no harm; what became of a lost answer is told by the next look.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coupon_desk.cancellation.ports import Shop
from coupon_desk.coupons.evidence import Evidence, OrdersSeen, RecordSeen
from coupon_desk.coupons.record import MarkUsed
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteUnavailable, StaleRecord
from coupon_desk.people.operators import Session
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.trail import Trail

STARTED: Final = "use.started"
NOTED: Final = "use.noted"
NOT_NOTED: Final = "use.not_noted"
"""Where neither of these follows, the program stopped in between: the record tells."""


def note_use(shop: Shop, trail: Trail, evidence: Evidence, record: RecordSeen, session: Session, note: str) -> None:
    """Write the use that the evidence proves into the record as it was just read. Raises RemoteError, StorageError.

    An OutcomeUnknown is no harm here: asked again, it is looked at anew.
    """
    request = shop.prepare_record(record, evidence.code, MarkUsed(_used_at(evidence)))
    _write(trail, STARTED, evidence, record, session, note, "started")
    try:
        shop.send(request)
    except RemoteError as wrong:
        _write(trail, NOT_NOTED, evidence, record, session, note, _result(wrong))
        raise
    _write(trail, NOTED, evidence, record, session, note, "done")


def _used_at(evidence: Evidence) -> datetime:
    orders = evidence.orders.orders if isinstance(evidence.orders, OrdersSeen) else ()
    return min((order.created_at for order in orders), default=evidence.gathered_at)


def _result(wrong: RemoteError) -> str:
    match wrong:
        case OutcomeUnknown():
            return "unknown"
        case RemoteUnavailable() | StaleRecord():
            return "delayed"
        case _:
            return "refused"


def _write(trail: Trail, action: str, evidence: Evidence, record: RecordSeen, session: Session, note: str, result: str) -> None:
    trail.append(
        NewEntry(
            action,
            {"note": note},
            actor=session.login,
            role=session.operator.role.value,
            code=evidence.code.text,
            customer=record.customer.id,
            result=result,
            subject=evidence.code.text,
        )
    )
