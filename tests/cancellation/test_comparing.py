"""Which differences are found, and which of them are put right: each as it may come to be in a shop, and nothing in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from coupon_desk.cancellation.comparing import differences
from coupon_desk.cancellation.differences import Difference, Kind, Repair
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, StepName
from coupon_desk.cancellation.own_work import operations_on, own_work
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
    DiscountState,
    Evidence,
    HistorySeen,
    NotAnswered,
    RecordSeen,
    Source,
)
from coupon_desk.coupons.points import EntryType, PointEntry
from coupon_desk.coupons.reasons import Reason
from coupon_desk.words import msg
from tests.cancellation.bench import Bench
from tests.cancellation.test_engine import once
from tests.cancellation.test_release import approved, ask, revive, suspect
from tests.cancellation.world import CODE, REFUNDED, START, Fault, World

Story = Callable[[Bench, World], None]


def look(bench: Bench) -> Evidence:
    own = own_work(bench.trail, bench.index, CODE)
    return bench.gatherer.gather(CODE, own=own, operator_contacts=())


def found(bench: Bench, evidence: Evidence | None = None) -> list[Difference]:
    operations = operations_on(bench.trail, bench.index, CODE)
    return list(differences(evidence or look(bench), operations))


def kinds(bench: Bench) -> list[tuple[Kind, Repair | None]]:
    return [(one.kind, one.repair) for one in found(bench)]


def by_hand(world: World, points: int = 500) -> None:
    at = world.clock.now()
    world.entries.append(PointEntry(str(len(world.entries) + 1), EntryType.ADD, points, "By hand", CODE.reference, at, None))


def claimed(world: World, operation: str, age: timedelta) -> None:
    at = world.clock.now() - age
    world.record["cancellation"] = {"operation": operation, "by": "hana", "at": at.isoformat()}


def cancelled(bench: Bench, world: World) -> None:
    bench.cancel(bench.sign_in())


def invalidated(bench: Bench, world: World) -> None:
    bench.cancel(bench.sign_in(), OperationKind.INVALIDATE)


def untouched(bench: Bench, world: World) -> None:
    """Nothing has happened yet."""


def _otherwise(world: World) -> None:
    world.entries.pop()
    by_hand(world, 400)


def _returned_and_used(world: World) -> None:
    by_hand(world)
    world.redeem()


def _returned_by_a_desk_at_work(world: World) -> None:
    by_hand(world)
    claimed(world, "elsewhere", timedelta(hours=1))


@pytest.mark.parametrize("story", [untouched, cancelled, invalidated])
def test_where_all_agree_there_is_no_difference(bench: Bench, world: World, story: Story) -> None:
    story(bench, world)
    assert kinds(bench) == []
    bench.finish()
    assert kinds(bench) == []


def test_a_used_coupon_of_which_all_know_is_no_difference(bench: Bench, world: World) -> None:
    world.redeem()
    world.record["status"] = "used"
    assert kinds(bench) == []


@pytest.mark.parametrize(
    ("story", "change", "expected"),
    [
        (cancelled, lambda w: w.record.update(status="active"), [(Kind.RECORD_BEHIND, Repair.WRITE_RECORD)]),
        (cancelled, lambda w: claimed(w, "elsewhere", timedelta(days=2)), [(Kind.CLAIMED_ELSEWHERE, None)]),
        (cancelled, lambda w: setattr(w, "state", DiscountState.ACTIVE), [(Kind.CODE_WORKS, Repair.SWITCH_OFF)]),
        (cancelled, by_hand, [(Kind.RETURNED_TWICE, None)]),
        (cancelled, lambda w: w.entries.pop(), [(Kind.RETURN_MISSING, None)]),
        (cancelled, _otherwise, [(Kind.RETURN_DIFFERS, None)]),
        (invalidated, by_hand, [(Kind.WITHHELD_RETURNED, None)]),
        (untouched, by_hand, [(Kind.RETURNED_NOT_CANCELLED, Repair.TAKE_AWAY)]),
        (untouched, lambda w: by_hand(w, 300), [(Kind.RETURNED_NOT_CANCELLED, None)]),
        (untouched, _returned_and_used, [(Kind.RETURNED_AND_USED, None)]),
        (untouched, lambda w: w.redeem(), [(Kind.USE_NOT_RECORDED, Repair.NOTE_USE)]),
        (untouched, lambda w: w.record.update(status="used"), [(Kind.USE_ONLY_RECORDED, None)]),
        (untouched, lambda w: setattr(w, "exists", False), [(Kind.CODE_GONE, None)]),
        (untouched, lambda w: w.entries.clear(), [(Kind.NO_CONVERSION, None)]),
        (untouched, lambda w: claimed(w, "elsewhere", timedelta(hours=1)), []),
        (untouched, _returned_by_a_desk_at_work, []),
        (untouched, lambda w: w.record.update(status="cancelled"), [(Kind.CODE_WORKS, None)]),
    ],
)
def test_each_difference_has_its_name_and_at_most_one_repair(
    bench: Bench, world: World, story: Story, change: Callable[[World], object], expected: list[tuple[Kind, Repair | None]]
) -> None:
    story(bench, world)
    change(world)
    assert kinds(bench) == expected
    assert all(str(one.what) and str(one.todo) for one in found(bench))


def test_a_use_after_the_cancellation_is_told_beside_the_code_that_worked(bench: Bench, world: World) -> None:
    bench.keep_discounts()
    cancelled(bench, world)
    world.state, world.usage_limit = DiscountState.ACTIVE, None
    world.redeem()
    assert kinds(bench) == [(Kind.CODE_WORKS, Repair.SWITCH_OFF), (Kind.USED_AFTERWARDS, None)]


def test_a_discount_that_holds_other_codes_by_now_is_not_switched_off(bench: Bench, world: World) -> None:
    cancelled(bench, world)
    world.state, world.codes_count = DiscountState.ACTIVE, 3
    assert kinds(bench) == [(Kind.CODE_WORKS, None)]


def test_what_is_under_way_explains_everything_else(bench: Bench, world: World) -> None:
    world.fault = once("add", Fault.UNKNOWN_NOT_DONE, times=9)
    bench.engine.submit(CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "She kept it"), bench.sign_in())
    world.fault = lambda _: Fault.NONE
    assert kinds(bench) == [(Kind.UNFINISHED, Repair.GO_ON)]
    bench.finish()
    assert kinds(bench) == []


def test_an_alarm_is_answered_by_a_person_and_by_nothing_else(bench: Bench, world: World) -> None:
    cancelled(bench, world)
    world.state = DiscountState.ACTIVE
    world.redeem()
    bench.finish()
    assert (Kind.UNFINISHED, None) in kinds(bench)
    assert all(repair is None for _, repair in kinds(bench))


def test_a_mark_of_ours_that_was_left_is_let_go(bench: Bench, world: World) -> None:
    world.fault = once("deactivate", Fault.REFUSED)
    refused = bench.cancel(bench.sign_in())
    claimed(world, refused.id, timedelta(hours=1))
    (left,) = found(bench)
    assert (left.kind, left.repair, left.operation) == (Kind.CLAIM_LEFT, Repair.LET_GO, refused.id)


def test_a_mark_of_a_request_that_was_rejected_is_nobodys_but_a_persons_business(bench: Bench, world: World) -> None:
    waiting = bench.cancel(bench.sign_in("clerk"))
    bench.engine.reject(waiting.id, bench.sign_in(), "Not for a friend.")
    claimed(world, waiting.id, timedelta(hours=1))
    assert kinds(bench) == [(Kind.CLAIM_LEFT, None)]


def test_a_code_that_somebody_ended_early_and_a_record_without_it_are_a_persons_business(bench: Bench, world: World) -> None:
    evidence = look(bench)
    record, discount = evidence.record, evidence.discount
    assert isinstance(record, RecordSeen)
    assert isinstance(discount, DiscountSeen)
    assert record.entry is not None
    unknown = replace(evidence, record=replace(record, entry=None), history=Absent())
    assert [one.kind for one in found(bench, unknown)] == [Kind.UNKNOWN_AT_POS, Kind.NOT_RECORDED]
    promised = replace(record, entry=replace(record.entry, expires_at=START + timedelta(days=30)))
    ended = replace(discount, state=DiscountState.EXPIRED, ends_at=START - timedelta(days=1))
    (early,) = found(bench, replace(evidence, record=promised, discount=ended))
    assert (early.kind, early.repair) == (Kind.ENDED_EARLY, None)


def test_silence_and_a_history_that_was_not_read_to_its_end_contradict_nothing(bench: Bench, world: World) -> None:
    cancelled(bench, world)
    evidence = look(bench)
    assert isinstance(evidence.history, HistorySeen)
    short = replace(evidence, history=replace(evidence.history, entries=evidence.history.conversions, complete=False))
    silent = replace(evidence, record=NotAnswered(Source.RECORD, msg("away")), history=NotAnswered(Source.HISTORY, msg("away")))
    assert found(bench, short) == found(bench, silent) == []


def test_returned_by_hand_is_not_taken_away_while_a_source_is_silent(bench: Bench, world: World) -> None:
    by_hand(world)
    evidence = replace(look(bench), orders=NotAnswered(Source.ORDERS, msg("away")))
    assert [(one.kind, one.repair) for one in found(bench, evidence)] == [(Kind.RETURNED_NOT_CANCELLED, None)]


def test_the_points_of_a_cancelled_order_are_written_into_the_record_again_and_not_returned_again(
    bench: Bench, world: World
) -> None:
    world.redeem()
    world.orders[0] = replace(world.orders[0], cancelled_at=world.clock.now(), payment=REFUNDED)
    world.record["status"] = "used"
    asked = bench.cancel(bench.sign_in(), OperationKind.ORDER_REFUND, order="#1001")
    done = bench.engine.approve(asked.id, bench.sign_in("owner"), "Order seen", wait_seconds=600)
    assert kinds(bench) == []
    before = dict(world.record)
    del world.record["refunded_at"]
    assert kinds(bench) == [(Kind.RECORD_BEHIND, Repair.WRITE_RECORD)]
    bench.engine.take_up_again(done.id, (StepName.UPDATE_RECORD,), bench.sign_in(), "Compared")
    assert kinds(bench) == []
    assert (world.record["status"], len(world.returns)) == ("used", 1)
    assert datetime.fromisoformat(str(world.record["refunded_at"])) - datetime.fromisoformat(
        str(before["refunded_at"])
    ) < timedelta(seconds=1)


def test_points_that_were_released_are_written_into_the_record_again(bench: Bench, world: World) -> None:
    released = approved(bench, ask(bench, suspect(bench)))
    assert kinds(bench) == []
    del world.record["refunded_at"]
    assert kinds(bench) == [(Kind.RECORD_BEHIND, Repair.WRITE_RECORD)]
    bench.engine.take_up_again(released.id, (StepName.UPDATE_RECORD,), bench.sign_in(), "Compared")
    assert (kinds(bench), len(world.returns)) == ([], 1)
    revive(world)
    assert kinds(bench) == [(Kind.CODE_WORKS, Repair.SWITCH_OFF)]
    bench.engine.take_up_again(released.id, (StepName.INVALIDATE,), bench.sign_in(), "Compared")
    assert (kinds(bench), len(world.returns), len(world.mails)) == ([], 1, 1)
