"""Before anybody can sign in: the desk cannot be opened, is not configured yet, or has no operator yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QLayout, QLineEdit, QPlainTextEdit, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, icon_label, label, row
from coupon_desk.desk.header import look_button
from coupon_desk.desk.pin_field import PinField
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

TEMPLATE: Final = """\
[shop]
name = "Ginza store"
language = "ja"
currency = "JPY"

[shopify]
domain = "example.myshopify.com"

[pos]
endpoint = "https://pos.example.com/api"

[mail]
host = "smtp.example.com"
username = "desk"
sender = "Ginza store <points@example.com>"
"""


class ProblemPage(QWidget):
    """The desk could not be opened: what happened, what was and was not done, what to do."""

    retried = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.banner = Banner(stage)
        self.done = label(stage, role="muted", wraps=True)
        self.retry = button(stage, msg("Try again"), "primary")
        self.retry.setObjectName("try-again")
        self.retry.clicked.connect(self.retried)
        title = label(stage, msg("Coupon Desk could not be opened"), "title", wraps=True)
        self.setLayout(
            _centred(
                stage, column(title, self.banner, self.done, row(self.retry, 0), spacing=18, margins=(36, 32, 36, 32)), 620
            )
        )

    def show_error(self, error: DeskError) -> None:
        """Show its sentences."""
        self.banner.show_message(Tone.DANGER, error.what, error.todo)
        self.done.setVisible(error.done is not None)
        if error.done is not None:
            self._stage.speech.tell(self.done, error.done)
        self.retry.setFocus()


class FirstRunPage(QWidget):
    """There is no configuration: practise in the training shop, or set this shop up."""

    training_asked = Signal()
    retried = Signal()

    def __init__(self, stage: Stage, config: Path, *, offers_training: bool) -> None:
        super().__init__()
        title = label(stage, msg("Welcome to Coupon Desk"), "title")
        intro = label(stage, msg("No shop has been set up on this computer yet."), "muted", wraps=True)
        training = column(
            row(icon_label(stage, "training", "accent", 22), label(stage, msg("Practise first"), "heading"), 0, spacing=10),
            label(
                stage,
                msg("The training shop has customers, coupons and points of its own. Nothing in it is real."),
                "muted",
                wraps=True,
            ),
            spacing=8,
        )
        self.training = button(stage, msg("Open the training shop"), "primary")
        self.training.setObjectName("open-training")
        self.training.clicked.connect(self.training_asked)
        training.addLayout(row(self.training, 0))
        training_card = frame("well", training)
        training.setContentsMargins(20, 18, 20, 18)
        training_card.setVisible(offers_training)
        path = QLineEdit(str(config))
        path.setReadOnly(True)
        stage.speech.tell(path, msg("Where the configuration belongs"), "setAccessibleName")
        template = QPlainTextEdit(TEMPLATE)
        template.setProperty("role", "template")
        template.setReadOnly(True)
        template.setMinimumHeight(196)
        template.setTabChangesFocus(True)
        stage.speech.tell(template, msg("Example of a configuration"), "setAccessibleName")
        copy = button(stage, msg("Copy the example"), icon="copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(TEMPLATE))
        self.retry = button(stage, msg("Try again"))
        self.retry.setObjectName("try-again")
        self.retry.clicked.connect(self.retried)
        own = column(
            row(icon_label(stage, "document", "accent", 22), label(stage, msg("Set up this shop"), "heading"), 0, spacing=10),
            label(stage, msg("Save a file with your shop's addresses here. Secrets never go into it."), "muted", wraps=True),
            path,
            template,
            row(copy, self.retry, 0),
            spacing=10,
        )
        self.setLayout(
            _centred(stage, column(title, intro, 6, training_card, 6, own, spacing=8, margins=(36, 28, 36, 28)), 744)
        )


class FirstAdminPage(QWidget):
    """Nobody may sign in yet: the first operator is an administrator."""

    added = Signal(str)

    def __init__(self, stage: Stage, desk: CouponDesk) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self.login = _field(stage, msg("Login"))
        self.name = _field(stage, msg("Name"))
        self.pin = PinField(stage)
        self.again = PinField(stage)
        stage.speech.tell(self.again, msg("PIN again"), "setAccessibleName")
        self.again.returnPressed.connect(self.submit)
        self.problem = Banner(stage)
        self.add = button(stage, msg("Add the administrator"), "primary")
        self.add.setObjectName("add-admin")
        self.add.clicked.connect(self.submit)
        fields = (
            (msg("Login"), self.login),
            (msg("Name"), self.name),
            (msg("PIN"), self.pin),
            (msg("PIN again"), self.again),
        )
        title = label(stage, msg("Add the first administrator"), "title", wraps=True)
        intro = label(
            stage, msg("Administrators add the other operators. Remember the PIN: nobody can read it."), "muted", wraps=True
        )
        parts = [column(label(stage, text, "section"), field, spacing=5) for text, field in fields]
        form = column(title, intro, *parts, self.problem, self.add, spacing=14, margins=(36, 30, 36, 32))
        self.setLayout(_centred(stage, form, 460))

    def showEvent(self, event: QShowEvent) -> None:
        """Ready to type."""
        super().showEvent(event)
        self.login.setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        """Add the operator; the rules for logins and PINs are told by the desk."""
        from coupon_desk.people.operators import NewOperator
        from coupon_desk.people.roles import Role

        if not self.add.isEnabled():
            return
        if self.pin.typed() != self.again.typed():
            self.problem.show_message(Tone.WARN, msg("The two PINs differ; enter them again."))
            return
        people = self._desk.people
        new = NewOperator(self.login.text().strip(), self.name.text().strip(), Role.ADMIN, self.pin.typed())
        self.add.setEnabled(False)
        self._stage.runner.write(
            self,
            lambda _tell: people.add(new, None),
            lambda operator: self.added.emit(operator.login),
            self._fail,
        )

    def _fail(self, error: DeskError) -> None:
        self.add.setEnabled(True)
        self.problem.show_message(Tone.DANGER, error.what, error.todo)


def _field(stage: Stage, name: Message) -> QLineEdit:
    made = QLineEdit()
    stage.speech.tell(made, name, "setAccessibleName")
    return made


def _centred(stage: Stage, content: QLayout, width_px: int) -> QLayout:
    card = frame("card", content)
    card.setFixedWidth(width_px)
    # Not by alignment: a layout asks what it aligns for no height that fits the width, and cuts long sentences off.
    centre = column(0, row(0, card, 0), 0)
    whole = column(row(0, look_button(stage), margins=(0, 12, 16, 0)), centre, spacing=0)
    whole.setStretchFactor(centre, 1)
    return whole
