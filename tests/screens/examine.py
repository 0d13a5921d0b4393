"""Goes through every screen, and writes down which texts are cut off there and what a screen reader is told.

`python -m tests.screens.examine FILE LANGUAGE [--listen]`: a process of its own, as Qt takes its scale and its platform when it
starts. With `--listen` it needs a display and a session bus with accessibility; the tree is asked for by a thread, while the
program answers from its event loop.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from PySide6.QtWidgets import QApplication

from coupon_desk.desk.application import make_application
from coupon_desk.desk.inline_runner import InlineRunner
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.people.pins import PinCost
from coupon_desk.words import Language
from tests.screens.accessibility import Node, Reader, reader
from tests.screens.clipped import clipped
from tests.screens.place import opened_place
from tests.screens.stretched import english_is_stretched
from tests.screens.tour import settle, tour

STRETCHED: Final = "stretched"
"""English that is as long as any language."""


def examine(language: Language, *, listens: bool) -> dict[str, dict[str, Any]]:
    """By the name of each screen: what is `clipped`, and the `nodes` of its accessibility tree."""
    stage = Stage(InlineRunner(), Speech(language), Theme(Scheme.LIGHT))
    stage.theme.apply(language)
    found: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        homes = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        listener = stack.enter_context(reader(os.environ["DBUS_SESSION_BUS_ADDRESS"])) if listens else None
        for screen in tour(stack.enter_context(opened_place(homes, stage))):
            settle()
            nodes = [asdict(node) for node in _read(listener)] if listener is not None else []
            found[screen.name] = {"nodes": nodes, "clipped": clipped(screen.front)}
    return found


def _read(listener: Reader) -> list[Node]:
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(listener.read)
        while not reading.done():
            QApplication.processEvents()
            wait((reading,), timeout=0.0005)
    return reading.result()


def main() -> None:
    """Write what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("language", choices=(*Language, STRETCHED))
    parser.add_argument("--listen", action="store_true")
    asked = parser.parse_args()
    PinCost.__init__.__defaults__ = (1, 8, 1)  # as in every test
    make_application()
    if asked.language == STRETCHED:
        with english_is_stretched():
            found = examine(Language.EN, listens=asked.listen)
    else:
        found = examine(Language(asked.language), listens=asked.listen)
    asked.file.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
