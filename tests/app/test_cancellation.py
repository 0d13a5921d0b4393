"""A whole cancellation against the training shop over real HTTP and SMTP; what counts is the shop's own state."""

import threading

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import DeskError, NotPermitted, StorageError
from coupon_desk.people.operators import Session
from coupon_desk.receipts.layout import ReceiptWidth
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.options import KeyHandling
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.showcase import Specimen
from coupon_desk.words import msg


def cancel(desk: CouponDesk, session: Session, specimen: Specimen, reason: Reason = Reason.CONVERTED_BY_MISTAKE) -> Operation:
    code = CouponCode.parse(str(specimen.code))
    request = CancelRequest(code, OperationKind.CANCEL, reason, "Wrong customer at the till")
    return desk.cancel(request, session, wait_seconds=900)


def credited(shop: TrainingShop, specimen: Specimen) -> list[int]:
    entries = shop.point_entries(specimen.customer_id, reference=f"COUPON-{specimen.code}")
    return [entry.points for entry in entries if entry.points > 0]


def is_dead(shop: TrainingShop, specimen: Specimen, clock: VirtualClock) -> bool:
    discount = shop.discount(specimen.code)
    return discount is None or not discount.is_active(clock.now())


def test_the_example_coupon_is_cancelled_in_the_shops_own_state(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock
) -> None:
    example = shop.showcase.example
    before = shop.record_entry(example.code)
    balance = shop.balance(example.customer_id)
    assert before is not None
    assert balance is not None
    operation = cancel(desk, manager, example)

    assert operation.state is OperationState.COMPLETED
    assert (operation.points_returned, operation.balance_after) == (500, balance + 500)
    assert is_dead(shop, example, clock)
    assert credited(shop, example) == [500]
    entry = shop.record_entry(example.code)
    assert entry is not None
    assert (entry["status"], entry["cancelled_by"], entry["reason"]) == ("cancelled", "manager", "converted_by_mistake")
    assert "cancelled_at" in entry
    assert "cancellation" not in entry
    assert {key: entry[key] for key in before if key != "status"} == {key: before[key] for key in before if key != "status"}
    (mail,) = shop.mailbox.mails
    assert "クーポン" in mail.subject
    assert "500" in mail.text
    assert desk.verify_trail().is_intact
    coupon = desk.catalogue.get(operation.code)
    assert coupon is None or coupon.status is CouponStatus.CANCELLED


def test_an_english_customer_is_told_in_english(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    cancel(desk, manager, shop.showcase.english_customer)
    (mail,) = shop.mailbox.mails
    assert mail.subject == "Your coupon has been cancelled"
    assert "points have been refunded" in mail.text


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("used", Rule.USED),
        ("used_order_cancelled", Rule.USED),
        ("used_second_code", Rule.USED),
        ("expired", Rule.EXPIRED),
        ("cancelled", Rule.CANCELLED),
        ("already_returned", Rule.ALREADY_RETURNED),
        ("unknown_at_pos", Rule.UNKNOWN_AT_POS),
    ],
)
def test_what_may_not_be_cancelled_is_refused_and_nothing_changes(
    desk: CouponDesk, shop: TrainingShop, manager: Session, name: str, rule: Rule
) -> None:
    desk.sync(full=True)
    specimen = getattr(shop.showcase, name)
    before = shop.story(specimen.code)
    operation = cancel(desk, manager, specimen)
    assert operation.state is OperationState.REFUSED
    assert rule in {finding.rule for finding in operation.refused}
    assert shop.story(specimen.code) == before


@pytest.mark.parametrize("name", ["conversion_missing", "conversion_differs", "unrestricted", "no_record"])
def test_what_is_doubtful_waits_for_a_second_person(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session, name: str
) -> None:
    desk.sync(full=True)
    specimen = getattr(shop.showcase, name)
    operation = cancel(desk, manager, specimen)
    assert operation.state is OperationState.AWAITING_APPROVAL, operation
    done = desk.approve(operation.id, owner, "Looked at it", wait_seconds=900)
    assert done.state is OperationState.COMPLETED
    assert len(credited(shop, specimen)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "scheduled",
        "free_shipping",
        "percentage",
        "buy_x_get_y",
        "record_wrapped",
        "record_list",
        "mapped_pos_id",
        "no_email",
        "expiring_soon",
    ],
)
def test_every_other_kind_of_coupon_is_cancelled_alike(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock, name: str
) -> None:
    specimen = getattr(shop.showcase, name)
    operation = cancel(desk, manager, specimen)
    assert operation.state is OperationState.COMPLETED, operation.findings
    assert credited(shop, specimen) == [specimen.points]
    assert is_dead(shop, specimen, clock)
    told = operation.step(StepName.NOTIFY).state
    assert told is (StepState.SKIPPED if name == "no_email" else StepState.DONE)


