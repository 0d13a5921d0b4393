"""What whoever helps has to know of a desk: program, computer, settings, checks, work. Numbers, and words of the program."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from coupon_desk import VERSION
from coupon_desk.app.checks import Check
from coupon_desk.app.home import Home
from coupon_desk.app.settings_trail import flattened
from coupon_desk.app.working import home_id
from coupon_desk.settings import Settings, is_on_this_computer
from coupon_desk.words import Message

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

PACKAGES: Final = (
    "PySide6-Essentials",
    "SQLAlchemy",
    "httpx",
    "keyring",
    "cryptography",
    "msgspec",
    "psycopg",
    "python-escpos",
)
SHOWN: Final = frozenset({"shop.language", "shop.currency", "shopify.auth", "shopify.api_version", "pos.kind", "mail.security"})
"""Settings that are a choice of ours, and no text of the shop's; so are all under `policy`, `limits` and `desk`."""

_OURS: Final = ("policy.", "limits.")
_CODE: Final = re.compile(r"(?:read|write)_[a-z_]{2,30}|20[0-9]{2}-[0-9]{2}|keyring\.backends\.[A-Za-z.]+", re.ASCII)


def program_and_computer(home: Home) -> dict[str, Any]:
    """Which versions work on which system; never its name, its user's, or where the home is."""
    return {
        "coupon_desk": VERSION,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "frozen": bool(getattr(sys, "frozen", False)),
        "packages": {name: found for name in PACKAGES if (found := _version_of(name)) is not None},
        "system": platform.system(),
        "system_version": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "encoding": locale.getpreferredencoding(do_setlocale=False),
        "utc_offset_minutes": _offset_minutes(),
        "has_display": bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
        or sys.platform in {"win32", "darwin"},
        "home": home_id(home.path),
        "training": home.training_mark.exists(),
        "free_disk_megabytes": _free_megabytes(home),
        "files": {
            name: _size(home, name) for name in ("config.toml", "desk.sqlite3", "desk.sqlite3-wal", "logs/coupon-desk.log")
        },
    }


def settings_without_texts(settings: Settings) -> dict[str, Any]:
    """Every setting: its value where it is a number or a choice of ours, else only what kind of thing stands there."""
    return {key: _shown(key, value) for key, value in flattened(settings).items() if value is not None}


def checks_without_names(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """What `doctor` found, without names and addresses."""
    return [
        {
            "name": own_words(check.name),
            "ok": check.is_well,
            "found": own_words(check.found),
            "mend": own_words(check.mend) if check.mend is not None else None,
        }
        for check in checks
    ]


def own_words(message: Message) -> str:
    """A message in English in which only numbers and the program's own words are put in; an ellipsis stands for the rest."""
    return str(
        Message(message.text, tuple((name, _said(value)) for name, value in message.values), message.plural, message.count)
    )


def work(desk: CouponDesk) -> dict[str, Any]:
    """How much there is of what, and how each unfinished operation stands; without codes, customers and people."""
    now = desk.clock.now()
    state = desk.catalogue.sync_state()
    return {
        "trail_entries": desk.trail.head().sequence,
        "operators": dict(Counter(one.role.value for one in desk.people.list() if not one.disabled)),
        "newest_operations": dict(Counter(f"{one.kind.value} {one.state.value}" for one in desk.operations(limit=200))),
        "unfinished": [
            {
                "kind": one.kind.value,
                "state": one.state.value,
                "minutes_since_opened": round((now - one.opened_at).total_seconds() / 60),
                "steps": {step.name.value: {"state": step.state.value, "attempts": step.attempts} for step in one.steps},
                "attention": own_words(one.attention) if one.attention is not None else None,
            }
            for one in desk.operations(open_only=True)
        ],
        "sync": {
            each.name: _age_minutes(getattr(state, each.name), now) for each in fields(state) if each.name.endswith("_at")
        },
    }


def _said(value: object) -> object:
    match value:
        case Message():
            return own_words(value)
        case bool() | int() | float():
            return value
        case str() if _CODE.fullmatch(value):
            return value
        case _:
            return "…"


def _shown(key: str, value: object) -> object:
    if isinstance(value, bool | int | float) or key in SHOWN or key.startswith(_OURS):
        return value
    if isinstance(value, str) and "://" in value:
        address = urlsplit(value)
        return {"scheme": address.scheme, "on_this_computer": is_on_this_computer(value)}
    if isinstance(value, list | dict):
        return {"entries": len(value)}
    return {"characters": len(str(value))}


def _age_minutes(at: datetime | None, now: datetime) -> int | None:
    return round((now - at).total_seconds() / 60) if at is not None else None


def _offset_minutes() -> int:
    offset = datetime.now().astimezone().utcoffset()
    return round(offset.total_seconds() / 60) if offset is not None else 0


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _free_megabytes(home: Home) -> int | None:
    try:
        return shutil.disk_usage(home.path).free // 1_000_000
    except OSError:
        return None


def _size(home: Home, name: str) -> dict[str, Any] | None:
    try:
        found = (home.path / name).stat()
    except OSError:
        return None
    return {"bytes": found.st_size, "mode": oct(found.st_mode & 0o777)}
