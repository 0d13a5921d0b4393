"""The centre's side of shipping, in memory: it keeps a chain as the real one does, and breaks as a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from coupon_desk.central.refusals import ChainFlaw, ChainRefused, out_of_reach
from coupon_desk.central.shipped import ShippedRow
from coupon_desk.errors import DeskError, RemoteRefused, System
from coupon_desk.trail.verification import GENESIS
from coupon_desk.words import msg


class CentreInMemory:
    """`trouble` is raised for whatever is asked; so many answers of adding get lost; `is_silent` gives none at all."""

    def __init__(self, name: str = "ginza") -> None:
        self.name = name
        self.kept: dict[str, list[ShippedRow]] = {}
        self.trouble: DeskError | None = None
        self.loses_answers = 0
        self.refuses: Callable[[ShippedRow], bool] = lambda row: False
        self.keys: dict[str, str] = {}
        self.asked = 0
        self.batches: list[int] = []
        self.is_silent = False
        self._aborted = threading.Event()
        self._lock = threading.Lock()

    @property
    def rows(self) -> list[ShippedRow]:
        """What is kept of the desk of that name."""
        return self.kept.setdefault(self.name, [])

    def desk(self) -> str:
        self._answer()
        return self.name

    def head(self, desk: str) -> tuple[int, str] | None:
        self._answer()
        return self._head(desk)

    def add(self, desk: str, rows: Sequence[ShippedRow]) -> tuple[int, str] | None:
        self._answer()
        with self._lock:
            kept = list(self.kept.setdefault(desk, []))
            for row in rows:
                if self.refuses(row):
                    raise RemoteRefused(System.CENTRAL, msg("Not this one."))
                if row[0] <= len(kept):
                    continue
                if row[0] != len(kept) + 1:
                    raise ChainRefused(ChainFlaw.GAP, row[0], "")
                if row[2] != (kept[-1][4] if kept else GENESIS):
                    raise ChainRefused(ChainFlaw.FORK, row[0], "")
                kept.append(row)
            self.kept[desk] = kept
        self.batches.append(len(rows))
        if self.loses_answers:
            self.loses_answers -= 1
            raise out_of_reach("cut after the commit")
        return self._head(desk)

    def show_key(self, public_key: str) -> str:
        self._answer()
        return self.keys.setdefault(self.name, public_key)

    def abort(self) -> None:
        self._aborted.set()

    def _head(self, desk: str) -> tuple[int, str] | None:
        kept = self.kept.setdefault(desk, [])
        return (kept[-1][0], kept[-1][4]) if kept else None

    def _answer(self) -> None:
        self.asked += 1
        if self.is_silent:
            self._aborted.wait()
            raise out_of_reach("aborted")
        if self.trouble is not None:
            raise self.trouble
