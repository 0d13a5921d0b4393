"""The button for the company's account: it opens the system's browser, waits for it to come back, and can be broken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from coupon_desk.desk.controls import Spinner, button, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.openid.attempt import Attempt
    from coupon_desk.people.operators import Session


class CompanySignIn(QWidget):
    """`signed_in` brings the session, `failed` why there is none; `began` says that the browser was asked for."""

    signed_in = Signal(object)
    failed = Signal(object)
    began = Signal()

    def __init__(self, stage: Stage, desk: CouponDesk) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._attempt: Attempt | None = None
        self.start = button(stage, msg("Sign in with the company account"), "normal", "people", key="C")
        self.start.setObjectName("company-sign-in")
        self.start.setMinimumHeight(42)
        self.start.clicked.connect(self.begin)
        self.break_off = button(stage, msg("Break off"))
        self.break_off.setObjectName("company-break-off")
        self.break_off.clicked.connect(self.give_up)
        told = label(stage, msg("Go on in the browser. This window waits."), "muted", wraps=True)
        told.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._waiting = QWidget()
        inside = row(Spinner(stage), told, self.break_off, spacing=12)
        inside.setStretchFactor(told, 1)
        self._waiting.setLayout(inside)
        self._waiting.hide()
        self.setLayout(column(self.start, self._waiting, spacing=0))

    @property
    def is_waiting(self) -> bool:
        """Whether somebody is expected to come back from the browser."""
        return self._waiting.isVisibleTo(self)

    def begin(self) -> None:
        """Ask the provider, open the browser, and wait."""
        if self.is_waiting:
            return
        self.began.emit()
        self._show_waiting(is_waiting=True)
        company, language = self._desk.company, self._stage.speech.language
        self._stage.runner.read(self, "company-begin", lambda: company.begin(language), self._open, self._fail)

    def give_up(self) -> None:
        """Wait no longer: whoever comes back from the browser is not signed in."""
        if not self.is_waiting:
            return
        self._forget()
        self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody waits on a page that is not shown any more."""
        super().hideEvent(event)
        if not event.spontaneous() and self._attempt is not None:
            self._forget()

    def _open(self, attempt: Attempt) -> None:
        company = self._desk.company
        if not self.is_waiting:  # broken off meanwhile
            attempt.give_up()
        else:
            self._attempt = attempt
            if not self._stage.open_page(attempt.url):
                self._forget()
                self.failed.emit(DeskError(msg("No browser could be opened."), todo=msg("Sign in with your PIN.")))
        # Also one that was given up is finished: that closes its door. What comes of it is nobody's any more.
        self._stage.runner.read(
            self,
            "company-finish",
            lambda: company.finish(attempt),
            lambda session: self._welcome(attempt, session),
            lambda error: self._end(attempt, error),
        )

    def _welcome(self, attempt: Attempt, session: Session) -> None:
        if attempt is self._attempt:
            self._forget()
            self.signed_in.emit(session)

    def _end(self, attempt: Attempt, error: DeskError) -> None:
        if attempt is self._attempt:
            self._forget()
            self.failed.emit(error)

    def _forget(self) -> None:
        """Nobody is waited for any more."""
        if self._attempt is not None:
            self._attempt.give_up()
        self._attempt = None
        self._show_waiting(is_waiting=False)

    def _fail(self, error: DeskError) -> None:
        self._show_waiting(is_waiting=False)
        self.failed.emit(error)

    def _show_waiting(self, *, is_waiting: bool) -> None:
        self.start.setVisible(not is_waiting)
        self._waiting.setVisible(is_waiting)


def or_with_pin() -> Message:
    """What stands between the two ways."""
    return msg("or with a PIN")
