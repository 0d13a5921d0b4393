"""What waits for a second person: the requests at the left, at the right who decides, with their own PIN."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.controls import row
from coupon_desk.desk.request_card import RequestCard, asked_by
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.second_person import SecondPerson
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


class ReviewApprovals(QWidget):
    """Every decision asks for the PIN anew when the window was closed. `counted` tells how many requests there are."""

    counted = Signal(int)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, work: Work) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._work = work
        self.waiting: tuple[Operation, ...] = ()
        self._cards: list[RequestCard] = []
        self._is_offered = False
        self.tab = ReviewTab(
            stage,
            msg("Waiting for a second person"),
            msg("Nothing waits for approval"),
            msg("A request appears here when somebody asks for what one person may not do alone."),
        )
        hint = msg("Each decision is made by somebody other than the one who asked, with their own PIN. Your session goes on.")
        self.who = SecondPerson(stage, desk, hint)
        self.who.changed.connect(self._allow)
        self.form = self.who.form
        whole = row(self.tab, self.who, spacing=0)
        whole.setStretchFactor(self.tab, 1)
        self.setLayout(whole)
        work.ended.connect(self._ended)
        work.failed.connect(self._failed)

    def read(self) -> None:
        """Look what waits now."""
        self._stage.runner.read(self, "waiting", self._desk.awaiting_approval, self._show, self.tab.tell)

    def focus(self) -> None:
        """Ready to type."""
        self.form.focus()

    def _show(self, operations: tuple[Operation, ...]) -> None:
        self.waiting = operations
        self.counted.emit(len(operations))
        self._draw()
        if not self._is_offered:
            self._is_offered = True
            self.who.offer(self._session.login)

    def _draw(self) -> None:
        self._cards = []
        self.tab.show_cards([partial(self._card, operation) for operation in self.waiting])

    def _card(self, operation: Operation) -> RequestCard:
        card = RequestCard(self._stage, asked_by(operation))
        card.decided.connect(lambda approves: self._decide(operation, approves=approves))
        self._cards.append(card)
        self._allow_card(card)
        return card

    def _allow(self) -> None:
        for card in self._cards:
            self._allow_card(card)

    def _allow_card(self, card: RequestCard) -> None:
        why_not = None if self.who.session is not None else msg("First sign in at the right: who decides?")
        card.show_decider(why_not, has_note=bool(self.who.said))

    def _decide(self, operation: Operation, *, approves: bool) -> None:
        """Decided: nobody decides it twice."""
        session = self.who.session
        if session is None:
            return
        self.who.be_quiet()
        self.waiting = tuple(one for one in self.waiting if one.id != operation.id)
        self._draw()
        decide = self._work.approve if approves else self._work.reject
        decide(operation, session, self.who.said)

    def _ended(self, _operation: Operation) -> None:
        self.read()

    def _failed(self, _code: CouponCode | None, error: DeskError) -> None:
        self.who.tell(error)
        self.read()
