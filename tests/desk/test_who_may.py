"""Every role at the window, held against the same table as the engine: what may not be done is there, and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.alarm_strip import Alarm
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.people_dialog import PeopleDialog
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.review_window import ReviewWindow, Subject
from coupon_desk.desk.trail_window import TrailWindow
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Right, Role, refusal
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language, msg, say
from tests.people.who_may import ROLES, Cell, May, cells
from tests.screens.place import PEOPLE

NOTE: Final = "Tried for the table."
PIN: Final = "meadow71"


class Desk:
    """The window as one role sees it, with everything in it that somebody may have to decide."""

    def __init__(self, page: WorkPage, shop: TrainingShop, waiting: Operation, alarmed: Operation) -> None:
        self.page = page
        self.shop = shop
        self._waiting = waiting
        self.alarmed = alarmed

    def select(self, code: str) -> None:
        """Look at a coupon, once."""
        if self.page.details.view is not None and self.page.details.view.code.text == code:
            return
        self.page.search.begin_with(code)
        self.page.search.text.returnPressed.emit()
        self.page.details.look()

    def review(self, subject: Subject) -> ReviewWindow:
        """A tab of the review."""
        window = self.page.dialogs.review(subject)
        QApplication.processEvents()
        return window

    def operation(self, *, waits: bool) -> OperationDialog:
        """The dialog of somebody else's operation."""
        return self.page.dialogs.operation(self._waiting if waits else self.alarmed)

    def button(self, root: QWidget, begins: str) -> QPushButton | None:
        """A button by the beginning of its name."""
        QApplication.processEvents()
        return next(
            (one for one in root.findChildren(QPushButton) if one.objectName().startswith(begins) and one.isVisible()), None
        )


def _spoken(control: QWidget | None) -> str | None:
    """None where it may be used; else why not, as a screen reader says it."""
    assert control is not None
    assert control.isVisible()
    return None if control.isEnabled() else control.accessibleDescription()


def _of_coupon(name: str) -> Callable[[Desk], str | None]:
    def look(at: Desk) -> str | None:
        at.select(at.shop.showcase.used_order_cancelled.code if name == "refund-order" else at.shop.showcase.example.code)
        return _spoken(at.page.details.footer.findChild(QPushButton, name))

    return look


def _of_tab(subject: Subject, tab: Callable[[ReviewWindow], ReviewTab]) -> Callable[[Desk], str | None]:
    return lambda at: tab(at.review(subject)).refusal or None


def _sees_customer(at: Desk) -> str | None:
    at.select(at.shop.showcase.example.code)
    contact = at.page.details.contact.whole()
    return contact if at.page.details.customer.whole() == "•••" else None


def _approves(at: Desk) -> str | None:
    """The second person is who signs in there: here the one who works at the window."""
    window = at.review(Subject.APPROVALS)
    window.approvals.form.choose(at.page.session.login)
    window.approvals.form.pin.setText(PIN)
    window.approvals.form.submit()
    return _spoken(at.button(window, "approve-"))


def _investigates(begins: str) -> Callable[[Desk], str | None]:
    def look(at: Desk) -> str | None:
        window = at.review(Subject.INVESTIGATIONS)
        if window.investigations.tab.refusal:
            return window.investigations.tab.refusal
        window.investigations.note.setText(NOTE)
        return _spoken(at.button(window, begins))

    return look


def _answers(at: Desk) -> str | None:
    dialog = at.operation(waits=False)
    dialog.note.setText(NOTE)
    return _spoken(dialog.answer)


def _resumes(at: Desk) -> str | None:
    at.page.attention.show_operations((at.alarmed,))
    return _spoken(at.page.attention.go_on)


def _withdraws(at: Desk) -> str | None:
    dialog = at.operation(waits=True)
    dialog.note.setText(NOTE)
    return _spoken(dialog.withdraw)


def _exports(at: Desk) -> str | None:
    if not at.page.header.trail.isEnabled():
        return str(refusal(at.page.session.operator.role, Right.EXPORT).what)  # who may not open the trail sees no button in it
    trail = at.page.dialogs.trail()
    assert isinstance(trail, TrailWindow)
    return _spoken(trail.bar.export)


