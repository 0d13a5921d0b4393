"""Where the sources contradict each other: what, and either the button that puts it right or what a person does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from coupon_desk.desk.controls import allow, button, clear, column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView
    from coupon_desk.cancellation.differences import Difference


class DifferenceList(QWidget):
    """One card for each. `repair_asked` brings the difference whose button was pressed."""

    repair_asked = Signal(object)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._cards = column(spacing=8)
        self._buttons: list[QPushButton] = []
        self.setLayout(self._cards)

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The repairs that can be asked for, in the order of their cards."""
        return tuple(self._buttons)

    def show_view(self, view: CouponView) -> None:
        """Draw what contradicts in it, and what did not answer and so was not compared."""
        clear(self._cards)
        self._buttons = []
        for difference in view.differences:
            self._cards.addWidget(self._card("warn", "attention", difference.what, difference.todo, difference))
        for silent in view.evidence.silences:
            what = msg("Not answered, so not compared: {why}", why=silent.why)
            self._cards.addWidget(self._card("neutral", "offline", what, msg("Look again when it answers.")))
        if not view.differences and not view.evidence.silences:
            told = msg("Shopify, the customer's record, the point history and our trail tell the same story.")
            self._cards.addWidget(self._card("success", "shield", msg("No source contradicts another."), told))

    def allow(self, why_not: Message | None) -> None:
        """Let the buttons be pressed, or say why not."""
        for made in self._buttons:
            allow(self._stage, made, why_not)

    def _card(self, tone: str, icon: str, what: Message, todo: Message, difference: Difference | None = None) -> QFrame:
        picture = icon_label(self._stage, icon, tone, 20)
        title = label(self._stage, what, "tone", wraps=True)
        advice = label(self._stage, todo, wraps=True)
        texts = column(title, advice, spacing=3)
        if difference is not None and difference.repair is None:
            texts.insertWidget(1, label(self._stage, msg("A person has to settle this:"), "small"))
        if difference is not None and difference.repair is not None:
            texts.addLayout(row(self._button(difference, difference.repair.label), 0))
        inside = row(picture, texts, spacing=10, margins=(12, 10, 12, 10))
        inside.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
        inside.setStretchFactor(texts, 1)
        made = QFrame()
        made.setProperty("role", "banner")
        made.setProperty("tone", tone)
        made.setLayout(inside)
        made.setAccessibleName(f"{title.text()} {advice.text()}")
        return made

    def _button(self, difference: Difference, verb: Message) -> QPushButton:
        made = button(self._stage, verb)
        made.setObjectName(f"repair-{difference.kind.value}")
        made.clicked.connect(lambda: self.repair_asked.emit(difference))
        self._buttons.append(made)
        return made
