"""The customer's balance now and after, and until when the points can be used then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from PySide6.QtWidgets import QFrame

from coupon_desk.desk.controls import column, icon_label, label, restyle, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

SOON: Final = timedelta(days=30)


class BalancePart(QFrame):
    """Drawn from what the point system said; hidden where it said nothing."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "well")
        self._before = label(stage, role="figure")
        self._after = label(stage, role="figure")
        self._gain = label(stage, role="gain")
        self._expiry = label(stage, role="small", wraps=True)
        figures = row(self._before, icon_label(stage, "arrow-right", "muted", 20), self._after, 0, self._gain, spacing=10)
        title = label(stage, msg("Balance of the customer"), "small")
        self.setLayout(column(title, figures, self._expiry, spacing=2, margins=(14, 10, 14, 12)))

    def show_points(self, before: int, gained: int) -> None:
        """From this balance by so many points."""
        tell = self._stage.speech.tell
        tell(self._before, msg("{points}", points=before))
        tell(self._after, msg("{points}", points=before + gained))
        tell(self._gain, msg("+{points}", points=gained))

    def show_expiry(self, last_day: date | None, today: date) -> None:
        """The last day of points that are given now; None where the system has none, or does not tell."""
        self._expiry.setVisible(last_day is not None)
        if last_day is not None:
            restyle(self._expiry, "role", "small" if last_day > today + SOON else "strong")
            self._stage.speech.tell(self._expiry, _about(last_day, today))


def _about(last_day: date, today: date) -> Message:
    if last_day < today:
        return msg("These points expired on {day}: the point system may take the returned ones away again.", day=last_day)
    if last_day <= today + SOON:
        return msg("Tell the customer: the points can be used until {day} only.", day=last_day)
    return msg("The points can be used until {day} then.", day=last_day)
