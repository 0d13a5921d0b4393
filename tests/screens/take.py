"""Pictures of every screen, in both languages and both themes: `make screenshots`.

They are drawn in memory from the training shop on a virtual clock, so that what changed in a picture is what changed in the
program. Each is named for its screen, language and theme.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

import coupon_desk
from coupon_desk.desk.application import make_application
from coupon_desk.desk.headless import over
from coupon_desk.desk.inline_runner import InlineRunner
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.desk.window import Window
from coupon_desk.words import Language
from tests.screens.clipped import clipped
from tests.screens.place import opened_place
from tests.screens.tour import Screen, settle, tour

MANUAL: Final = Path(coupon_desk.__file__).parent / "resources" / "manual"
"""The pictures that it shows are renewed with the others."""
LOOKS: Final = tuple((language, scheme) for language in Language for scheme in (Scheme.LIGHT, Scheme.DARK))


def take(folder: Path, only: frozenset[str]) -> Iterator[tuple[Path, list[str]]]:
    """Take the pictures of all screens, or of some; each file as it is written, with the texts that are cut off in it."""
    stage = Stage(InlineRunner(), Speech(Language.EN), Theme(Scheme.LIGHT))
    stage.theme.apply(Language.EN)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as homes, opened_place(Path(homes), stage) as place:
        for screen in tour(place):
            if only and screen.name not in only:
                continue
            for language, scheme in LOOKS:
                stage.speech.switch(language)
                stage.theme.apply(language, scheme)
                settle()
                file = folder / f"{screen.name}-{language.value}-{scheme.value}.png"
                _save(_picture(screen, place.window), file)
                in_manual = MANUAL / language / f"{screen.name}.png"
                if scheme is Scheme.LIGHT and in_manual.exists():
                    shutil.copyfile(file, in_manual)
                yield file, clipped(screen.front)
            stage.speech.switch(*LOOKS[0][:1])
            stage.theme.apply(*LOOKS[0])


def _picture(screen: Screen, window: Window) -> QPixmap:
    front = screen.front
    is_beside = front is not window and (front.width() > window.width() or front.height() > window.height())
    return front.grab() if front is window or is_beside else over(window, front)


def _save(picture: QPixmap, file: Path) -> None:
    """With 256 colours, of which no screen has many more: a third of the size."""
    written = QBuffer()
    written.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(written, "BMP")
    with Image.open(BytesIO(written.data().data())) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)


def main() -> int:
    """Take them, and say where they are; 1 where a text is cut off in one."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help="screens to take; all where none is named")
    parser.add_argument("--folder", type=Path, default=Path("docs/screens"), help="where to (%(default)s)")
    asked = parser.parse_args()
    make_application()
    taken = dict(take(asked.folder, frozenset(asked.names)))
    for file, texts in taken.items():
        for text in texts:
            print(f"{file.name}: cut off: {text}", file=sys.stderr)
    print(f"{len(taken)} pictures in {asked.folder}")
    QApplication.processEvents()
    return 1 if not taken or any(taken.values()) else 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())
