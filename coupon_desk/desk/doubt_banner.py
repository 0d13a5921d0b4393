"""That sources contradict each other about a coupon: how often, and the weightiest way in which they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner
from coupon_desk.words import msgn

if TYPE_CHECKING:
    from coupon_desk.cancellation.differences import Difference


class DoubtBanner(Banner):
    """Hidden while all tell the same story."""

    def show_differences(self, found: Sequence[Difference]) -> None:
        """Say it, or nothing."""
        self.setVisible(bool(found))
        if found:
            title = msgn("{count} difference between the sources", "{count} differences between the sources", count=len(found))
            self.show_message(Tone.WARN, title, found[0].what)
