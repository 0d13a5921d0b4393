"""Search: what is typed or scanned, the status filter with counts, and the coupons that expire soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QPushButton, QToolButton, QWidget

from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.desk.controls import button, column, frame, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.catalogue.query import Count

DEBOUNCE_MS: Final = 120
EXPIRING_DAYS: Final = 7
FILTERS: Final = (
    StatusFilter.ALL,
    StatusFilter.UNUSED,
    StatusFilter.USED,
    StatusFilter.EXPIRED,
    StatusFilter.CANCELLED,
)


class SearchBar(QWidget):
    """`changed` tells a new query, a moment after the last key; `entered` tells the text when Enter was pressed."""

    changed = Signal(object)
    entered = Signal(str)
    left_downwards = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.text = _SearchField()
        self.text.setObjectName("search")
        self.text.setClearButtonEnabled(False)
        self._glass = self.text.addAction(self._glass_icon(), _LEADING)
        stage.theme.changed.connect(self._tint_glass)
        stage.speech.tell(self.text, msg("Scan or type a code, a name or an e-mail"), "setPlaceholderText")
        for control in (self.text, *self.text.findChildren(QToolButton)):
            stage.speech.tell(control, msg("Search coupons"), "setAccessibleName")
        stage.speech.tell(
            self.text, msg("Ctrl+F goes here, Enter selects the coupon with this code, Esc clears."), "setToolTip"
        )
        self._segments: dict[StatusFilter, QPushButton] = {}
        self._counts: Mapping[StatusFilter, Count] = {}
        group = QButtonGroup(self)
        segments = row(spacing=2, margins=(3, 3, 3, 3))
        for status in FILTERS:
            segment = button(stage, status.label, "segment")
            segment.setCheckable(True)
            segment.setChecked(status is StatusFilter.ALL)
            segment.setObjectName(f"filter-{status.value}")
            group.addButton(segment)
            segments.addWidget(segment)
            self._segments[status] = segment
        self.expiring = button(stage, msg("Expiring within 7 days"), "toggle")
        self.expiring.setCheckable(True)
        self.expiring.setObjectName("expiring")
        self.setLayout(
            column(self.text, row(frame("segments", segments), 0, self.expiring), spacing=12),
        )
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MS)
        self._pause.timeout.connect(self._tell)
        self.text.textEdited.connect(lambda _text: self._pause.start())
        self.text.returnPressed.connect(self._enter)
        self.text.escaped.connect(self.clear)
        self.text.went_down.connect(self.left_downwards)
        group.buttonClicked.connect(lambda _button: self._tell())
        self.expiring.clicked.connect(self._tell)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.focus)

    @property
    def query(self) -> CouponQuery:
        """What is asked for now."""
        status = next(status for status, segment in self._segments.items() if segment.isChecked())
        return CouponQuery(
            text=self.text.text().strip(),
            statuses=frozenset({status}),
            expiring_days=EXPIRING_DAYS if self.expiring.isChecked() else None,
        )

    def focus(self) -> None:
        """Come here, ready to be typed over."""
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()

    def begin_with(self, text: str) -> None:
        """Somebody typed or scanned elsewhere: begin a new search with it."""
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.text.setText(text)
        self._pause.start()

    def clear(self) -> None:
        """Search for nothing, that is for everything."""
        if self.text.text():
            self.text.clear()
            self._tell()

    def show_all(self) -> None:
        """Take every restriction off."""
        self.text.clear()
        self._segments[StatusFilter.ALL].setChecked(True)
        self.expiring.setChecked(False)
        self._tell()

    def choose(self, status: StatusFilter) -> None:
        """Press the button of a status."""
        self._segments[status].click()

    def show_counts(self, counts: Mapping[StatusFilter, Count]) -> None:
        """Put the number of coupons on the buttons."""
        self._counts = counts
        for status, segment in self._segments.items():
            if status in counts:
                self._stage.speech.tell(segment, _with_count(status.label, counts[status]))

    def _tint_glass(self) -> None:
        self._glass.setIcon(self._glass_icon())

    def _glass_icon(self) -> QIcon:
        theme = self._stage.theme
        return theme.icons.icon("search", QColor(theme.colours.muted), 18)

    def _enter(self) -> None:
        self._tell()
        self.entered.emit(self.text.text())

    def _tell(self) -> None:
        self._pause.stop()
        self.changed.emit(self.query)


class _SearchField(QLineEdit):
    """A field whose Esc clears and whose arrow down leaves for the table."""

    escaped = Signal()
    went_down = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc and arrow down are ours."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.went_down.emit()
        else:
            super().keyPressEvent(event)


def _with_count(word: Message, count: Count) -> Message:
    if count.capped:
        return msg("{status} {count}+", status=word, count=count.value)
    return msg("{status} {count}", status=word, count=count.value)


_LEADING = QLineEdit.ActionPosition.LeadingPosition