def _explains(at: Desk) -> str | None:
    at.page.upkeep.watch.end()  # which knows that nothing is wrong, and would say so
    at.page.alarms.show_alarms((Alarm(msg("Something"), None, 1),))
    return _spoken(at.button(at.page.alarms, "explain-1"))


WINDOW: Final[dict[str, Callable[[Desk], str | None]]] = {
    "search": lambda at: _spoken(at.page.search.text),
    "see the customer": _sees_customer,
    "cancel": _of_coupon("cancel-coupon"),
    "invalidate only": _of_coupon("invalidate"),
    "refund a cancelled order": _of_coupon("refund-order"),
    "receipt copy": _of_coupon("receipt-copy"),
    "inbox": _of_tab(Subject.ORDERS, lambda window: window.orders.tab),
    "list approvals": _of_tab(Subject.APPROVALS, lambda window: window.approvals.tab),
    "approve": _approves,
    "withdraw another's": _withdraws,
    "answer an alarm": _answers,
    "resume": _resumes,
    "list investigations": _of_tab(Subject.INVESTIGATIONS, lambda window: window.investigations.tab),
    "release points": _investigates("release-"),
    "confirm fraud": _investigates("confirm-"),
    "signals": _of_tab(Subject.SIGNALS, lambda window: window.signals.tab),
    "list people": lambda at: _spoken(at.page.dialogs.people().table),
    "add somebody": lambda at: _spoken(at.page.dialogs.people().add),
    "read the trail": lambda at: _spoken(at.page.header.trail),
    "export": _exports,
    "explain an alarm": _explains,
}

BEFORE: Final = {"release points": Right.READ_TRAIL, "confirm fraud": Right.READ_TRAIL, "inbox": Right.REFUND_ORDER}
"""Rights that a role may lack already on the way to an action, and of whose lack it is told then."""


@pytest.fixture
def at(window: Window, desk: CouponDesk, shop: TrainingShop) -> Callable[[Role], Desk]:
    """Signs a role in, at one window after the other."""
    owner = desk.people.sign_in("owner", PEOPLE[0].pin)
    clerk = desk.people.sign_in("clerk", PEOPLE[2].pin)
    for role in ROLES:
        desk.people.add(NewOperator(f"tried-{role}", f"Some {role}", role, PIN), owner)
    story = shop.showcase

    def ask(code: str, reason: Reason, by: Session) -> Operation:
        kind = OperationKind.CANCEL if reason.returns_points else OperationKind.INVALIDATE
        return desk.cancel(CancelRequest(CouponCode.parse(code), kind, reason, NOTE), by, wait_seconds=60)

    waiting = ask(story.record_wrapped.code, Reason.CUSTOMER_REQUEST, clerk)
    ask(story.no_email.code, Reason.SUSPECTED_FRAUD, owner)
    alarmed = replace(ask(story.record_list.code, Reason.CUSTOMER_REQUEST, owner), state=OperationState.NEEDS_ATTENTION)

    def sign_in(role: Role) -> Desk:
        window.switch()
        assert window.sign_in_page is not None
        window.sign_in_page.form.choose(f"tried-{role}")
        window.sign_in_page.form.pin.setText(PIN)
        window.sign_in_page.form.submit()
        assert window.work_page is not None
        return Desk(window.work_page, shop, waiting, alarmed)

    return sign_in


def test_each_row_is_tried_at_the_window_where_it_says() -> None:
    assert set(WINDOW) == {cell.action for cell in cells("window")}


def test_the_window_shows_to_each_role_what_the_table_says(at: Callable[[Role], Desk]) -> None:
    wrong = []
    for role in ROLES:
        desk = at(role)
        wrong += [told for cell in cells("window") if cell.role is role and (told := _wrong(desk, cell))]
    assert wrong == []


def _wrong(at: Desk, cell: Cell) -> str | None:
    """None where the window shows what the table says."""
    why_not = WINDOW[cell.action](at)
    for dialog in at.page.dialogs.open:
        if isinstance(dialog, (OperationDialog, PeopleDialog)):
            dialog.reject()
    if cell.may in {May.YES, May.ASK}:
        return None if why_not is None else f"{cell}: {why_not}"
    before = BEFORE.get(cell.action, cell.right)
    right = before if not cell.role.may(before) else cell.right
    expected = say(refusal(cell.role, right).what, Language.EN)
    return None if why_not == expected else f"{cell}: {why_not}, and not {expected}"
