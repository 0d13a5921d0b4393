"""Lists of coupons: every line that says something has its place in what is read, whatever it says."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupon_desk.cancellation import bulk_list
from coupon_desk.cancellation.bulk_list import BulkList, ListUnreadable, joined, list_of, read_file, read_text
from coupon_desk.coupons.reasons import Reason

CODES = st.from_regex(r"[0-9]{1,5}-[A-Z0-9]{6}-[1-9][0-9]{0,3}", fullmatch=True)
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\x85"), max_size=30)
LINES = st.one_of(CODES, TEXTS, CODES.map(lambda code: f" {code.lower()}\t"))


def told(found: BulkList) -> list[tuple[int, str | None, str | None]]:
    return [(row.line, str(row.code) if row.code else None, row.rule) for row in found.rows]


def test_one_code_a_line_is_read_with_the_lines_that_an_editor_shows() -> None:
    found = read_file(
        "\ufeff# from the counter\r\n\r\n70934-AB12CD-500\r\nno code\r\n７０９３４－ab12cd－５００\r\n70934 EF34GH 200".encode()
    )
    assert told(found) == [
        (3, "70934-AB12CD-500", None),
        (4, None, "invalid_code"),
        (5, "70934-AB12CD-500", "twice"),
        (6, None, "invalid_code"),
    ]
    assert str(found.rows[2].flaw) == "The same coupon as in line 3."
    assert found.points == 500


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_may_give_each_coupon_a_reason_and_a_note(separator: str) -> None:
    rows = [
        ("Code", "REASON", "note"),
        ("70934-AB12CD-500", "", ""),
        ("70934-AB12CE-300", "staff_error", f"Said “no{separator} later”"),
        ("70934-AB12CF-200", "because", ""),
        ("70934-AB12CG-200", "goodwill"),
        ("70934-AB12CH-200", "goodwill", "note", "more"),
        ("", "", ""),
    ]
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    found = read_text(file.getvalue())
    assert told(found) == [
        (2, "70934-AB12CD-500", None),
        (3, "70934-AB12CE-300", None),
        (4, "70934-AB12CF-200", "unknown_reason"),
        (5, "70934-AB12CG-200", None),
        (6, None, "columns"),
    ]
    assert [(row.reason, row.note) for row in found.good] == [
        (None, None),
        (Reason.STAFF_ERROR, f"Said “no{separator} later”"),
        (Reason.GOODWILL, None),
    ]


def test_a_quotation_mark_that_is_not_closed_spoils_one_line_only() -> None:
    found = read_text('code,note\n70934-AB12CD-500,"begun\n70934-AB12CE-300,"whole"\n')
    assert told(found) == [(2, None, "unreadable"), (3, "70934-AB12CE-300", None)]


@pytest.mark.parametrize("head", ["code,points", "code,note,note", "code,reason,note,more"])
def test_a_table_with_other_columns_is_refused_as_a_whole(head: str) -> None:
    with pytest.raises(ListUnreadable, match="not understood"):
        read_text(f"{head}\n70934-AB12CD-500,1\n")


def test_what_is_too_large_or_no_text_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ListUnreadable, match="UTF-8"):
        read_file("70934-AB12CD-500,間違い".encode("cp932"))
    assert told(read_file("70934-AB12CD-500\n".encode("utf-16"))) == [(1, "70934-AB12CD-500", None)]
    monkeypatch.setattr(bulk_list, "MOST_ROWS", 2)
    monkeypatch.setattr(bulk_list, "MOST_BYTES", 60)
    with pytest.raises(ListUnreadable, match="more than 2 lines"):
        list_of(["70934-AB12CD-500", "no", "70934-AB12CE-300"])
    with pytest.raises(ListUnreadable, match="larger than 60 bytes"):
        read_file(b"#" * 61)


@settings(max_examples=25)
@given(st.lists(LINES, max_size=20))
def test_every_line_that_says_something_is_there_once_and_no_coupon_is_taken_twice(lines: list[str]) -> None:
    found = list_of(lines)
    assert [row.line for row in found.rows] == list(range(1, len(lines) + 1))
    good = [row.code for row in found.good]
    assert len(set(good)) == len(good)
    assert {row.code for row in found.rows if row.code is not None} == set(good)


@settings(max_examples=25)
@given(st.lists(st.tuples(CODES, st.sampled_from(["", *Reason.choices()]), TEXTS), max_size=10))
def test_what_was_written_as_a_table_is_read_as_it_was(rows: list[tuple[str, str, str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("code", "reason", "note"), *rows])
    found = read_text(file.getvalue())
    first = {code: (reason, note.strip()) for code, reason, note in reversed(rows)}
    kept = {str(row.code): (row.reason.value if row.reason else "", row.note or "") for row in found.good}
    assert kept == {code: (str(reason), note) for code, (reason, note) in first.items()}
    assert len(found.rows) == len(rows)


@settings(max_examples=25)
@given(st.lists(LINES, max_size=8), st.lists(LINES, max_size=8))
def test_two_lists_are_one_like_their_lines_one_after_the_other(first: list[str], second: list[str]) -> None:
    assert told(joined(list_of(first), list_of(second))) == told(list_of([*first, *second]))


@settings(max_examples=25)
@given(st.lists(CODES, min_size=1, max_size=6, unique=True), st.data())
def test_the_digest_tells_lists_apart(codes: list[str], data: st.DataObject) -> None:
    found = list_of(codes)
    other = list_of(data.draw(st.permutations(codes)))
    assert (found.digest == other.digest) == (found.good == other.good)
