"""What is typed at a terminal: PINs are asked for, never shown, and a mistake is noticed."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cli.conftest import CALL_SECONDS, PINS, CommandLine


@dataclass(slots=True)
class Conversation:
    """A program at a terminal of its own, from the side of the person."""

    keyboard: int
    seen: str = ""

    def answer(self, prompt: str, typed: str) -> None:
        """Wait until the prompt is on the screen, then type a line."""
        self._read_until(prompt)
        self.seen = ""
        os.write(self.keyboard, f"{typed}\n".encode())

    def rest(self) -> str:
        """What else is on the screen until the program ends."""
        self._read_until(None)
        return self.seen

    def _read_until(self, prompt: str | None) -> None:
        while prompt is None or prompt not in self.seen:
            try:
                came = os.read(self.keyboard, 4096)
            except OSError:  # Linux: the terminal's last program has ended
                came = b""
            if not came:
                assert prompt is None, f"{prompt!r} did not come: {self.seen}"
                return
            self.seen += came.decode()


@contextmanager
def at_a_terminal(cli: CommandLine, *words: str) -> Iterator[tuple[Conversation, subprocess.Popen[bytes]]]:
    """Start a call at a terminal of its own, without the PIN in its environment."""
    keyboard, screen = pty.openpty()
    environment = {name: value for name, value in cli.surroundings().items() if name != "COUPON_DESK_PIN"}
    process = subprocess.Popen(
        cli.words(*words),
        env=environment | {"TERM": "xterm"},
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
    )
    os.close(screen)
    try:
        yield Conversation(keyboard), process
        process.wait(timeout=CALL_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)


@pytest.mark.parametrize(("again", "status"), [("905172", 0), ("905173", 2)])
def test_a_new_pin_is_typed_twice_and_not_shown(cli: CommandLine, again: str, status: int) -> None:
    with at_a_terminal(cli, "people", "pin", "manager") as (conversation, process):
        conversation.answer("PIN of manager: ", PINS["manager"])
        conversation.answer("New PIN of manager: ", "905172")
        conversation.answer("The same PIN again: ", again)
        told = conversation.rest()

    assert process.returncode == status
    assert "905172" not in told
    assert ("The two PINs differ." in told) is (status == 2)
    assert cli("people", "list", pin="905172").status == (0 if status == 0 else 3)


def test_colour_and_words_stand_beside_each_other_at_a_terminal(cli: CommandLine) -> None:
    with at_a_terminal(cli, "search", "--limit", "1", "--status", "unused") as (conversation, process):
        conversation.answer("PIN of manager: ", PINS["manager"])
        told = conversation.rest()

    assert process.returncode == 0
    assert "\x1b[32mUnused" in told
