"""Edits of JSON texts at the places where their values stand."""

from __future__ import annotations

import pytest

from coupon_desk.shopify import splice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"x":1}', "{}"),
        ('{"x":1,"b":2}', '{"b":2}'),
        ('{"a":1, "x":1}', '{"a":1}'),
        ('{"a":1, "x":1 , "b":2}', '{"a":1 , "b":2}'),
        ('{"x":1,"x":2,"a":3,"x":4}', '{"a":3}'),
        ('{"a":1}', '{"a":1}'),
        ("{}", "{}"),
    ],
)
def test_a_member_is_taken_with_its_comma(text: str, expected: str) -> None:
    assert splice.take(text, 0, "x") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", '{"x":[1]}'),
        ("{ }", '{"x":[1] }'),
        ('{"a":1 }', '{"a":1,"x":[1] }'),
        ('{"x" : null}', '{"x" : [1]}'),
        ('{"x":1,"x":{"y":2}}', '{"x":[1],"x":[1]}'),
        ('{"\\u0078":1}', '{"\\u0078":[1]}'),
    ],
)
def test_a_member_is_put_in_its_place_or_at_the_end(text: str, expected: str) -> None:
    assert splice.put(text, 0, [("x", [1])]) == expected


@pytest.mark.parametrize("text", ["{", "{1:2}", '{"a" 1}', '{"a":}', '{"a":1 "b":2}', '{"a":1,}', "[]", ""])
def test_what_is_no_object_is_told(text: str) -> None:
    with pytest.raises(splice.NotJson):
        splice.members(text, 0)


@pytest.mark.parametrize("text", ["[", "[1 2]", "[1,]", "{}", "", "[Infinity]"])
def test_what_is_no_list_is_told(text: str) -> None:
    with pytest.raises(splice.NotJson):
        splice.items(text, 0)
