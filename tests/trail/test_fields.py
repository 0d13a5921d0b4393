"""What an entry says, and the one text of it that is hashed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.clock import ClockOffset, VirtualClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.fields import UNREADABLE, Canonical, canonical, entry_text, fields_in
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.trail.conftest import CODE, NOW

FIELDS: Final = (
    *("action", "actor", "after", "app", "approver", "at", "before", "body", "clock_offset", "code", "coupon", "customer"),
    *("desk", "logged_at", "operation", "os_user", "points", "reason", "request_ids", "result", "role", "sealed", "step", "v"),
)

names = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1)
plain = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    plain | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(names, values, max_size=8), st.dictionaries(st.text(), values, max_size=3))
def test_the_text_of_an_entry_is_its_canonical_json(fields: dict[str, Any], body: dict[str, Any]) -> None:
    assert entry_text({**fields, "body": Canonical(canonical(body))}) == rfc8785.dumps({**fields, "body": body}).decode()


def test_an_entry_says_who_what_when_where_on_what_and_with_which_result(database: Database) -> None:
    clock = VirtualClock(NOW)
    offset = ClockOffset(clock)
    trail = Trail(database, Surroundings("counter-1", "till", "1.2.3", lambda: offset.seconds), clock)
    offset.heard(NOW + timedelta(seconds=3))
    before_it_is_written = NOW - timedelta(seconds=20)
    entry = trail.append(
        NewEntry(
            *("step.done", {"note": "間違い"}, "mika", "op-1", "return_points", CODE.text),
            role="manager",
            approver="ken",
            customer="gid://shopify/Customer/7170934",
            at=before_it_is_written,
            result="done",
            reason="customer_request",
            before={"state": "running"},
            after={"state": "done"},
            points=500,
            request_ids=("c00fc000",),
        )
    )
    told = entry.columns
    assert {name: told[name] for name in ("at", "logged_at", "clock_offset", "desk", "os_user", "app")} == {
        "at": "2026-11-23T08:59:40.000000Z",
        "logged_at": "2026-11-23T09:00:00.000000Z",
        "clock_offset": 3.5,
        "desk": "counter-1",
        "os_user": "till",
        "app": "1.2.3",
    }
    assert [told[name] for name in ("actor", "role", "approver", "action", "operation", "step", "code")] == [
        *("mika", "manager", "ken", "step.done", "op-1", "return_points", "70934-******-500")
    ]
    assert [told[name] for name in ("result", "reason", "before", "after", "points", "request_ids", "body")] == [
        *("done", "customer_request", '{"state":"running"}', '{"state":"done"}', 500, "c00fc000", '{"note":"間違い"}')
    ]
    assert entry.moment == before_it_is_written
    assert trail.of_operation("op-1") == (entry,)
    assert tuple(keys_of(entry.text)) == FIELDS


def keys_of(text: str) -> list[str]:
    return list(json.loads(text))


def test_every_field_is_there_also_where_there_is_nothing_to_say(trail: Trail) -> None:
    trail.record("signed_out", {}, actor="mika")
    (entry,) = trail.between()
    assert tuple(keys_of(entry.text)) == FIELDS
    assert (entry.fields.clock_offset, entry.fields.role, entry.fields.request_ids, entry.body) == (None, None, (), {})


def test_the_database_reads_its_columns_out_of_the_text(database: Database, trail: Trail) -> None:
    entry = trail.append(NewEntry("step.done", {}, "mika", "op-1", "verify", CODE.text, customer="7170934", result="done"))
    names = ("at", "actor", "action", "operation", "step", "code", "coupon", "customer", "result")
    with database.read() as connection:
        row = connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM entries").one()
    assert dict(zip(names, row, strict=True)) == {name: getattr(entry.fields, name) for name in names}


def test_a_clock_that_nobody_compared_is_told_as_such() -> None:
    offset = ClockOffset(VirtualClock(NOW))
    offset.heard(None)
    assert offset.seconds is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"action":3,"at":"x","desk":"y"}', "\udcff"])
def test_a_text_that_is_no_entry_says_nothing(text: str) -> None:
    assert fields_in(text) == UNREADABLE
