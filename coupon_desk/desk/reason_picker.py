"""Why: one of the reasons, by mouse, by arrows, or by its number."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.controls import button, column
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

REASONS: Final = Reason.choices()


class ReasonPicker(QWidget):
    """The nine reasons under each other; nothing is picked beforehand."""

    picked = Signal(object)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._buttons: dict[Reason, QPushButton] = {}
        self._group = QButtonGroup(self)
        rows = column(spacing=4)
        for number, reason in enumerate(REASONS, start=1):
            choice = button(stage, msg("{number}   {reason}", number=number, reason=reason.label), "choice")
            choice.setCheckable(True)
            choice.setObjectName(f"reason-{reason.value}")
            stage.speech.tell(choice, reason.label, "setAccessibleName")
            self._group.addButton(choice)
            self._buttons[reason] = choice
            rows.addWidget(choice)
        self._group.buttonClicked.connect(lambda _button: self._tell())
        self.setLayout(rows)

    @property
    def reason(self) -> Reason | None:
        """What was picked."""
        return next((reason for reason, choice in self._buttons.items() if choice.isChecked()), None)

    def pick(self, reason: Reason) -> None:
        """Pick this one."""
        self._buttons[reason].setChecked(True)
        self._tell()

    def put(self, reason: Reason | None) -> None:
        """Have this one picked, or none, as it was before."""
        if reason is self.reason:
            return
        self._group.setExclusive(False)
        for one, choice in self._buttons.items():
            choice.setChecked(one is reason)
        self._group.setExclusive(True)
        self._tell()

    def pick_number(self, number: int) -> bool:
        """Pick by number, 1 to 9; False where there is no such reason."""
        if not 1 <= number <= len(REASONS):
            return False
        self.pick(REASONS[number - 1])
        self._buttons[REASONS[number - 1]].setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def focus(self) -> None:
        """Come here."""
        self._buttons[self.reason or REASONS[0]].setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go up and down through the reasons."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        here = next((place for place, reason in enumerate(REASONS) if self._buttons[reason].hasFocus()), None)
        if step and here is not None:
            self._buttons[REASONS[(here + step) % len(REASONS)]].setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)

    def _tell(self) -> None:
        self.picked.emit(self.reason)
