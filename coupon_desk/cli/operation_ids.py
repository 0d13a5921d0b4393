"""Which operation is meant: people copy the beginning of an id, or know the coupon's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coupon_desk.cancellation.operation import Operation
from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.errors import ConfigurationError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

SHORTEST_BEGINNING: Final = 4
_ALL: Final = 1_000_000


def named_operation(desk: CouponDesk, typed: str) -> Operation:
    """The operation with this id, with an id that begins so, or the newest on this coupon. Raises ConfigurationError."""
    wanted = typed.strip().lower()
    try:
        of_code = desk.operations(code=CouponCode.parse(typed), limit=1)
    except InvalidCode:
        of_code = ()
    if of_code:
        return of_code[0]
    if len(wanted) >= SHORTEST_BEGINNING:
        begun_so = [row.id for row in desk.index.newest(_ALL) if row.id.startswith(wanted)]
        if len(begun_so) == 1:
            return desk.operation(begun_so[0])
        if begun_so:
            raise ConfigurationError(
                msg("{count} operations begin with {typed}.", count=len(begun_so), typed=wanted),
                done=msg("Nothing was done."),
                todo=msg("Give more of the id; “coupon-desk operations” lists them."),
            )
    return desk.operation(wanted[:60])
