"""Draws the plan of a run from its seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.coupons.reasons import Reason
from tests.faults.plan import MOST_LAG_SECONDS, SETTLE_SECONDS, CentreUse, Event, Kills, Moment, MoneyBack, Place, Plan

_BEFORE_THE_PIVOT: Final = (
    ("DiscountByCode", 1),
    ("CustomerRecord", 1),
    ("OrdersOfCoupon", 1),
    ("history", 1),
    ("WriteRecord", 1),
    ("DeactivateDiscount", 1),
    ("RemoveCode", 1),
    ("DiscountById", 1),
    ("OrdersOfCoupon", 2),
    ("CustomerRecord", 2),
)
_BEFORE_A_LOOK: Final = (
    ("WriteRecord", 1),
    ("DeactivateDiscount", 1),
    ("balance", 2),
    ("history", 2),
    ("history", 3),
    ("history", 4),
)
"""After the first look at the history, and before another: between the last look and the sending nobody can know."""
_AROUND_THE_ORDER: Final = (
    ("OrderById", 1),
    ("OrderById", 2),
    ("DiscountByCode", 2),
    ("WriteRecord", 1),
    ("history", 2),
    ("add", 1),
)
_COUPONS: Final[Mapping[str, float]] = {
    "example": 12,
    "several_codes": 2.5,
    "several_codes_sibling": 1,
    "unrestricted": 1.5,
    "free_shipping": 1,
    "percentage": 1,
    "scheduled": 1,
    "mapped_pos_id": 1,
    "record_wrapped": 1,
    "record_list": 1,
    "no_record": 1,
    "conversion_missing": 0.7,
    "conversion_differs": 0.7,
    "no_email": 1,
    "english_customer": 1,
    "expiring_soon": 1,
    "buy_x_get_y": 1,
    "app_discount": 0.5,
    "expired": 0.2,
    "used": 0.2,
    "used_second_code": 0.3,
    "cancelled": 0.2,
    "already_returned": 0.3,
    "unknown_at_pos": 0.2,
}
_KINDS: Final[Mapping[OperationKind, float]] = {
    OperationKind.CANCEL: 84,
    OperationKind.INVALIDATE: 6,
    OperationKind.ORDER_REFUND: 10,
}
_COMMAND_LINE_SHARE: Final = 0.01
_RELEASE_SHARE: Final = 0.06
_NEVER_SUSPECTED: Final = frozenset({"unrestricted", "no_record", "expired", "used", "used_second_code", "cancelled"})
"""Coupons that cannot be switched off, or not without a second person."""
_BEFORE_THE_RELEASE: Final = tuple(
    (call, nth) for call in ("DiscountByCode", "CustomerRecord", "OrdersOfCoupon") for nth in (1, 2)
)
"""All is verified before the second person agrees, and again after: another look always follows."""
_BEFORE_POINTS: Final = (StepName.VERIFY, StepName.CLAIM, *(StepName.INVALIDATE,) * 4)
"""After these a desk may stall for any time, whatever its clock says: the fence is still to come."""


def drawn(seed: int) -> Plan:
    """The plan of a seed."""
    plan = replace(_drawn(seed), looks_first=Random(f"look {seed}").random() < 0.4)
    match plan.kind:
        case OperationKind.ORDER_REFUND:
            return _with_order(plan, Random(f"order {seed}"))
        case OperationKind.CANCEL if not plan.command_line:
            return _with_suspicion(plan, Random(f"suspicion {seed}"))
        case _:
            return plan


def _drawn(seed: int) -> Plan:
    chance = Random(f"plan {seed}")
    desks = 2 if chance.random() < 0.25 else 1
    asked = _asked(chance)
    by_hand = desks == 1 and asked.kind is not OperationKind.INVALIDATE and chance.random() < 0.05
    plan = Plan(
        seed=seed,
        coupon=asked.coupon,
        kind=asked.kind,
        reason=asked.reason,
        asked_by=asked.by,
        order_is_cancelled=asked.kind is OperationKind.ORDER_REFUND and chance.random() < 0.6,
        approval_above_points=100 if (alone := chance.random()) < 0.03 else 5000,
        points_per_day=100 if 0.03 <= alone < 0.06 else 50_000,
        nobody_decides=chance.random() < 0.05,
        answers=chance.random() < 0.5,
        stays_open=chance.random() < 0.6,
        retire=chance.choice(("keep", "delete-now", "delete-now", "delete-after-check")),
        recheck_minutes=chance.choice(((15,), (15,), (15, 1440))),
        desks=desks,
        processes_in_trouble=chance.choice((1, 2, 2, 3)),
        fault_share=chance.choice((0.0, 0.02, 0.02, 0.06, 0.06, 0.15)),
        kill_at_write_share=chance.choice((0.0, 0.0, 0.03, 0.08)),
        kill_at_call_share=chance.choice((0.0, 0.0, 0.03, 0.08)),
        kill_after_ms=chance.uniform(0, 150) if chance.random() < 0.08 else None,
        mishap_share=chance.choice((0.0, 0.0, 0.03)),
        skew_share=chance.choice((0.0, 0.0, 0.3)),
        moments=tuple(_moments(chance, asked.kind, by_hand=by_hand)),
        payment_seconds=chance.uniform(0.1, SETTLE_SECONDS - 0.5) if chance.random() < 0.75 else chance.uniform(60, 7200),
        usage_lag_seconds=_usage_lag(chance, asked.coupon),
        search_lag_seconds=chance.choice((0.0, 0.0, 30.0, 3600.0)),
        history_lag_seconds=chance.choice((0.0, 0.0, chance.uniform(1, MOST_LAG_SECONDS))) if not by_hand else 0.0,
        latency_seconds=0.004 if desks == 2 else 0.0,
        job_seconds=chance.choice((0.0, 3.0)) if asked.coupon.startswith("several_codes") else 0.0,
        key_handling=chance.choice(("ignored", "ignored", "replayed", "refused")),
        error_style=chance.choice(("error", "problem")),
        mail_down_hours=24.0 if chance.random() < 0.06 else 0.0,
    )
    plan = replace(plan, **_centre(chance, desks))
    if desks == 2 and plan.kind is not OperationKind.INVALIDATE and chance.random() < 0.5:
        return _with_take_over(plan, chance)
    through_command_line = desks == 1 and plan.kind is OperationKind.CANCEL and chance.random() < _COMMAND_LINE_SHARE
    return _through_command_line(plan, chance) if through_command_line else plan


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody asks for."""

    coupon: str
    kind: OperationKind
    reason: Reason
    by: str


