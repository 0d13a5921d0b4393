"""What a command prints: text for people on standard output, diagnostics on standard error, or one JSON document."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from io import TextIOWrapper
from typing import Any, BinaryIO, TextIO

from coupon_desk.cli.tables import Cell, Colour, Row, laid_out, printable
from coupon_desk.words import Language, Message, say

_SEQUENCES = {
    Colour.PLAIN: "",
    Colour.BOLD: "\x1b[1m",
    Colour.FAINT: "\x1b[2m",
    Colour.GOOD: "\x1b[32m",
    Colour.WARNING: "\x1b[33m",
    Colour.BAD: "\x1b[31m",
}
_RESET = "\x1b[0m"


class Stream(StrEnum):
    """The two streams of a command."""

    OUT = "stdout"
    ERR = "stderr"


class Output:
    """Prints. A reader that has gone away (`| head`) silences a stream and never stops the work behind it."""

    def __init__(self) -> None:
        self.language = Language.EN
        self.as_json = False
        self.has_document = False
        self._gone: set[Stream] = set()

    @property
    def stdout_is_gone(self) -> bool:
        """Whether nobody reads standard output any more."""
        return Stream.OUT in self._gone

    def say(self, message: Message, colour: Colour = Colour.PLAIN) -> None:
        """A sentence for a person, on standard output; silent where a script asked for JSON."""
        self.line(self.words(message), colour)

    def line(self, text: str = "", colour: Colour = Colour.PLAIN) -> None:
        """A line of text for a person; silent where a script asked for JSON."""
        if not self.as_json:
            self._write(Stream.OUT, self._painted(printable(text), colour, Stream.OUT) + "\n")

    def table(self, rows: Iterable[Row], heads: tuple[Message, ...] = (), *, right: frozenset[int] = frozenset()) -> None:
        """Columns that stand under each other, also with Japanese in them; `right` names those of numbers."""
        if self.as_json:
            return
        head: list[Row] = [tuple(Cell(self.words(one), Colour.BOLD) for one in heads)] if heads else []
        for cells in laid_out([*head, *rows], right):
            self._write(Stream.OUT, "".join(self._painted(one.text, one.colour, Stream.OUT) for one in cells).rstrip() + "\n")

    def note(self, message: Message, colour: Colour = Colour.PLAIN) -> None:
        """A diagnostic: progress or a warning, on standard error."""
        self._write(Stream.ERR, self._painted(printable(self.words(message)), colour, Stream.ERR) + "\n")

    def progress(self, text: str) -> None:
        """How far the work is, on standard error; a script that asked for JSON is not told."""
        if not self.as_json:
            self._write(Stream.ERR, printable(text) + "\n")

    def document(self, document: Mapping[str, Any]) -> None:
        """The one JSON document of this call, in UTF-8 on every platform."""
        self.has_document = True
        self.raw((json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace"))

    def raw(self, content: bytes) -> None:
        """Bytes as they are, on standard output."""
        if Stream.OUT not in self._gone:
            with self._alive(Stream.OUT):
                sys.stdout.flush()
                self.binary().write(content)
                self.binary().flush()

    def binary(self) -> BinaryIO:
        """Standard output for bytes."""
        return sys.stdout.buffer

    def words(self, message: Message) -> str:
        """The message in the reader's language."""
        return say(message, self.language)

    def finish(self) -> None:
        """Hand out what is still held back; a reader that has gone away is no failure."""
        for stream in Stream:
            with self._alive(stream):
                _file(stream).flush()

    def close_stdout(self) -> None:
        """Nobody reads standard output any more: what follows goes nowhere."""
        self._gone.add(Stream.OUT)
        _to_nowhere(sys.stdout)

    def _write(self, stream: Stream, text: str) -> None:
        if stream in self._gone:
            return
        with self._alive(stream):
            file = _file(stream)
            file.write(_sayable(text, file))
            file.flush()

    def _painted(self, text: str, colour: Colour, stream: Stream) -> str:
        if colour is Colour.PLAIN or not text or not has_colour(_file(stream)):
            return text
        return f"{_SEQUENCES[colour]}{text}{_RESET}"

    def _alive(self, stream: Stream) -> _UntilGone:
        return _UntilGone(self._gone, stream)


class _UntilGone:
    """Silences a stream whose reader has gone away."""

    def __init__(self, gone: set[Stream], stream: Stream) -> None:
        self._gone = gone
        self._stream = stream

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, _: object) -> bool:
        # Windows reports a closed pipe as EINVAL (OSError), and a stream closed by its owner as ValueError.
        if isinstance(failure, BrokenPipeError) or (os.name == "nt" and isinstance(failure, OSError)):
            self._gone.add(self._stream)
            _to_nowhere(_file(self._stream))
            return True
        return False


def has_colour(file: TextIO) -> bool:
    """Whether colour helps the reader: a terminal, and no wish against it (no-color.org)."""
    return file.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def prepare_streams() -> None:
    """Let no letter that a console cannot show end the program; turn colour on in the consoles of Windows."""
    for file in (sys.stdout, sys.stderr):
        if isinstance(file, TextIOWrapper):
            file.reconfigure(errors="replace")
    if os.name == "nt":
        os.system("")  # noqa: S605  an empty command switches the console to escape sequences


def _file(stream: Stream) -> TextIO:
    return sys.stdout if stream is Stream.OUT else sys.stderr


def _sayable(text: str, file: TextIO) -> str:
    encoding = file.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _to_nowhere(file: TextIO) -> None:
    """The interpreter flushes its streams at the end and would complain of the closed pipe."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file.fileno())
        os.close(nowhere)
