"""From the old list to the new, step by step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.desk.row_changes import Come, Gone, changes, surely_gone

lists = st.lists(st.integers(0, 12), unique=True, max_size=12)


@given(lists, lists)
def test_the_steps_lead_from_the_old_to_the_new(old: list[int], new: list[int]) -> None:
    rows = list(old)
    for step in changes(old, new):
        if isinstance(step, Gone):
            assert 0 <= step.first <= step.last < len(rows)
            del rows[step.first : step.last + 1]
        else:
            rows[step.first : step.first] = new[step.begin : step.begin + step.last - step.first + 1]
    assert rows == new


@given(lists, lists)
def test_nothing_that_stays_in_its_order_is_touched(old: list[int], new: list[int]) -> None:
    if [one for one in old if one in new] == [one for one in new if one in old]:
        gone = [one for step in changes(old, new) if isinstance(step, Gone) for one in old[step.first : step.last + 1]]
        assert all(one not in new for one in gone)


def test_one_coupon_more_at_the_top_is_one_step() -> None:
    assert list(changes([1, 2, 3], [9, 1, 2, 3])) == [Come(0, 0, 0)]


def test_what_was_pushed_out_at_the_end_may_still_be_there() -> None:
    assert surely_gone([1, 2, 3, 4], [9, 1, 3], is_end=False) == {2}
    assert surely_gone([1, 2, 3, 4], [9, 1, 3], is_end=True) == {2, 4}
    assert surely_gone([1, 2], [], is_end=False) == frozenset()
