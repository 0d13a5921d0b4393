"""A second person at another desk: the request goes there through a real PostgreSQL, and the decision comes back."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted
from coupon_desk.training.shop import TrainingShop
from tests.app.conftest import OWNER_PIN, PIN
from tests.surroundings.central_database import CentralDatabase

OpenDesk = Callable[[str], CouponDesk]


@pytest.fixture
def open_desk(
    shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path, centre: CentralDatabase
) -> Iterator[OpenDesk]:
    opened: list[CouponDesk] = []

    def open_desk(name: str) -> CouponDesk:
        home = tmp_path / name
        home.mkdir()
        shutil.copy(template / "desk.sqlite3", home)
        shared = f'\n[central]\nurl = "{centre.url(centre.add_desk(name))}"\n'
        (home / "config.toml").write_text((template / "config.toml").read_text("utf-8") + shared, encoding="utf-8")
        opened.append(CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()


def ask(desk: CouponDesk, shop: TrainingShop) -> Operation:
    code = CouponCode.parse(str(shop.showcase.example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.GOODWILL, "Waited half an hour")
    return desk.cancel(request, desk.people.sign_in("manager", PIN))


def test_the_second_person_may_sit_at_another_desk(open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase) -> None:
    ginza, osaka = open_desk("Ginza"), open_desk("Osaka")
    asked = ask(ginza, shop)
    assert asked.state is OperationState.AWAITING_APPROVAL
    assert [one.is_elsewhere for one in ginza.approvals.waiting(ginza.people.sign_in("owner", OWNER_PIN))] == [False]
    owner, manager = osaka.people.sign_in("owner", OWNER_PIN), osaka.people.sign_in("manager", PIN)

    (waiting,) = osaka.approvals.waiting(owner)
    assert (waiting.operation, waiting.desk, waiting.requester, waiting.points) == (asked.id, "Ginza", "manager", 500)
    assert (waiting.code, waiting.shown_as, waiting.why_not) == (None, asked.code.masked, None)
    assert waiting.note == "Waited half an hour"
    osaka.sync(full=True)
    assert osaka.approvals.waiting(owner)[0].code == asked.code
    (told,) = osaka.approvals.waiting(manager)
    assert str(told.why_not) == "You cannot approve your own request."
    with pytest.raises(NotPermitted):
        osaka.approvals.approve(asked.id, manager)

    assert osaka.approvals.approve(asked.id, owner, "Seen on the camera") is None
    assert ginza.operation(asked.id).state is OperationState.AWAITING_APPROVAL
    ginza.run_due()
    ginza.resume(wait_seconds=900)

    done = ginza.operation(asked.id)
    assert (done.state, done.approved_by, done.points_returned) == (OperationState.COMPLETED, "owner", 500)
    approved = next(entry for entry in ginza.trail.of_operation(asked.id) if entry.action == "operation.approved")
    assert (approved.actor, approved.body["desk"], approved.body["note"]) == ("owner", "Osaka", "Seen on the camera")
    assert osaka.approvals.waiting(owner) == ()
    assert centre.ask("SELECT count(*) FROM coupon_desk.requests WHERE note IS NOT NULL AND note <> ''") == [(0,)]


def test_a_rejection_at_another_desk_ends_it_and_one_that_is_withdrawn_is_decided_nowhere(
    open_desk: OpenDesk, shop: TrainingShop
) -> None:
    ginza, osaka = open_desk("Ginza"), open_desk("Osaka")
    owner = osaka.people.sign_in("owner", OWNER_PIN)
    first = ask(ginza, shop)
    osaka.approvals.reject(first.id, owner, "Not at all")
    ginza.approvals.catch_up()
    refused = ginza.operation(first.id)
    assert [finding.rule for finding in refused.refused] == [Rule.REJECTED]
    second = ask(ginza, shop)
    ginza.withdraw(second.id, ginza.people.sign_in("manager", PIN), "Found the receipt")
    assert osaka.approvals.waiting(owner) == ()
