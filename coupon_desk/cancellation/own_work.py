"""What our own trail says of an operation, and of a coupon: the first evidence, before any remote system."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from coupon_desk.cancellation.clear_fields import clear_allowance
from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.cancellation.story import Story, fold
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import OwnWork, Withheld
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus
from coupon_desk.trail.allowances import AllowanceRow
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.index import OperationIndex, OperationRow
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg

CONFIRMED: Final = "investigation.confirmed"
"""The entry of an invalidation whose points are never returned, because fraud was confirmed."""


class OperationErased(DeskError):
    """What an operation was about was erased at the customer's request, or because its time was over; its entries stand."""

    exit_status = ExitStatus.REFUSED

    def __init__(self, operation: str) -> None:
        super().__init__(
            msg("The texts of operation {operation} were erased.", operation=operation),
            todo=msg("The trail still shows who did what, when, and with how many points."),
        )


def story_of(trail: Trail, operation_id: str) -> Story:
    """The whole story of one operation. Raises ConfigurationError for an unknown id, OperationErased."""
    entries = trail.of_operation(operation_id)
    if not entries:
        raise ConfigurationError(
            msg("There is no operation {operation}.", operation=operation_id),
            todo=msg("“coupon-desk operations” lists them."),
        )
    if any(entry.is_erased for entry in entries):
        raise OperationErased(operation_id)
    return fold(entries)


def story_if_kept(trail: Trail, operation_id: str) -> Story | None:
    """The whole story of one operation; None where its texts were erased, or where it is none of this desk's."""
    entries = trail.of_operation(operation_id)
    return fold(entries) if entries and not any(entry.is_erased for entry in entries) else None


def row_of(trail: Trail, operation_id: str) -> OperationRow | AllowanceRow:
    """What the index keeps of an operation; of one that was erased only what it takes of limits, from its clear fields.

    Raises ConfigurationError for an unknown id.
    """
    try:
        return story_of(trail, operation_id).row
    except OperationErased:
        return clear_allowance(trail.of_operation(operation_id))


def suspected_by(trail: Trail, operation: Operation) -> str | None:
    """The login of who invalidated the coupon whose points an operation asks for; None where it asks for no such points."""
    released = operation.request.releases
    return story_of(trail, released).operation.operator.login if released is not None else None


def operations_on(trail: Trail, index: OperationIndex, code: CouponCode) -> tuple[Operation, ...]:
    """Every operation of this desk on a coupon, the newest first, without those whose texts were erased."""
    found = []
    for row in index.of_code(code):
        with suppress(OperationErased):
            found.append(story_of(trail, row.id).operation)
    return tuple(found)


def own_work(trail: Trail, index: OperationIndex, code: CouponCode, besides: str = "") -> OwnWork | None:
    """Who is at work on the coupon, or cancelled it, by our own trail; one operation is left out."""
    for row in index.of_code(code):
        if row.id == besides or row.state == OperationState.REFUSED:
            continue
        operator, is_settled = story_of(trail, row.id).operation.operator, not row.holds_code
        return OwnWork(
            row.id,
            operator.name,
            row.updated_at,
            cancelled=is_settled and row.kind != OperationKind.ORDER_REFUND,
            refunded=is_settled and row.kind in _AFTERWARDS,
            withheld=_withheld(trail, row, operator.login) if is_settled else None,
        )
    return _erased_work(trail, code, besides)


_AFTERWARDS: Final = frozenset({OperationKind.ORDER_REFUND, OperationKind.RELEASE})
"""Kinds that return the points of a coupon that was used or cancelled before."""


def confirmation_of(trail: Trail, operation_id: str) -> Entry | None:
    """The entry that confirms the fraud on whose suspicion a coupon was invalidated; None where nobody did."""
    return next((entry for entry in trail.of_operation(operation_id) if entry.action == CONFIRMED), None)


def _withheld(trail: Trail, row: OperationRow, by: str) -> Withheld | None:
    if row.kind != OperationKind.INVALIDATE:
        return None
    confirmed = confirmation_of(trail, row.id)
    return Withheld(by, confirmed.moment if confirmed else None)


def _erased_work(trail: Trail, code: CouponCode, besides: str) -> OwnWork | None:
    """The same by what stays readable of completed operations whose texts were erased: the operator by their login."""
    for entry in reversed(trail.of_code(code)):
        if entry.is_erased and entry.action == "operation.completed" and entry.operation not in {None, besides}:
            kind, by = (entry.fields.after or {}).get("kind"), entry.actor or ""
            cancelled, refunded = kind != OperationKind.ORDER_REFUND, kind in _AFTERWARDS
            return OwnWork(entry.operation or "", by, entry.moment, cancelled=cancelled, refunded=refunded)
    return None
