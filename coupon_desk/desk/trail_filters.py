"""What is looked for in the trail: a row of named fields; empty ones find everything."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QSizePolicy, QWidget

from coupon_desk.app.trail_search import EntryKind, TrailSearch
from coupon_desk.desk.controls import label
from coupon_desk.desk.day_field import DayField
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.trail_words import OUTCOMES
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.people.operators import Operator

DEBOUNCE_MS: Final = 250
RESULTS: Final = (
    *("done", "completed", "approved", "opened", "approval_needed"),
    *("refused", "attention", "unknown", "delayed", "looked", "skipped"),
)
ANYBODY: Final = "*"
_STRETCH: Final = (15, 16, 14, 17, 13, 12, 13, 13)


class TrailFilters(QWidget):
    """`changed` tells a new search, a moment after the last key; arrow down in a text leaves for the list."""

    changed = Signal(object)
    left_downwards = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MS)
        self._pause.timeout.connect(self._tell)
        self._told = TrailSearch()
        self.code = self._text_field("trail-code", msg("Coupon"), msg("Code or a part of it"))
        self.customer = self._text_field("trail-customer", msg("Customer"), msg("Name, e-mail or number"))
        self.operation = self._text_field("trail-operation", msg("Operation"), msg("Its id"))
        self.operator = self._choice("trail-operator", msg("Operator"))
        self.kind = self._choice("trail-kind", msg("What"))
        self.result = self._choice("trail-result", msg("Result"))
        self.since = DayField(stage, msg("From this day on"))
        self.until = DayField(stage, msg("Up to this day"))
        for field, name in ((self.since, "trail-since"), (self.until, "trail-until")):
            field.setObjectName(name)
            field.changed.connect(lambda _day: self._pause.start())
            field.returnPressed.connect(self._tell)
        self._operators: tuple[Operator, ...] = ()
        self._fill()
        stage.speech.changed.connect(self._fill)
        fields: tuple[tuple[Message, QWidget], ...] = (
            (msg("Coupon"), self.code),
            (msg("Customer"), self.customer),
            (msg("Operator"), self.operator),
            (msg("What"), self.kind),
            (msg("Result"), self.result),
            (msg("Operation"), self.operation),
            (msg("From"), self.since),
            (msg("Until"), self.until),
        )
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        for place, (title, field_of_it) in enumerate(fields):
            field_of_it.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(label(stage, title, "small"), 0, place)
            grid.addWidget(field_of_it, 1, place)
            grid.setColumnStretch(place, _STRETCH[place])
        self.setLayout(grid)
        for (_, earlier), (_, later) in pairwise(fields):
            self.setTabOrder(earlier, later)

    @property
    def search(self) -> TrailSearch:
        """What is asked for now."""
        operator = self.operator.currentData()
        return TrailSearch(
            code=self.code.text().strip(),
            customer=self.customer.text().strip(),
            operator=None if operator == ANYBODY else str(operator),
            operation=self.operation.text().strip(),
            kind=EntryKind(self.kind.currentData()),
            result=self.result.currentData(),
            since=self.since.day,
            until=self.until.day,
        )

    def show_search(self, search: TrailSearch) -> None:
        """Hold this, and tell nobody: whoever asks for it knows."""
        self.code.setText(search.code)
        self.customer.setText(search.customer)
        self.operation.setText(search.operation)
        self.operator.setCurrentIndex(max(0, self.operator.findData(ANYBODY if search.operator is None else search.operator)))
        self.kind.setCurrentIndex(self.kind.findData(search.kind.value))
        self.result.setCurrentIndex(max(0, self.result.findData(search.result)))
        self.since.show_day(search.since)
        self.until.show_day(search.until)
        self._pause.stop()
        self._told = self.search

    def offer(self, operators: Iterable[Operator]) -> None:
        """Whom one may look for, those who left the shop too."""
        self._operators = tuple(operators)
        self._fill()

    def focus(self) -> None:
        """Come here, ready to be typed over."""
        self.code.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.code.selectAll()

    def _fill(self) -> None:
        """The choices in the language of the window; what was chosen stays chosen."""
        say = self._stage.speech.say
        people = [(f"{one.name} ({one.login})", one.login) for one in self._operators]
        _refill(self.operator, [(say(msg("Everybody")), ANYBODY), (say(msg("The program itself")), ""), *people])
        _refill(self.kind, [(say(kind.label), kind.value) for kind in EntryKind])
        _refill(self.result, [(say(msg("Any result")), None), *((say(OUTCOMES[word].word), word) for word in RESULTS)])

    def _text_field(self, object_name: str, name: Message, hint: Message) -> QLineEdit:
        made = _TextField()
        made.setObjectName(object_name)
        made.went_down.connect(self.left_downwards)
        self._stage.speech.tell(made, name, "setAccessibleName")
        self._stage.speech.tell(made, hint, "setPlaceholderText")
        made.textChanged.connect(lambda _text: self._pause.start())
        made.returnPressed.connect(self._tell)
        return made

    def _choice(self, object_name: str, name: Message) -> QComboBox:
        made = QComboBox()
        made.setObjectName(object_name)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMaxVisibleItems(len(EntryKind))
        self._stage.speech.tell(made, name, "setAccessibleName")
        made.activated.connect(lambda _place: self._tell())
        return made

    def _tell(self) -> None:
        self._pause.stop()
        if self.search != self._told:
            self._told = self.search
            self.changed.emit(self._told)


class _TextField(QLineEdit):
    """A field whose arrow down leaves for the list."""

    went_down = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow down is ours."""
        if event.key() == Qt.Key.Key_Down:
            self.went_down.emit()
        else:
            super().keyPressEvent(event)


def _refill(choice: QComboBox, entries: Iterable[tuple[str, str | None]]) -> None:
    chosen = choice.currentData() if choice.count() else None
    choice.blockSignals(True)
    choice.clear()
    for text, code in entries:
        choice.addItem(text, code)
    choice.setCurrentIndex(max(0, choice.findData(chosen)))
    choice.view().setMinimumWidth(choice.view().sizeHintForColumn(0) + 24)
    choice.blockSignals(False)
