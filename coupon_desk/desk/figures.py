"""A few numbers side by side, each under its name: what was deducted, what was returned before, what is proposed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QFrame

from coupon_desk.coupons.order_refund import Proposal
from coupon_desk.desk.controls import clear, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg


class Figures(QFrame):
    """Points on a quiet ground; a number that is not known is a dash. The last one is what matters, and is set off."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._inside = row(spacing=28, margins=(14, 8, 14, 10))
        self.setProperty("role", "well")
        self.setLayout(self._inside)

    def show_points(self, figures: Iterable[tuple[Message, int | None]]) -> None:
        """These, from left to right."""
        clear(self._inside)
        shown = tuple(figures)
        for place, (name, points) in enumerate(shown):
            number = label(self._stage, role="figure" if place == len(shown) - 1 else "heading")
            number.setText("–" if points is None else self._stage.speech.number(points))
            spoken = msg("{name}: {points}", name=name, points="–" if points is None else points)
            self._stage.speech.tell(number, spoken, "setAccessibleName")
            self._inside.addLayout(column(label(self._stage, name, "small"), 0, number, spacing=0))
        self._inside.addStretch(1)


def of_proposal(proposal: Proposal) -> tuple[tuple[Message, int | None], ...]:
    """What a refund rests on: what the conversion took, what came back since, and what is to be given."""
    return (
        (msg("Deducted"), proposal.deducted),
        (msg("Returned before"), proposal.returned_before),
        (msg("Proposed"), proposal.proposed),
    )
