"""One entry of the trail in full: all its fields, what changed, what it says where that can still be read, and its hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QScrollArea, QWidget

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, clear, column, icon_label, label, line, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.trail_body import Fact, said
from coupon_desk.desk.trail_facts import as_text, facts
from coupon_desk.desk.trail_words import happened
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.trail_reading import TrailLine

WIDTH_PX: Final = 384
NAMES_PX: Final = 116
LINK_PX: Final = 6
"""Around the words of a link, for the frame of its focus: it stands so much further left than the words above it."""


class TrailDetails(QFrame):
    """`search_asked` wants all entries of the same operation, coupon or customer."""

    search_asked = Signal(object)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._line: TrailLine | None = None
        self.setProperty("role", "pane")
        self.setFixedWidth(WIDTH_PX)
        self._empty = self._make_empty()
        self.title = label(stage, role="heading", wraps=True)
        self.copy = button(stage, msg("Copy this entry"), "icon", "copy", "muted")
        self.copy.setObjectName("copy-entry")
        self.copy.clicked.connect(self._copy)
        self.unreadable = Banner(stage)
        self._groups = column(spacing=12, margins=(LINK_PX, 0, 0, 0))
        self.same_operation = self._link("same-operation")
        stage.speech.tell(self.same_operation, msg("Same operation"))
        self.same_operation.clicked.connect(self._ask_operation)
        self.same_coupon = self._link("same-coupon")
        stage.speech.tell(self.same_coupon, msg("Same coupon"))
        self.same_coupon.clicked.connect(self._ask_coupon)
        self.same_customer = self._link("same-customer")
        stage.speech.tell(self.same_customer, msg("Same customer"))
        self.same_customer.clicked.connect(self._ask_customer)
        self._links = QWidget()
        self._links.setLayout(row(self.same_operation, self.same_coupon, self.same_customer, 0, spacing=4))
        head = row(self.title, self.copy, spacing=8, margins=(LINK_PX, 0, 0, 0))
        head.setStretchFactor(self.title, 1)
        head.setAlignment(self.copy, Qt.AlignmentFlag.AlignTop)
        inner = QWidget()
        inner.setLayout(
            column(head, self._links, self.unreadable, self._groups, 0, spacing=8, margins=(20 - LINK_PX, 14, 14, 16))
        )
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        stage.speech.tell(self.area, msg("Details of the entry"), "setAccessibleName")
        self.setLayout(column(self._empty, self.area, spacing=0))
        self.area.hide()
        stage.speech.changed.connect(self._draw)

    @property
    def shown(self) -> TrailLine | None:
        """The entry that is shown."""
        return self._line

    def show_line(self, shown: TrailLine | None) -> None:
        """Show this entry; None for none."""
        self._line = shown
        self._draw()
        self.area.verticalScrollBar().setValue(0)

    def _draw(self) -> None:
        clear(self._groups)
        self._empty.setVisible(self._line is None)
        self.area.setVisible(self._line is not None)
        if self._line is None:
            return
        entry, speech = self._line.entry, self._stage.speech
        speech.tell(self.title, happened(entry))
        self._show_state()
        self.same_operation.setVisible(entry.operation is not None)
        self.same_coupon.setVisible(self._line.code is not None)
        self.same_customer.setVisible(entry.fields.customer is not None)
        self._links.setVisible(any(map(_is_set_visible, (self.same_operation, self.same_coupon, self.same_customer))))
        # What it says comes last: the evidence of a coupon is long.
        for group in (*facts(self._line, speech), said(entry, speech)):
            if group:
                self._groups.addWidget(line())
                self._groups.addLayout(self._grid(group))
        self.area.setAccessibleDescription(as_text(self._line, speech))

    def _show_state(self) -> None:
        entry = self._line.entry if self._line else None
        self.unreadable.hide()
        if entry is None or (entry.canonical_body is not None or entry.fields.sealed is None):
            return
        if entry.is_erased:
            self.unreadable.show_message(
                Tone.NEUTRAL,
                msg("What this entry said was erased."),
                msg("The customer's personal data was erased for good. Who did what, when and with which result still stands."),
                "info",
            )
        else:
            self.unreadable.show_message(
                Tone.DANGER, msg("What this entry says cannot be opened: it was altered."), msg("Verify the trail.")
            )

    def _grid(self, group: Iterable[Fact]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        grid.setColumnMinimumWidth(0, NAMES_PX)
        grid.setColumnStretch(1, 1)
        for place, fact in enumerate(group):
            name = label(self._stage, role="small", wraps=True)
            name.setText(fact.name)
            name.setFixedWidth(NAMES_PX)
            name.setContentsMargins(0, 2, 0, 0)
            value = label(self._stage, role="exact" if fact.is_exact else "body", wraps=True)
            value.setObjectName(f"fact-{fact.name}")
            value.setText(_breakable(fact.value))
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, place, 1)
        return grid

    def _make_empty(self) -> QWidget:
        picture = icon_label(self._stage, "trail", "line_strong", 44)
        title = label(self._stage, msg("No entry selected"), "heading")
        text = label(self._stage, msg("Choose an entry in the list to see all that it says."), "muted", wraps=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made = QWidget()
        layout = column(0, picture, title, text, 0, spacing=10, margins=(28, 0, 28, 0))
        for item in (picture, title):
            layout.setAlignment(item, Qt.AlignmentFlag.AlignHCenter)
        made.setLayout(layout)
        return made

    def _link(self, object_name: str) -> QPushButton:
        made = button(self._stage, msg("Show"), "link")
        made.setObjectName(object_name)
        return made

    def _ask_operation(self) -> None:
        if self._line is not None and self._line.entry.operation is not None:
            self.search_asked.emit(TrailSearch(operation=self._line.entry.operation))

    def _ask_coupon(self) -> None:
        if self._line is not None and self._line.code is not None:
            self.search_asked.emit(TrailSearch(code=self._line.code))

    def _ask_customer(self) -> None:
        if self._line is not None and self._line.entry.fields.customer is not None:
            self.search_asked.emit(TrailSearch(customer=f"#{self._line.entry.fields.customer}"))

    def _copy(self) -> None:
        if self._line is not None:
            QGuiApplication.clipboard().setText(as_text(self._line, self._stage.speech))


_BREAK: Final = "\u200b"
_GROUP: Final = 8
_LONGEST_WORD: Final = 24
_HASH: Final = re.compile("[0-9a-f]{32}(?:[0-9a-f]{32})?")


def _breakable(text: str) -> str:
    """Hashes in groups of eight, to be compared; other long words may be broken anywhere. No word is wider than the pane."""
    return "\n".join(" ".join(map(_pieces, part.split(" "))) for part in text.split("\n"))


def _pieces(word: str) -> str:
    if all(len(part) <= _LONGEST_WORD for part in word.split("-")):
        return word  # a line ends after a hyphen
    between = " " if _HASH.fullmatch(word) else _BREAK
    return between.join(word[start : start + _GROUP] for start in range(0, len(word), _GROUP))


def _is_set_visible(widget: QWidget) -> bool:
    return not widget.isHidden()
