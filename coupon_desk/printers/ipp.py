"""As much of the Internet Printing Protocol as a receipt needs: attributes in and out of bytes (RFC 8010)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Operation(IntEnum):
    """What is asked of the print service (RFC 8011 §5.4.15; the last is CUPS's own)."""

    PRINT_JOB = 0x0002
    GET_JOB = 0x0009
    GET_PRINTER = 0x000B
    GET_PRINTERS = 0x4002


class Tag(IntEnum):
    """Groups, and the kinds of values (RFC 8010 §3.5)."""

    OPERATION = 0x01
    END = 0x03
    PRINTER = 0x04
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME = 0x49


Value = int | bool | str
Attributes = Mapping[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is below 0x100 where it was done; each group is a tag and its attributes."""

    status: int
    groups: tuple[tuple[int, Attributes], ...]

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.status < _FIRST_ERROR

    def attributes(self, *wanted: int) -> Attributes:
        """Those of all groups, or of the groups with these tags."""
        return {name: values for tag, group in self.groups if not wanted or tag in wanted for name, values in group.items()}


def request(operation: Operation, *attributes: tuple[Tag, str, str | int | tuple[str, ...]]) -> bytes:
    """The bytes of a request; a document is put behind them."""
    head = struct.pack(">BBHI", 2, 0, operation, 1)
    common = ((Tag.CHARSET, "attributes-charset", "utf-8"), (Tag.LANGUAGE, "attributes-natural-language", "en"))
    parts = [part for attribute in (*common, *attributes) for part in _attribute(*attribute)]
    return b"".join((head, bytes((Tag.OPERATION,)), *parts, bytes((Tag.END,))))


def read_answer(told: bytes) -> Answer:
    """What the service answered. Raises ValueError for bytes that are none of it."""
    try:
        _version, status, _request = struct.unpack_from(">HHI", told)
        return Answer(status, tuple(_groups(told)))
    except (struct.error, IndexError) as cut:
        raise ValueError("an answer that breaks off") from cut


_FIRST_ERROR: Final = 0x0100
_FIRST_VALUE: Final = 0x10
_HEAD: Final = 8


def _attribute(tag: Tag, name: str, value: str | int | tuple[str, ...]) -> Iterator[bytes]:
    values = value if isinstance(value, tuple) else (value,)
    for place, one in enumerate(values):
        told = struct.pack(">i", one) if isinstance(one, int) else one.encode()
        # Every value but the first goes without a name.
        named = name.encode() if place == 0 else b""
        yield struct.pack(">BH", tag, len(named)) + named + struct.pack(">H", len(told)) + told


def _groups(told: bytes) -> Iterator[tuple[int, Attributes]]:
    place, group, found, name = _HEAD, 0, dict[str, tuple[Value, ...]](), ""
    while True:
        tag = told[place]
        if tag < _FIRST_VALUE:
            if group:
                yield group, found
            if tag == Tag.END:
                return
            place, group, found = place + 1, tag, {}
            continue
        named, place = _piece(told, place + 1)
        value, place = _piece(told, place)
        name = named.decode() or name
        found[name] = (*found.get(name, ()), _value(tag, value))


def _piece(told: bytes, place: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", told, place)
    end = place + 2 + length
    if end > len(told):
        raise IndexError(end)
    return told[place + 2 : end], end


def _value(tag: int, told: bytes) -> Value:
    match tag:
        case Tag.INTEGER | Tag.ENUM:
            (number,) = struct.unpack(">i", told)
            return int(number)
        case Tag.BOOLEAN:
            return told != b"\0"
        case _:
            return told.decode(errors="replace")
