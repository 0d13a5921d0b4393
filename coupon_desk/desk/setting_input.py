"""One setting as a control: shows its value, gives back what was typed, and says when it cannot be."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from coupon_desk.desk.controls import button, column, label, restyle, row
from coupon_desk.desk.setting_fields import Field, Kind, folded
from coupon_desk.desk.stage import Stage
from coupon_desk.words import NOTHING, msg

NUMBER_PX: Final = 160


class SettingInput(QWidget):
    """A label, the control, and what belongs there. `changed` comes with everything that is typed or chosen."""

    changed = Signal()

    def __init__(self, stage: Stage, field: Field) -> None:
        super().__init__()
        self._stage = stage
        self.field = field
        self.control = self._make()
        self.control.setObjectName(field.key)
        stage.speech.tell(self.control, field.label, "setAccessibleName")
        stage.speech.tell(self.control, field.expects, "setAccessibleDescription")
        expects = label(stage, field.expects, "small", wraps=True)
        expects.setVisible(field.expects != NOTHING)
        if isinstance(self.control, QPushButton):
            self.setLayout(column(row(self.control, 0), expects, spacing=5))
        else:
            heading = label(stage, field.label, "section")
            heading.setBuddy(self.control)
            self.setLayout(column(heading, self.control, expects, spacing=5))

    @property
    def typed(self) -> str:
        """The text in the control, as it is meant; the code of what is chosen."""
        if isinstance(self.control, QComboBox):
            return str(self.control.currentData())
        return self.field.fold(self.control.text()) if isinstance(self.control, QLineEdit) else ""

    @property
    def value(self) -> Any:
        """The setting as the file has it; None where there is none. What is no number stays a text, and is refused later."""
        match self.field.kind:
            case Kind.SWITCH:
                return isinstance(self.control, QPushButton) and self.control.isChecked()
            case Kind.NUMBER:
                return _number(self.typed) if self.typed else None
            case Kind.CHOICE:
                return self.typed
            case Kind.NUMBERS:
                return [_number(part) for part in self.typed.replace("、", ",").split(",")]
            case _:
                return self.typed or None

    def show_value(self, value: Any) -> None:
        """Show what is set; None is nothing."""
        if isinstance(self.control, QComboBox):
            self.control.setCurrentIndex(max(0, self.control.findData(value)))
        elif isinstance(self.control, QPushButton):
            self.control.setChecked(bool(value))
        elif isinstance(value, list):
            self.control.setText(", ".join(map(str, value)))
        else:
            self.control.setText("" if value is None else str(value))
        self.mark(is_wrong=False)

    def show_stored(self, *, is_stored: bool) -> None:
        """For a secret: nothing is shown of it but that the keyring keeps it."""
        if isinstance(self.control, QLineEdit):
            self.control.clear()
            stored = msg("Kept in the keyring. Type to replace it.") if is_stored else NOTHING
            self._stage.speech.tell(self.control, stored, "setPlaceholderText")

    def mark(self, *, is_wrong: bool) -> None:
        """Mark it as what has to be corrected."""
        restyle(self.control, "wrong", is_wrong)
        if is_wrong:
            self.control.setFocus()

    def _make(self) -> QLineEdit | QComboBox | QPushButton:
        if self.field.kind is Kind.CHOICE:
            return self._choice()
        if self.field.kind is Kind.SWITCH:
            switch = button(self._stage, self.field.label, "toggle")
            switch.setCheckable(True)
            switch.toggled.connect(self.changed)
            return switch
        line = QLineEdit()
        if self.field.kind is Kind.SECRET:
            line.setEchoMode(QLineEdit.EchoMode.Password)
        if self.field.kind is Kind.NUMBER:
            line.setMaximumWidth(NUMBER_PX)
        line.textEdited.connect(lambda _text: self._edited())
        return line

    def _choice(self) -> QComboBox:
        box = QComboBox()
        box.setMinimumHeight(38)
        for code, _ in self.field.choices:
            box.addItem("", code)

        def say() -> None:
            for place, (_, told) in enumerate(self.field.choices):
                box.setItemText(place, self._stage.speech.say(told))

        say()
        self._stage.speech.changed.connect(say)
        box.currentIndexChanged.connect(lambda _place: self.changed.emit())
        return box

    def _edited(self) -> None:
        self.mark(is_wrong=False)
        self.changed.emit()


def _number(typed: str) -> int | float | str:
    text = folded(typed)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
