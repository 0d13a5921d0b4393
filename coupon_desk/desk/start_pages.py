"""Before anybody can sign in: the desk cannot be opened, is not configured yet, or has no operator yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QLayout, QLineEdit, QPushButton, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, icon_label, label, row
from coupon_desk.desk.header import corner
from coupon_desk.desk.pin_field import PinField
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk


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
    setup_asked = Signal()
    file_chosen = Signal(object)

    def __init__(self, stage: Stage, *, offers_training: bool, offers_setup: bool) -> None:
        super().__init__()
        self._stage = stage
        title = label(stage, msg("Welcome to Coupon Desk"), "title")
        intro = label(stage, msg("No shop has been set up on this computer yet."), "muted", wraps=True)
        self.training = button(stage, msg("Try the training shop"), "primary", key="T")
        self.training.setObjectName("open-training")
        self.training.clicked.connect(self.training_asked)
        practise = _way(
            stage,
            "training",
            msg("Practise first"),
            msg(
                "The training shop has customers, coupons and points of its own. Nothing in it is real, and every button works."
            ),
            self.training,
        )
        practise.setVisible(offers_training)
        self.setup = button(stage, msg("Set up this shop"), key="S")
        self.setup.setObjectName("set-up")
        self.setup.clicked.connect(self.setup_asked)
        self.take_over = button(stage, msg("Import another desk's settings…"), "link", "document", "accent")
        self.take_over.setObjectName("take-over")
        self.take_over.clicked.connect(self._ask_which)
        own = _way(
            stage,
            "ticket",
            msg("Set up this shop"),
            msg("Five short pages: the shop, Shopify, the point system, e-mail, and a first look whether all of it works."),
            self.setup,
            self.take_over,
        )
        own.setVisible(offers_setup)
        self.problem = Banner(stage)
        card = column(title, intro, 8, practise, own, self.problem, spacing=10, margins=(36, 30, 36, 32))
        self.setLayout(_centred(stage, card, 700))

    def showEvent(self, event: QShowEvent) -> None:
        """Enter practises."""
        super().showEvent(event)
        self.training.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_error(self, error: DeskError) -> None:
        """Say why it cannot be set up so."""
        self.problem.show_message(Tone.DANGER, error.what, error.todo or error.done)

    def _ask_which(self) -> None:
        title = self._stage.speech.say(msg("Import another desk's settings"))
        chosen, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), "TOML (*.toml)")
        if chosen:
            self.file_chosen.emit(Path(chosen))


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


def _way(stage: Stage, icon: str, title: Message, told: Message, *buttons: QPushButton) -> QFrame:
    """One way to go on, in a well of its own."""
    head = row(icon_label(stage, icon, "accent", 22), label(stage, title, "heading"), 0, spacing=10)
    text = label(stage, told, "muted", wraps=True)
    return frame("well", column(head, text, row(*buttons, 0), spacing=8, margins=(20, 18, 20, 18)))


def _centred(stage: Stage, content: QLayout, width_px: int) -> QLayout:
    # Between two springs and not aligned: an aligned card gets the height that its sentences need at the window's width.
    card = frame("card", content)
    card.setFixedWidth(width_px)
    centre = column(0, row(0, card, 0), 0)
    whole = column(corner(stage), centre, spacing=0)
    whole.setStretchFactor(centre, 1)
    return whole
