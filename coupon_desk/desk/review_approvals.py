"""What waits for a second person: the requests at the left, at the right who decides, with their own PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.controls import row
from coupon_desk.desk.request_card import RequestCard
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.second_person import SecondPerson
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.approvals import WaitingRequest
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
        self.waiting: tuple[WaitingRequest, ...] = ()
        self._cards: dict[WaitingRequest, RequestCard] = {}
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
        self.who.known.connect(self.read)
        self.form = self.who.form
        whole = row(self.tab, self.who, spacing=0)
        whole.setStretchFactor(self.tab, 1)
        self.setLayout(whole)
        work.ended.connect(self._ended)
        work.decided.connect(self._decided)
        work.failed.connect(self._failed)

    def read(self) -> None:
        """Look what waits now, with the eyes of who decides."""
        approvals, reader = self._desk.approvals, self.who.session or self._session
        self.tab.be_busy()
        self._stage.runner.read(self, "waiting", lambda: approvals.waiting(reader), self._show, self.tab.tell)

    def focus(self) -> None:
        """Ready to type."""
        self.form.focus()

    def _show(self, requests: tuple[WaitingRequest, ...]) -> None:
        self.waiting = requests
        self.counted.emit(len(requests))
        self._draw()
        if not self._is_offered:
            self._is_offered = True
            self.who.offer(self._session.login)

    def _draw(self) -> None:
        self._cards = {one: card for one, card in self._cards.items() if one in self.waiting}
        self.tab.show_cards(self.waiting, self._card)
        self._allow()

    def _card(self, request: WaitingRequest) -> RequestCard:
        card = RequestCard(self._stage, request)
        card.decided.connect(lambda approves: self._decide(request, approves=approves))
        self._cards[request] = card
        self._allow_card(card)
        return card

    def _allow(self) -> None:
        for card in self._cards.values():
            self._allow_card(card)

    def _allow_card(self, card: RequestCard) -> None:
        why_not = card.asked.why_not if self.who.session is not None else msg("First sign in at the right: who decides?")
        card.show_decider(why_not, has_note=bool(self.who.said))

    def _decide(self, request: WaitingRequest, *, approves: bool) -> None:
        """Decided: nobody decides it twice."""
        session = self.who.session
        if session is None:
            return
        self.who.be_quiet()
        self.waiting = tuple(one for one in self.waiting if one.operation != request.operation)
        self._draw()
        self._work.decide(request, session, self.who.said, approves=approves)

    def _decided(self, request: WaitingRequest) -> None:
        self.who.note.clear()
        if request.is_elsewhere:
            self.who.thank(msg("Decided. It goes on at the desk {desk}.", desk=request.desk))
        self.read()

    def _ended(self, _operation: Operation) -> None:
        self.read()

    def _failed(self, _code: CouponCode | None, error: DeskError) -> None:
        self.who.tell(error)
        self.read()
