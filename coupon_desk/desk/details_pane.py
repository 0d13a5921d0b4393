"""The selected coupon: fresh evidence from all systems, what it means, the customer's points, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.desk.controls import Elided, Spinner, button, column, frame, icon_label, label, line, row
from coupon_desk.desk.coupon_actions import CouponActions
from coupon_desk.desk.coupon_facts import CouponFacts
from coupon_desk.desk.coupon_words import HIDDEN
from coupon_desk.desk.doubt_banner import DoubtBanner
from coupon_desk.desk.point_history import PointHistory
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusPill
from coupon_desk.desk.timeline_part import TimelinePart
from coupon_desk.desk.verdict_part import VerdictPart
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Amount, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.people.operators import Session

WIDTH_PX: Final = 404
LOOK_AFTER_MS: Final = 150


class DetailsPane(QFrame):
    """Draws a coupon and its live evidence; a click becomes one of the signals, each with the coupon's view."""

    cancel_asked = Signal(object)
    invalidate_asked = Signal(object)
    refund_asked = Signal(object)
    receipt_asked = Signal(object)
    take_over_asked = Signal(object)
    compare_asked = Signal(object)
    customer_asked = Signal(str)
    looked = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._coupon: Coupon | None = None
        self._view: CouponView | None = None
        self._why_no_customer: Message | None = None
        self._is_asked_to_cancel = False
        self.setProperty("role", "pane")
        self.setFixedWidth(WIDTH_PX)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(LOOK_AFTER_MS)
        self._pause.timeout.connect(self.look)
        self._empty = self._make_empty()
        self._content = QWidget()
        self.footer = CouponActions(stage)
        self.footer.cancel.clicked.connect(lambda: self.cancel_asked.emit(self._view))
        self.footer.invalidate.clicked.connect(lambda: self.invalidate_asked.emit(self._view))
        self.footer.refund.clicked.connect(lambda: self.refund_asked.emit(self._view))
        self.footer.receipt.clicked.connect(lambda: self.receipt_asked.emit(self._view))
        self.footer.take_over.clicked.connect(self._look_to_take_over)
        self.cancel = self.footer.cancel
        self.invalidate = self.footer.invalidate
        self._build()
        whole = column(self._empty, self._content, spacing=0)
        self.setLayout(whole)
        self._content.hide()
        stage.speech.changed.connect(self._draw)

    @property
    def view(self) -> CouponView | None:
        """The live evidence that is shown; None while it is being gathered."""
        return self._view

    @property
    def shown(self) -> CouponCode | None:
        """The coupon that is shown, whether its evidence is there or not."""
        return self._coupon.code if self._coupon is not None else None

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """What this operator may do and see; a sentence says why not."""
        self._why_no_customer = rights.get(Right.SEE_CUSTOMER)
        self.footer.show_rights(rights)
        self._draw()

    def show_coupon(self, coupon: Coupon) -> None:
        """Show another coupon, at once what the list knows, a moment later what is true."""
        if self._coupon is not None and coupon.code == self._coupon.code:
            self._coupon = coupon
            return
        self._coupon, self._view = coupon, None
        self._is_asked_to_cancel = False
        self._draw()
        self._pause.start()

    def look(self) -> None:
        """Ask all systems about the coupon now."""
        self._pause.stop()
        if self._coupon is None:
            return
        self._show_checking()
        desk, session, code = self._desk, self._session, self._coupon.code
        self._stage.runner.read(self, "look", lambda: desk.look(code, session), self._show_view, self._fail)

    def show_nothing(self) -> None:
        """No coupon is selected."""
        self._pause.stop()
        self._coupon = self._view = None
        self._is_asked_to_cancel = False
        self._draw()

    def ask_to_cancel(self) -> None:
        """Press “Cancel coupon…”; while the coupon is being checked, as soon as it is and if it may be cancelled."""
        self._is_asked_to_cancel = self._coupon is not None and self._view is None
        self.cancel.click()

    def _look_to_take_over(self) -> None:
        """Look anew, as one who would take the other desk's work over; the dialog shows what was found."""
        if self._view is None:
            return
        desk, session, code, others = self._desk, self._session, self._view.code, self._view.evidence.others_operation
        self._stage.runner.read(
            self, "look", lambda: desk.look(code, session, taking_over=others), self.take_over_asked.emit, self._fail
        )

    def _make_empty(self) -> QWidget:
        picture = icon_label(self._stage, "ticket", "line_strong", 48)
        title = label(self._stage, msg("No coupon selected"), "heading")
        text = label(self._stage, msg("Scan a coupon, or choose one in the list."), "muted", wraps=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made = QWidget()
        layout = column(0, picture, title, text, 0, spacing=10, margins=(28, 0, 28, 0))
        for item in (picture, title):
            layout.setAlignment(item, Qt.AlignmentFlag.AlignHCenter)
        made.setLayout(layout)
        return made

    def _build(self) -> None:
        stage = self._stage
        self.code = label(stage, role="code")
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy = button(stage, msg("Copy the code"), "icon", "copy", "muted")
        self.copy.clicked.connect(self._copy)
        self.pill = StatusPill(stage)
        self.worth = label(stage, role="strong")
        self.customer = Elided("strong")
        self.contact = Elided("muted")
        self.all_of_customer = button(stage, msg("Customer's history…"), "link", key="U")
        self.all_of_customer.setObjectName("all-of-customer")
        self.all_of_customer.clicked.connect(self._ask_for_customer)
        self._spinner = Spinner(stage)
        self._checking_text = label(stage, msg("Checking with Shopify and the point system…"), "muted", wraps=True)
        self.checking = frame("well", row(self._spinner, self._checking_text, spacing=10, margins=(12, 10, 12, 10)))
        self.answer = VerdictPart(stage)
        self.answer.again.clicked.connect(self.look)
        self.verdict = self.answer.banner
        self.facts = CouponFacts(stage)
        self.balance = label(stage, role="muted")
        self.history = PointHistory(stage)
        self.reference = Elided("small")
        self.timeline = TimelinePart(stage)
        self.doubt = DoubtBanner(stage)
        self.doubt.setObjectName("differences")
        self.compare = button(stage, msg("Compare sources…"), "link", key="P")
        self.compare.setObjectName("compare-sources")
        self.compare.clicked.connect(lambda: self.compare_asked.emit(self._view))
        self._life = QWidget()
        title = label(stage, msg("What happened to this coupon"), "section")
        self._life.setLayout(column(title, self.timeline, spacing=8))
        self._history_part = QWidget()
        self._history_part.setLayout(
            column(
                row(label(stage, msg("Point history"), "section"), 0, self.balance),
                self.reference,
                self.history,
                spacing=6,
            )
        )
        body = column(
            column(row(self.code, self.copy, 0, spacing=4), row(self.pill, self.worth, 0, spacing=12), spacing=6),
            column(self.customer, self.contact, row(self.all_of_customer, 0, self.compare), spacing=1),
            self.checking,
            self.answer,
            self.doubt,
            line(),
            self._history_part,
            line(),
            self._life,
            self.facts,
            0,
            spacing=14,
            margins=(22, 20, 18, 16),
        )
        inner = QWidget()
        inner.setLayout(body)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        self._content.setLayout(column(scroll, self.footer, spacing=0))

    def _show_view(self, view: CouponView) -> None:
        if self._coupon is None or view.code != self._coupon.code:
            return
        self._view = view
        if view.coupon is not None:
            self._coupon = view.coupon
        self._draw()
        self.looked.emit(view)
        if self._is_asked_to_cancel:
            self.ask_to_cancel()

    def _show_checking(self) -> None:
        self.checking.show()
        self.answer.hide()
        self.footer.show_view(self._view)

    def _fail(self, error: DeskError) -> None:
        self._is_asked_to_cancel = False
        self.checking.hide()
        self.answer.show_failure(error)
        self.footer.show_view(self._view)

    def _draw(self) -> None:
        coupon, view = self._coupon, self._view
        self._empty.setVisible(coupon is None)
        self._content.setVisible(coupon is not None)
        if coupon is None:
            return
        speech = self._stage.speech
        self.code.setText(coupon.code.text)
        self.pill.show_status(view.verdict.status if view is not None else coupon.status)
        worth = msg("{points} points", points=coupon.points)
        if coupon.amount is not None:
            amount = Amount(coupon.amount, coupon.currency)
            worth = msg("{points} points · {amount}", points=coupon.points, amount=amount)
        speech.tell(self.worth, worth)
        name = view.customer_name if view is not None and view.customer_name else coupon.customer_name or "–"
        self.customer.say(name if self._why_no_customer is None else HIDDEN)
        self._draw_contact()
        self.checking.setVisible(view is None)
        self.answer.setVisible(view is not None)
        self._history_part.setVisible(view is not None)
        self._life.setVisible(view is not None)
        self.compare.setVisible(view is not None)
        self.all_of_customer.setVisible(view is not None and view.customer_id is not None and self._why_no_customer is None)
        self.doubt.show_differences(view.differences if view is not None else ())
        self.facts.show_coupon(coupon, view)
        self.reference.say(speech.say(msg("Reference {reference}", reference=coupon.code.reference)))
        if view is not None:
            self.answer.show_verdict(view.verdict)
            self.timeline.show_events(view.timeline)
            self.history.show_entries(view.entries, view.conversion, view.returned)
            before = view.balance_before
            speech.tell(
                self.balance, msg("Balance {balance}", balance=before) if before is not None else msg("Balance unknown")
            )
        self.footer.show_view(self._view)

    def _ask_for_customer(self) -> None:
        if self._view is not None and self._view.customer_id is not None:
            self.customer_asked.emit(self._view.customer_id)

    def _draw_contact(self) -> None:
        view, speech = self._view, self._stage.speech
        if self._why_no_customer is not None:
            self.contact.say(speech.say(self._why_no_customer))
        elif view is None:
            self.contact.say(" ")
        elif view.email_masked is None:
            self.contact.say(speech.say(msg("No e-mail address: the customer will not be told")))
        else:
            self.contact.say(view.email_masked)

    def _copy(self) -> None:
        from PySide6.QtGui import QGuiApplication

        QGuiApplication.clipboard().setText(self.code.text())
