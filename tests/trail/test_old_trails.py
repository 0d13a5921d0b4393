"""Trails of every earlier schema: they verify, are read, are folded and go on; what was tampered with before stays so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupon_desk.cancellation.operation import OperationState, Operator, StepName, StepState
from coupon_desk.cancellation.own_work import own_work, story_of
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import StorageError
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import Flaw
from tests.trail.conftest import CODE, NOW
from tests.trail.old_trails import OLD_REVISIONS, make_old_home

OPENED: Final[dict[str, Any]] = {
    "kind": "cancel",
    "reason": "customer_request",
    "note": '間違い "quoted" \\ \n\u2028 \U0001f600',
    "order": None,
    "operator": {"login": "mika", "name": "Mika Tanaka", "role": "manager"},
    "rules": {"settle_seconds": "5.0", "retire": "keep", "recheck_minutes": [15]},
    "key": "6d1f",
    "language": "ja",
    "approval_needed": [],
}
OF_OPERATION: Final = {"actor": "mika", "operation": "op-1", "code": CODE.text}
TOLD: Final[list[dict[str, Any]]] = [
    {"action": "signed_in", "actor": "mika", "body": {"role": "manager"}},
    {"action": "operation.opened", **OF_OPERATION, "body": OPENED},
    {"action": "step.started", **OF_OPERATION, "step": "claim", "body": {}},
    {"action": "step.done", **OF_OPERATION, "step": "claim", "body": {"detail": {"text": "Claimed.", "values": {}}}},
    {"action": "operation.completed", **OF_OPERATION, "body": {}},
]


@contextmanager
def opened(file: Path) -> Iterator[tuple[Database, Trail]]:
    database = Database.open(file)
    try:
        database.migrate()
        yield database, Trail(database, Surroundings("counter-1"), VirtualClock(NOW))
    finally:
        database.close()


@pytest.mark.parametrize("revision", OLD_REVISIONS)
def test_an_old_trail_verifies_is_read_and_goes_on(file: Path, revision: str) -> None:
    hashes = make_old_home(file, revision, TOLD)
    with opened(file) as (database, trail):
        found = trail.verify()
        assert (found.checked, found.head.hash, found.bad) == (5, hashes[-1], None)
        entries = trail.of_operation("op-1")
        assert [(entry.version, entry.action, entry.code, entry.body) for entry in entries] == [
            (1, told["action"], CODE.text, told["body"]) for told in TOLD[1:]
        ]
        assert trail.of_code(CODE) == entries
        assert [entry.hash for entry in trail.between()] == hashes

        operation = story_of(trail, "op-1").operation
        assert operation.code == CODE
        assert operation.operator == Operator("mika", "Mika Tanaka", "manager")
        assert (operation.request.reason, operation.request.note) == (Reason.CUSTOMER_REQUEST, OPENED["note"])
        assert operation.step(StepName.CLAIM).state is StepState.DONE
        assert operation.state is OperationState.COMPLETED

        trail.append(NewEntry("receipt.issued", {"how": "pdf"}, "mika", "op-1", None, CODE.text))
        assert [entry.version for entry in trail.of_code(CODE)] == [1, 1, 1, 1, 2]
        assert trail.verify().checked == 6

        index = OperationIndex(database)
        assert index.rebuild(lambda one: story_of(trail, one).row) == 1
        work = own_work(trail, index, CODE)
        assert work is not None
        assert (work.by, work.cancelled) == ("Mika Tanaka", True)
        with pytest.raises(StorageError), database.write() as connection:
            connection.exec_driver_sql("DELETE FROM entries")


@pytest.mark.parametrize(
    ("statement", "sequence", "why"),
    [
        ("UPDATE entries SET body = replace(body, 'mika', 'kenn') WHERE sequence = 2", 2, Flaw.CHANGED),
        ("UPDATE entries SET body = '{\"broken' WHERE sequence = 2", 2, Flaw.CHANGED),
        ("UPDATE entries SET body = x'ff00fe' WHERE sequence = 3", 3, Flaw.CHANGED),
        ("UPDATE entries SET actor = 'ken' WHERE sequence = 3", 3, Flaw.CHANGED),
        ("UPDATE entries SET actor = 42 WHERE sequence = 3", 3, Flaw.CHANGED),
        ("UPDATE entries SET actor = NULL WHERE sequence = 3", 3, Flaw.CHANGED),
        ("UPDATE entries SET previous = hash WHERE sequence = 4", 4, Flaw.CHANGED),
        ("UPDATE entries SET hash = 'x' WHERE sequence = 4", 4, Flaw.CHANGED),
        ("DELETE FROM entries WHERE sequence = 1", 1, Flaw.MISSING),
        ("DELETE FROM entries WHERE sequence = 3", 3, Flaw.MISSING),
        ("UPDATE entries SET sequence = 17 WHERE sequence = 2", 2, Flaw.MISSING),
    ],
)
def test_what_was_tampered_with_before_is_found_at_the_same_entry(file: Path, statement: str, sequence: int, why: Flaw) -> None:
    make_old_home(file, "0003", TOLD)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TRIGGER entries_refuse_update")
        connection.execute("DROP TRIGGER entries_refuse_delete")
        connection.execute(statement)
    with opened(file) as (_, trail):
        bad = trail.verify().bad
        assert bad is not None
        assert (bad.sequence, bad.why) == (sequence, why)
        assert list(trail.between())


texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None, max_examples=15)
@given(st.dictionaries(texts.filter(bool), texts | st.integers(-(2**53) + 1, 2**53 - 1), max_size=4), texts, texts, texts)
def test_whatever_an_old_entry_held_verifies(
    tmp_path_factory: pytest.TempPathFactory, body: dict[str, Any], actor: str | None, step: str | None, code: str | None
) -> None:
    file = tmp_path_factory.mktemp("old") / "desk.sqlite3"
    fields = {"action": "any", "actor": actor, "step": step, "code": code, "body": body}
    make_old_home(file, "0003", [fields, fields])
    with opened(file) as (_, trail):
        assert trail.verify().bad is None
        assert [entry.body for entry in trail.between()] == [body, body]


def test_a_long_old_trail_is_taken_over_whole(file: Path) -> None:
    hashes = make_old_home(file, "0003", ({**TOLD[2], "operation": f"op-{number}"} for number in range(12_000)))
    with opened(file) as (_, trail):
        assert (trail.verify().checked, trail.head().hash) == (12_000, hashes[-1])
        assert len(trail.of_operation("op-11999")) == 1
