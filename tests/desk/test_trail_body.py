"""The body of an entry as a person reads it: names in words, sentences in their language, tables as indented lines."""

from __future__ import annotations

from coupon_desk.app.desk import CouponDesk
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.trail_body import said, tree
from coupon_desk.trail.finding import TrailQuery
from coupon_desk.words import Language, msg, pack


def test_tables_and_lists_become_indented_lines_without_what_is_empty() -> None:
    value = {"a": 1, "b": {"c": "two", "nothing": None, "empty": []}, "list": ["x", {"y": 3}], "blank": ""}
    assert tree(value).splitlines() == ["a: 1", "b:", "  c: two", "list:", "  – x", "  –", "    y: 3"]


def test_sentences_are_said_in_the_language_of_the_reader(desk: CouponDesk) -> None:
    body = {"detail": pack(msg("May be cancelled")), "balance_after": 1500, "odd": True, "nothing": None, "none": []}
    desk.trail.record("looked", body)
    (entry,) = desk.trail.find(TrailQuery(actions=("looked",)))
    english = {fact.name: fact.value for fact in said(entry, Speech(Language.EN))}
    assert english == {"In words": "May be cancelled", "Balance after": "1,500", "odd": "True"}
    japanese = [fact.value for fact in said(entry, Speech(Language.JA))]
    assert "May be cancelled" not in japanese
