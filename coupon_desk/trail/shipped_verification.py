"""Proves this desk's trail as it stands in the central database, and that it is the one that stands here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.trail.signing import PublicKey
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import BadEntry, ChainRow, Verification, chain_row, verify_rows
from coupon_desk.words import Message, msg


@dataclass(frozen=True, slots=True)
class ShippedVerification:
    """What was found: `desk` is its name in the centre, `centre` the proof of the chain there, `ours` the newest place here.

    `differs_at` is the first place where the centre holds another entry than stands here, or one that does not stand here.
    `signs_here` is the desk's key, where it is known, and `kept_there` the first one that it ever showed the centre.
    """

    desk: str
    centre: Verification
    ours: int
    differs_at: int | None
    signs_here: PublicKey | None = None
    kept_there: str | None = None

    @property
    def is_intact(self) -> bool:
        """Every entry there is what was written, in its place, and the same as here."""
        return self.centre.is_intact and self.differs_at is None

    @property
    def has_foreign_key(self) -> bool:
        """The centre keeps another key of this desk than the one that signs here."""
        return self.signs_here is not None and self.signs_here.hex != self.kept_there

    @property
    def waiting(self) -> int:
        """How many entries stand only here as yet."""
        return max(0, self.ours - self.centre.head.sequence) if self.is_intact else 0

    @property
    def trouble(self) -> Message | None:
        """What is wrong, for a person; None where nothing is."""
        bad: BadEntry | None = self.centre.bad
        if bad is not None:
            return msg("In the central database: {trouble}", trouble=bad.message)
        if self.differs_at is None:
            return _FOREIGN_KEY if self.has_foreign_key else None
        if self.differs_at > self.ours:
            return msg(
                "The central database holds entries that are missing here, from entry {place} on: the database here was"
                " restored from an older copy, or replaced.",
                place=self.differs_at,
            )
        return msg("Entry {place} is another one in the central database than here.", place=self.differs_at)


_FOREIGN_KEY: Final = msg(
    "Every entry is in order, but the central database keeps another key of this desk than the one that signs here. If the key"
    " was replaced for a good reason, an administrator has the new one kept (“coupon-desk central add-desk --new-key”)."
)


def verify_shipped(shipped: ShippedTrail, trail: Trail, key: PublicKey | None = None) -> ShippedVerification:
    """Read every entry back and prove it; `key` is the desk's, where it is known.

    Raises RemoteUnavailable, RemoteRefused, StorageError.
    """
    desk = shipped.desk()
    differs_at: list[int] = []

    def rows(here: Iterator[ChainRow]) -> Iterator[ChainRow]:
        for told in shipped.read_back(desk):
            row = chain_row(*told)
            if not differs_at and next(here, None) != row:
                differs_at.append(row[0])
            yield row

    with trail.chain() as here:
        centre = verify_rows(rows(here))
    kept = shipped.show_key(key.hex) if key is not None else None
    return ShippedVerification(desk, centre, trail.head().sequence, differs_at[0] if differs_at else None, key, kept)
