"""What is written on the door: the shop and who works here, as the desk last knew them.

With it the sign-in page stands there as soon as the window, and a PIN can be typed while the desk is opened behind it. It
decides nothing: the PIN is checked by the open desk, which also says anew who may sign in.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.storage.in_place import put_in_place

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Operator

FILE: Final = "door.json"

_log = logging.getLogger("coupon_desk.desk")


@dataclass(frozen=True, slots=True)
class Door:
    """The shop's name, and each operator's login and name in the order in which they are offered."""

    shop: str
    people: tuple[tuple[str, str], ...]


def may_stand_open(desk: CouponDesk) -> bool:
    """Whether the next start may show the door before the desk: a real shop's, at which people sign in by PIN alone."""
    return not desk.is_training and not desk.company.is_offered


def remember(desk: CouponDesk, operators: Iterable[Operator]) -> None:
    """Keep what the next start may show. A file that cannot be written is no reason to hinder anybody."""
    people = tuple((one.login, one.name) for one in operators if not one.disabled and desk.people.may_work_here(one))
    door = Door(desk.settings.shop.name, people)
    try:
        if not may_stand_open(desk) or not people:
            (desk.home / FILE).unlink(missing_ok=True)
        elif read(desk.home) != door:
            put_in_place(desk.home / FILE, json.dumps({"shop": door.shop, "people": door.people}, indent=2) + "\n")
    except OSError as wrong:
        _log.info("what the next start may show cannot be written: %s", type(wrong).__name__)


def read(home: Path) -> Door | None:
    """The door of a home; None where there is no file or no sense in it."""
    try:
        found: Any = json.loads((home / FILE).read_text(encoding="utf-8"))
        people = tuple((str(login), str(name)) for login, name in found["people"])
        return Door(str(found["shop"]), people) if people else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