def _asked(chance: Random) -> _Asked:
    kind = chance.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
    by = "clerk" if chance.random() < 0.12 else "manager"
    match kind:
        case OperationKind.ORDER_REFUND:
            return _Asked(
                chance.choice(("used_order_cancelled", "used_order_cancelled", "used")), kind, Reason.ORDER_CANCELLED, by
            )
        case OperationKind.INVALIDATE:
            reason = chance.choice((Reason.SUSPECTED_FRAUD, Reason.SYSTEM_ERROR))
        case OperationKind.CANCEL:
            reason = Reason.GOODWILL if chance.random() < 0.05 else Reason.CONVERTED_BY_MISTAKE
    return _Asked(chance.choices(tuple(_COUPONS), tuple(_COUPONS.values()))[0], kind, reason, by)


def _with_order(plan: Plan, chance: Random) -> Plan:
    """Which order it is about, and what the customer gets back of its money, at once or in the middle."""
    more = Moment(*chance.choice(_AROUND_THE_ORDER), Event.MORE_REFUNDED)
    return replace(
        plan,
        coupon=chance.choice((plan.coupon, "used_partly_refunded", "used_two_codes", "used_two_codes_other")),
        money_back=chance.choice(tuple(MoneyBack)),
        moments=(*plan.moments, more) if chance.random() < 0.3 else plan.moments,
    )


def _with_suspicion(plan: Plan, chance: Random) -> Plan:
    """Some coupons were switched off on suspicion before, and their points are asked for."""
    if chance.random() >= _RELEASE_SHARE:
        return plan
    moments = tuple(moment for moment in plan.moments if moment.event not in {Event.REDEEM, Event.PAYMENT_BEGINS})
    again = Moment(*chance.choice(_BEFORE_THE_RELEASE), chance.choice((Event.REVIVED, Event.USED_AGAIN)))
    return replace(
        plan,
        kind=OperationKind.RELEASE,
        reason=Reason.RELEASED,
        asked_by="manager",
        coupon="example" if plan.coupon in _NEVER_SUSPECTED else plan.coupon,
        moments=(*moments, again) if chance.random() < 0.35 else moments,
    )


