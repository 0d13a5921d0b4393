"""Coupons that were switched off on suspicion: points are released, which a second person approves, or fraud is confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, allow, button, column, label, row
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.investigations import Investigation
    from coupon_desk.people.operators import Session

WIDTH_PX = 360


class ReviewInvestigations(QWidget):
    """The cases at the left, at the right the note that either decision needs. `show_asked` brings the id of an operation."""

    show_asked = Signal(str)
    counted = Signal(int)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, work: Work, why_not: Message | None) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._work = work
        self._why_not = why_not
        self._least = desk.settings.policy.minimum_note_length
        self.cases: tuple[Investigation, ...] = ()
        self._allowing: dict[Investigation, tuple[QLabel, tuple[QPushButton, ...]]] = {}
        self.tab = ReviewTab(
            stage,
            msg("Open investigations"),
            msg("No investigation is open"),
            msg("A coupon that is invalidated because of suspected fraud waits here until somebody has decided."),
        )
        self.note = QLineEdit()
        self.note.setObjectName("investigation-note")
        stage.speech.tell(self.note, msg("What was found out"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("What was found out"), "setAccessibleName")
        self.note.textChanged.connect(lambda _text: self._allow())
        self.told = Banner(stage)
        self.told.setObjectName("investigation-told")
        self._aside = QFrame()
        self._aside.setProperty("role", "pane")
        self._aside.setFixedWidth(WIDTH_PX)
        self._aside.setLayout(
            column(
                label(stage, msg("The decision"), "heading"),
                label(
                    stage,
                    msg("Release: the points go back to the customer, when a second person has approved it."),
                    "muted",
                    wraps=True,
                ),
                label(stage, msg("Confirm fraud: the points are never returned. This is final."), "muted", wraps=True),
                column(label(stage, msg("Note"), "section"), self.note, spacing=5),
                self.told,
                0,
                spacing=14,
                margins=(24, 20, 24, 16),
            )
        )
        whole = row(self.tab, self._aside, spacing=0)
        whole.setStretchFactor(self.tab, 1)
        self.setLayout(whole)
        if why_not is not None:
            self._aside.hide()
            self.tab.close_for(why_not, msg("Ask a manager."))
        work.changed.connect(self._asked)
        work.failed.connect(self._failed)

    def read(self) -> None:
        """Look which cases are open."""
        if self._why_not is not None:
            return
        desk, session = self._desk, self._session
        self.tab.be_busy()
        self._stage.runner.read(self, "investigations", lambda: desk.investigations.open(session), self._show, self.tab.tell)

    def focus(self) -> None:
        """To the note."""
        self.note.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, cases: tuple[Investigation, ...]) -> None:
        self.cases = cases
        self._allowing = {one: parts for one, parts in self._allowing.items() if one in cases}
        self.tab.show_cards(cases, self._card)
        self.counted.emit(len(cases))

    def _card(self, case: Investigation) -> QFrame:
        stage = self._stage
        code = label(stage, role="mono")
        code.setText(case.code.text)
        code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        customer = label(stage, role="muted")
        customer.setText(case.customer_name or "")
        points = label(stage, msg("{points} points withheld", points=case.points), "strong")
        age = msgn(
            "Invalidated by {name}, {at}, {count} day ago",
            "Invalidated by {name}, {at}, {count} days ago",
            count=case.age_days,
            name=case.by_name,
            at=case.at,
        )
        said = label(stage, msg("{reason}: “{note}”", reason=case.reason.label, note=case.note), wraps=True)
        release = button(stage, msg("Release points…"), "normal", "undo")
        release.setObjectName(f"release-{case.operation}")
        release.clicked.connect(lambda: self._release(case))
        confirm = button(stage, msg("Confirm fraud"), "normal", "refused", "danger")
        confirm.setObjectName(f"confirm-{case.operation}")
        confirm.clicked.connect(lambda: self._confirm(case))
        show = button(stage, msg("Show the request"), "link")
        show.setObjectName(f"show-{case.release}")
        show.setVisible(case.release is not None)
        show.clicked.connect(lambda: self.show_asked.emit(case.release or ""))
        for action, spoken in (
            (release, msg("Release the points of {code}", code=case.code)),
            (confirm, msg("Confirm fraud with {code}", code=case.code)),
        ):
            stage.speech.tell(action, spoken, "setAccessibleName")
        why_not = label(stage, role="small", wraps=True)
        reasoning = column(0, why_not, 0)
        bottom = row(reasoning, show, confirm, release, spacing=8)
        bottom.setStretchFactor(reasoning, 1)
        state = label(stage, case.state.label, "small")
        made = QFrame()
        made.setProperty("role", "card")
        made.setLayout(
            column(
                row(code, customer, 0, points, spacing=12),
                row(label(stage, age, "small"), 0, state),
                said,
                bottom,
                spacing=9,
                margins=(16, 13, 16, 13),
            )
        )
        self._allowing[case] = (why_not, (release, confirm))
        self._allow()
        return made

    def _allow(self) -> None:
        missing = self._least - len(self.note.text().strip())
        needs_note = msg("First say at the right what was found out.") if missing > 0 else None
        for case, (told, actions) in self._allowing.items():
            why_not = case.why_not or needs_note
            told.setVisible(why_not is not None)
            if why_not is not None:
                self._stage.speech.tell(told, why_not)
            for action in actions:
                allow(self._stage, action, why_not)

    def _release(self, case: Investigation) -> None:
        self.told.hide()
        self._work.release(case.operation, case.code, self.note.text().strip())

    def _confirm(self, case: Investigation) -> None:
        self.told.hide()
        desk, session, note = self._desk, self._session, self.note.text().strip()
        self._stage.runner.write(
            self,
            lambda _tell: desk.investigations.confirm(case.operation, session, note),
            lambda _done: self._confirmed(case),
            self._tell,
        )

    def _confirmed(self, case: Investigation) -> None:
        self.note.clear()
        self.told.show_message(Tone.SUCCESS, msg("Fraud is confirmed: {code}", code=case.code))
        self.read()

    def _asked(self, operation: Operation) -> None:
        if operation.kind is OperationKind.RELEASE and operation.state is OperationState.AWAITING_APPROVAL:
            self.note.clear()
            self.told.show_message(
                Tone.ACCENT,
                msg("The release of {code} was asked for.", code=operation.code),
                msg("A second person decides under Approvals."),
                "people",
            )
        if operation.kind is OperationKind.RELEASE and not self._work.running:
            self.read()

    def _failed(self, code: CouponCode | None, error: DeskError) -> None:
        if any(case.code == code for case in self.cases):
            self._tell(error)

    def _tell(self, error: DeskError) -> None:
        self.told.show_message(Tone.WARN, error.what, error.todo)
        self.read()
