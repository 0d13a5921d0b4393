"""The selected coupon: fresh evidence from all systems, what it means, the customer's points, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, NotAnswered
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Elided, Spinner, button, column, frame, icon_label, label, line, row
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.point_history import PointHistory
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusPill
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Amount, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app import CouponDesk, CouponView
    from coupon_desk.people.operators import Session

WIDTH_PX: Final = 396
LOOK_AFTER_MS: Final = 150
LAST_FACT: Final = 4

STATES = {
    DiscountState.ACTIVE: msg("Active"),
    DiscountState.EXPIRED: msg("Ended"),
    DiscountState.SCHEDULED: msg("Not yet begun"),
}


class DetailsPane(QFrame):
    """Draws a coupon and its live evidence; a click becomes one of the signals, each with the coupon's view."""

    cancel_asked = Signal(object)
    invalidate_asked = Signal(object)
    refund_asked = Signal(object)
    receipt_asked = Signal(object)
    looked = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._rights: Mapping[Right, Message | None] = {}
        self._coupon: Coupon | None = None
        self._view: CouponView | None = None
        self.setProperty("role", "pane")
        self.setFixedWidth(WIDTH_PX)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(LOOK_AFTER_MS)
        self._pause.timeout.connect(self.look)
        self._empty = self._make_empty()
        self._content = QWidget()
        self._build()
        whole = column(self._empty, self._content, spacing=0)
        self.setLayout(whole)
        self._content.hide()
        stage.speech.changed.connect(self._draw)

    @property
    def view(self) -> CouponView | None:
        """The live evidence that is shown; None while it is being gathered."""
        return self._view

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """What this operator may do; a sentence says why not."""
        self._rights = rights
        self._draw_actions()

    def show_coupon(self, coupon: Coupon) -> None:
        """Show another coupon, at once what the list knows, a moment later what is true."""
        if self._coupon is not None and coupon.code == self._coupon.code:
            self._coupon = coupon
            return
        self._coupon, self._view = coupon, None
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
        self._draw()

    def _make_empty(self) -> QWidget:
        picture = icon_label(self._stage, "ticket", "line_strong", 48)
        title = label(self._stage, msg("No coupon selected"), "heading")
        text = label(self._stage, msg("Scan a coupon, or choose one in the list."), "muted", wraps=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made = QWidget()
        layout = column(0, picture, title, text, 0, spacing=10, margins=(40, 0, 40, 0))
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
        self._spinner = Spinner(stage)
        self._checking_text = label(stage, msg("Checking with Shopify and the point system…"), "muted", wraps=True)
        self.checking = frame("well", row(self._spinner, self._checking_text, spacing=10, margins=(12, 10, 12, 10)))
        self.verdict = Banner(stage)
        self.verdict.setObjectName("verdict")
        self.findings = Findings(stage)
        self.again = button(stage, msg("Check again"), "link")
        self.again.clicked.connect(self.look)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(14)
        self._facts.setVerticalSpacing(10)
        self._fact_values: list[Elided] = []
        for place, name in enumerate(
            (msg("Issued"), msg("Expires"), msg("Uses"), msg("Discount in Shopify"), msg("Checked at"))
        ):
            value = Elided()
            fact = column(label(stage, name, "small"), value, spacing=0)
            self._facts.addLayout(fact, place // 3, place % 3, 1, 2 if place == LAST_FACT else 1)
            self._facts.setColumnStretch(place % 3, 1)
            self._fact_values.append(value)
        self.balance = label(stage, role="muted")
        self.history = PointHistory(stage)
        self.reference = Elided("small")
        self._history_part = QWidget()
        self._history_part.setLayout(
            column(
                row(label(stage, msg("Points of the customer"), "section"), 0, self.balance),
                self.reference,
                self.history,
                spacing=6,
            )
        )
        body = column(
            column(row(self.code, self.copy, 0, spacing=4), row(self.pill, self.worth, 0, spacing=12), spacing=6),
            column(self.customer, self.contact, spacing=1),
            self.checking,
            column(self.verdict, self.findings, spacing=8),
            line(),
            self._history_part,
            line(),
            self._facts,
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
        self._content.setLayout(self._with_actions(scroll))

    def _with_actions(self, scroll: QScrollArea) -> QVBoxLayout:
        stage = self._stage
        self.cancel = button(stage, msg("Cancel coupon…"), "primary")
        self.cancel.setObjectName("cancel-coupon")
        self.cancel.setMinimumHeight(42)
        self.cancel.clicked.connect(lambda: self.cancel_asked.emit(self._view))
        self.why_not = label(stage, role="small", wraps=True)
        self.invalidate = button(stage, msg("Invalidate only…"), "plain", "cancelled", "muted")
        self.invalidate.setObjectName("invalidate")
        self.invalidate.clicked.connect(lambda: self.invalidate_asked.emit(self._view))
        self.refund = button(stage, msg("Refund for a cancelled order…"), "plain", "undo", "muted")
        self.refund.setObjectName("refund-order")
        self.refund.clicked.connect(lambda: self.refund_asked.emit(self._view))
        self.receipt = button(stage, msg("Receipt copy…"), "plain", "printer", "muted")
        self.receipt.setObjectName("receipt-copy")
        self.receipt.clicked.connect(lambda: self.receipt_asked.emit(self._view))
        grid = QGridLayout()
        grid.setSpacing(2)
        grid.addWidget(self.invalidate, 0, 0)
        grid.addWidget(self.receipt, 0, 1)
        grid.addWidget(self.refund, 1, 0, 1, 2)
        footer = frame("footer", column(self.cancel, self.why_not, grid, spacing=8, margins=(22, 14, 18, 12)))
        return column(scroll, footer, spacing=0)

    def _show_view(self, view: CouponView) -> None:
        if self._coupon is None or view.code != self._coupon.code:
            return
        self._view = view
        if view.coupon is not None:
            self._coupon = view.coupon
        self._draw()
        self.looked.emit(view)

    def _show_checking(self) -> None:
        self.checking.show()
        self.verdict.hide()
        self.findings.hide()
        self._draw_actions()

    def _fail(self, error: DeskError) -> None:
        self.checking.hide()
        parts = [part for part in (error.done, error.todo) if part is not None]
        self.verdict.show_message(Tone.WARN, error.what, parts[-1] if parts else None, icon="offline")
        self.verdict.show()

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
        self.customer.say(view.customer_name if view is not None and view.customer_name else coupon.customer_name or "–")
        self._draw_contact()
        self.checking.setVisible(view is None)
        self.verdict.setVisible(view is not None)
        self.findings.setVisible(view is not None and bool(view.verdict.findings))
        self._history_part.setVisible(view is not None)
        self._draw_facts(coupon)
        if view is not None:
            self._draw_verdict(view)
            self.history.show_entries(view.entries, view.conversion, view.returned)
            before = view.balance_before
            speech.tell(
                self.balance, msg("Balance {balance}", balance=before) if before is not None else msg("Balance unknown")
            )
        self._draw_actions()

    def _draw_contact(self) -> None:
        view, speech = self._view, self._stage.speech
        if view is None:
            self.contact.say(" ")
        elif view.email_masked is None:
            self.contact.say(speech.say(msg("No e-mail address: the customer will not be told")))
        else:
            self.contact.say(view.email_masked)

    def _draw_verdict(self, view: CouponView) -> None:
        verdict = view.verdict
        if not verdict.may_cancel:
            first = verdict.refusals[0]
            only = first.message if len(verdict.findings) == 1 else None
            if verdict.has(Rule.CANCELLED):
                self.verdict.show_message(Tone.NEUTRAL, msg("Already cancelled"), only, "cancelled")
            elif verdict.has(Rule.USED):
                self.verdict.show_message(Tone.DANGER, msg("Already used"), only, "used")
            else:
                self.verdict.show_message(Tone.DANGER, msg("May not be cancelled"), only, "refused")
            self.findings.setVisible(len(verdict.findings) > 1)
        elif verdict.needs_approval:
            self.verdict.show_message(
                Tone.WARN,
                msg("May be cancelled when a second person approves"),
                msg("{points} points would go back to the customer.", points=verdict.points_to_return),
                "people",
            )
        else:
            self.verdict.show_message(
                Tone.SUCCESS,
                msg("May be cancelled"),
                msg("{points} points would go back to the customer.", points=verdict.points_to_return),
                "shield",
            )
        self.findings.show_findings(verdict.findings)

    def _draw_facts(self, coupon: Coupon) -> None:
        speech, view = self._stage.speech, self._view
        discount = view.evidence.discount if view is not None else None
        state, uses = "…", "…"
        if isinstance(discount, DiscountSeen):
            state, uses = speech.say(STATES[discount.state]), speech.number(discount.usage_count)
        elif isinstance(discount, Absent):
            state = uses = speech.say(msg("Not found"))
        elif isinstance(discount, NotAnswered):
            state = uses = speech.say(msg("No answer"))
        looked_at = speech.moment(view.looked_at) if view is not None else "…"
        self.reference.say(speech.say(msg("Reference {reference}", reference=coupon.code.reference)))
        texts = (
            speech.day(coupon.issued_at),
            speech.day(coupon.expires_at),
            uses,
            state,
            looked_at,
        )
        for value, text in zip(self._fact_values, texts, strict=True):
            value.say(text)

    def _draw_actions(self) -> None:
        view = self._view
        verdict = view.verdict if view is not None else None
        refusal = self._rights.get(Right.CANCEL) and self._rights.get(Right.ASK)
        if verdict is None:
            why: Message | None = msg("Being checked…")
        elif refusal is not None:
            why = refusal
        elif not verdict.may_cancel:
            why = msg("Not possible: see above.")
        else:
            why = None
        self._allow(self.cancel, why)
        self.why_not.setVisible(why is not None and view is not None)
        self._stage.speech.tell(self.why_not, why or msg("Cancel coupon"))
        is_used = verdict is not None and verdict.has(Rule.USED)
        self._allow(self.invalidate, self._why_no_invalidation())
        not_used = None if is_used else msg("Only for a coupon that was used in an order which was cancelled.")
        self._allow(self.refund, self._rights.get(Right.REFUND_ORDER) or not_used)
        self._allow(self.receipt, self._rights.get(Right.REPRINT))

    def _why_no_invalidation(self) -> Message | None:
        verdict = self._view.verdict if self._view is not None else None
        if verdict is None:
            return msg("Being checked…")
        points_only = {Rule.ALREADY_RETURNED, Rule.UNKNOWN_AT_POS, Rule.NO_CONVERSION, Rule.POINTS_DIFFER}
        if any(finding.rule not in points_only for finding in verdict.refusals):
            return msg("Not possible: see above.")
        return self._rights.get(Right.INVALIDATE)

    def _allow(self, action: QPushButton, why_not: Message | None) -> None:
        """A control that may not be used stays, and says why."""
        action.setEnabled(why_not is None)
        if why_not is None:
            self._stage.speech.forget(action, "setToolTip")
            action.setToolTip("")
            self._stage.speech.forget(action, "setAccessibleDescription")
            action.setAccessibleDescription("")
        else:
            self._stage.speech.tell(action, why_not, "setToolTip")
            self._stage.speech.tell(action, why_not, "setAccessibleDescription")

    def _copy(self) -> None:
        from PySide6.QtGui import QGuiApplication

        QGuiApplication.clipboard().setText(self.code.text())
