"""What a screen reader is told: the accessibility tree of a program, read over AT-SPI as Orca reads it.

AT-SPI is D-Bus: the session bus knows the bus of the accessible programs, on which each object answers for itself
(org.a11y.atspi, the XML interfaces in at-spi2-core).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jeepney import DBusAddress, Message, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import Properties

ACCESSIBLE: Final = "org.a11y.atspi.Accessible"
ROOT: Final = "/org/a11y/atspi/accessible/root"
LAUNCHERS: Final = (Path("/usr/libexec/at-spi-bus-launcher"), Path("/usr/lib/at-spi2-core/at-spi-bus-launcher"))
QUESTIONS: Final = 5
"""How many are asked about each object."""
SHOWING: Final = 25
"""The number of the state in AT-SPI's list of states: on the screen, as all its parents are."""
MOST_CELLS: Final = 60
"""Of a table, its head and so many cells are read: the others are made by the same code."""


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the tree, as it is told."""

    role: str
    name: str
    description: str
    is_showing: bool
    depth: int


@dataclass(frozen=True, slots=True)
class _Place:
    bus: str
    path: str


class Reader:
    """Reads the trees of all accessible programs on the bus of this session."""

    def __init__(self, session: str) -> None:
        with open_dbus_connection(session) as bus:
            asked = new_method_call(DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus"), "GetAddress")
            (address,) = bus.send_and_get_reply(asked, timeout=20).body
        self._bus = open_dbus_connection(address)

    def close(self) -> None:
        """Leave the bus."""
        self._bus.close()

    def read(self) -> list[Node]:
        """Everything that is on the screen now, level by level: what one level needs is asked for at once."""
        found: list[Node] = []
        level, depth = [_Place("org.a11y.atspi.Registry", ROOT)], 0
        while level:
            nodes, below = self._read_level(level, depth)
            found += nodes
            level, depth = below, depth + 1
        return found

    def _read_level(self, places: Sequence[_Place], depth: int) -> tuple[list[Node], list[_Place]]:
        questions = [question for place in places for question in _questions(place)]
        answers = self._ask(questions)
        nodes, below = [], []
        for index in range(len(places)):
            role, name, description, states, children = answers[QUESTIONS * index : QUESTIONS * (index + 1)]
            if not (role and name and description and states and children):
                continue  # gone meanwhile
            is_showing = depth < 2 or bool(states[0][0] >> SHOWING & 1)
            nodes.append(Node(role[0], name[0][1], description[0][1], is_showing, depth))
            if is_showing:
                most = MOST_CELLS if role[0] in {"table", "tree table"} else len(children[0])
                below += [_Place(*child) for child in children[0][:most]]
        return nodes, below

    def _ask(self, questions: Sequence[Message]) -> list[tuple[Any, ...] | None]:
        """The answers in the order of the questions; None where there is an error for an answer."""
        waits: dict[int, int] = {}
        answers: list[tuple[Any, ...] | None] = [None] * len(questions)
        for index, question in enumerate(questions):
            serial = next(self._bus.outgoing_serial)
            self._bus.send(question, serial=serial)
            waits[serial] = index
        while waits:
            answer = self._bus.receive(timeout=20)
            index = waits.pop(answer.header.fields.get(5, -1), -1)  # 5: the serial that is answered
            if index >= 0 and answer.header.message_type is MessageType.method_return:
                answers[index] = answer.body
        return answers


def _questions(place: _Place) -> tuple[Message, ...]:
    address = DBusAddress(place.path, place.bus, ACCESSIBLE)
    return (
        new_method_call(address, "GetRoleName"),
        Properties(address).get("Name"),
        Properties(address).get("Description"),
        new_method_call(address, "GetState"),
        new_method_call(address, "GetChildren"),
    )


@contextmanager
def reader(session: str) -> Iterator[Reader]:
    """Somebody who listens, for a while."""
    opened = Reader(session)
    try:
        yield opened
    finally:
        opened.close()


def launcher() -> str:
    """The program that starts the accessibility bus. Raises FileNotFoundError."""
    found = next((path for path in LAUNCHERS if path.exists()), None)
    if found is None:
        raise FileNotFoundError("at-spi-bus-launcher: `make test` installs at-spi2-core")
    return str(found)
