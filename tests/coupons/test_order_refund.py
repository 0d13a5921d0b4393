"""What a cancelled order gives back of a used coupon's points, and who has to look; then what holds for any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.coupons.eligibility import Rule, Weight, judge_order_refund, proposal_for
from coupon_desk.coupons.evidence import Absent, Evidence, HistorySeen, NotAnswered, OrderPayment, OrderSeen, OrdersSeen, Source
from coupon_desk.coupons.order_refund import is_not_refunded, is_refunded, points_for, propose
from coupon_desk.coupons.points import PointEntry, Points
from tests.coupons.test_eligibility import CODE, CONVERSION, CUSTOMER, NOW, ORDER, RETURN, SILENT, UNUSED, changed, rules


def paid(status: str | None, received: str, refunded: str) -> OrderPayment:
    return OrderPayment(status, Decimal(received), Decimal(refunded), "JPY")


REFUNDED = paid("REFUNDED", "6800", "6800")
USED = replace(UNUSED, orders=OrdersSeen((ORDER,)))
CANCELLED = replace(ORDER, cancelled_at=NOW, payment=REFUNDED)


def with_history(evidence: Evidence, *entries: PointEntry) -> Evidence:
    return changed(evidence, history=HistorySeen(1500, entries))


def test_an_order_refund_needs_a_used_coupon_a_cancelled_order_with_the_code_and_a_second_person() -> None:
    good = judge_order_refund(USED, CANCELLED)
    assert good.may_cancel
    assert good.needs_approval
    assert Rule.ORDER_NOT_CANCELLED in rules(judge_order_refund(USED, ORDER))
    assert Rule.ORDER_NOT_FOUND in rules(judge_order_refund(USED, Absent()))
    assert Rule.NOT_ANSWERED in rules(judge_order_refund(USED, NotAnswered(Source.ORDERS, SILENT)))
    without = replace(CANCELLED, codes=("SUMMER",))
    assert rules(judge_order_refund(UNUSED, without)) >= {Rule.NEVER_USED, Rule.ORDER_WITHOUT_CODE}
    elsewhere = replace(CANCELLED, customer_id="gid://shopify/Customer/2")
    assert Rule.ORDER_OF_OTHER_CUSTOMER in rules(judge_order_refund(USED, elsewhere))
    other = replace(ORDER, id="gid://shopify/Order/2", name="#1002")
    assert Rule.USED_ELSEWHERE in rules(judge_order_refund(replace(USED, orders=OrdersSeen((ORDER, other))), CANCELLED))


def test_the_code_may_stand_in_any_place_and_any_case_among_the_codes_of_the_order() -> None:
    order = replace(CANCELLED, codes=("WELCOME10", " 70934-ab12cd-500"))
    assert judge_order_refund(UNUSED, order).may_cancel


def test_an_order_that_shopify_gives_to_nobody_is_a_doubt_for_the_second_person() -> None:
    verdict = judge_order_refund(USED, replace(CANCELLED, customer_id=None))
    assert verdict.may_cancel
    (finding,) = (finding for finding in verdict.findings if finding.rule is Rule.ORDER_OF_OTHER_CUSTOMER)
    assert finding.weight is Weight.APPROVAL


@pytest.mark.parametrize(
    ("payment", "points"),
    [
        (REFUNDED, 500),
        (paid("VOIDED", "0", "0"), 500),
        (paid("PENDING", "0", "0"), 500),
        (paid("PAID", "0", "0"), 500),
        (paid("PARTIALLY_REFUNDED", "6800", "3400"), 250),
        (paid("PARTIALLY_REFUNDED", "6800", "6799.99"), 499),
        (paid("PARTIALLY_REFUNDED", "3", "1"), 166),
        (paid("PARTIALLY_REFUNDED", "3", "2"), 333),
        (paid("PARTIALLY_PAID", "1000", "500"), 250),
        (paid(None, "6800", "9000"), 500),
    ],
    ids=[
        "all refunded", "voided", "never paid", "nothing to pay", "half", "nearly all", "a third", "two thirds", "partly paid",
        "more than paid",
    ],
)  # fmt: skip
def test_as_large_a_part_goes_back_as_was_refunded(payment: OrderPayment, points: int) -> None:
    verdict = judge_order_refund(USED, replace(CANCELLED, payment=payment))
    assert (verdict.may_cancel, verdict.points_to_return) == (True, points)
    assert Rule.NOT_REFUNDED not in rules(verdict)


def test_a_paid_order_of_which_nothing_was_refunded_is_a_doubt_with_all_proposed() -> None:
    verdict = judge_order_refund(USED, replace(CANCELLED, payment=paid("PAID", "6800", "0")))
    assert (verdict.may_cancel, verdict.points_to_return) == (True, 500)
    (finding,) = (finding for finding in verdict.findings if finding.rule is Rule.NOT_REFUNDED)
    assert finding.weight is Weight.APPROVAL


def test_too_small_a_part_for_one_point_is_refused_with_a_sentence() -> None:
    verdict = judge_order_refund(USED, replace(CANCELLED, payment=paid("PARTIALLY_REFUNDED", "100000", "1")))
    assert not verdict.may_cancel
    assert [str(finding.message) for finding in verdict.refusals] == [
        "So little of order #1001 was refunded that no whole point goes back."
    ]


def test_what_was_paid_has_to_be_known() -> None:
    assert Rule.NOT_ANSWERED in rules(judge_order_refund(USED, replace(CANCELLED, payment=None)))


def test_the_part_is_of_what_was_deducted_and_not_of_what_the_code_says() -> None:
    evidence = with_history(USED, replace(CONVERSION, points=-300))
    verdict = judge_order_refund(evidence, replace(CANCELLED, payment=paid("PARTIALLY_REFUNDED", "6800", "3400")))
    assert verdict.points_to_return == 150
    assert Rule.POINTS_DIFFER in rules(verdict)


def test_points_that_were_returned_before_are_never_returned_again_not_even_the_missing_part() -> None:
    whole = judge_order_refund(with_history(USED, RETURN, CONVERSION), CANCELLED)
    part = judge_order_refund(with_history(USED, replace(RETURN, points=200), CONVERSION), CANCELLED)
    assert Rule.ALREADY_RETURNED in rules(whole)
    assert Rule.ALREADY_RETURNED in rules(part)
    told = next(str(finding.message) for finding in part.refusals if finding.rule is Rule.ALREADY_RETURNED)
    assert "200" in told
    assert "other 300" in told


def test_a_desk_that_takes_over_finishes_with_the_part_that_the_other_returned() -> None:
    evidence = replace(with_history(USED, replace(RETURN, points=250), CONVERSION), taking_over="another")
    verdict = judge_order_refund(evidence, CANCELLED)
    assert verdict.may_cancel
    assert verdict.points_to_return == 250


def test_the_proposal_says_every_figure_it_rests_on() -> None:
    order = replace(CANCELLED, payment=paid("PARTIALLY_REFUNDED", "6800", "3400"))
    proposal = proposal_for(USED, order)
    assert proposal is not None
    assert (proposal.deducted, proposal.returned_before, proposal.proposed) == (500, 0, 250)
    assert str(proposal.why) == (
        "Order #1001 was cancelled and ¥3,400 of ¥6,800 refunded. "
        "500 points were deducted, 0 returned before: 250 are proposed."
    )
    before = proposal_for(with_history(USED, replace(RETURN, points=200), CONVERSION), order)
    assert before is not None
    assert (before.returned_before, before.proposed) == (200, 0)
    assert proposal_for(USED, ORDER) is None


amounts = st.decimals(0, 1_000_000, places=2, allow_nan=False, allow_infinity=False)
statuses = st.sampled_from([None, "PAID", "PARTIALLY_PAID", "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED", "PENDING", "NEW"])
payments = st.builds(OrderPayment, statuses, amounts, amounts, st.just("JPY"))
deductions = st.integers(1, 999_999_999).map(Points)


@given(deductions, payments)
def test_never_more_than_deducted_and_never_less_than_nothing(deducted: Points, payment: OrderPayment) -> None:
    points = points_for(deducted, payment)
    assert 0 <= points <= deducted
    if is_refunded(payment) or is_not_refunded(payment):
        assert points == deducted
    else:
        exact = deducted * Fraction(payment.refunded) / Fraction(payment.paid)
        assert points <= exact < points + 1


@given(deductions, payments, amounts)
def test_more_money_back_never_gives_fewer_points(deducted: Points, payment: OrderPayment, more: Decimal) -> None:
    if payment.refunded > 0:
        after = replace(payment, refunded=payment.refunded + more)
        assert points_for(deducted, after) >= points_for(deducted, payment)


@given(st.lists(deductions, min_size=2, max_size=4), payments)
def test_the_coupons_of_one_order_together_never_give_more_than_their_part(costs: list[Points], payment: OrderPayment) -> None:
    apart = sum(points_for(cost, payment) for cost in costs)
    assert apart <= points_for(Points(sum(costs)), payment)


@given(deductions, payments, st.integers(0, 999_999_999))
def test_what_was_returned_before_leaves_nothing_to_propose(deducted: Points, payment: OrderPayment, before: int) -> None:
    proposal = propose(CANCELLED, payment, deducted, before)
    assert proposal.proposed == (0 if before else proposal.share)
    assert proposal.proposed + before <= max(deducted, before)


orders = st.builds(
    OrderSeen,
    st.just(ORDER.id),
    st.just(ORDER.name),
    st.just(NOW - timedelta(days=1)),
    st.none() | st.just(NOW),
    st.sampled_from([(), (CODE.text,), ("SUMMER", CODE.text)]),
    st.sampled_from([None, CUSTOMER.id, "gid://shopify/Customer/2"]),
    st.none() | payments,
)
histories = st.sampled_from([(), (CONVERSION,), (RETURN, CONVERSION), (replace(RETURN, points=100), CONVERSION)])


@given(orders | st.just(Absent()), histories, st.sampled_from([None, "another"]))
def test_points_go_only_to_the_buyer_of_a_cancelled_order_with_the_code_and_never_beyond_what_was_deducted(
    order: OrderSeen | Absent, entries: tuple[PointEntry, ...], taking_over: str | None
) -> None:
    evidence = replace(with_history(USED, *entries), taking_over=taking_over)
    verdict = judge_order_refund(evidence, order)
    assert verdict.needs_approval
    if not verdict.may_cancel:
        return
    assert isinstance(order, OrderSeen)
    assert order.cancelled_at is not None
    assert CODE.text in order.codes
    assert order.customer_id in {None, CUSTOMER.id}
    assert 0 < verdict.points_to_return <= 500
    assert RETURN not in entries or taking_over is not None
