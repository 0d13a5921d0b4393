"""May this coupon be cancelled: the table of rules in DESIGN.md, row by row, then what holds for any evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule, Verdict, Weight, judge
from coupon_desk.coupons.evidence import (
    Absent,
    Claim,
    CustomerSeen,
    DiscountKind,
    DiscountSeen,
    DiscountState,
    Evidence,
    HistorySeen,
    NotAnswered,
    OrderSeen,
    OrdersSeen,
    OwnWork,
    RecordEntry,
    RecordSeen,
    RecordStatus,
    Source,
)
from coupon_desk.coupons.points import EntryType, PointEntry, Points
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.words import msg

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE = CouponCode("70934-AB12CD-500")
CUSTOMER = CustomerSeen(
    "gid://shopify/Customer/6201170934", "Hanako Sato", "hanako@example.com", "+81312345678", "ja", "6201170934"
)
DISCOUNT = DiscountSeen(
    id="gid://shopify/DiscountCodeNode/1",
    kind=DiscountKind.BASIC,
    state=DiscountState.ACTIVE,
    title="500 points",
    code=CODE,
    redeem_code_id="gid://shopify/DiscountRedeemCode/1",
    codes_count=1,
    usage_count=0,
    usage_limit=1,
    starts_at=NOW - timedelta(days=3),
    ends_at=NOW + timedelta(days=30),
    created_at=NOW - timedelta(days=3),
    customer_ids=(CUSTOMER.id,),
    amount=Decimal(500),
    currency="JPY",
)
ENTRY = RecordEntry(RecordStatus.ACTIVE, Points(500), Decimal(500), NOW - timedelta(days=3), None, None, None, None)
CONVERSION = PointEntry("7", EntryType.DEDUCT, -500, "Converted", CODE.reference, NOW - timedelta(days=3), 1500)
RETURN = PointEntry("9", EntryType.ADD, 500, "Coupon cancelled", CODE.reference, NOW - timedelta(days=1), 2000)
ORDER = OrderSeen("gid://shopify/Order/1", "#1001", NOW - timedelta(days=1), None, (CODE.text,), CUSTOMER.id)
SILENT = msg("Shopify did not answer.")

UNUSED = Evidence(
    code=CODE,
    gathered_at=NOW,
    discount=DISCOUNT,
    record=RecordSeen(CUSTOMER, ENTRY, "[]", "digest"),
    orders=OrdersSeen(()),
    history=HistorySeen(1500, (CONVERSION,)),
)


def with_entry(entry: RecordEntry | None) -> Evidence:
    return replace(UNUSED, record=RecordSeen(CUSTOMER, entry, "[]", "digest"))


def with_discount(**changes: Any) -> Evidence:
    return replace(UNUSED, discount=replace(DISCOUNT, **changes))


def changed(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, **changes)


def rules(verdict: Verdict) -> set[Rule]:
    return {finding.rule for finding in verdict.findings}


def test_unused_and_inside_its_dates_may_be_cancelled_and_returns_what_was_deducted() -> None:
    verdict = judge(UNUSED)
    assert verdict.may_cancel
    assert not verdict.needs_approval
    assert (verdict.status, verdict.points_to_return, verdict.findings) == (CouponStatus.UNUSED, 500, ())


def test_scheduled_and_unused_may_be_cancelled() -> None:
    verdict = judge(with_discount(state=DiscountState.SCHEDULED, starts_at=NOW + timedelta(days=1)))
    assert verdict.may_cancel
    assert verdict.status is CouponStatus.SCHEDULED


@pytest.mark.parametrize(
    "evidence",
    [
        with_discount(usage_count=1),
        replace(UNUSED, orders=OrdersSeen((ORDER,))),
        with_entry(replace(ENTRY, status=RecordStatus.USED)),
        with_entry(replace(ENTRY, used_at=NOW)),
    ],
    ids=["usage count", "an order bears the code", "the record says used", "the record has used_at"],
)
def test_a_used_coupon_cannot_be_cancelled(evidence: Evidence) -> None:
    verdict = judge(evidence)
    assert not verdict.may_cancel
    assert verdict.status is CouponStatus.USED
    assert str(verdict.refusals[0].message).startswith("Already used")


def test_a_coupon_used_in_a_cancelled_order_points_to_the_refund() -> None:
    verdict = judge(replace(UNUSED, orders=OrdersSeen((replace(ORDER, cancelled_at=NOW),))))
    assert "Refund for a cancelled order" in str(verdict.refusals[0].message)
    assert "#1001" in str(verdict.refusals[0].message)


def test_expired_by_itself_cannot_be_cancelled() -> None:
    verdict = judge(with_discount(state=DiscountState.EXPIRED, ends_at=NOW - timedelta(days=1)))
    assert rules(verdict) == {Rule.EXPIRED}
    assert verdict.status is CouponStatus.EXPIRED


def test_a_discount_that_we_switched_off_reads_cancelled_and_not_expired() -> None:
    cancelled = with_entry(replace(ENTRY, status=RecordStatus.CANCELLED, cancelled_at=NOW))
    verdict = judge(replace(cancelled, discount=replace(DISCOUNT, state=DiscountState.EXPIRED)))
    assert rules(verdict) == {Rule.CANCELLED}
    assert verdict.status is CouponStatus.CANCELLED


def test_our_trail_stands_above_the_record() -> None:
    own = OwnWork("op", "Mika Tanaka", NOW, cancelled=True)
    verdict = judge(replace(UNUSED, own=own))
    assert (rules(verdict), verdict.status) == ({Rule.CANCELLED}, CouponStatus.CANCELLED)


@pytest.mark.parametrize(
    "evidence",
    [
        with_entry(replace(ENTRY, claim=Claim("other", "Ken", NOW))),
        replace(UNUSED, own=OwnWork("op", "Ken", NOW, cancelled=False)),
    ],
    ids=["claimed in the record", "open in our trail"],
)
def test_being_cancelled_by_somebody_names_who(evidence: Evidence) -> None:
    verdict = judge(evidence)
    assert rules(verdict) == {Rule.BEING_CANCELLED}
    assert "Ken" in str(verdict.refusals[0].message)


def test_points_that_were_returned_are_not_returned_again() -> None:
    verdict = judge(replace(UNUSED, history=HistorySeen(2000, (RETURN, CONVERSION))))
    assert not verdict.may_cancel
    assert Rule.ALREADY_RETURNED in rules(verdict)


def test_no_conversion_needs_a_second_person() -> None:
    verdict = judge(replace(UNUSED, history=HistorySeen(1500, ())))
    assert verdict.may_cancel
    assert verdict.needs_approval
    assert rules(verdict) == {Rule.NO_CONVERSION}


@pytest.mark.parametrize("deducted", [300, 800])
def test_points_that_differ_need_a_second_person_and_what_was_deducted_is_returned(deducted: int) -> None:
    verdict = judge(replace(UNUSED, history=HistorySeen(1500, (replace(CONVERSION, points=-deducted),))))
    assert verdict.needs_approval
    assert verdict.points_to_return == deducted


def test_one_code_of_several_may_be_cancelled_alone() -> None:
    verdict = judge(with_discount(codes_count=3))
    assert verdict.may_cancel
    assert rules(verdict) == {Rule.SEVERAL_CODES}


def test_not_found_in_shopify_is_unknown_and_never_deleted() -> None:
    verdict = judge(replace(UNUSED, discount=Absent()))
    assert not verdict.may_cancel
    assert "unknown" in str(verdict.refusals[0].message)
    assert "deleted" not in str(verdict.refusals[0].message)


@pytest.mark.parametrize("source", ["discount", "record", "orders", "history"])
def test_a_source_that_did_not_answer_refuses(source: str) -> None:
    silent = NotAnswered(Source(source), SILENT)
    verdict = judge(changed(UNUSED, **{source: silent}))
    assert not verdict.may_cancel
    assert Rule.NOT_ANSWERED in rules(verdict)
    assert "Shopify did not answer." in str(verdict.refusals[0].message)


def test_a_history_that_was_not_read_to_its_end_refuses() -> None:
    verdict = judge(replace(UNUSED, history=HistorySeen(1500, (CONVERSION,), complete=False)))
    assert not verdict.may_cancel


@pytest.mark.parametrize("restricted_to", [(), (CUSTOMER.id, "gid://shopify/Customer/2")])
def test_a_code_that_others_could_use_needs_a_second_person(restricted_to: tuple[str, ...]) -> None:
    verdict = judge(with_discount(customer_ids=restricted_to))
    assert verdict.needs_approval
    assert rules(verdict) == {Rule.NOT_RESTRICTED}


@pytest.mark.parametrize("contact", ["hanako@example.com", "+81312345678"])
def test_the_operators_own_coupon_needs_a_second_person(contact: str) -> None:
    verdict = judge(replace(UNUSED, operator_contacts=(contact,)))
    assert verdict.needs_approval
    assert rules(verdict) == {Rule.OWN_COUPON}


def test_a_customer_without_contacts_is_not_the_operator() -> None:
    nobody = replace(UNUSED, record=RecordSeen(replace(CUSTOMER, email=None, phone=None), ENTRY, "[]", "d"))
    assert not judge(replace(nobody, operator_contacts=())).needs_approval


def test_the_code_of_another_customers_id_is_refused() -> None:
    other = replace(CUSTOMER, id="gid://shopify/Customer/11111")
    assert Rule.OTHER_CUSTOMER in rules(judge(replace(UNUSED, record=RecordSeen(other, ENTRY, "[]", "d"))))


def test_a_record_without_the_coupon_needs_a_second_person() -> None:
    assert judge(with_entry(None)).needs_approval


def test_a_customer_unknown_to_the_point_system_is_refused_unless_no_points_are_returned() -> None:
    unknown = replace(UNUSED, history=Absent())
    assert not judge(unknown).may_cancel
    without = judge(unknown, returns_points=False)
    assert without.may_cancel
    assert without.points_to_return == 0


def test_all_findings_are_told_and_not_the_first() -> None:
    verdict = judge(
        replace(
            with_discount(usage_count=1, customer_ids=()),
            history=HistorySeen(2000, (RETURN,)),
            orders=NotAnswered(Source.ORDERS, SILENT),
        )
    )
    assert {Rule.USED, Rule.NOT_RESTRICTED, Rule.ALREADY_RETURNED, Rule.NO_CONVERSION, Rule.NOT_ANSWERED} <= rules(verdict)


claims = st.none() | st.just(Claim("other", "Ken", NOW))
entries = st.none() | st.builds(
    replace,
    st.just(ENTRY),
    status=st.sampled_from(RecordStatus),
    used_at=st.none() | st.just(NOW),
    claim=claims,
)
discounts = st.builds(
    replace,
    st.just(DISCOUNT),
    state=st.sampled_from(DiscountState),
    usage_count=st.integers(0, 3),
    codes_count=st.integers(1, 3),
    customer_ids=st.sampled_from([(), (CUSTOMER.id,), ("gid://shopify/Customer/2",)]),
)
histories = st.builds(
    HistorySeen,
    st.integers(0, 5000),
    st.lists(st.sampled_from([CONVERSION, RETURN, replace(CONVERSION, points=-300)]), max_size=3).map(tuple),
    st.booleans(),
)
evidences = st.builds(
    Evidence,
    code=st.just(CODE),
    gathered_at=st.just(NOW),
    discount=st.just(Absent()) | st.just(NotAnswered(Source.DISCOUNT, SILENT)) | discounts,
    record=st.just(Absent())
    | st.just(NotAnswered(Source.RECORD, SILENT))
    | st.builds(RecordSeen, st.just(CUSTOMER), entries, st.just("[]"), st.just("d")),
    orders=st.just(NotAnswered(Source.ORDERS, SILENT)) | st.sampled_from([OrdersSeen(()), OrdersSeen((ORDER,))]),
    history=st.just(Absent()) | st.just(NotAnswered(Source.HISTORY, SILENT)) | histories,
    own=st.none() | st.builds(OwnWork, st.just("op"), st.just("Ken"), st.just(NOW), cancelled=st.booleans()),
    operator_contacts=st.sampled_from([(), ("hanako@example.com",)]),
)


@given(evidences)
def test_only_full_proof_of_unuse_lets_a_coupon_be_cancelled(evidence: Evidence) -> None:
    verdict = judge(evidence)
    if not verdict.may_cancel:
        assert verdict.refusals
        return
    assert isinstance(evidence.discount, DiscountSeen)
    assert evidence.discount.usage_count == 0
    assert evidence.discount.state is not DiscountState.EXPIRED
    assert evidence.orders == OrdersSeen(())
    assert isinstance(evidence.history, HistorySeen)
    assert evidence.history.complete
    assert not evidence.history.returns
    assert isinstance(evidence.record, RecordSeen)
    assert evidence.record.entry is None or evidence.record.entry.status is RecordStatus.ACTIVE
    assert evidence.own is None


@given(evidences)
def test_never_more_is_returned_than_was_deducted(evidence: Evidence) -> None:
    verdict = judge(evidence)
    if isinstance(evidence.history, HistorySeen) and evidence.history.conversions:
        assert verdict.points_to_return <= min(-entry.points for entry in evidence.history.conversions)
    assert verdict.points_to_return > 0


@given(evidences)
def test_without_points_the_point_history_has_no_say_and_nothing_is_returned(evidence: Evidence) -> None:
    verdict = judge(evidence, returns_points=False)
    assert verdict.points_to_return == 0
    assert not rules(verdict) & {Rule.NO_CONVERSION, Rule.POINTS_DIFFER, Rule.ALREADY_RETURNED, Rule.UNKNOWN_AT_POS}
    assert verdict.may_cancel or not judge(evidence).may_cancel


@given(evidences)
def test_every_finding_can_be_said_in_every_weight(evidence: Evidence) -> None:
    for finding in judge(evidence).findings:
        assert str(finding.message)
        assert finding.weight in Weight


def test_any_refusal_stands_whatever_else_is_well() -> None:
    refusing = {
        "discount": [Absent(), replace(DISCOUNT, usage_count=1), replace(DISCOUNT, state=DiscountState.EXPIRED)],
        "orders": [OrdersSeen((ORDER,)), NotAnswered(Source.ORDERS, SILENT)],
        "history": [Absent(), HistorySeen(1, (RETURN, CONVERSION)), NotAnswered(Source.HISTORY, SILENT)],
    }
    for (name, values), (other, others) in product(refusing.items(), repeat=2):
        for value, second in product(values, others):
            evidence = changed(UNUSED, **{name: value})
            assert not judge(evidence if other == name else changed(evidence, **{other: second})).may_cancel
