"""Two desks that share a real PostgreSQL: one has the coupon, and what becomes of it when the database is cut off."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import pytest

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted, RemoteError
from coupon_desk.people.mirror import SILENCE_SECONDS
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.app.conftest import OWNER_PIN, PIN, OpenDesk
from tests.surroundings.central_database import CentralDatabase

THROW_OUT: Final = (
    b"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def request(shop: TrainingShop, takes_over: str | None = None) -> CancelRequest:
    code = CouponCode.parse(str(shop.showcase.example.code))
    return CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind", None, takes_over)


def credited(shop: TrainingShop) -> list[int]:
    example = shop.showcase.example
    entries = shop.point_entries(example.customer_id, reference=f"COUPON-{example.code}")
    return [entry.points for entry in entries if entry.points > 0]


def claims(centre: CentralDatabase) -> list[tuple[str, str | None]]:
    return [(desk, ending) for desk, ending in centre.ask("SELECT desk, ending FROM coupon_desk.claims ORDER BY made_at")]


@contextmanager
def out_of_reach(centre: CentralDatabase) -> Iterator[None]:
    """Nobody gets to the server any more, and those who were there are thrown out."""
    door = centre.folder / f".s.PGSQL.{centre.port}"
    away = door.with_name("away")
    with centre.connect() as inside:
        door.rename(away)  # first: who is thrown out may be back at once
        inside.execute(THROW_OUT)
    try:
        yield
    finally:
        away.rename(door)


def throw_out(centre: CentralDatabase) -> None:
    with centre.connect() as inside:
        inside.execute(THROW_OUT)


def test_of_two_desks_one_has_the_coupon_and_the_other_is_told_where(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase
) -> None:
    ginza, osaka = open_desk("Ginza"), open_desk("Osaka")
    shop.faults.add(Fault("metafieldsSet", FaultKind.RESET_BEFORE, every=1))
    begun = ginza.cancel(request(shop), ginza.people.sign_in("manager", PIN))
    assert begun.state is OperationState.RUNNING
    assert claims(centre) == [("Ginza", None)]
    here = osaka.people.sign_in("manager", PIN)

    seen = osaka.look(begun.code, here)

    assert seen.evidence.others_operation == begun.id
    assert "Ginza" in str(seen.verdict.refusals[0].message.values)
    assert osaka.cancel(request(shop), here).refused[0].rule is Rule.BEING_CANCELLED
    shop.faults.clear()
    (done,) = ginza.resume(wait_seconds=900)
    assert done.state is OperationState.COMPLETED
    assert claims(centre) == [("Ginza", "released")]
    assert credited(shop) == [500]


def test_a_desk_whose_claim_was_taken_over_stops_at_the_fence(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase
) -> None:
    ginza, osaka = open_desk("Ginza", required=True), open_desk("Osaka", required=True)
    shop.faults.add(Fault("add", FaultKind.RESET_BEFORE, every=1))
    begun = ginza.cancel(request(shop), ginza.people.sign_in("manager", PIN))
    shop.faults.clear()
    asked = osaka.cancel(request(shop, begun.id), osaka.people.sign_in("manager", PIN))
    done = osaka.approve(asked.id, osaka.people.sign_in("owner", OWNER_PIN), "Ginza flooded", wait_seconds=900)

    (late,) = ginza.resume(wait_seconds=900)

    assert done.state is OperationState.COMPLETED
    assert late.state in {OperationState.REFUSED, OperationState.COMPLETED}
    assert credited(shop) == [500]
    assert claims(centre) == [("Ginza", "taken over"), ("Osaka", "released")]
    (proof,) = centre.ask("SELECT proof FROM coupon_desk.claims WHERE desk = 'Ginza'")
    assert "owner" in str(proof)


def test_where_the_central_database_is_required_nothing_is_done_without_it(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase
) -> None:
    ginza = open_desk("Ginza", required=True)
    manager = ginza.people.sign_in("manager", PIN)
    with out_of_reach(centre), pytest.raises(NotPermitted, match="only while the central database answers"):
        ginza.cancel(request(shop), manager)
    assert ginza.operations() == ()

    ginza.clock.sleep(SILENCE_SECONDS)
    with ExitStack() as silence:
        begun: list[Operation] = []

        def cut(operation: Operation) -> None:
            if not begun:
                silence.enter_context(out_of_reach(centre))
            begun.append(operation)

        waiting = ginza.cancel(request(shop), manager, cut)
    assert (waiting.state, waiting.exit_status) == (OperationState.RUNNING, 4)
    assert waiting.step(StepName.VERIFY).state is StepState.DELAYED
    assert shop.journal.calls("metafieldsSet") == ()
    assert shop.journal.calls("discountCodeDeactivate") == ()

    (done,) = ginza.resume(wait_seconds=900)

    assert done.state is OperationState.COMPLETED
    assert credited(shop) == [500]


def test_where_it_is_not_required_the_record_alone_holds_the_coupon_and_the_step_says_so(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase
) -> None:
    ginza = open_desk("Ginza")
    with out_of_reach(centre):
        done = ginza.cancel(request(shop), ginza.people.sign_in("manager", PIN), wait_seconds=900)
    assert done.state is OperationState.COMPLETED
    for name in (StepName.VERIFY, StepName.CLAIM):
        detail = done.step(name).detail
        assert detail is not None
        assert "alone" in detail.text
    ginza.run_due()
    assert centre.ask("SELECT points FROM coupon_desk.allowances") == [(500,)]
    assert credited(shop) == [500]
    assert claims(centre) == []


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("moment", [1, 3, 4, 5, 8])
def test_a_connection_that_is_cut_at_any_moment_costs_nothing(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase, moment: int, required: bool
) -> None:
    ginza = open_desk("Ginza", required=required)
    told = [0]

    def cut(_: Operation) -> None:
        told[0] += 1
        if told[0] == moment:
            throw_out(centre)

    ginza.cancel(request(shop), ginza.people.sign_in("manager", PIN), cut, wait_seconds=900)
    with suppress(RemoteError):
        ginza.resume(wait_seconds=900)

    (operation,) = ginza.operations()
    assert operation.state is OperationState.COMPLETED
    assert credited(shop) == [500]
    assert claims(centre) == [("Ginza", "released")]


def test_a_claim_that_could_not_be_released_is_released_when_the_desk_goes_on(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase
) -> None:
    ginza = open_desk("Ginza")
    cut_off = [out_of_reach(centre)]

    def cut(operation: Operation) -> None:
        if operation.step(StepName.UPDATE_RECORD).state is StepState.DONE and len(cut_off) == 1:
            cut_off.append(cut_off[0])
            cut_off[0].__enter__()

    ginza.cancel(request(shop), ginza.people.sign_in("manager", PIN), cut, wait_seconds=900)
    cut_off[0].__exit__(None, None, None)
    assert claims(centre) == [("Ginza", None)]

    ginza.resume()

    assert claims(centre) == [("Ginza", "released")]
