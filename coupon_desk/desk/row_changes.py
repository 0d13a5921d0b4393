"""What comes and goes when a list is read again, step by step: whoever stands in it keeps their place."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Gone:
    """Rows that go: `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Come:
    """Rows that come and stand from `first` to `last` afterwards, both included; they are `begin` and following of the new."""

    first: int
    last: int
    begin: int


def changes(old: Sequence[T], new: Sequence[T]) -> Iterator[Gone | Come]:
    """The steps from the old to the new, from the end to the beginning, so that no step moves the places of the next."""
    same = min(len(old), len(new))
    head = next((at for at in range(same) if old[at] != new[at]), same)
    tail = next((at for at in range(same - head) if old[-1 - at] != new[-1 - at]), same - head)
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not middle_old and not middle_new:
        return
    matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in reversed(matcher.get_opcodes()):
        if tag in {"delete", "replace"}:
            yield Gone(head + old_from, head + old_to - 1)
        if tag in {"insert", "replace"}:
            yield Come(head + old_from, head + old_from + new_to - new_from - 1, head + new_from)


def surely_gone(old: Sequence[T], new: Sequence[T], *, is_end: bool) -> frozenset[T]:
    """What stood in the old and was not only pushed out behind the new.

    Something that stayed stands behind it; or `is_end`, and there is nothing behind the new.
    """
    stayed = frozenset(new)
    last = len(old) if is_end else max((at for at, one in enumerate(old) if one in stayed), default=0)
    return frozenset(one for one in old[:last] if one not in stayed)
