"""Who decides: somebody signs in with their own PIN beside the requests, and the session of the one who works here goes on."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, label, row
from coupon_desk.desk.sign_in_page import SignInForm
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Operator, Session

WIDTH_PX = 360


class SecondPerson(QFrame):
    """First the form, then the name and a field for the note.

    `known` tells that somebody else decides now, or nobody any more; `changed` that the note is another one.
    """

    known = Signal()
    changed = Signal()

    def __init__(self, stage: Stage, desk: CouponDesk, hint: Message) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session: Session | None = None
        self.setProperty("role", "pane")
        self.setFixedWidth(WIDTH_PX)
        self.form = SignInForm(stage, desk)
        self.form.signed_in.connect(self._welcome)
        self.who = Banner(stage)
        self.note = QLineEdit()
        self.note.setObjectName("decision-note")
        stage.speech.tell(self.note, msg("Note on the decision"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Note on the decision"), "setAccessibleName")
        self.note.textChanged.connect(lambda _text: self.changed.emit())
        self.other = button(stage, msg("Somebody else decides"), "link")
        self.other.setObjectName("somebody-else")
        self.other.clicked.connect(self.ask_again)
        self._decision = QWidget()
        rejecting = label(stage, msg("Rejecting needs a note."), "small")
        self._decision.setLayout(
            column(
                self.who,
                column(label(stage, msg("Note"), "section"), self.note, rejecting, spacing=5),
                row(self.other, 0),
                spacing=12,
            )
        )
        self._decision.hide()
        self.problem = Banner(stage)
        self.problem.setObjectName("second-person-problem")
        self.setLayout(
            column(
                label(stage, msg("Who decides"), "heading"),
                label(stage, hint, "muted", wraps=True),
                self.problem,
                self.form,
                self._decision,
                0,
                spacing=14,
                margins=(24, 20, 24, 16),
            )
        )

    @property
    def session(self) -> Session | None:
        """Who decides; None until somebody has signed in."""
        return self._session

    @property
    def said(self) -> str:
        """The note."""
        return self.note.text().strip()

    def offer(self, chosen: str | None, but_not: Collection[str] = ()) -> None:
        """Offer those who may approve, `chosen` first; whoever else tries may type a login, and is told why not."""

        def offered(operators: tuple[Operator, ...]) -> None:
            may = (one for one in operators if one.role.may(Right.APPROVE) and one.login not in but_not)
            self.form.offer(may, chosen)
            self.form.focus()

        self._stage.runner.read(self, "operators", self._desk.people.list, offered, self.tell)

    def ask_again(self) -> None:
        """Somebody else decides: ask who."""
        self._session = None
        self._decision.hide()
        self.form.show()
        self.form.focus()
        self.known.emit()

    def tell(self, error: DeskError) -> None:
        """Say why a decision, or a person, was refused."""
        self.problem.show_message(Tone.WARN, error.what, error.todo)

    def thank(self, message: Message) -> None:
        """Say that a decision was taken."""
        self.problem.show_message(Tone.SUCCESS, message)

    def be_quiet(self) -> None:
        """What was refused is over."""
        self.problem.hide()

    def _welcome(self, session: Session) -> None:
        self._session = session
        self.form.hide()
        self.be_quiet()
        self._decision.show()
        name, role = session.operator.name, session.operator.role.label
        self.who.show_message(Tone.ACCENT, msg("{name} decides", name=name), role, "person")
        self.note.setFocus()
        self.known.emit()
