"""One coupon, held against all sources: what each says, where they contradict, and what puts it right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from coupon_desk.cancellation.operation import Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, column, frame, label, row
from coupon_desk.desk.difference_list import DifferenceList
from coupon_desk.desk.scrolling import scrolled
from coupon_desk.desk.sources_part import SourcesPart
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.timeline_part import TimelinePart
from coupon_desk.desk.work import WAIT_SECONDS
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.reconciling import Reconciled
    from coupon_desk.app.view import CouponView
    from coupon_desk.cancellation.differences import Difference
    from coupon_desk.people.operators import Session

TIMELINE_PX: Final = 390


class ReconcileDialog(QDialog):
    """Looks when it is opened. `changed` brings each snapshot of an operation that a repair takes up, `done_on` the code."""

    changed = Signal(object)
    done_on = Signal(object)

    def __init__(
        self,
        stage: Stage,
        desk: CouponDesk,
        session: Session,
        rights: Mapping[Right, Message | None],
        code: CouponCode,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._code = code
        self._why_not = rights.get(Right.RECONCILE)
        self._is_working = False
        self.view: CouponView | None = None
        self.setModal(True)
        self.setMinimumSize(860, 560)
        self.resize(1000, 660)
        stage.speech.tell(self, msg("Compare the sources"), "setWindowTitle")
        whole = column(self._head(), self._body(), self._foot(), spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        stage.speech.changed.connect(self._draw)
        self.look()

    def look(self) -> None:
        """Ask all sources now."""
        desk, session, code = self._desk, self._session, self._code
        self._set_working(msg("Asking Shopify and the point system…"))
        self._stage.runner.read(self, "look", lambda: desk.look(code, session), self._show, self._fail)

    def put_right(self, difference: Difference) -> None:
        """Have one difference put right, with the note that was written."""
        desk, session, code = self._desk, self._session, self._code
        note, kind = self.note.text().strip(), difference.kind
        self._set_working(msg("Putting it right…"))
        self._stage.runner.write(
            self,
            lambda tell: desk.reconciling.put_right(code, kind, session, note, tell, wait_seconds=WAIT_SECONDS),
            lambda done: self._put_right(difference, done),
            self._fail,
            self.changed.emit,
        )

    def _head(self) -> QWidget:
        stage = self._stage
        code = label(stage, role="code")
        code.setText(self._code.text)
        self.again = button(stage, msg("Look again"), icon="refresh", colour="muted", key="L")
        self.again.setObjectName("look-again")
        self.again.clicked.connect(self.look)
        titles = column(label(stage, msg("Compare the sources"), "section"), code, spacing=4)
        return frame("header", row(titles, 0, self.again, margins=(26, 16, 26, 14)))

    def _body(self) -> QWidget:
        stage = self._stage
        self.told = Banner(stage)
        self.told.setObjectName("reconcile-told")
        self._busy_text = label(stage, role="muted")
        self._busy = frame("well", row(Spinner(stage), self._busy_text, 0, spacing=10, margins=(12, 10, 12, 10)))
        self.sources = SourcesPart(stage)
        self.differences = DifferenceList(stage)
        self.differences.repair_asked.connect(self.put_right)
        left = column(
            self.told,
            self._busy,
            label(stage, msg("What each source says"), "section"),
            self.sources,
            label(stage, msg("Differences"), "section"),
            self.differences,
            0,
            spacing=10,
            margins=(26, 18, 20, 18),
        )
        self.timeline = TimelinePart(stage)
        life = column(
            label(stage, msg("What happened to this coupon"), "section"), self.timeline, 0, spacing=10, margins=(20, 18, 18, 18)
        )
        right = frame("pane", column(scrolled(life)))
        right.setFixedWidth(TIMELINE_PX)
        made = QWidget()
        inside = row(scrolled(left), right, spacing=0)
        inside.setStretch(0, 1)
        made.setLayout(inside)
        return made

    def _foot(self) -> QWidget:
        stage = self._stage
        self.note = QLineEdit()
        self.note.setObjectName("reconcile-note")
        stage.speech.tell(self.note, msg("Why it is put right: for the trail"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Note"), "setAccessibleName")
        self.note.textChanged.connect(lambda _text: self._allow())
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        bottom = row(self.note, close, spacing=10, margins=(26, 14, 26, 14))
        bottom.setStretchFactor(self.note, 1)
        return frame("footer", bottom)

    def _show(self, view: CouponView) -> None:
        self.view = view
        self._is_working = False
        self._busy.hide()
        self._draw()

    def _draw(self) -> None:
        """Draw the view anew, also in another language."""
        if self.view is None:
            return
        self.sources.show_view(self.view)
        self.differences.show_view(self.view)
        self.timeline.show_events(self.view.timeline)
        self._allow()

    def _put_right(self, difference: Difference, done: Reconciled) -> None:
        self._show(done.view)
        operation: Operation | None = done.operation
        if done.is_gone(difference.kind):
            self.told.show_message(Tone.SUCCESS, msg("Put right. The sources were looked at once more."))
            self.note.clear()
        else:
            why = operation.attention or operation.next_action if operation is not None else None
            self.told.show_message(Tone.WARN, msg("It is not put right yet."), why or difference.todo)
        if operation is not None:
            self.changed.emit(operation)
        self.done_on.emit(self._code)

    def _set_working(self, what: Message) -> None:
        self._is_working = True
        self.told.hide()
        self._stage.speech.tell(self._busy_text, what)
        self._busy.show()
        self._allow()

    def _allow(self) -> None:
        has_repairs = bool(self.differences.buttons)
        self.note.setVisible(has_repairs and self._why_not is None)
        shortest = self._desk.settings.policy.minimum_note_length
        is_noted = len(self.note.text().strip()) >= shortest
        needs_note = None if is_noted else msg("Say in at least {count} characters why, below.", count=shortest)
        busy = msg("At work…") if self._is_working else None
        self.differences.allow(busy or self._why_not or needs_note)
        self.again.setEnabled(not self._is_working)

    def _fail(self, error: DeskError) -> None:
        self._is_working = False
        self._busy.hide()
        self.told.show_message(Tone.WARN, error.what, error.todo or error.done)
        self._allow()
