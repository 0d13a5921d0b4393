"""The program with one safeguard taken out, for the test of the test. Only ever in a process that was forked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from coupon_desk.cancellation import engine, putting_back, step_invalidate, step_return_points
from coupon_desk.cancellation.gathering import Gatherer, SecondLook
from coupon_desk.cancellation.looking_twice import is_surely_absent
from coupon_desk.cancellation.operation import StepName, StepState
from coupon_desk.cancellation.steps import STEPS
from coupon_desk.cancellation.story import Story
from coupon_desk.cancellation.work import Observer, Systems, Work
from coupon_desk.coupons import order_refund
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, DiscountSeen, HistorySeen, OrdersSeen
from coupon_desk.errors import RemoteError
from coupon_desk.shopify import writes
from coupon_desk.trail.trail import Trail
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import msg
from tests.faults.assembly import put


def without_claim() -> None:
    """Two desks that verify at once both go on."""

    def claim(work: Work) -> None:
        work.done(StepName.CLAIM, msg("Claimed: nobody else can work on this coupon."))

    put(engine, "STEPS", {**STEPS, StepName.CLAIM: claim})
    put(step_invalidate, "_is_still_claimed", lambda _work, _record: True)
    put(step_invalidate, "_is_anothers", lambda _work, _record: False)


def without_compare() -> None:
    """The claim is written without looking whether somebody else was faster."""
    record = writes.record

    def unguarded(customer_id: str, namespace: str, key: str, text: str, _digest: str | None) -> PreparedRequest:
        prepared = record(customer_id, namespace, key, text, None)
        return replace(prepared, body=prepared.body.replace(',"compareDigest":null', ""))

    put(writes, "record", unguarded)


def without_first_search() -> None:
    """Points are sent the first time whatever the history shows."""
    _put_blind(lambda in_doubt: not in_doubt)


def without_search_after_unknown() -> None:
    """Points whose fate is unknown are sent again whatever the history shows."""
    _put_blind(lambda in_doubt: in_doubt)


def without_second_look() -> None:
    """Points that one look does not find are taken for not returned."""
    put(step_return_points, "is_surely_absent", lambda _work, _history, _name: True)


def without_write_before_act() -> None:
    """Nothing is written down before it is sent."""
    put(Work, "started", lambda _work, _name, _request=None, **_facts: None)


def without_settling() -> None:
    """The code is looked at in the moment in which it died."""
    begin = Work.__init__

    def settled(work: Work, story: Story, trail: Trail, systems: Systems, observer: Observer) -> None:
        begin(work, story, trail, systems, observer)
        work.has_settled = True

    put(Work, "__init__", settled)


def without_used_meanwhile() -> None:
    """Nobody minds that the coupon was used while it was being cancelled."""
    look_again = Gatherer.look_again

    def trusting(
        gatherer: Gatherer, code: CouponCode, discount: DiscountSeen | None, customer_id: str, pos_customer_id: str
    ) -> SecondLook:
        return replace(look_again(gatherer, code, discount, customer_id, pos_customer_id), orders=OrdersSeen(()))

    put(Gatherer, "look_again", trusting)
    put(step_invalidate, "_is_used", lambda _seen: False)


def without_central_fence() -> None:
    """Nobody asks the central database right before points move."""
    put(step_return_points, "is_fenced", lambda _work: True)


def without_take_over_looks() -> None:
    """Points that the desk that is gone may have sent are not waited for."""

    def believed(work: Work, history: HistorySeen, name: StepName) -> bool:
        return work.story.has_only_others_sends or is_surely_absent(work, history, name)

    for room in (step_return_points, putting_back):
        put(room, "is_surely_absent", believed)


def without_share() -> None:
    """A cancelled order gives all points back, however little of its money was refunded."""
    put(order_refund, "points_for", lambda deducted, _payment: deducted)


SAFEGUARDS: Final[Mapping[str, Callable[[], None]]] = {
    "claim": without_claim,
    "compare": without_compare,
    "first-search": without_first_search,
    "search-after-unknown": without_search_after_unknown,
    "second-look": without_second_look,
    "write-before-act": without_write_before_act,
    "settle": without_settling,
    "used-meanwhile": without_used_meanwhile,
    "central-fence": without_central_fence,
    "take-over-looks": without_take_over_looks,
    "order-share": without_share,
}
"""By the safeguard that is taken out."""


def _put_blind(is_blind: Callable[[bool], bool]) -> None:
    """No history shows a return while `is_blind`, asked with whether points were sent and nobody knows what became of them."""
    judged = step_return_points._judged

    def judge(work: Work, history: HistorySeen | Absent | RemoteError, *, in_doubt: bool) -> HistorySeen | None:
        was_sent = work.step(StepName.RETURN_POINTS).state in {StepState.RUNNING, StepState.UNKNOWN}
        return HistorySeen(0, ()) if is_blind(was_sent) else judged(work, history, in_doubt=in_doubt)

    put(step_return_points, "_judged", judge)