def _usage_lag(chance: Random, coupon: str) -> float:
    """How long a use stays uncounted: not at all where anybody may use a code, as nobody knows whose orders to look for."""
    lag = chance.choice((0.0, 0.0, 30.0, 3600.0))
    return 0.0 if coupon == "unrestricted" else lag


def _centre(chance: Random, desks: int) -> dict[str, Any]:
    """A central database for every second pair of desks, and for a few desks alone."""
    if chance.random() >= (0.5 if desks == 2 else 0.06):
        return {}
    centre = chance.choice((CentreUse.WANTED, CentreUse.REQUIRED))
    if chance.random() >= 0.3:
        return {"centre": centre}
    return {
        "centre": centre,
        "centre_down_from": chance.randint(1, 5),
        "centre_down_seconds": chance.choice((20.0, 600.0, 86400.0)),
    }


def _with_take_over(plan: Plan, chance: Random) -> Plan:
    """The first desk begins alone, and dies in the middle or stalls; the second takes over as soon as it may."""
    rounds = chance.choice((2, 3, 3))
    stalls_after = chance.choice(_BEFORE_POINTS) if chance.random() < 0.35 else None
    fenced = stalls_after is not None and chance.random() < 0.6
    dies_sending = stalls_after is None and chance.random() < 0.4
    return replace(
        plan,
        takes_over=True,
        nobody_decides=False,
        processes_in_trouble=rounds,
        kill_after_ms=None,
        stalls_after=stalls_after,
        centre=CentreUse.REQUIRED if fenced else plan.centre,
        centre_down_from=0 if fenced else plan.centre_down_from,
        dies_at_write=0 if stalls_after or dies_sending else chance.randint(3, 26),
        kills=(Kills("add", 1, Place.AFTER, desk=0),) if dies_sending else (),
        back_in=tuple(number for number in range(1, rounds) if chance.random() < 0.3),
        comes_back=chance.random() < 0.5,
        history_lag_seconds=chance.uniform(30, MOST_LAG_SECONDS) if dies_sending else plan.history_lag_seconds,
    )


def _through_command_line(plan: Plan, chance: Random) -> Plan:
    """The same in real time, where settling is short and a payment cannot be planned to the second."""
    moments = tuple(moment for moment in plan.moments if moment.event is not Event.PAYMENT_BEGINS)
    kill_after_ms = chance.uniform(500, 2500) if plan.kill_after_ms is not None else None
    return replace(
        plan,
        command_line=True,
        reason=Reason.CUSTOMER_REQUEST,
        centre=CentreUse.NONE,
        asked_by="manager",
        settle_seconds=0.2,
        moments=moments,
        kill_after_ms=kill_after_ms,
    )


def _moments(chance: Random, kind: OperationKind, *, by_hand: bool) -> list[Moment]:
    moments: list[Moment] = []
    if kind is OperationKind.ORDER_REFUND:
        if chance.random() < 0.3:
            place = chance.choice((("OrderIdsByName", 1), ("DiscountByCode", 1), ("DiscountByCode", 2), ("OrdersOfCoupon", 2)))
            moments.append(Moment(*place, Event.ORDER_CANCELLED))
    elif chance.random() < 0.15:
        moments.append(Moment(*chance.choice(_BEFORE_THE_PIVOT), Event.REDEEM))
    elif chance.random() < 0.1:
        moments.extend(Moment(call, 1, Event.PAYMENT_BEGINS) for call in ("DeactivateDiscount", "RemoveCode"))
    if by_hand:
        moments.append(Moment(*chance.choice(_BEFORE_A_LOOK), Event.RETURN_BY_HAND))
    if chance.random() < 0.06:
        moments.append(Moment(*chance.choice(_BEFORE_THE_PIVOT), Event.OTHER_POINTS))
    if chance.random() < 0.12:
        moments.append(Moment("WriteRecord", chance.choice((1, 2)), Event.RECORD_EDITED))
    return moments
