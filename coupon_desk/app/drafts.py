"""Notes that somebody has begun and not handed in. They survive the window and the program; nobody else sees them."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.clock import Clock, from_text, to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import StorageError
from coupon_desk.storage.in_place import put_in_place
from coupon_desk.words import msg

_log = logging.getLogger(__name__)

KEPT_DAYS: Final = 14
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What one operator has written about one coupon. Personal data: never to a log.

    `is_held`: it was confirmed, and waited for the time to be over in which it could be stopped.
    """

    login: str
    code: CouponCode
    kind: OperationKind
    note: str
    at: datetime
    is_held: bool = False

    def is_about(self, login: str, code: CouponCode, kind: OperationKind) -> bool:
        """Whether it is this operator's about this coupon."""
        return (self.login, self.code, self.kind) == (login, code, kind)


class Drafts:
    """The drafts of a home, in one file. A file that cannot be read or written hinders nobody. Safe to use from any thread.

    `begun_since` tells whether an operation on a coupon was begun since a moment: what was begun is no draft any more.
    """

    def __init__(self, file: Path, clock: Clock, begun_since: Callable[[CouponCode, datetime], bool]) -> None:
        self._file = file
        self._clock = clock
        self._begun_since = begun_since
        self._one_at_a_time = threading.Lock()

    def note(self, login: str, code: CouponCode, kind: OperationKind) -> str:
        """The note that was begun; empty where there is none."""
        return next((draft.note for draft in self._read() if draft.is_about(login, code, kind)), "")

    def keep(self, login: str, code: CouponCode, kind: OperationKind, note: str, *, is_held: bool = False) -> None:
        """Keep a note in place of an older one; an empty one is nothing to keep."""
        draft = Draft(login, code, kind, note, self._clock.now(), is_held)
        with self._one_at_a_time:
            others = tuple(one for one in self._read() if not one.is_about(login, code, kind))
            self._write((draft, *others) if note.strip() or is_held else others)

    def forget(self, login: str, code: CouponCode, kind: OperationKind) -> None:
        """It was handed in."""
        self.keep(login, code, kind, "")

    def not_begun(self, login: str) -> tuple[CouponCode, ...]:
        """The coupons whose cancellation was confirmed and never begun, as the program ended before; each is told once."""
        with self._one_at_a_time:
            drafts = self._read()
            held = [one for one in drafts if one.is_held and one.login == login]
            if held:
                self._write(tuple(replace(one, is_held=False) if one in held else one for one in drafts))
        return tuple(one.code for one in held if not self._begun_since(one.code, one.at))

    def erase(self, codes: Collection[CouponCode]) -> None:
        """Forget what was written about these coupons. Raises StorageError."""
        with self._one_at_a_time:
            drafts = self._read()
            left = tuple(one for one in drafts if one.code not in codes)
            if left == drafts:
                return
            try:
                put_in_place(self._file, _packed(left))
            except OSError as wrong:
                raise StorageError(
                    msg("The notes that were begun cannot be erased from {file}.", file=str(self._file)),
                    done=msg("The trail is erased."),
                    todo=msg("Delete the file yourself, or erase again."),
                    detail=str(wrong),
                ) from wrong

    def _read(self) -> tuple[Draft, ...]:
        """What is kept and not too old, newest first."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            drafts = tuple(_unpacked(one) for one in found["drafts"])
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError) as wrong:
            _log.info("the notes that were begun cannot be read: %s", type(wrong).__name__)
            return ()
        oldest = self._clock.now() - timedelta(days=KEPT_DAYS)
        return tuple(draft for draft in drafts if draft.at >= oldest)

    def _write(self, drafts: tuple[Draft, ...]) -> None:
        try:
            put_in_place(self._file, _packed(drafts[:MOST]))
        except OSError as wrong:
            _log.info("a note that was begun cannot be kept: %s", type(wrong).__name__)


def _packed(drafts: tuple[Draft, ...]) -> str:
    packed = [
        {
            "login": one.login,
            "code": one.code.text,
            "kind": one.kind.value,
            "note": one.note,
            "at": to_text(one.at),
            "held": one.is_held,
        }
        for one in drafts
    ]
    return json.dumps({"drafts": packed}, ensure_ascii=False, indent=1) + "\n"


def _unpacked(one: Any) -> Draft:
    return Draft(
        str(one["login"]),
        CouponCode.parse(str(one["code"])),
        OperationKind(one["kind"]),
        str(one["note"]),
        from_text(one["at"]),
        bool(one["held"]),
    )
