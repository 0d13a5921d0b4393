"""Bulk cancellations against the training shop over real HTTP: what becomes of each coupon, whatever happens in the middle."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_desk.app import parts
from coupon_desk.app.bulk_export import COLUMNS, BulkExport
from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.bulk_job import BulkJob, BulkRequest, BulkRow, JobState, RowState
from coupon_desk.cancellation.bulk_list import list_of, read_text
from coupon_desk.cancellation.bulk_sorting import Sorting, left_out_by
from coupon_desk.cancellation.bulk_store import ListChanged
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.cancellation.permission import NoteTooShort
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, ExitStatus, NotPermitted
from coupon_desk.points import rest, transport
from coupon_desk.trail.erasing import StillAtWork
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language, msg
from tests.app.bulk_bench import NOTE, BulkBench, free_codes, make_home

WHY = {"kind": OperationKind.CANCEL, "reason": Reason.CUSTOMER_REQUEST}


@pytest.fixture(scope="module")
def opened_shop(clock: VirtualClock) -> Iterator[TrainingShop]:
    with TrainingShop.start(coupons=160, seed=3, clock=clock) as shop:
        yield shop


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, opened_shop: TrainingShop, clock: VirtualClock) -> Path:
    return make_home(tmp_path_factory.mktemp("bulk"), opened_shop, clock)


@pytest.fixture
def bench(
    shop: TrainingShop, clock: VirtualClock, synced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BulkBench]:
    monkeypatch.setattr(parts, "BULK_WORKERS", 3)
    # On a virtual clock what other threads sleep would count as this one's waiting.
    monkeypatch.setattr(transport, "ANSWER_SECONDS", math.inf)
    monkeypatch.setattr(rest, "READ_BUDGET_SECONDS", math.inf)
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(synced / name, tmp_path)
    desk = CouponDesk.open(tmp_path, secrets=training_vault(shop.addresses), clock=clock)
    made = BulkBench(desk, shop, free_codes(desk, shop))
    yield made
    made.desk.close()


def again(bench: BulkBench) -> BulkBench:
    """The same home in another program, after the first is gone."""
    bench.desk.close()
    bench.desk = CouponDesk.open(bench.desk.home, secrets=training_vault(bench.shop.addresses), clock=bench.desk.clock)
    return bench


def test_every_line_gets_its_true_result_and_every_coupon_its_points_once(bench: BulkBench) -> None:
    cases, free = bench.shop.showcase, bench.free[:6]
    typed = [*free, "no code", free[0].lower(), cases.used.code, cases.conversion_missing.code, "99999-ZZZZZZ-500"]
    job = bench.open(list_of(typed))
    assert (job.state, job.total, job.counts[RowState.WAITING]) == (JobState.RUNNING, 11, 9)
    assert bench.shop.journal.entries == ()

    ended = bench.desk.bulks.run(job.id)

    rows = bench.desk.bulks.rows(job.id)
    assert [(row.typed, row.state, row.rule) for row in rows] == [
        *((code, RowState.DONE, None) for code in free),
        ("no code", RowState.SKIPPED, "invalid_code"),
        (free[0].lower(), RowState.SKIPPED, "twice"),
        (cases.used.code, RowState.REFUSED, "used"),
        (cases.conversion_missing.code, RowState.NEEDS_APPROVAL, None),
        ("99999-ZZZZZZ-500", RowState.REFUSED, "not_found"),
    ]
    assert all(row.why for row in rows[6:])
    assert (ended.state, ended.remaining, ended.is_at_work) == (JobState.ENDED, 0, False)
    assert ended.points_returned == sum(int(code.rsplit("-", 1)[1]) for code in free)
    assert ended.exit_status is ExitStatus.NOT_FINISHED
    assert all(map(bench.is_cancelled, free))
    assert bench.desk.trail.verify().is_intact


def test_the_trail_tells_the_whole_and_each_operation_to_which_it_belongs(bench: BulkBench) -> None:
    rows = list_of(bench.free[:2])
    job = bench.desk.bulks.run(bench.open(rows).id)

    opened, ended = bench.desk.trail.of_actions("bulk.opened", "bulk.ended")
    assert (opened.actor, opened.fields.reason, opened.fields.points) == ("manager", "customer_request", rows.points)
    assert opened.fields.after == {
        "bulk": job.id,
        "state": "running",
        "kind": "cancel",
        "coupons": 2,
        "list_sha256": rows.digest,
    }
    assert opened.body["note"] == NOTE
    assert NOTE not in opened.text
    assert (ended.actor, ended.body["counts"]["done"]) == (None, 2)
    operations = bench.desk.bulks.operations(job.id)
    assert [one.code.text for one in operations] == list(bench.free[:2])
    for one in operations:
        first = bench.desk.trail.of_operation(one.id)[0]
        assert (first.body["bulk"], (first.fields.after or {})["bulk"]) == (job.id, job.id)


def test_a_dry_run_says_what_would_come_and_writes_nothing(bench: BulkBench) -> None:
    cases, free = bench.shop.showcase, bench.free[:3]
    listed = list_of([*free, cases.used.code, cases.conversion_differs.code, "no code"])
    before = bench.desk.trail.head().sequence
    session = bench.sign_in()
    heard: list[tuple[int, int]] = []

    found = bench.desk.bulks.dry_run(
        listed, session, reason=Reason.CUSTOMER_REQUEST, on_progress=lambda done, of: heard.append((done, of))
    )

    assert [row.sorting for row in found.rows] == [
        *(Sorting.CAN,) * 3,
        Sorting.CANT,
        Sorting.NEEDS_APPROVAL,
        Sorting.CANT,
    ]
    assert [row.rule for row in found.rows[3:]] == ["used", "points_differ", "invalid_code"]
    assert found.points(Sorting.CAN) == sum(int(code.rsplit("-", 1)[1]) for code in free)
    assert sorted(heard)[-1] == (5, 5)
    assert {entry.action for entry in bench.desk.trail.in_places(before + 1, 10**9)} <= {
        *("signed_in", "trail.key", "trail.checkpoint", "program.started", "settings.changed")
    }
    assert not [call for call in bench.shop.journal.entries if call.applied and call.call in {"WriteRecord", "add"}]
    assert set(left_out_by(found, Sorting.CAN)) == {4, 5}


def test_a_dry_run_counts_limits_line_by_line_and_tells_goodwill_from_the_start(bench: BulkBench) -> None:
    config = bench.desk.home / "config.toml"
    points = [int(code.rsplit("-", 1)[1]) for code in bench.free[:3]]
    told = config.read_text("utf-8").replace(
        "daily_points_per_operator = 1000000", f"daily_points_per_operator = {sum(points[:2])}"
    )
    config.write_text(told, "utf-8")
    again(bench)
    listed = list_of(bench.free[:3])

    found = bench.desk.bulks.dry_run(listed, bench.sign_in(), reason=Reason.CUSTOMER_REQUEST)
    goodwill = bench.desk.bulks.dry_run(listed, bench.sign_in(), reason=Reason.GOODWILL)
    clerk = bench.desk.bulks.dry_run(listed, bench.sign_in("clerk"), reason=Reason.CUSTOMER_REQUEST)

    assert [row.sorting for row in found.rows] == [Sorting.CAN, Sorting.CAN, Sorting.NEEDS_APPROVAL]
    assert found.rows[2].rule == "over_limit"
    assert {row.sorting for row in (*goodwill.rows, *clerk.rows)} == {Sorting.NEEDS_APPROVAL}


def test_a_dry_run_that_is_stopped_and_a_source_that_is_silent_leave_lines_unread(bench: BulkBench) -> None:
    stop = threading.Event()
    stop.set()
    listed = list_of(bench.free[:2])
    stopped = bench.desk.bulks.dry_run(listed, bench.sign_in(), reason=Reason.OTHER, stop=stop)
    bench.shop.faults.add(Fault("history", FaultKind.NOT_JSON, every=1))
    silent = bench.desk.bulks.dry_run(listed, bench.sign_in(), reason=Reason.OTHER)
    assert {row.sorting for row in (*stopped.rows, *silent.rows)} == {Sorting.UNREAD}
    assert "summary" not in str(silent.summary)


def test_each_line_of_a_file_may_bear_its_own_reason_and_note(bench: BulkBench) -> None:
    first, second, third = bench.free[:3]
    listed = read_text(f"code,reason,note\n{first},staff_error,Typed twice\n{second}\n{third},,x\n")
    job = bench.desk.bulks.run(bench.open(listed).id)

    told = {one.code.text: (one.request.reason, one.request.note) for one in bench.desk.bulks.operations(job.id)}
    assert told == {first: (Reason.STAFF_ERROR, "Typed twice"), second: (Reason.CUSTOMER_REQUEST, NOTE)}
    (short,) = bench.desk.bulks.rows(job.id, states={RowState.SKIPPED})
    assert (short.line, short.rule) == (4, "note_too_short")
    assert bench.is_untouched(third)


def test_what_was_left_out_after_a_dry_run_stands_as_left_out(bench: BulkBench) -> None:
    listed = list_of(bench.free[:2])
    why = msg("The customer has changed her mind")
    request = BulkRequest(listed, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, NOTE, left_out={2: why})
    job = bench.desk.bulks.run(bench.desk.bulks.open(request, bench.sign_in()).id)
    left = bench.desk.bulks.rows(job.id)[1]
    assert (left.state, left.rule, left.why) == (RowState.SKIPPED, "left_out", (why,))
    assert bench.is_untouched(bench.free[1])
    with pytest.raises(ConfigurationError, match="no coupon to cancel"):
        nothing = BulkRequest(listed, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, NOTE, left_out={1: why, 2: why})
        bench.desk.bulks.open(nothing, bench.sign_in())


def test_whoever_may_not_is_refused_once_for_all_and_nothing_is_written_down(bench: BulkBench) -> None:
    listed = list_of(bench.free[:3])
    with pytest.raises(NotPermitted):
        bench.open(listed, bench.sign_in("viewer"))
    with pytest.raises(NoteTooShort):
        request = BulkRequest(listed, OperationKind.CANCEL, Reason.OTHER, " x ")
        bench.desk.bulks.open(request, bench.sign_in())
    assert bench.desk.bulks.jobs() == ()
    assert len(bench.desk.trail.of_actions("right_refused")) == 1
    assert bench.shop.journal.entries == ()


def test_what_a_clerk_asks_for_waits_for_a_second_person_and_shows_it_when_they_have_decided(bench: BulkBench) -> None:
    job = bench.desk.bulks.run(bench.open(list_of(bench.free[:2]), bench.sign_in("clerk")).id)
    assert (job.state, job.counts[RowState.NEEDS_APPROVAL]) == (JobState.ENDED, 2)
    first, second = bench.desk.bulks.operations(job.id)

    bench.desk.approve(first.id, bench.sign_in(), "Seen", wait_seconds=60)
    bench.desk.reject(second.id, bench.sign_in(), "No reason given")

    assert bench.states(job) == {bench.free[0]: RowState.DONE, bench.free[1]: RowState.REFUSED}
    assert bench.is_cancelled(bench.free[0])
    assert bench.is_untouched(bench.free[1])


def test_a_coupon_that_somebody_else_works_on_is_refused_and_the_others_go_on(bench: BulkBench) -> None:
    code = CouponCode.parse(bench.free[0])
    bench.shop.faults.add(Fault("history", FaultKind.NOT_JSON, every=1))
    asked = CancelRequest(code, OperationKind.CANCEL, Reason.OTHER, NOTE)
    assert bench.desk.cancel(asked, bench.sign_in()).state is OperationState.RUNNING
    bench.shop.faults.clear()

    job = bench.desk.bulks.run(bench.open(list_of(bench.free[:2])).id)

    rows = bench.desk.bulks.rows(job.id)
    assert [(row.state, row.rule) for row in rows] == [(RowState.REFUSED, "being_cancelled"), (RowState.DONE, None)]
    assert rows[0].operation is None


def test_a_coupon_of_one_job_is_never_begun_again_by_another(bench: BulkBench) -> None:
    listed = list_of(bench.free[:3])
    first = bench.desk.bulks.run(bench.open(listed).id)
    second = bench.desk.bulks.run(bench.open(listed).id)
    assert (first.counts[RowState.DONE], second.counts[RowState.REFUSED]) == (3, 3)
    assert {row.rule for row in bench.desk.bulks.rows(second.id)} == {"cancelled"}
    assert all(map(bench.is_cancelled, bench.free[:3]))


def test_while_something_is_out_of_reach_the_job_waits_and_says_so_and_then_goes_on(bench: BulkBench) -> None:
    told: list[BulkJob] = []

    def mend(job: BulkJob, row: BulkRow | None) -> None:
        told.append(job)
        if job.waits_for is not None:
            bench.shop.faults.clear()

    bench.shop.faults.add(Fault("history", FaultKind.HTTP_STATUS, every=1))
    job = bench.desk.bulks.run(bench.open(list_of(bench.free[:4])).id, mend)

    waited = next(one for one in told if one.waits_for is not None)
    assert waited.retry_at is not None
    assert waited.state is JobState.RUNNING
    assert (job.state, job.counts[RowState.DONE], job.waits_for) == (JobState.ENDED, 4, None)


def test_whoever_does_not_want_to_wait_is_told_what_is_left_and_it_goes_on_later(bench: BulkBench) -> None:
    bench.shop.faults.add(Fault("DiscountByCode", FaultKind.HTTP_STATUS, every=1))
    job = bench.desk.bulks.run(bench.open(list_of(bench.free[:4])).id, wait_seconds=0)
    assert job.state is JobState.RUNNING
    assert (job.remaining, job.exit_status) == (4, ExitStatus.NOT_FINISHED)
    assert job.counts[RowState.WAITING] > 0
    bench.shop.faults.clear()

    again(bench)
    assert bench.desk.bulks.go_on() == (job.id,)
    assert bench.desk.bulks.run(job.id).counts[RowState.DONE] == 4
    assert all(map(bench.is_cancelled, bench.free[:4]))


def test_a_paused_job_begins_nothing_more_and_goes_on_in_the_name_of_who_resumes_it(bench: BulkBench) -> None:
    session = bench.sign_in()
    job = bench.open(list_of(bench.free[:5]), session)
    paused: list[BulkJob] = []

    def pause(_job: BulkJob, row: BulkRow | None) -> None:
        if row is not None and not paused:
            paused.append(bench.desk.bulks.pause(job.id, session))

    stands = bench.desk.bulks.run(job.id, pause)
    assert stands.state is JobState.PAUSED
    assert stands.counts[RowState.RUNNING] == 0
    assert stands.counts[RowState.WAITING] > 0
    done = stands.counts[RowState.DONE]
    assert bench.desk.bulks.go_on() == ()

    other = bench.sign_in("other")
    bench.desk.bulks.resume(job.id, other)
    ended = bench.desk.bulks.run(job.id)
    assert (ended.state, ended.counts[RowState.DONE], ended.operator) == (JobState.ENDED, 5, "other")
    by = [one.operator.login for one in bench.desk.bulks.operations(job.id)]
    assert (by.count("manager"), by.count("other")) == (done, 5 - done)
    assert [entry.action for entry in bench.desk.trail.of_actions("bulk.paused", "bulk.resumed")] == [
        "bulk.paused",
        "bulk.resumed",
    ]


def test_a_stopped_job_is_over_and_every_coupon_is_either_untouched_or_cancelled(bench: BulkBench) -> None:
    session = bench.sign_in()
    job = bench.open(list_of(bench.free[:5]), session)

    def stop(_job: BulkJob, row: BulkRow | None) -> None:
        if row is not None and row.state is RowState.DONE:
            bench.desk.bulks.stop(job.id, session)

    stands = bench.desk.bulks.run(job.id, stop)
    assert stands.state is JobState.STOPPED
    assert stands.remaining == 0
    states = bench.states(job)
    assert set(states.values()) <= {RowState.DONE, RowState.REFUSED, RowState.SKIPPED}
    for code, state in states.items():
        assert bench.is_cancelled(code) if state is RowState.DONE else bench.is_untouched(code)
    skipped = bench.desk.bulks.rows(job.id, states={RowState.SKIPPED})
    assert {row.rule for row in skipped} <= {"stopped"}
    with pytest.raises(NotPermitted, match="over"):
        bench.desk.bulks.resume(job.id, session)
    with pytest.raises(NotPermitted, match="over"):
        bench.desk.bulks.pause(job.id, session)


def test_of_a_job_that_is_stopped_requests_may_be_withdrawn(bench: BulkBench) -> None:
    clerk = bench.sign_in("clerk")
    job = bench.open(list_of(bench.free[:2]), clerk)
    bench.desk.bulks.run(job.id)
    assert bench.desk.bulks.job(job.id).state is JobState.ENDED
    paused = bench.open(list_of(bench.free[2:6]), clerk)
    bench.desk.bulks.pause(paused.id, clerk)
    with pytest.raises(NotPermitted):
        bench.desk.bulks.stop(paused.id, bench.sign_in("viewer"))
    assert bench.desk.bulks.stop(paused.id, bench.sign_in(), withdraw_requests=True).state is JobState.STOPPED
    assert {row.rule for row in bench.desk.bulks.rows(paused.id)} == {"stopped"}


def test_whoever_lost_their_right_in_the_middle_leaves_the_job_paused_with_the_reason(bench: BulkBench) -> None:
    job = bench.open(list_of(bench.free[:3]))
    bench.desk.people.disable("manager", bench.sign_in("owner"))
    stands = bench.desk.bulks.run(job.id)
    assert stands.state is JobState.PAUSED
    assert "disabled" in str(stands.paused_because)
    assert stands.counts[RowState.WAITING] == 3
    bench.desk.bulks.resume(job.id, bench.sign_in("other"))
    assert bench.desk.bulks.run(job.id).counts[RowState.DONE] == 3


def test_a_list_that_was_changed_in_the_database_is_not_begun(bench: BulkBench, caplog: pytest.LogCaptureFixture) -> None:
    job = bench.open(list_of(bench.free[:2]))
    with bench.desk._parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE bulk_rows SET code = ? WHERE line = 2", (bench.free[2],))
    with pytest.raises(ListChanged, match="changed in the database"):
        bench.desk.bulks.run(job.id)
    ended = threading.Event()
    bench.desk.bulks.watch(lambda told, _row: ended.set() if told.state is JobState.PAUSED else None)
    with caplog.at_level("WARNING", "coupon_desk.app.bulks"):
        bench.desk.bulks.begin(job.id)
        assert ended.wait(20)
    assert "changed in the database" in str(bench.desk.bulks.job(job.id).paused_because)
    assert not bench.desk.bulks.operations(job.id)


def test_every_line_can_be_handed_out(bench: BulkBench) -> None:
    listed = list_of([bench.free[0], "=HYPERLINK(1)", bench.shop.showcase.used.code])
    job = bench.desk.bulks.run(bench.open(listed).id)
    table = bench.desk.bulks.export(job.id, BulkExport.CSV, bench.sign_in("viewer"), Language.EN)
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["line"], row["typed"], row["state"], row["rule"]) for row in rows] == [
        ("1", bench.free[0], "done", ""),
        ("2", "'=HYPERLINK(1)", "skipped", "invalid_code"),
        ("3", bench.shop.showcase.used.code, "refused", "used"),
    ]
    document = json.loads(bench.desk.bulks.export(job.id, BulkExport.JSON, None, Language.JA))
    assert document["bulk"]["counts"]["done"] == 1
    assert [row["state"] for row in document["rows"]] == ["done", "skipped", "refused"]


def test_jobs_are_found_by_the_beginning_of_their_id(bench: BulkBench) -> None:
    job = bench.open(list_of([bench.free[0]]))
    assert bench.desk.bulks.find(job.id[:8]).id == job.id
    for nothing in ("", "zzz"):
        with pytest.raises(ConfigurationError):
            bench.desk.bulks.find(nothing)
    assert [one.id for one in bench.desk.bulks.jobs()] == [job.id]


def test_observers_hear_of_every_line_that_changed(bench: BulkBench) -> None:
    heard: list[tuple[int, RowState]] = []
    job = bench.open(list_of(bench.free[:3]))
    ended = bench.desk.bulks.run(job.id, lambda _job, row: heard.append((row.line, row.state)) if row else None)
    assert {line for line, _ in heard} == {1, 2, 3}
    assert [state for line, state in heard if line == 2] == [RowState.RUNNING, RowState.DONE]
    assert ended.counts[RowState.DONE] == 3


def test_a_customer_who_is_erased_leaves_no_line_and_no_note_behind(bench: BulkBench) -> None:
    code, other = bench.free[0], next(one for one in bench.free if bench.customer_of(one) != bench.customer_of(bench.free[0]))
    waiting = bench.open(list_of([code, other]))
    with pytest.raises(StillAtWork):
        bench.desk.erase_customer(bench.customer_of(code), bench.sign_in("owner"))
    bench.desk.bulks.stop(waiting.id, bench.sign_in())

    bench.desk.erase_customer(bench.customer_of(code), bench.sign_in("owner"))

    assert [row.typed for row in bench.desk.bulks.rows(waiting.id)] == [other]
    assert (bench.desk.bulks.job(waiting.id).note, bench.desk.bulks.job(waiting.id).total) == ("", 2)
    assert bench.desk.trail.verify().is_intact
