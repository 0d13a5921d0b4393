"""Notes that were begun: whose they are, how long they are kept, and what becomes of them."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coupon_desk.app.drafts import KEPT_DAYS, MOST, Drafts
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import StorageError

CODE, OTHER = CouponCode("70934-AB12CD-500"), CouponCode("35578-B6WK2T-500")
CANCEL, REFUND = OperationKind.CANCEL, OperationKind.ORDER_REFUND


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def begun() -> set[CouponCode]:
    return set()


@pytest.fixture
def drafts(tmp_path: Path, clock: VirtualClock, begun: set[CouponCode]) -> Drafts:
    return Drafts(tmp_path / "drafts.json", clock, lambda code, _since: code in begun)


def test_a_note_is_its_writers_and_is_about_one_coupon_and_purpose(drafts: Drafts, tmp_path: Path, clock: VirtualClock) -> None:
    drafts.keep("manager", CODE, CANCEL, "Half a no")
    drafts.keep("manager", CODE, CANCEL, "Half a note")
    drafts.keep("manager", OTHER, CANCEL, "another")
    again = Drafts(tmp_path / "drafts.json", clock, lambda _code, _since: False)
    assert again.note("manager", CODE, CANCEL) == "Half a note"
    assert [again.note(*about) for about in (("clerk", CODE, CANCEL), ("manager", CODE, REFUND))] == ["", ""]
    again.forget("manager", CODE, CANCEL)
    assert [drafts.note("manager", code, CANCEL) for code in (CODE, OTHER)] == ["", "another"]
    drafts.keep("manager", OTHER, CANCEL, "  \n")
    assert drafts.note("manager", OTHER, CANCEL) == ""


def test_old_notes_and_too_many_go(drafts: Drafts, clock: VirtualClock) -> None:
    drafts.keep("manager", CODE, CANCEL, "old")
    clock.advance(timedelta(days=KEPT_DAYS, seconds=1).total_seconds())
    assert drafts.note("manager", CODE, CANCEL) == ""
    codes = [CouponCode(f"12345-ABCDEF-{number}") for number in range(1, MOST + 2)]
    for code in codes:
        drafts.keep("manager", code, CANCEL, "new")
    assert [bool(drafts.note("manager", code, CANCEL)) for code in codes] == [False, *[True] * MOST]


def test_what_was_held_and_never_begun_is_told_once(drafts: Drafts, begun: set[CouponCode]) -> None:
    drafts.keep("manager", CODE, CANCEL, "note", is_held=True)
    drafts.keep("manager", OTHER, CANCEL, "note", is_held=True)
    begun.add(OTHER)
    assert drafts.not_begun("clerk") == ()
    assert drafts.not_begun("manager") == (CODE,)
    assert drafts.not_begun("manager") == ()
    assert drafts.note("manager", CODE, CANCEL) == "note"


def test_an_erased_customers_notes_are_gone_from_the_file(drafts: Drafts, tmp_path: Path) -> None:
    drafts.keep("manager", CODE, CANCEL, "about Hanako")
    drafts.keep("manager", OTHER, CANCEL, "about Mayumi")
    drafts.erase({CODE})
    kept = (tmp_path / "drafts.json").read_text(encoding="utf-8")
    assert ("Hanako" in kept, "Mayumi" in kept) == (False, True)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"drafts": [{}]}', '{"drafts": [null]}', "\u0000"])
def test_a_file_without_sense_hinders_nobody(drafts: Drafts, tmp_path: Path, text: str) -> None:
    (tmp_path / "drafts.json").write_text(text, encoding="utf-8")
    assert drafts.note("manager", CODE, CANCEL) == ""
    drafts.keep("manager", CODE, CANCEL, "note")
    assert drafts.note("manager", CODE, CANCEL) == "note"


def test_notes_that_cannot_be_kept_hinder_nobody_but_erasing_says_so(tmp_path: Path, clock: VirtualClock) -> None:
    file = tmp_path / "drafts.json"
    drafts = Drafts(file, clock, lambda _code, _since: False)
    drafts.keep("manager", CODE, CANCEL, "note")
    (tmp_path / "drafts.json.new").mkdir()
    drafts.keep("manager", OTHER, CANCEL, "note")
    assert drafts.note("manager", OTHER, CANCEL) == ""
    with pytest.raises(StorageError) as failed:
        drafts.erase({CODE})
    assert str(file) in str(failed.value.what)
    assert stat.S_ISREG(file.stat().st_mode)
