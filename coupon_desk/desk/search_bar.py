"""Search: what is typed or scanned, the status filter with counts, the filters beside it, and the views of the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QInputMethodEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QPushButton, QToolButton, QWidget

from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.coupons.code import is_code
from coupon_desk.desk.asked import Asked
from coupon_desk.desk.controls import button, column, frame, row
from coupon_desk.desk.filter_chips import FilterChips, count_of
from coupon_desk.desk.filter_panel import FilterPanel
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.catalogue.query import Count

FILTERS: Final = (
    StatusFilter.ALL,
    StatusFilter.UNUSED,
    StatusFilter.USED,
    StatusFilter.EXPIRED,
    StatusFilter.CANCELLED,
    StatusFilter.NEEDS_ATTENTION,
)
FILTER_KEYS: Final = "Ctrl+Shift+F"
FILTERS_PX: Final = 124
"""Wide enough for the number of filters in bold, which Qt does not reckon with."""


class SearchBar(QWidget):
    """`changed` tells a new query, with each key; `entered` tells the text when Enter was pressed.

    `entered_again` comes instead for one more Enter on a text that nobody has touched since.
    """

    changed = Signal(object)
    entered = Signal(str)
    entered_again = Signal(str)
    left_downwards = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.asked = Asked(self)
        self._entered = ""
        self.text = _SearchField()
        self.text.setObjectName("search")
        self.text.setClearButtonEnabled(False)
        self._glass = self.text.addAction(self._glass_icon(), _LEADING)
        stage.theme.changed.connect(self._tint_glass)
        stage.speech.tell(self.text, msg("Scan or type a code, a name or an e-mail"), "setPlaceholderText")
        for control in (self.text, *self.text.findChildren(QToolButton)):
            stage.speech.tell(control, msg("Search coupons"), "setAccessibleName")
        stage.speech.tell(
            self.text,
            msg("Ctrl+F goes here. Enter selects the coupon with this code, once more cancels it. Esc clears."),
            "setToolTip",
        )
        self.filters = button(stage, msg("Filters"), "toggle", "filter", "muted")
        self.filters.setObjectName("filters")
        self.filters.setCheckable(True)
        self.filters.setMinimumWidth(FILTERS_PX)
        stage.speech.tell(self.filters, msg("Dates, points and several statuses (Ctrl+Shift+F)"), "setToolTip")
        self.panel = FilterPanel(stage, self.asked)
        self.panel.hide()
        self.chips = FilterChips(stage, self.asked)
        self._segments: dict[StatusFilter, QPushButton] = {}
        self._group = QButtonGroup(self)
        segments = row(spacing=2, margins=(3, 3, 3, 3))
        for status in FILTERS:
            segments.addWidget(self._segment(status))
        self._top = row(self.text, self.filters, spacing=8)
        self._top.setStretchFactor(self.text, 1)
        self.setLayout(column(self._top, row(frame("segments", segments), 0), self.panel, self.chips, spacing=10))
        self.text.textEdited.connect(self._type)
        self.text.returnPressed.connect(self._enter)
        self.text.code_committed.connect(self._enter)
        self.text.escaped.connect(self.clear)
        self.text.went_down.connect(self.left_downwards)
        self.filters.toggled.connect(self._fold)
        self.panel.left.connect(self._leave_panel)
        self.asked.changed.connect(self._show)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.focus)
        QShortcut(QKeySequence(FILTER_KEYS), self, self.filters.click)
        self._show(self.asked.query)

    @property
    def query(self) -> CouponQuery:
        """What is asked for now."""
        return self.asked.query

    def put_beside(self, *parts: QWidget) -> None:
        """Put these at the right of the search."""
        for part in parts:
            self._top.addWidget(part)

    def focus(self) -> None:
        """Come here, ready to be typed over."""
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()

    def begin_with(self, text: str) -> None:
        """Somebody typed or scanned elsewhere: begin a new search with it."""
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.text.setText(text)
        self._type(text)

    def enter(self, text: str) -> None:
        """Search for this, as if it had been typed with Enter behind it."""
        self.begin_with(text)
        self._enter()

    def clear(self) -> None:
        """Search for nothing, that is for everything."""
        self.text.clear()
        self._type("")

    def show_all(self) -> None:
        """Take every restriction off; the order stays."""
        self.text.clear()
        self.asked.put(CouponQuery(sort=self.query.sort))

    def choose(self, status: StatusFilter) -> None:
        """Press the button of a status."""
        self._segments[status].click()

    def show_counts(self, counts: Mapping[StatusFilter, Count]) -> None:
        """Put the number of coupons on the buttons; what needs attention has one only where there is something."""
        for status, segment in self._segments.items():
            if status in counts:
                self._stage.speech.tell(segment, _with_count(status.label, counts[status]))
        attention = counts.get(StatusFilter.NEEDS_ATTENTION)
        is_asked_for = StatusFilter.NEEDS_ATTENTION in self.query.statuses
        self._segments[StatusFilter.NEEDS_ATTENTION].setVisible(is_asked_for or bool(attention and attention.value))

    def _segment(self, status: StatusFilter) -> QPushButton:
        made = button(self._stage, status.label, "segment")
        made.setCheckable(True)
        made.setObjectName(f"filter-{status.value}")
        made.clicked.connect(lambda _on=False: self._choose(status))
        self._group.addButton(made)
        self._segments[status] = made
        return made

    def _choose(self, status: StatusFilter) -> None:
        statuses = frozenset[StatusFilter]() if status is StatusFilter.ALL else frozenset({status})
        self.asked.put(replace(self.query, statuses=statuses))

    def _type(self, text: str) -> None:
        self._entered = ""
        self.asked.put(replace(self.query, text=text.strip()))

    def _show(self, query: CouponQuery) -> None:
        """Every part shows what is asked for, whichever of them asked."""
        if self.text.text().strip() != query.text:
            self.text.setText(query.text)
        chosen = next(iter(query.statuses)) if len(query.statuses) == 1 else None
        if not query.statuses:
            chosen = StatusFilter.ALL
        self._group.setExclusive(False)
        for status, segment in self._segments.items():
            segment.setChecked(status is chosen)
        self._group.setExclusive(True)
        if chosen is StatusFilter.NEEDS_ATTENTION:
            self._segments[chosen].show()
        many = count_of(query)
        self._stage.speech.tell(self.filters, msg("Filters ({count})", count=many) if many else msg("Filters"))
        self.changed.emit(query)

    def _fold(self, is_open: bool) -> None:
        if not is_open and self.panel.isAncestorOf(self.focusWidget() or self):
            self.filters.setFocus(Qt.FocusReason.OtherFocusReason)
        self.panel.setVisible(is_open)
        self.chips.show_if(not is_open)
        if is_open:
            self.panel.focus()

    def _leave_panel(self) -> None:
        self.filters.setChecked(False)
        self.filters.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tint_glass(self) -> None:
        self._glass.setIcon(self._glass_icon())

    def _glass_icon(self) -> QIcon:
        theme = self._stage.theme
        return theme.icons.icon("search", QColor(theme.colours.muted), 18)

    def _enter(self) -> None:
        text = self.text.text()
        if text and text == self._entered:
            self.entered_again.emit(text)
            return
        self._type(text)
        self._entered = text
        self.entered.emit(text)


class _SearchField(QLineEdit):
    """A field whose Esc clears and whose arrow down leaves for the table.

    `code_committed` comes when an input method has brought a whole code: it kept the Enter behind it for itself.
    """

    escaped = Signal()
    went_down = Signal()
    code_committed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc and arrow down are ours; an Enter that is held down is one Enter."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.went_down.emit()
        elif not (event.isAutoRepeat() and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}):
            super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """A scanner's keys go through the input method where one is on; its Enter ends the composing and nothing else."""
        super().inputMethodEvent(event)
        if event.commitString() and is_code(self.text()):
            self.code_committed.emit()


def _with_count(word: Message, count: Count) -> Message:
    if count.capped:
        return msg("{status} {count}+", status=word, count=count.value)
    return msg("{status} {count}", status=word, count=count.value)


_LEADING = QLineEdit.ActionPosition.LeadingPosition
