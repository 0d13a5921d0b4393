"""Signing in: who, and the PIN. Also the lock: the same page in front of work that stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, column, frame, icon_label, label, row
from coupon_desk.desk.door import Door, remember
from coupon_desk.desk.header import TrainingStrip, corner
from coupon_desk.desk.pin_field import PinField
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.desk.company_sign_in import CompanySignIn
    from coupon_desk.people.operators import Operator, Session

PRACTISING: Final = "manager"
"""Who is offered first in the training shop."""


class SignInForm(QWidget):
    """Login and PIN, checked on a worker, or the company's account; `signed_in` brings the session.

    Used by the page, and where a second person decides. Without a desk a PIN waits for it: see `arrive`.
    """

    signed_in = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk | None) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._waits_for_desk = False
        self.login = QComboBox()
        self.login.setObjectName("login")
        typed = QLineEdit()
        self.login.setLineEdit(typed)
        self.login.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.login.setMinimumHeight(38)
        stage.speech.tell(self.login, msg("Operator"), "setAccessibleName")
        stage.speech.tell(typed, msg("Operator"), "setAccessibleName")
        self.pin = PinField(stage)
        self.pin.setObjectName("pin")
        self.pin.returnPressed.connect(self.submit)
        self.pin.capitals_noticed.connect(self._warn_of_capitals)
        self.pin.stepped.connect(self._step)
        self.capitals = label(stage, msg("Caps Lock is on"), "small")
        self.capitals.hide()
        self.problem = Banner(stage)
        self.problem.setObjectName("sign-in-problem")
        self.submit_button = button(stage, msg("Sign in"), "primary")
        self.submit_button.setObjectName("sign-in")
        self.submit_button.setMinimumHeight(42)
        self.submit_button.clicked.connect(self.submit)
        self._spinner = Spinner(stage)
        self._spinner.hide()
        self.company = self._company(desk) if desk is not None and desk.company.is_offered else None
        asking = QWidget()
        asking.setLayout(
            column(
                column(label(stage, msg("Operator"), "section"), self.login, spacing=5),
                column(label(stage, msg("PIN"), "section"), self.pin, self.capitals, spacing=5),
                spacing=16,
            )
        )
        pressing = QWidget()
        press = row(self.submit_button, self._spinner, spacing=12)
        press.setStretchFactor(self.submit_button, 1)
        pressing.setLayout(press)
        parts: list[QWidget] = [asking, self.problem, pressing]
        if self.company is not None and self._takes_pins:
            parts = [self.company, self._parting(), *parts]
        elif self.company is not None:
            parts = [self.company, *parts]
            asking.hide()
            pressing.hide()
        self.setLayout(column(*parts, spacing=16))

    def offer(self, operators: Iterable[Operator], chosen: str | None = None, *, but_not: str | None = None) -> None:
        """The operators to choose from; any login may be typed instead."""
        desk = self._desk
        if desk is not None:
            may_work = (one for one in operators if not one.disabled and desk.people.may_work_here(one))
            self.offer_people(((one.login, one.name) for one in may_work if one.login != but_not), chosen)

    def offer_people(self, people: Iterable[tuple[str, str]], chosen: str | None = None) -> None:
        """Logins with names to choose from."""
        self.login.clear()
        for login, name in people:
            self.login.addItem(f"{name} ({login})", login)
        place = self.login.findData(chosen)
        self.login.setCurrentIndex(max(0, place))

    def offer_again(self, operators: Iterable[Operator]) -> None:
        """The operators as the centre knows them now; whoever was chosen stays chosen."""
        chosen = self._login()
        self.offer(operators, chosen)
        if chosen and self.login.findData(chosen) < 0:
            self.login.setEditText(chosen)

    def choose(self, login: str) -> None:
        """Put a login in, as if it were typed."""
        place = self.login.findData(login)
        if place >= 0:
            self.login.setCurrentIndex(place)
        else:
            self.login.setEditText(login)

    def submit(self) -> None:
        """Check the PIN; a second press while it is being checked does nothing."""
        if not self.submit_button.isEnabled():
            return
        login, pin = self._login(), self.pin.typed()
        if not login or not pin:
            self.problem.show_message(Tone.WARN, msg("Choose the operator and enter the PIN."))
            return
        self.problem.hide()
        self._rest(is_checking=True)
        if self._desk is None:
            self._waits_for_desk = True
            return
        people = self._desk.people
        self._stage.runner.read(self, "sign-in", lambda: people.sign_in(login, pin), self._welcome, self._refuse)

    def focus(self) -> None:
        """Ready to type."""
        if self.company is not None and not self._takes_pins:
            self.company.start.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.pin.setFocus(Qt.FocusReason.OtherFocusReason)

    def arrive(self, desk: CouponDesk) -> None:
        """The desk is open: a PIN that waits for it is checked now."""
        self._desk = desk
        if self._waits_for_desk:
            self._waits_for_desk = False
            self._rest(is_checking=False)
            self.submit()

    @property
    def _takes_pins(self) -> bool:
        return self._desk is None or self._desk.company.takes_pins

    def _company(self, desk: CouponDesk) -> CompanySignIn:
        from coupon_desk.desk.company_sign_in import CompanySignIn  # late: few desks use it

        made = CompanySignIn(self._stage, desk)
        made.began.connect(self.problem.hide)
        made.signed_in.connect(self._welcome)
        made.failed.connect(self._refuse)
        return made

    def _parting(self) -> QWidget:
        """What stands between the two ways to sign in."""
        from coupon_desk.desk.company_sign_in import or_with_pin

        made = label(self._stage, or_with_pin(), "muted")
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        return made

    def _step(self, by: int) -> None:
        """Choose another operator without leaving the PIN."""
        place = self.login.currentIndex() + by
        if 0 <= place < self.login.count():
            self.login.setCurrentIndex(place)

    def _login(self) -> str:
        text = self.login.currentText().strip()
        place = self.login.findText(text)
        return str(self.login.itemData(place)) if place >= 0 else text

    def _welcome(self, session: Session) -> None:
        self._rest(is_checking=False)
        self.pin.clear()
        if self.company is not None:
            self.company.give_up()
        self.signed_in.emit(session)

    def _refuse(self, error: DeskError) -> None:
        self._rest(is_checking=False)
        self.pin.clear()
        self.problem.show_message(Tone.DANGER, error.what, error.todo, "lock")
        self.focus()

    def _rest(self, *, is_checking: bool) -> None:
        self.submit_button.setEnabled(not is_checking)
        self.pin.setReadOnly(is_checking)
        self._spinner.setVisible(is_checking)

    def _warn_of_capitals(self, is_on: bool) -> None:
        self.capitals.setVisible(is_on)


class SignInPage(QWidget):
    """The whole page: shop, form, and the training shop's strip.

    Before the desk is open it shows the door, and learns the rest by `arrive`.
    """

    signed_in = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk | None, door: Door | None = None) -> None:
        super().__init__()
        self._stage = stage
        self._behind = desk
        self.form = SignInForm(stage, desk)
        self.form.signed_in.connect(self.signed_in)
        shop = self._shop = label(stage, role="title")
        shop.setText(desk.settings.shop.name if desk is not None else door.shop if door is not None else "")
        shop.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.subtitle = label(stage, msg("Sign in to Coupon Desk"), "muted", wraps=True)
        self.subtitle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        mark = icon_label(stage, "ticket", "accent", 40)
        top = column(mark, shop, self.subtitle, spacing=6)
        top.setAlignment(mark, Qt.AlignmentFlag.AlignHCenter)
        is_training = desk is not None and desk.is_training
        self.practice = self._practice() if is_training else None
        extras = [self.practice] if self.practice is not None else []
        card = frame("card", column(top, self.form, *extras, spacing=24, margins=(36, 32, 36, 36)))
        card.setFixedWidth(420)
        # Between two springs and not aligned: an aligned card gets the height that its sentences need at the window's width.
        centre = column(0, row(0, card, 0), 0)
        parts: list[QWidget] = [TrainingStrip(stage)] if is_training else []
        whole = column(*parts, corner(stage), centre, spacing=0)
        whole.setStretchFactor(centre, 1)
        self.setLayout(whole)
        if door is not None:
            self.form.offer_people(door.people)

    def arrive(self, desk: CouponDesk) -> None:
        """The desk is open: what the door showed is brought up to date, what was typed stays."""
        self._behind = desk
        self._shop.setText(desk.settings.shop.name)
        self.form.arrive(desk)
        self._look_who(desk, self.form.offer_again)

    def _practice(self) -> QLabel:
        """The training shop's PIN opens nothing else, so it may stand here."""
        from coupon_desk.app.training import TRAINING_PEOPLE

        person = next(person for person in TRAINING_PEOPLE if person.login == PRACTISING)
        made = label(self._stage, msg("To practise: {name}, PIN {pin}", name=person.name, pin=person.pin), "muted", wraps=True)
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        return made

    def open(self, chosen: str | None = None) -> None:
        """Show who may sign in."""
        self._stage.speech.tell(self.subtitle, msg("Sign in to Coupon Desk"))
        is_training = self._behind is not None and self._behind.is_training
        self._ask(chosen or (PRACTISING if is_training else None))

    def lock(self, session: Session, chosen: str | None = None, why: Message | None = None) -> None:
        """Show that the desk is locked for this operator, and why, where it did not lock by itself.

        Anybody else, of whom one may be `chosen` already, may sign in and begins anew.
        """
        self._stage.speech.tell(self.subtitle, msg("Locked. The work of {name} is kept.", name=session.operator.name))
        self._ask(chosen or session.login)
        if why is not None:
            self.form.problem.show_message(Tone.WARN, why, msg("Your work is kept. Ask an administrator."), "lock")

    def _ask(self, chosen: str | None) -> None:
        self.form.problem.hide()
        self.form.pin.clear()
        if self._behind is not None:
            self._look_who(self._behind, lambda operators: self.form.offer(operators, chosen))
        self.form.focus()

    def _look_who(self, desk: CouponDesk, offer: Callable[[tuple[Operator, ...]], None]) -> None:
        """Those whom this desk knows at once; then, where a centre is asked, whoever it knows."""

        def look() -> tuple[Operator, ...]:
            operators = desk.people.list()
            remember(desk, operators)
            return operators

        def offer_and_ask(operators: tuple[Operator, ...]) -> None:
            offer(operators)
            self._ask_centre(desk, operators)

        self._stage.runner.read(self, "operators", look, offer_and_ask, self._fail)

    def _ask_centre(self, desk: CouponDesk, operators: tuple[Operator, ...]) -> None:
        def ask_centre() -> tuple[Operator, ...]:
            desk.people.refresh()
            news = desk.people.list()
            if news != operators:
                remember(desk, news)
            return news

        def offer_news(news: tuple[Operator, ...]) -> None:
            if news != operators:
                self.form.offer_again(news)

        self._stage.runner.read(self, "operators-of-all-desks", ask_centre, offer_news, self._fail)

    def _fail(self, error: DeskError) -> None:
        self.form.problem.show_message(Tone.DANGER, error.what, error.todo)
