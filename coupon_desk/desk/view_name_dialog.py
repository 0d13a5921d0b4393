"""Asks for the name of a view, to save it or to call it otherwise."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from coupon_desk.desk.controls import button, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.views import LONGEST_NAME
from coupon_desk.words import Message, msg


class ViewNameDialog(QDialog):
    """`named` brings the name. A view that has it already gives its place, and the dialog says so before."""

    named = Signal(str)

    def __init__(self, stage: Stage, title: Message, verb: Message, taken: Collection[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._taken = frozenset(taken)
        self.setModal(True)
        self.setMinimumWidth(420)
        stage.speech.tell(self, title, "setWindowTitle")
        self.name = QLineEdit()
        self.name.setObjectName("view-name")
        self.name.setMaxLength(LONGEST_NAME)
        stage.speech.tell(self.name, msg("Name of the view"), "setAccessibleName")
        self.hint = label(stage, role="muted", wraps=True)
        self.save = button(stage, verb, "primary", key="S")
        self.save.setObjectName("save-view")
        self.save.clicked.connect(self.submit)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        self.name.textChanged.connect(lambda _text: self._tell())
        self.name.returnPressed.connect(self.submit)
        self.setLayout(
            column(
                label(stage, title, "title", wraps=True),
                column(label(stage, msg("Name of the view"), "section"), self.name, self.hint, spacing=5),
                row(0, close, self.save, spacing=8),
                spacing=16,
                margins=(26, 22, 26, 18),
            )
        )
        self._tell()

    def begin_with(self, name: str) -> None:
        """Offer this name, ready to be typed over."""
        self.name.setText(name)
        self.name.selectAll()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        """Take the name."""
        name = self.name.text().strip()
        if name:
            self.named.emit(name)
            self.accept()

    def _tell(self) -> None:
        name = self.name.text().strip()
        self.save.setEnabled(bool(name))
        is_taken = name in self._taken
        self._stage.speech.tell(
            self.hint,
            msg("A view of this name is there already; this one takes its place.")
            if is_taken
            else msg("Filters, ranges, order and columns are saved; what is typed in the search is not."),
        )
