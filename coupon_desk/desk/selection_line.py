"""The line under the table: how many coupons there are, how many are selected, their points, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QPushButton

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.controls import Elided, button, row
from coupon_desk.desk.selection import MOST_SELECTED, Selected
from coupon_desk.desk.stage import Stage
from coupon_desk.words import NOTHING, Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.catalogue.query import Count

HEIGHT_PX: Final = 46
NOTICE_MS: Final = 4000


@dataclass(frozen=True, slots=True)
class _Action:
    button: QPushButton
    words: Callable[[int], Message]
    at_least: int


class SelectionLine(QFrame):
    """Always there, so that nothing jumps when something is selected."""

    clear_asked = Signal()
    copy_asked = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._selected = Selected()
        self._shown: Count | None = None
        self._notice: Message | None = None
        self._actions: list[_Action] = []
        self.setFixedHeight(HEIGHT_PX)
        self.setObjectName("selection-line")
        self.setProperty("role", "footer-in-card")
        self.text = Elided("selection")
        self.copy = button(stage, msg("Copy the codes (Ctrl+Shift+C)"), "icon", "copy", "muted")
        self.copy.setObjectName("copy-codes")
        self.copy.clicked.connect(self.copy_asked)
        self.clear = button(stage, msg("Select nothing"), "icon", "close", "muted")
        self.clear.setObjectName("clear-selection")
        self.clear.clicked.connect(self.clear_asked)
        self._row = row(self.text, self.copy, self.clear, spacing=8, margins=(14, 0, 8, 0))
        self._row.setStretchFactor(self.text, 1)
        self.setLayout(self._row)
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(NOTICE_MS)
        self._fade.timeout.connect(lambda: self.show_notice(None))
        stage.speech.changed.connect(self._say)
        self._say()

    def add_action(
        self,
        words: Callable[[int], Message],
        act: Callable[[tuple[CouponCode, ...]], None],
        *,
        name: str,
        at_least: int = 2,
        kind: str = "primary",
    ) -> QPushButton:
        """Offer something for the selected coupons: `words` for how many, seen from `at_least` coupons on."""
        made = button(self._stage, words(at_least), kind)
        made.setObjectName(name)
        made.clicked.connect(lambda _on=False: act(self._selected.codes))
        self._actions.append(_Action(made, words, at_least))
        self._row.insertWidget(len(self._actions), made)
        self._say()
        return made

    @property
    def first_action(self) -> QPushButton | None:
        """What Ctrl+Enter means for several coupons; None where nothing is offered."""
        return next((one.button for one in self._actions if not one.button.isHidden()), None)

    def show_selected(self, selected: Selected) -> None:
        """What is selected now."""
        self._selected = selected
        self._notice = None
        self._say()

    def show_count(self, shown: Count) -> None:
        """How many coupons the list holds, with those that were not read yet."""
        self._shown = shown
        self._say()

    def show_notice(self, notice: Message | None) -> None:
        """One thing that has just happened; it goes by itself."""
        self._notice = notice
        if notice is not None:
            self._fade.start()
        else:
            self._fade.stop()
        self._say()

    def end(self) -> None:
        """Nobody reads it any more."""
        self._fade.stop()

    def _say(self) -> None:
        count = self._selected.count
        self.text.say(self._stage.speech.say(self._notice or self._words()))
        self.copy.setVisible(count > 0)
        self.clear.setVisible(count > 0)
        for action in self._actions:
            action.button.setVisible(count >= action.at_least)
            if count:
                self._stage.speech.tell(action.button, action.words(count))

    def _words(self) -> Message:
        selected = self._selected
        if selected.is_cut:
            return msg("{count} selected, the most at once · {points} points", count=MOST_SELECTED, points=int(selected.points))
        if selected.count:
            return msg("{count} selected · {points} points", count=selected.count, points=int(selected.points))
        if self._shown is None:
            return NOTHING
        if self._shown.capped:
            return msg("More than {count} coupons", count=self._shown.value)
        return msgn("{count} coupon", "{count} coupons", count=self._shown.value)
