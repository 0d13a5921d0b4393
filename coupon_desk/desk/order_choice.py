"""Which cancelled order: one of those that used the coupon, as they were looked up just now, or another one by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QPushButton, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, allow, button, clear, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.order_refund import OrderRefundView
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.people.operators import Session


class OrderChoice(QWidget):
    """`changed` brings what a refund of the chosen order would be; None while that is not known."""

    changed = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, code: CouponCode, wanted: str) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._code = code
        self._wanted = wanted
        self._views: tuple[OrderRefundView, ...] = ()
        self._chosen: OrderRefundView | None = None
        self._group = QButtonGroup(self)
        self._choices = column(spacing=4)
        self._spinner = Spinner(stage)
        self._looking = QWidget()
        self._looking.setLayout(row(self._spinner, label(stage, msg("Looking for its orders…"), "muted"), 0, spacing=10))
        self.typed = QLineEdit(wanted)
        self.typed.setObjectName("order")
        self.typed.setPlaceholderText("#1001")
        self.typed.editingFinished.connect(self._look_at_typed)
        self.typed.textEdited.connect(lambda _text: self._choose(None))
        stage.speech.tell(self.typed, msg("Cancelled order"), "setAccessibleName")
        self.other = button(stage, msg("Another order…"), "choice")
        self.other.setObjectName("order-other")
        self.other.setCheckable(True)
        self.other.clicked.connect(self._ask_for_another)
        self._group.addButton(self.other)
        self.problem = Banner(stage)
        self.setLayout(column(self._looking, self._choices, self.other, self.typed, self.problem, spacing=6))
        self.typed.hide()
        self.other.hide()

    @property
    def chosen(self) -> OrderRefundView | None:
        """What a refund of the chosen order would be; None while that is not known."""
        return self._chosen

    def text(self) -> str:
        """The order as the request names it; empty while none is chosen."""
        return self.typed.text().strip() if self._is_typing else self._chosen.asked if self._chosen is not None else ""

    def what_is_missing(self) -> Message | None:
        """What has to be chosen or cannot be; None where a refund of this order may be asked for. The engine looks again."""
        if not self.text():
            return msg("Choose the cancelled order, or enter its number.")
        return None if self._chosen is None or self._chosen.may_be_asked else self._chosen.why_not[0]

    def look(self) -> None:
        """Look for the orders that bear the code."""
        desk, code, session = self._desk, self._code, self._session
        self._stage.runner.read(self, "orders", lambda: desk.orders_to_refund(code, session), self._show, self._fail)

    def focus(self) -> None:
        """Go where one chooses."""
        first = next((one for one in self.findChildren(QPushButton) if one.isChecked() and one.isVisibleTo(self)), self.other)
        (self.typed if self._is_typing else first).setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _is_typing(self) -> bool:
        return self.typed.isVisibleTo(self)

    def _show(self, views: tuple[OrderRefundView, ...]) -> None:
        self._looking.hide()
        self._views = views
        clear(self._choices)
        for view in views:
            self._choices.addWidget(self._choice(view))
        self.other.setVisible(bool(views))
        named = next((one for one in views if one.asked == self._wanted), None)
        best = named or next((one for one in views if one.may_be_asked), views[0] if views else None)
        if best is None or (self._wanted and named is None):
            self._ask_for_another()
            return
        for made, view in zip(self._buttons(), views, strict=True):
            made.setChecked(view is best)
        self._choose(best)

    def _choice(self, view: OrderRefundView) -> QPushButton:
        made = button(self._stage, _about(view), "choice")
        made.setObjectName(f"order-{view.asked}")
        made.setCheckable(True)
        made.clicked.connect(lambda: self._take(view))
        allow(self._stage, made, None, view.proposal.why if view.proposal is not None else _about(view))
        self._group.addButton(made)
        return made

    def _buttons(self) -> tuple[QPushButton, ...]:
        items = (self._choices.itemAt(place) for place in range(self._choices.count()))
        widgets = (item.widget() for item in items if item is not None)
        return tuple(one for one in widgets if isinstance(one, QPushButton))

    def _take(self, view: OrderRefundView) -> None:
        self.typed.hide()
        self._choose(view)

    def _ask_for_another(self) -> None:
        self.other.setChecked(True)
        self.typed.show()
        self.typed.setFocus(Qt.FocusReason.OtherFocusReason)
        self._choose(None)
        self._look_at_typed()

    def _look_at_typed(self) -> None:
        typed = self.typed.text().strip()
        if not typed or not self._is_typing or (self._chosen is not None and self._chosen.asked == typed):
            return
        desk, code, session = self._desk, self._code, self._session
        self._stage.runner.read(self, "typed-order", lambda: desk.order_refund(code, typed, session), self._choose, self._fail)

    def _choose(self, view: OrderRefundView | None) -> None:
        self._chosen = view
        self.problem.setVisible(view is not None and not view.may_be_asked)
        if view is not None and not view.may_be_asked:
            first, *others = view.why_not
            self.problem.show_message(Tone.DANGER, first, others[0] if others else None)
        self.changed.emit(view)

    def _fail(self, error: DeskError) -> None:
        """It can be typed and asked for all the same: the engine looks again."""
        self._looking.hide()
        self.typed.show()
        self.problem.show_message(Tone.WARN, error.what, error.todo)
        self.changed.emit(None)


def _about(view: OrderRefundView) -> Message:
    if view.order is None or view.order.cancelled_at is None:
        return msg("{order}: not cancelled", order=view.asked) if view.order is not None else msg("{order}", order=view.asked)
    return msg("{order}, cancelled {at}", order=view.asked, at=view.order.cancelled_at)
