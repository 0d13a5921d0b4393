"""A number to be typed before something is done to many at once: whoever types it has read it."""

from __future__ import annotations

import unicodedata
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from coupon_desk.desk.controls import label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

WIDTH_PX: Final = 120
_BETWEEN: Final = frozenset(" ,.'\u00a0\u202f")


class TypedCount(QWidget):
    """Seen only where the number is above a limit. `changed` tells that something was typed."""

    changed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._count = 0
        self._above = 0
        self.field = QLineEdit()
        self.field.setObjectName("typed-count")
        self.field.setFixedWidth(WIDTH_PX)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.field.textChanged.connect(lambda _text: self.changed.emit())
        self._asks = label(stage, role="strong")
        self.setLayout(row(self._asks, self.field, spacing=10))
        self.ask(0, above=0)

    @property
    def is_asked(self) -> bool:
        """Whether there are so many that the number has to be typed."""
        return self._count > self._above

    @property
    def is_right(self) -> bool:
        """Whether it was typed, or need not be."""
        return not self.is_asked or typed_number(self.field.text()) == self._count

    @property
    def missing(self) -> Message | None:
        """What is still to be typed."""
        return None if self.is_right else msg("Type {count} to confirm that you mean all {count}.", count=self._count)

    def ask(self, count: int, *, above: int) -> None:
        """Ask for this number where it is above the limit; what was typed for another number counts no more."""
        if count != self._count:
            self.field.clear()
        self._count, self._above = count, above
        message = msg("Type {count} to confirm", count=count)
        self._stage.speech.tell(self._asks, message)
        self._stage.speech.tell(self.field, message, "setAccessibleName")
        self.setVisible(self.is_asked)


def typed_number(text: str) -> int | None:
    """The number that somebody typed, in whichever digits and with whichever separators; None where it is none."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if one not in _BETWEEN)
    return int(plain) if plain.isdecimal() else None
