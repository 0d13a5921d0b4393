"""One tab of the review window: cards under each other, what to do next where there is nothing, or why it may not be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QStackedWidget, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, clear, column, icon_label, label
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

MakeCard = Callable[[], QWidget]

WIDEST_CARD_PX = 1000
SIDE_PX = 90
AT_ONCE = 2
"""So many cards are made at once, and the others one by one between the frames: a long list holds up nobody."""
MOST = 200


class ReviewTab(QWidget):
    """`title` says what waits here, `nothing` that nothing does, and `next_step` where it comes from."""

    def __init__(self, stage: Stage, title: Message, nothing: Message, next_step: Message) -> None:
        super().__init__()
        self._stage = stage
        self.problem = Banner(stage)
        self.problem.setObjectName("review-problem")
        self.title = label(stage, title, "heading")
        self._cards = column(spacing=10)
        self._more = label(stage, role="muted")
        self._more.hide()
        self._shown: tuple[Any, ...] = ()
        self._waiting: list[MakeCard] = []
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._make_one)
        inner = QWidget()
        inside = column(self.title, self.problem, self._cards, self._more, 0, spacing=12, margins=(24, 18, 20, 20))
        inner.setLayout(inside)
        inner.setMaximumWidth(WIDEST_CARD_PX)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inner)
        self._reading, self._reading_parts = self._page("refresh", msg("Being read…"), msg("A moment, please."))
        self._nothing, self._nothing_parts = self._page("check", nothing, next_step)
        self._closed, self._closed_parts = self._page("lock", msg("Not for your role"), nothing)
        self.pages = QStackedWidget()
        for page in (self._reading, self._scroll, self._nothing, self._closed):
            self.pages.addWidget(page)
        self.setLayout(column(self.pages))

    @property
    def is_empty(self) -> bool:
        """Whether it says that nothing waits here."""
        return self.pages.currentWidget() is self._nothing

    @property
    def refusal(self) -> str:
        """Why it may not be used, as it is shown; empty where it may."""
        return self._closed_parts[1].text() if self.pages.currentWidget() is self._closed else ""

    def show_cards(self, what: Sequence[Any], make: Callable[[Any], QWidget]) -> None:
        """A card for each of these; none: say what to do next. What is shown already is not drawn anew."""
        shown = tuple(what)
        if shown != self._shown:
            clear(self._cards)
            self._shown = shown
            self._waiting = [partial(make, one) for one in shown[:MOST]]
            for _ in range(AT_ONCE):
                self._make_one()
            if self._waiting:
                self._next.start()
        beyond = len(shown) - MOST
        self._more.setVisible(beyond > 0)
        self._stage.speech.tell(self._more, msg("and {count} more", count=beyond))
        # What went wrong is told above the cards, also where there are none.
        self.pages.setCurrentWidget(self._scroll if shown or self.problem.isVisibleTo(self) else self._nothing)

    def be_busy(self) -> None:
        """It is being read; what is shown already stays meanwhile."""
        if not self._cards.count():
            self.pages.setCurrentWidget(self._reading)

    def focus_first(self) -> None:
        """Take the keyboard to the first button of the first card."""
        first = next((one for one in self._scroll.findChildren(QPushButton) if one.isEnabled()), None)
        if first is not None and self.pages.currentWidget() is self._scroll:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_for(self, why: Message, todo: Message | None) -> None:
        """This operator may not use it, and reads why."""
        self._stage.speech.tell(self._closed_parts[1], why)
        self._closed_parts[2].setVisible(todo is not None)
        if todo is not None:
            self._stage.speech.tell(self._closed_parts[2], todo)
        self.pages.setCurrentWidget(self._closed)

    def tell(self, error: DeskError) -> None:
        """Something did not go as it should."""
        self.problem.show_message(Tone.WARN, error.what, error.todo or error.done)
        self.pages.setCurrentWidget(self._scroll)

    def be_quiet(self) -> None:
        """What went wrong is over."""
        self.problem.hide()

    def _make_one(self) -> None:
        if self._waiting:
            self._cards.addWidget(self._waiting.pop(0)())
        if not self._waiting:
            self._next.stop()

    def _page(self, icon: str, title: Message, text: Message) -> tuple[QWidget, tuple[QLabel, QLabel, QLabel]]:
        parts = (
            icon_label(self._stage, icon, "line_strong", 44),
            label(self._stage, title, "heading", wraps=True),
            label(self._stage, text, "muted", wraps=True),
        )
        for part in parts[1:]:
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = column(0, *parts, 0, spacing=10, margins=(SIDE_PX, 0, SIDE_PX, 0))
        layout.setAlignment(parts[0], Qt.AlignmentFlag.AlignHCenter)
        made = QWidget()
        made.setLayout(layout)
        return made, parts