def test_one_code_of_several_dies_alone(desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock) -> None:
    several, sibling = shop.showcase.several_codes, shop.showcase.several_codes_sibling
    operation = cancel(desk, manager, several)
    assert operation.state is OperationState.COMPLETED, operation
    discount = shop.discount(sibling.code)
    assert discount is not None
    assert discount.is_active(clock.now())
    codes = {code.code for code in discount.codes}
    assert str(sibling.code) in codes
    assert str(several.code) not in codes
    assert credited(shop, several) == [several.points]


def test_the_refund_of_a_cancelled_order_goes_through_a_second_person(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    specimen = shop.showcase.used_order_cancelled
    code = CouponCode.parse(str(specimen.code))
    request = CancelRequest(code, OperationKind.ORDER_REFUND, Reason.ORDER_CANCELLED, "Order was cancelled", specimen.order)
    asked = desk.cancel(request, manager, wait_seconds=60)
    assert asked.state is OperationState.AWAITING_APPROVAL
    done = desk.approve(asked.id, owner, "Order seen", wait_seconds=900)
    assert done.state is OperationState.COMPLETED
    entries = shop.point_entries(specimen.customer_id, reference=f"COUPON-{specimen.code}")
    assert [(entry.points, entry.reason) for entry in entries if entry.points > 0] == [
        (specimen.points, "Refund due to order cancellation")
    ]


BREAKING = [
    FaultKind.RESET_BEFORE,
    FaultKind.LOST_ANSWER,
    FaultKind.ERROR_500_BEFORE,
    FaultKind.ERROR_500_AFTER,
    FaultKind.TRUNCATED_AFTER,
    FaultKind.HTML_502,
    FaultKind.NOT_JSON,
    FaultKind.HTTP_429,
]
WRITES = [
    ("add", KeyHandling.IGNORED),
    ("add", KeyHandling.REFUSED),
    ("discountCodeDeactivate", KeyHandling.IGNORED),
    ("metafieldsSet", KeyHandling.IGNORED),
]
"""Keys are the point system's alone."""


@pytest.mark.parametrize(("call", "key_handling"), WRITES)
@pytest.mark.parametrize("kind", BREAKING)
def test_a_write_that_breaks_on_the_wire_is_finished_exactly_once(
    desk: CouponDesk,
    shop: TrainingShop,
    manager: Session,
    clock: VirtualClock,
    call: str,
    kind: FaultKind,
    key_handling: KeyHandling,
) -> None:
    shop.configure(key_handling=key_handling)
    shop.faults.add(Fault(call, kind))
    example = shop.showcase.example
    operation = cancel(desk, manager, example)
    assert shop.faults.fired
    for _ in range(4):
        if operation.state is OperationState.RUNNING:
            clock.advance(120)
            (operation,) = desk.resume(wait_seconds=900)
    if operation.state is OperationState.NEEDS_ATTENTION:
        # The same key was refused as used: nobody may be credited twice, so a person is told.
        assert key_handling is KeyHandling.REFUSED
        assert call == "add"
    else:
        assert operation.state is OperationState.COMPLETED, operation
        assert len(shop.mailbox.mails) == 1
        entry = shop.record_entry(example.code)
        assert entry is not None
        assert entry["status"] == "cancelled"
    assert credited(shop, example) in ([500], [])
    assert credited(shop, example) == [500] or operation.state is OperationState.NEEDS_ATTENTION
    assert is_dead(shop, example, clock)


@pytest.mark.parametrize("kind", [FaultKind.INTERNAL_ERROR_200_BEFORE, FaultKind.INTERNAL_ERROR_200_AFTER, FaultKind.THROTTLED])
@pytest.mark.parametrize("call", ["discountCodeDeactivate", "metafieldsSet"])
def test_shopifys_own_ways_of_failing_with_200_are_not_taken_for_success(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock, call: str, kind: FaultKind
) -> None:
    shop.faults.add(Fault(call, kind))
    operation = cancel(desk, manager, shop.showcase.example)
    assert shop.faults.fired
    assert operation.state is OperationState.COMPLETED, operation
    assert credited(shop, shop.showcase.example) == [500]
    assert is_dead(shop, shop.showcase.example, clock)


def test_a_coupon_used_while_it_settles_gets_no_points(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    example = shop.showcase.example
    bought: list[bool] = []

    def customer_pays(operation: Operation) -> None:
        if operation.step(StepName.CLAIM).state is StepState.DONE and not bought:
            bought.append(True)
            shop.redeem(example.code)

    code = CouponCode.parse(str(example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind")
    operation = desk.cancel(request, manager, customer_pays, wait_seconds=900)
    assert operation.state is OperationState.REFUSED
    assert operation.exit_status == 5
    assert credited(shop, example) == []
    entry = shop.record_entry(example.code)
    assert entry is not None
    assert entry["status"] == "used"
    assert "cancellation" not in entry


def test_a_search_that_answers_with_a_warning_is_no_proof(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    shop.faults.add(Fault("orders", FaultKind.FORBIDDEN, every=1))
    operation = cancel(desk, manager, shop.showcase.example)
    assert operation.state is OperationState.REFUSED
    assert {finding.rule for finding in operation.refused} == {Rule.NOT_ANSWERED}


def test_the_doctor_finds_everything_well_and_names_what_is_missing(desk: CouponDesk, shop: TrainingShop) -> None:
    assert all(check.is_well for check in desk.doctor())
    shop.configure(scopes=frozenset({"read_discounts", "read_customers"}))
    broken = [check for check in desk.doctor() if not check.is_well]
    assert broken
    missing = [str(check.name) for check in broken if "ermission" in str(check.name)]
    assert missing == ["Permission write_discounts", "Permission write_customers", "Permission read_orders"]
    assert all(check.mend for check in broken)


def status_of(desk: CouponDesk, specimen: Specimen) -> CouponStatus:
    coupon = desk.catalogue.get(CouponCode.parse(str(specimen.code)))
    assert coupon is not None
    return coupon.status


def test_the_table_keeps_saying_cancelled_when_somebody_tries_again(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    desk.sync(full=True)
    cancel(desk, manager, shop.showcase.example)
    cancel(desk, manager, shop.showcase.example)
    assert status_of(desk, shop.showcase.example) is CouponStatus.CANCELLED


def test_the_table_shows_what_waits_for_approval_and_takes_it_back_when_it_is_rejected(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    desk.sync(full=True)
    waiting = cancel(desk, manager, shop.showcase.unrestricted)
    assert status_of(desk, shop.showcase.unrestricted) is CouponStatus.CANCELLING
    desk.reject(waiting.id, owner, "Not today")
    assert status_of(desk, shop.showcase.unrestricted) is CouponStatus.UNUSED


def test_a_refused_operation_has_no_receipt(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    refused = cancel(desk, manager, shop.showcase.used)
    with pytest.raises(NotPermitted):
        desk.receipt(refused.id, ReceiptWidth.A4)


def test_a_catalogue_that_cannot_be_written_breaks_no_cancellation(
    desk: CouponDesk, shop: TrainingShop, manager: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StorageError(msg("Another program is using this home's database."))

    monkeypatch.setattr(desk.catalogue, "set_status", busy)
    assert cancel(desk, manager, shop.showcase.example).state is OperationState.COMPLETED
    assert len(shop.mailbox.mails) == 1


def test_closing_waits_for_the_step_under_way_and_begins_no_other(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock
) -> None:
    closing: list[threading.Thread] = []

    def close(operation: Operation) -> None:
        if operation.step(StepName.CLAIM).state is StepState.RUNNING and not closing:
            closing.append(threading.Thread(target=desk.engine.stop))
            closing[0].start()

    code = CouponCode.parse(str(shop.showcase.example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind")
    operation = desk.cancel(request, manager, close, wait_seconds=900)
    closing[0].join()

    assert operation.state is OperationState.RUNNING
    assert operation.step(StepName.CLAIM).state is StepState.DONE
    assert operation.step(StepName.INVALIDATE).state is StepState.PENDING
    with pytest.raises(DeskError, match="being closed"):
        desk.resume()
