"""The customer's record: our entry changes, and nothing else does, to the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Claim, RecordStatus
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.record import (
    DropClaim,
    MarkCancelled,
    MarkRefunded,
    MarkReleased,
    MarkReminded,
    MarkUsed,
    PutClaim,
    RecordChange,
)
from coupon_desk.coupons.reminding import ReminderMark, ReminderWish
from coupon_desk.errors import RemoteRefused
from coupon_desk.shopify import splice
from coupon_desk.shopify.record import MalformedRecord, changed, entries_of, entry_of, reminder_wish

CODE = CouponCode("70934-AB12CD-500")
AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
AT_TEXT = "2026-11-23T03:00:00.000000Z"
CLAIM = PutClaim(Claim("op-1", "sato", AT))
MARK = '"cancellation":{"operation":"op-1","by":"sato","at":"2026-11-23T03:00:00.000000Z"}'
CANCELLED = MarkCancelled(AT, "sato", Reason.CUSTOMER_REQUEST, Points(500))
REFUNDED = MarkRefunded(AT, "sato", Points(500))
RELEASED = MarkReleased(AT, "mori", Points(500))
REMINDED = MarkReminded("reminder-1", AT, "counter-2")
CHANGES: list[RecordChange] = [CLAIM, CANCELLED, MarkUsed(AT), REFUNDED, RELEASED, REMINDED, DropClaim("op-1")]

ODD = (
    '{ "note" : "caf\\u00e9 \\/ 佐藤", "coupons" :[\n'
    '  {"code":"70934-ZZ99ZZ-100","points":1.0,"big":123456789012345678901234567890,"e":1E+3},\n'
    '  {"code" : "70934-ab12cd-500", "points":500.00, "shape" : {"b":1,"a":[1,2 ,3]}, "status":"active" }, 7 ] ,'
    ' "v":2.50 }'
)


def test_a_claim_is_put_where_the_entry_stands_and_nothing_else_moves() -> None:
    assert changed(ODD, CODE, CLAIM) == ODD.replace('"status":"active" }', f'"status":"active",{MARK} }}')


def test_a_claim_is_taken_away_again_to_the_letter() -> None:
    assert changed(changed(ODD, CODE, CLAIM), CODE, DropClaim("op-1")) == ODD


def test_cancelled_says_when_by_whom_why_and_how_many_points() -> None:
    text = changed(changed(ODD, CODE, CLAIM), CODE, CANCELLED)

    assert text == ODD.replace(
        '"status":"active" }',
        f'"status":"cancelled","cancelled_at":"{AT_TEXT}","cancelled_by":"sato",'
        '"reason":"customer_request","points_returned":500 }',
    )


def test_a_claim_takes_the_place_of_the_one_that_it_replaces_and_of_no_other() -> None:
    ours = Claim("op-2", "mori", AT)
    claimed = changed(ODD, CODE, CLAIM)

    taken_over = entry_of(changed(claimed, CODE, PutClaim(ours, replaces="op-1")), CODE)

    assert taken_over is not None
    assert taken_over.claim == ours
    with pytest.raises(RemoteRefused):
        changed(claimed, CODE, PutClaim(ours, replaces="op-3"))


def test_an_entry_that_was_finished_in_another_desks_place_says_so() -> None:
    claimed = changed(ODD, CODE, CLAIM)
    taken_over = MarkCancelled(AT, "mori", Reason.OTHER, Points(500), taken_over_by="op-2")

    ended, usual = (entry_of(changed(claimed, CODE, change), CODE) for change in (taken_over, CANCELLED))

    assert ended is not None
    assert ended.taken_over_by == "op-2"
    assert usual is not None
    assert usual.taken_over_by is None


def test_used_keeps_the_moment_of_use_that_is_known() -> None:
    raw = '[{"code":"70934-AB12CD-500","status":"active","used_at":"2026-11-01T00:00:00Z"},{"code":"x"}]'

    assert changed(raw, CODE, MarkUsed(AT)) == raw.replace("active", "used")
    assert changed("[]", CODE, MarkUsed(AT)) == (
        f'[{{"code":"70934-AB12CD-500","points":500,"status":"used","used_at":"{AT_TEXT}"}}]'
    )


def test_a_refund_for_a_cancelled_order_leaves_the_coupon_used() -> None:
    raw = '[{"code":"70934-AB12CD-500","status":"used","used_at":"2026-11-01T00:00:00Z"}]'

    entry = entry_of(changed(raw, CODE, REFUNDED), CODE)

    assert entry is not None
    assert entry.status is RecordStatus.USED
    assert f'"refunded_at":"{AT_TEXT}","refunded_by":"sato","points_returned":500' in changed(raw, CODE, CHANGES[3])


def test_points_that_are_released_leave_the_coupon_cancelled_by_whom_it_was() -> None:
    withheld = MarkCancelled(AT, "sato", Reason.SUSPECTED_FRAUD, Points(0))
    cancelled = changed(ODD, CODE, withheld)
    claimed = changed(cancelled, CODE, CLAIM)

    before, after = entry_of(cancelled, CODE), entry_of(changed(claimed, CODE, RELEASED), CODE)

    assert before is not None
    assert (before.status, before.cancelled_by, before.points_returned) == (RecordStatus.CANCELLED, "sato", 0)
    assert after is not None
    assert (after.status, after.cancelled_by, after.points_returned) == (RecordStatus.CANCELLED, "sato", 500)
    assert (after.refunded_at, after.claim) == (AT, None)
    assert changed(claimed, CODE, DropClaim("op-1")) == cancelled
    assert changed(claimed, CODE, RELEASED) == cancelled.replace(
        '"points_returned":0', f'"points_returned":500,"refunded_at":"{AT_TEXT}","refunded_by":"mori"'
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, "[{NEW}]"),
        ("[]", "[{NEW}]"),
        (" [ ] ", " [{NEW} ] "),
        ('[{"code":"70934-ZZ99ZZ-100"}]', '[{"code":"70934-ZZ99ZZ-100"},{NEW}]'),
        ("{}", '{"coupons":[{NEW}]}'),
        ('{"v":1}', '{"v":1,"coupons":[{NEW}]}'),
        ('{"coupons":[]}', '{"coupons":[{NEW}]}'),
    ],
)
def test_a_missing_entry_is_made(raw: str | None, expected: str) -> None:
    new = f'{{"code":"70934-AB12CD-500","points":500,"status":"active",{MARK}}}'

    assert changed(raw, CODE, CLAIM) == expected.replace("{NEW}", new)


def test_nothing_is_made_only_to_take_a_claim_away() -> None:
    assert changed('{"v":1}', CODE, DropClaim("op-1")) == '{"v":1}'


def test_the_claim_of_another_operation_is_neither_taken_over_nor_taken_away() -> None:
    raw = changed("[]", CODE, PutClaim(Claim("op-0", "suzuki", AT)))

    with pytest.raises(RemoteRefused, match="Being cancelled by suzuki"):
        changed(raw, CODE, CLAIM)
    assert changed(raw, CODE, DropClaim("op-1")) == raw


def test_the_own_claim_can_be_put_again() -> None:
    raw = changed("[]", CODE, CLAIM)

    assert changed(raw, CODE, CLAIM) == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "not JSON",
        "[",
        '[{"code":"70934-AB12CD-500"}] more',
        "[1,]",
        "[NaN]",
        "null",
        '"text"',
        "7",
        '{"coupons":null}',
        '{"coupons":{}}',
        '{"coupons":[],"coupons":[]}',
        "[" * 100_000,
        '[{"code":"70934-AB12CD-500"},{"code":"70934-ab12cd-500"}]',
        '[{"code":"70934-AB12CD-500","status":"lost"}]',
        '[{"code":"70934-AB12CD-500","status":["used"]}]',
        '[{"code":"70934-AB12CD-500","used_at":"yesterday"}]',
        '[{"code":"70934-AB12CD-500","used_at":{"on":"Monday"}}]',
        '[{"code":"70934-AB12CD-500","cancellation":"somebody"}]',
        '[{"code":"70934-AB12CD-500","cancellation":{"operation":"op"}}]',
    ],
)
def test_a_record_that_cannot_be_understood_is_refused_and_never_written_over(raw: str) -> None:
    with pytest.raises(MalformedRecord) as told:
        if entry_of(raw, CODE) is not None:
            changed(raw, CODE, CLAIM)

    assert "70934" not in told.value.detail


def test_a_record_that_is_full_is_refused_before_it_is_sent() -> None:
    full = json.dumps([{"code": "70934-ZZ99ZZ-100", "note": "佐" * 43_660}], ensure_ascii=False)

    with pytest.raises(RemoteRefused, match="full"):
        changed(full, CODE, CLAIM)
    assert changed(full, CODE, DropClaim("op-1")) == full


def test_an_entry_is_read_as_the_interface_says() -> None:
    raw = """[{"code":"70934-AB12CD-500","points":500,"amount":"500.50","status":"active",
        "issued_at":"2026-11-01T00:00:00+09:00","expires_at":"2026-12-01","used_at":"","cancelled_at":null}]"""

    entry = entry_of(raw, CODE)

    assert entry is not None
    assert (entry.status, entry.points, entry.amount) == (RecordStatus.ACTIVE, 500, Decimal("500.50"))
    assert entry.issued_at == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert entry.expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert (entry.used_at, entry.cancelled_at, entry.claim) == (None, None, None)


@pytest.mark.parametrize("points", ["1e999999999", "12.5", '"many"', "null", "true", "[5]", "1e99999999999999999999999"])
def test_points_that_are_no_number_of_points_are_unknown(points: str) -> None:
    entry = entry_of(f'[{{"code":"70934-AB12CD-500","points":{points}}}]', CODE)

    assert entry is not None
    assert entry.points is None


def test_entries_are_listed_with_their_codes_and_strangers_are_passed_over() -> None:
    raw = '{"coupons":[{"code":"70934-AB12CD-500"},{"code":"SUMMER"},{"no":1},7,{"code":"70934-zz99zz-100","status":"used"}]}'

    assert [(code.text, entry.status) for code, entry in entries_of(raw)] == [
        ("70934-AB12CD-500", RecordStatus.ACTIVE),
        ("70934-ZZ99ZZ-100", RecordStatus.USED),
    ]


# What other programs may have put into a record: any JSON, written in any way.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
OURS = {"code", "status", "points", "used_at", "cancelled_at", "issued_at", "expires_at", "amount", "cancellation"}
WRITTEN = OURS | {"cancelled_by", "reason", "points_returned", "refunded_at", "refunded_by", "reminder"}
extras = st.dictionaries(texts.filter(lambda key: key not in WRITTEN), values, max_size=4)
others = st.lists(values.filter(lambda value: not (isinstance(value, dict) and "code" in value)), max_size=4)
spelling = st.fixed_dictionaries({"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 0, 2])})


@given(extras, others, others, st.booleans(), spelling, st.permutations(CHANGES))
def test_whatever_else_is_in_the_record_survives_every_change(
    extra: dict[str, Any],
    before: list[Any],
    after: list[Any],
    wrapped: bool,
    spelled: dict[str, Any],
    changes: list[RecordChange],
) -> None:
    entry = {"a": 1, **extra, "code": "70934-AB12CD-500", "status": "active", "z": 1.0}
    record: Any = [*before, entry, *after]
    if wrapped:
        record = {**{key: value for key, value in extra.items() if key != "coupons"}, "coupons": record, "end": None}
    text = json.dumps(record, **spelled)

    for change in changes:
        text = changed(text, CODE, change)

    new = json.loads(text)
    rows = new["coupons"] if wrapped else new
    changed_entry = rows[len(before)]
    assert [*rows[: len(before)], *rows[len(before) + 1 :]] == [*before, *after]
    assert {key: value for key, value in changed_entry.items() if key not in WRITTEN} == {"a": 1, **extra, "z": 1.0}
    if wrapped:
        assert {k: v for k, v in new.items() if k != "coupons"} == {k: v for k, v in record.items() if k != "coupons"}


@given(extras, others, others, spelling)
def test_every_character_outside_our_entry_stays(
    extra: dict[str, Any], before: list[Any], after: list[Any], spelled: dict[str, Any]
) -> None:
    text = json.dumps([*before, {**extra, "code": "70934-AB12CD-500"}, *after], **spelled)
    start, end = splice.items(text, 0)[len(before)]

    new = changed(text, CODE, CANCELLED)

    assert new.startswith(text[:start])
    assert new.endswith(text[end:])
    assert new[start:].startswith(text[start : end - 1].rstrip())


@given(values, spelling)
def test_a_claim_and_its_end_leave_the_entry_as_it_was(extra: Any, spelled: dict[str, Any]) -> None:
    text = json.dumps([{"code": "70934-AB12CD-500", "extra": extra}], **spelled)

    assert changed(changed(text, CODE, CLAIM), CODE, DropClaim("op-1")) == text


@given(st.text(max_size=40))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        found = entry_of(text, CODE)
    except MalformedRecord:
        return
    assert found is None
    json.loads(text)


def test_a_reminder_is_marked_where_the_entry_stands_and_read_back() -> None:
    text = changed(ODD, CODE, REMINDED)

    mark = f'"reminder":{{"id":"reminder-1","by":"counter-2","at":"{AT_TEXT}"}}'
    assert text == ODD.replace('"status":"active" }', f'"status":"active",{mark} }}')
    assert reminder_wish(text, CODE) == ReminderWish(mark=ReminderMark("reminder-1", "counter-2", AT))


@pytest.mark.parametrize(
    ("told", "is_unwanted"),
    [("true", False), ("null", False), ("false", True), ('"no"', True), ("0", True), ("[]", True)],
)
def test_reminders_are_unwanted_unless_the_record_says_nothing_or_yes(told: str, is_unwanted: bool) -> None:
    entry = f'{{"code":"{CODE}","reminders":{told}}}'
    beside = f'{{"reminders":{told},"coupons":[{{"code":"{CODE}"}}]}}'

    assert [reminder_wish(text, CODE).is_unwanted for text in (f"[{entry}]", beside)] == [is_unwanted] * 2


@pytest.mark.parametrize("told", ['"yesterday"', "true", '{"id":7,"at":"then"}'])
def test_a_mark_that_nobody_understands_is_a_mark(told: str) -> None:
    assert reminder_wish(f'[{{"code":"{CODE}","reminder":{told}}}]', CODE).mark == ReminderMark("", "", None)
