"""An administrator adds an operator: who, as what, where, and with which first PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, label, row
from coupon_desk.desk.pin_field import PinField
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.roles import Role
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Operator, Session


class AddPersonDialog(QDialog):
    """`added` brings the new operator."""

    added = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self.setModal(True)
        self.setMinimumWidth(480)
        stage.speech.tell(self, msg("Add an operator"), "setWindowTitle")
        self.login = self._field("person-login", msg("Login"))
        self.name = self._field("person-name", msg("Name"))
        self.role = role_box(stage)
        self.role.setCurrentIndex(self.role.findData(Role.CLERK.value))
        self.stores = self._field("person-stores", msg("Stores"))
        stage.speech.tell(self.stores, msg("all, or names: Ginza, Ueno"), "setPlaceholderText")
        self.contacts = self._field("person-contacts", msg("Their own e-mail and phone"))
        stage.speech.tell(self.contacts, msg("so that nobody cancels a coupon of their own alone"), "setPlaceholderText")
        self.pin, self.again = PinField(stage), PinField(stage)
        self.pin.setObjectName("person-pin")
        stage.speech.tell(self.again, msg("PIN again"), "setAccessibleName")
        self.again.returnPressed.connect(self.submit)
        self.problem = Banner(stage)
        self.add = button(stage, msg("Add the operator"), "primary")
        self.add.setObjectName("add-person")
        self.add.clicked.connect(self.submit)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        pairs = (
            ((msg("Login"), self.login), (msg("Name"), self.name)),
            ((msg("Role"), self.role), (msg("Stores"), self.stores)),
            ((msg("PIN"), self.pin), (msg("PIN again"), self.again)),
        )
        rows = [
            row(*(column(label(stage, told, "section"), field, spacing=5) for told, field in pair), spacing=14)
            for pair in pairs
        ]
        for pair in rows:
            pair.setStretch(0, 1)
            pair.setStretch(1, 1)
        contacts = column(label(stage, msg("Their own e-mail and phone"), "section"), self.contacts, spacing=5)
        title = label(stage, msg("Add an operator"), "title")
        buttons = row(0, close, self.add, spacing=8)
        self.setLayout(column(title, *rows, contacts, self.problem, buttons, spacing=14, margins=(26, 22, 26, 18)))
        self.login.setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        """Add them; the rules for logins, names and PINs are told by the desk."""
        if not self.add.isEnabled():
            return
        if self.pin.typed() != self.again.typed():
            self.problem.show_message(Tone.WARN, msg("The two PINs differ; enter them again."))
            return
        role = Role(self.role.currentData())
        contacts, stores = names_in(self.contacts.text()), names_in(self.stores.text())
        new = NewOperator(self.login.text(), self.name.text(), role, self.pin.typed(), contacts, stores)
        people, session = self._desk.people, self._session
        self.add.setEnabled(False)
        self._stage.runner.write(self, lambda _tell: people.add(new, session), self._done, self._fail)

    def _done(self, operator: Operator) -> None:
        self.added.emit(operator)
        self.accept()

    def _fail(self, error: DeskError) -> None:
        self.add.setEnabled(True)
        self.problem.show_message(Tone.DANGER, error.what, error.todo or error.done)

    def _field(self, name: str, told: Message) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        self._stage.speech.tell(made, told, "setAccessibleName")
        return made


def role_box(stage: Stage) -> QComboBox:
    """All roles to choose from, in the window's language."""
    made = QComboBox()
    made.setObjectName("role")
    made.setMinimumHeight(38)
    stage.speech.tell(made, msg("Role"), "setAccessibleName")
    for role in Role:
        made.addItem("", role.value)

    def say() -> None:
        for place, role in enumerate(Role):
            made.setItemText(place, stage.speech.say(role.label))

    say()
    stage.speech.changed.connect(say)
    return made


def names_in(typed: str) -> tuple[str, ...]:
    """The names between commas, of either script."""
    return tuple(name.strip() for name in typed.replace("、", ",").replace("，", ",").split(",") if name.strip())
