"""Changing a JSON text without touching the rest of it: where its values stand, and edits at those places.

Decoding and encoding again would lose what other programs rely on: 1.0 becomes 1, long numbers are rounded, spaces and
escapes change. So a value is replaced where it stands, and every other character stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any, Final, NoReturn

_SPACE: Final = re.compile(r"[ \t\n\r]*")


class NotJson(ValueError):
    """The text is not JSON, or not of the kind that was looked for."""


@dataclass(frozen=True, slots=True)
class Member:
    """One `"key": value` of an object: `start` at the key's quote, the value from `value_start` up to `end`."""

    key: str
    start: int
    value_start: int
    end: int


def check(text: str) -> None:
    """That the whole text is one JSON value. Raises NotJson."""
    end = _skip(text, _value(text, _skip(text, 0))[1])
    if end != len(text):
        raise NotJson(f"more after the value, at {end}")


def kind_at(text: str, start: int) -> str:
    """The first character of the value at `start`: `{`, `[`, `"` and so on; spaces before it are passed over."""
    at = _skip(text, start)
    return text[at : at + 1]


def value_at(text: str, start: int) -> Any:
    """The value at `start`; numbers are Decimals. Raises NotJson."""
    return _value(text, _skip(text, start))[0]


def members(text: str, start: int) -> list[Member]:
    """The members of the object at `start`, in order. Raises NotJson."""
    found: list[Member] = []
    at = _skip(text, _after(text, start, "{"))
    while text[at : at + 1] != "}":
        if found:
            at = _skip(text, _after(text, at, ","))
        key, key_end = _value(text, at)
        if not isinstance(key, str):
            raise NotJson(f"a key is missing at {at}")
        value_start = _skip(text, _after(text, key_end, ":"))
        end = _value(text, value_start)[1]
        found.append(Member(key, at, value_start, end))
        at = _skip(text, end)
    return found


def items(text: str, start: int) -> list[tuple[int, int]]:
    """Where the elements of the list at `start` begin and end, in order. Raises NotJson."""
    found: list[tuple[int, int]] = []
    at = _skip(text, _after(text, start, "["))
    while text[at : at + 1] != "]":
        if found:
            at = _skip(text, _after(text, at, ","))
        end = _value(text, at)[1]
        found.append((at, end))
        at = _skip(text, end)
    return found


def put(text: str, start: int, changes: Iterable[tuple[str, Any]]) -> str:
    """The text with members of the object at `start` set to values: where they stand, or new at the object's end."""
    for key, value in changes:
        present = members(text, start)
        same = [member for member in present if member.key == key]
        for member in reversed(same):
            text = text[: member.value_start] + compact(value) + text[member.end :]
        if not same:
            at = present[-1].end if present else _after(text, start, "{")
            text = text[:at] + ("," if present else "") + f"{compact(key)}:{compact(value)}" + text[at:]
    return text


def take(text: str, start: int, key: str) -> str:
    """The text without that member of the object at `start`, and without the comma that it would leave behind."""
    while True:
        present = members(text, start)
        number = next((number for number, member in enumerate(present) if member.key == key), None)
        if number is None:
            return text
        cut_start = present[number - 1].end if number else present[0].start
        cut_end = present[1].start if number == 0 and len(present) > 1 else present[number].end
        text = text[:cut_start] + text[cut_end:]


def append(text: str, start: int, value: Any) -> str:
    """The text with a value at the end of the list at `start`."""
    present = items(text, start)
    at = present[-1][1] if present else _after(text, start, "[")
    return text[:at] + ("," if present else "") + compact(value) + text[at:]


def compact(value: Any) -> str:
    """JSON without spaces and with characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _value(text: str, start: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as wrong:
        raise NotJson(f"no value at {start}") from wrong


def _after(text: str, start: int, character: str) -> int:
    at = _skip(text, start)
    if text[at : at + 1] != character:
        raise NotJson(f"{character} is missing at {at}")
    return at + 1


def _skip(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    return match.end() if match else start


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except DecimalException:
        return text  # beyond what anybody can calculate with, and nothing here has to


def _constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_constant)
