"""Two desks on one training shop: what a desk that is gone has begun is finished at another."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import Session
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.app.conftest import OWNER_PIN, PIN


@pytest.fixture
def other_desk(shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path) -> Iterator[CouponDesk]:
    home = tmp_path / "other"
    home.mkdir()
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, home)
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("add", FaultKind.RESET_BEFORE, every=1), id="before the points"),
        pytest.param(Fault("metafieldsSet", FaultKind.RESET_BEFORE, nth=2), id="after the points"),
    ],
)
def test_what_a_desk_that_is_gone_has_begun_is_finished_at_another(
    desk: CouponDesk, other_desk: CouponDesk, shop: TrainingShop, manager: Session, fault: Fault
) -> None:
    example = shop.showcase.example
    code = CouponCode.parse(str(example.code))
    shop.faults.add(fault)
    begun = desk.cancel(CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind"), manager)
    shop.faults.clear()
    assert begun.state is OperationState.RUNNING
    here = other_desk.people.sign_in("manager", PIN)

    refused = other_desk.cancel(CancelRequest(code, OperationKind.CANCEL, Reason.OTHER, "Once more"), here)
    assert refused.refused[0].rule is Rule.BEING_CANCELLED
    others = other_desk.look(code, here).evidence.others_operation
    assert others == begun.id
    would = other_desk.look(code, here, taking_over=others)
    assert (would.verdict.may_cancel, would.verdict.needs_approval) == (True, True)

    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Counter 1 burnt down", None, others)
    asked = other_desk.cancel(request, here)
    assert asked.state is OperationState.AWAITING_APPROVAL
    done = other_desk.approve(asked.id, other_desk.people.sign_in("owner", OWNER_PIN), "I saw it", wait_seconds=900)

    assert done.state is OperationState.COMPLETED
    entries = shop.point_entries(example.customer_id, reference=f"COUPON-{example.code}")
    assert [entry.points for entry in entries if entry.points > 0] == [500]
    entry = shop.record_entry(example.code)
    assert entry is not None
    assert (entry["status"], entry["taken_over_by"], "cancellation" in entry) == ("cancelled", asked.id, False)
    (late,) = desk.resume(wait_seconds=900)
    assert late.state in {OperationState.COMPLETED, OperationState.REFUSED}
    assert len(shop.mailbox.mails) == 1
    assert [point.points for point in shop.point_entries(example.customer_id, reference=f"COUPON-{example.code}")].count(
        500
    ) == 1


def test_a_coupon_used_while_it_was_cancelled_gets_its_dates_back(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    example = shop.showcase.example
    before = shop.discount(example.code)
    assert before is not None

    def customer_pays(operation: Operation) -> None:
        claimed = operation.step(StepName.CLAIM).state is StepState.DONE
        if claimed and not shop.orders_with(example.code):
            shop.redeem(example.code)

    request = CancelRequest(CouponCode.parse(str(example.code)), OperationKind.CANCEL, Reason.OTHER, "Whatever")
    operation = desk.cancel(request, manager, customer_pays, wait_seconds=900)

    assert [finding.rule for finding in operation.refused] == [Rule.USED_MEANWHILE]
    assert shop.journal.calls("discountCodeDeactivate")
    after = shop.discount(example.code)
    assert after is not None
    assert (after.starts_at, after.ends_at) == (before.starts_at, before.ends_at)
    entry = shop.record_entry(example.code)
    assert entry is not None
    assert (entry["status"], "cancellation" in entry) == ("used", False)
