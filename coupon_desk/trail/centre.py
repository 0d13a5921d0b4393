"""What shipping needs of the central database: this desk's own trail there, as `central.shipped.ShippedTrail` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from coupon_desk.central.shipped import ShippedRow


class Centre(Protocol):
    """This desk's trail in the central database. All methods raise RemoteUnavailable and RemoteRefused."""

    def desk(self) -> str:
        """The desk's name there."""

    def head(self, desk: str) -> tuple[int, str] | None:
        """The newest entry's place and hash; None for no entry."""

    def add(self, desk: str, rows: Sequence[ShippedRow]) -> tuple[int, str] | None:
        """Add entries, all or none; what is there stays. Tells the head."""

    def show_key(self, public_key: str) -> str:
        """Show the desk's public key; tells the one that is kept there."""

    def abort(self) -> None:
        """Cut what is under way."""
