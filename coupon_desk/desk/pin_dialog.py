"""An operator gives themself a new PIN, or an administrator gives somebody one. The hash is made on a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, column, label, row
from coupon_desk.desk.pin_field import PinField
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Operator, Session


class PinDialog(QDialog):
    """`changed` says that the new PIN holds. `whose` is somebody else, for an administrator; without, one's own."""

    changed = Signal()

    def __init__(
        self, stage: Stage, desk: CouponDesk, session: Session, parent: QWidget, *, whose: Operator | None = None
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._login = whose.login if whose is not None else session.login
        self._is_own = self._login == session.login
        self.setModal(True)
        self.setMinimumWidth(460)
        title = msg("Change your PIN") if self._is_own else msg("New PIN for {name}", name=whose.name if whose else "")
        stage.speech.tell(self, title, "setWindowTitle")
        self.current = self._field("current-pin", msg("Your PIN until now"))
        self.pin = self._field("new-pin", msg("New PIN"))
        self.again = self._field("new-pin-again", msg("The new PIN again"))
        self.again.returnPressed.connect(self.submit)
        self.problem = Banner(stage)
        self.save = button(stage, msg("Change the PIN"), "primary", key="P")
        self.save.setObjectName("save-pin")
        self.save.clicked.connect(self.submit)
        self._spinner = Spinner(stage)
        self._spinner.hide()
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        fields = [(msg("Your PIN until now"), self.current)] if self._is_own else []
        fields += [(msg("New PIN"), self.pin), (msg("The new PIN again"), self.again)]
        self.current.setVisible(self._is_own)
        hint = msg("At least six characters, and not a run such as 123456. It holds at every desk of the shop.")
        own = label(stage, hint, "muted", wraps=True)
        parts = [column(label(stage, text, "section"), field, spacing=5) for text, field in fields]
        buttons = row(0, self._spinner, close, self.save, spacing=8)
        self.setLayout(
            column(
                label(stage, title, "title", wraps=True),
                own,
                *parts,
                self.problem,
                buttons,
                spacing=14,
                margins=(26, 22, 26, 18),
            )
        )
        (self.current if self._is_own else self.pin).setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        """Set the PIN; the rules for PINs are told by the desk."""
        if not self.save.isEnabled():
            return
        if not self.pin.typed() or self.pin.typed() != self.again.typed():
            self.problem.show_message(Tone.WARN, msg("The two PINs differ; enter them again."))
            self.pin.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._rest(is_busy=True)
        people, session, login = self._desk.people, self._session, self._login
        pin, current = self.pin.typed(), self.current.typed() if self._is_own else None
        self._stage.runner.write(
            self,
            lambda _tell: people.change_pin(login, pin, session, current_pin=current),
            lambda _nothing: self._done(),
            self._fail,
        )

    def _done(self) -> None:
        self._rest(is_busy=False)
        self.changed.emit()
        self.accept()

    def _fail(self, error: DeskError) -> None:
        self._rest(is_busy=False)
        self.current.clear()
        self.problem.show_message(Tone.DANGER, error.what, error.todo or error.done)
        (self.current if self._is_own else self.pin).setFocus(Qt.FocusReason.OtherFocusReason)

    def _rest(self, *, is_busy: bool) -> None:
        self.save.setEnabled(not is_busy)
        self._spinner.setVisible(is_busy)

    def _field(self, name: str, told: Message) -> PinField:
        made = PinField(self._stage)
        made.setObjectName(name)
        self._stage.speech.tell(made, told, "setAccessibleName")
        return made
