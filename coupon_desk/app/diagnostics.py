"""One file for whoever helps: what they need to see of this desk, with nothing personal and no secret in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from coupon_desk.app.diagnostic_facts import (
    checks_without_names,
    own_words,
    program_and_computer,
    settings_without_texts,
    work,
)
from coupon_desk.app.diagnostic_log import log_lines
from coupon_desk.app.home import Home
from coupon_desk.errors import DeskError, StorageError
from coupon_desk.logs import log_file_of
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

README: Final = """\
Diagnostics of a Coupon Desk

program.json   versions, system, sizes of files
settings.json  numbers and choices of the configuration; of texts and addresses only that they are there
checks.json    what `coupon-desk doctor` found
work.json      how many operations there are of which kind, and how far the unfinished ones are
window.json    the screen and the looks of the window, where it was open
log.jsonl      what the program did: times, places in its code, its own words and numbers

Nothing in here came from a customer, an operator, a coupon, the shop or another system: texts from outside the program are
left out, not masked. There are no names, addresses, codes, notes, tokens or passwords. Have a look before you hand it on.
"""
_LONG_AGO: Final = (2000, 1, 1, 0, 0, 0)


def write(
    file: Path, home: Path, desk: CouponDesk | None, why_not: DeskError | None, window: Mapping[str, Any]
) -> tuple[str, ...]:
    """Write the diagnostics of a home; the names of what is in the file. It asks the remote systems, which takes a while.

    `desk` is None where it could not be opened, and `why_not` says why. `window` is what the window knows of itself: numbers
    and words of its own. Raises StorageError.
    """
    parts = {name: make() for name, make in _parts(Home(home), desk, why_not, window).items()}
    beside = file.with_name(f"{file.name}.new")
    try:
        with ZipFile(beside, "w", ZIP_DEFLATED) as bundle:
            for name, text in parts.items():
                # Neither the hour nor the user that it was made by.
                bundle.writestr(ZipInfo(name, _LONG_AGO), text, ZIP_DEFLATED)
        os.replace(beside, file)
    except OSError as wrong:
        beside.unlink(missing_ok=True)
        raise StorageError(
            msg("{file} cannot be written.", file=str(file)), done=msg("Nothing was done."), detail=str(wrong)
        ) from wrong
    return tuple(parts)


def _parts(
    home: Home, desk: CouponDesk | None, why_not: DeskError | None, window: Mapping[str, Any]
) -> dict[str, Callable[[], str]]:
    """Each part by its name; one that cannot be made says why, and takes no other with it."""
    failed = {"not_opened": own_words(why_not.what) if why_not is not None else None, "kind": type(why_not).__name__}
    return {
        "README.txt": lambda: README,
        "program.json": lambda: _json(lambda: program_and_computer(home)),
        "settings.json": lambda: _json(lambda: settings_without_texts(desk.settings) if desk is not None else failed),
        "checks.json": lambda: _json(lambda: checks_without_names(desk.doctor()) if desk is not None else failed),
        "work.json": lambda: _json(lambda: work(desk) if desk is not None else failed),
        "window.json": lambda: _json(lambda: dict(window)),
        "log.jsonl": lambda: "".join(f"{line}\n" for line in log_lines(log_file_of(home.path).parent)),
    }


def _json(make: Callable[[], Any]) -> str:
    try:
        found = make()
    except DeskError as wrong:
        found = {"not_found_out": own_words(wrong.what), "kind": type(wrong).__name__}
    except Exception as fault:  # help is most needed where something is at fault
        found = {"not_found_out": "a fault of the program", "kind": type(fault).__name__}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
