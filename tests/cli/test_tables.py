"""Tables in a terminal, and what a text from outside can't do there."""

from __future__ import annotations

import io
import sys

import pytest

from coupon_desk.cli.output import Output, has_colour
from coupon_desk.cli.tables import Cell, Colour, columns_of, laid_out, printable
from coupon_desk.words import msg


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_japanese_letters_take_two_columns() -> None:
    assert columns_of("クーポン") == 8
    assert columns_of("ｸｰﾎﾟﾝ") == 5
    assert columns_of("か\u3099") == 2
    rows = [("".join(cell.text for cell in row)) for row in laid_out([("田中", "1"), ("Tanaka", "20")], frozenset({1}))]
    assert [columns_of(row) for row in rows] == [10, 10]
    assert rows == ["田中     1", "Tanaka  20"]


def test_a_name_with_escape_sequences_does_not_command_the_terminal() -> None:
    assert printable("A\x1b[2Jb\u202e\r\n") == "A [2Jb  \n"
    ((name, last),) = laid_out([("two\nlines", "end")])
    assert (name.text, last.text) == ("two lines  ", "end")


def test_colour_is_for_terminals_and_not_against_a_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    Output().table([(Cell("Used", Colour.BAD), "x")])
    assert terminal.getvalue() == "\x1b[31mUsed  \x1b[0mx\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour(terminal)
    assert not has_colour(io.StringIO())


def test_a_letter_that_the_console_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    console = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(console, encoding="cp1252", errors="strict"))
    Output().say(msg("{name} – done", name="田中"))
    assert console.getvalue() == "?? – done\n".encode("cp1252")
