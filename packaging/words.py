"""Brings the Japanese catalogue up to date with the texts in the code, and compiles it: `make words`.

Options: --merge FILE … takes translations from further .po files. Prints what has no translation yet; exit status 1 then.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "coupon_desk"
FOLDER = PACKAGE / "resources" / "locale" / "ja" / "LC_MESSAGES"


def extracted() -> Catalog:
    """Every text that the code can say."""
    catalogue = Catalog(locale="ja", project="Coupon Desk", charset="utf-8")
    methods = [("**.py", "python")]
    for name, _line, text, _comments, _context in extract_from_dir(
        PACKAGE, methods, keywords={"msg": None, "msgn": (1, 2)}, comment_tags=(), options_map={}
    ):
        if text and text != ("",):
            catalogue.add(text, locations=[(Path(name).as_posix(), 0)])
    return catalogue


def main() -> int:
    """Update, compile, report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--merge", nargs="*", type=Path, default=[])
    known: dict[object, object] = {}
    for file in [FOLDER / "coupon_desk.po", *options.parse_args().merge]:
        if file.exists():
            with file.open("rb") as opened:
                for message in read_po(opened, locale="ja"):
                    if message.id and message.string and any(message.string):
                        known[message.id] = message.string
    catalogue = extracted()
    missing = []
    for message in catalogue:
        if message.id:
            message.string = known.get(message.id, message.string)
            if not message.string or not any(message.string):
                missing.append(message.id)
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # the same texts, the same file
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "coupon_desk.po").open("wb") as opened:
        write_po(opened, catalogue, omit_header=False, sort_output=True, width=120, include_lineno=False)
    with (FOLDER / "coupon_desk.po").open("rb") as read, (FOLDER / "coupon_desk.mo").open("wb") as compiled:
        write_mo(compiled, read_po(read, locale="ja"))
    for text in missing:
        sys.stdout.write(f"{text!r}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
