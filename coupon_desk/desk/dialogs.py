"""The dialogs in front of the page: which are open, and where the focus goes when one closes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind
from coupon_desk.desk.alarm_strip import Alarm, ExplainDialog
from coupon_desk.desk.bulk_window import BulkWindow
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.continuation import Continuation
from coupon_desk.desk.customer_dialog import CustomerDialog
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.people_dialog import PeopleDialog
from coupon_desk.desk.pin_dialog import PinDialog
from coupon_desk.desk.receipt_dialog import ReceiptDialog
from coupon_desk.desk.reconcile_dialog import ReconcileDialog
from coupon_desk.desk.reminder_window import ReminderWindow
from coupon_desk.desk.review_window import ReviewWindow, Subject
from coupon_desk.desk.second_person_dialog import SecondPersonDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.trail_window import TrailWindow
from coupon_desk.desk.under_way import UnderWay
from coupon_desk.desk.work import Work
from coupon_desk.desk.work_panel import WorkPanel
from coupon_desk.people.roles import Right
from coupon_desk.words import Message

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.inbox import InboxItem
    from coupon_desk.app.view import CouponView
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.desk.settings_window import SettingsWindow
    from coupon_desk.people.operators import Session

W = TypeVar("W", bound=QDialog)


class Dialogs(QObject):
    """Opens a dialog over its page and forgets it when it is closed; `closed` says so.

    `scanned` brings a code that was scanned in a dialog that was done, `put_right` one whose coupon was repaired.
    """

    closed = Signal()
    scanned = Signal(str)
    put_right = Signal(object)

    def __init__(
        self, stage: Stage, desk: CouponDesk, session: Session, work: Work, continuation: Continuation, page: QWidget
    ) -> None:
        super().__init__(page)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._work = work
        self._continuation = continuation
        self._page = page
        self._rights: Mapping[Right, Message | None] = {}
        self._open: list[QDialog] = []
        self._reminders: ReminderWindow | None = None
        self._bulk: BulkWindow | None = None

    @property
    def open(self) -> tuple[QDialog, ...]:
        """The dialogs that are open."""
        return tuple(self._open)

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """What this operator may do; what is opened from now on says why not."""
        self._rights = rights

    def cancel(
        self, view: CouponView, kind: OperationKind = OperationKind.CANCEL, *, order: str = "", over: QWidget | None = None
    ) -> CancelDialog:
        """The dialog that cancels, invalidates or refunds one coupon; `order` is the one of a refund, where it is known."""
        parent = over or self._page
        dialog = CancelDialog(self._stage, self._desk, self._session, self._work, view, kind, parent, order=order)
        dialog.progress.second_person_asked.connect(lambda operation: self.second_person(operation, dialog))
        dialog.scanned.connect(self.scanned)
        self._show(dialog)
        return dialog

    def second_person(self, operation: Operation, over: QDialog) -> SecondPersonDialog:
        """Where a second person decides, over the dialog of the one who asked."""
        dialog = SecondPersonDialog(self._stage, self._desk, self._session, self._work, operation, over)
        self._show(dialog)
        return dialog

    def review(self, subject: Subject = Subject.APPROVALS) -> ReviewWindow:
        """What a person has to look at: a window of its own beside the page, and no second one."""
        window = self._found(ReviewWindow)
        if window is None:
            window = ReviewWindow(self._stage, self._desk, self._session, self._work, self._rights, self._page)
            self._serve(window)
            self._remember(window)
            window.show()
        else:
            _raise(window)
        window.show_subject(subject)
        return window

    def operation(self, operation: Operation, *, over: QWidget | None = None) -> OperationDialog:
        """One operation: how far it is, and what a person has to do."""
        dialog = OperationDialog(
            self._stage, self._desk, self._session, self._rights, self._work, self._continuation, operation, over or self._page
        )
        dialog.progress.second_person_asked.connect(lambda asked: self.second_person(asked, dialog))
        self._show(dialog)
        return dialog

    def receipt(self, view: CouponView) -> ReceiptDialog:
        """The receipt of what was done on a coupon, as a copy."""
        dialog = ReceiptDialog(self._stage, self._desk, self._session, view.code, self._page)
        self._show(dialog)
        return dialog

    def compare(self, code: CouponCode, *, over: QWidget | None = None) -> ReconcileDialog:
        """One coupon held against all sources, and what puts right what contradicts."""
        dialog = ReconcileDialog(self._stage, self._desk, self._session, self._rights, code, over or self._page)
        dialog.changed.connect(self._work.changed)
        dialog.done_on.connect(self.put_right)
        self._show(dialog)
        return dialog

    def customer(self, customer_id: str) -> CustomerDialog:
        """All coupons of a customer, and their life as one line."""
        dialog = CustomerDialog(self._stage, self._desk, self._session, customer_id, self._page)

        def compare(code: CouponCode) -> None:
            self.compare(code, over=dialog).done_on.connect(dialog.look)

        dialog.compare_asked.connect(compare)
        self._show(dialog)
        return dialog

    def work_panel(self, under_way: UnderWay) -> WorkPanel:
        """What is under way: a window of its own beside the page, and no second one."""
        already = self._found(WorkPanel)
        if already is not None:
            _raise(already)
            return already
        panel = WorkPanel(self._stage, under_way, self._rights, self._page)
        panel.show_asked.connect(lambda operation: self.operation(operation, over=panel))
        panel.resume_asked.connect(self._continuation.resume)
        self._remember(panel)
        panel.show()
        return panel

    def pin(self) -> PinDialog:
        """Where operators give themselves a new PIN."""
        dialog = PinDialog(self._stage, self._desk, self._session, self._page)
        self._show(dialog)
        return dialog

    def people(self) -> PeopleDialog:
        """The operators, for whoever manages them; everybody else reads why not."""
        dialog = PeopleDialog(self._stage, self._desk, self._session, self._page)
        self._show(dialog)
        return dialog

    def settings(self) -> SettingsWindow:
        """The settings of this desk; whoever may not change them reads why."""
        from coupon_desk.desk.settings_window import SettingsWindow  # late: nobody sets a shop up every day

        dialog = SettingsWindow(self._stage, self._desk, self._session, self._page)
        self._show(dialog)
        return dialog

    def explain(self, alarm: Alarm) -> ExplainDialog:
        """Where an administrator says what was behind an alarm."""
        dialog = ExplainDialog(self._stage, self._desk, self._session, alarm, self._page)
        self._show(dialog)
        return dialog

    def trail(self) -> TrailWindow:
        """The trail: a window of its own beside the page, and no second one."""
        already = self._found(TrailWindow)
        if already is not None:
            _raise(already)
            return already
        window = TrailWindow(self._stage, self._desk, self._session, self._rights, self._page)
        self._remember(window)
        window.show()
        window.begin()
        return window

    def bulk(self, codes: tuple[CouponCode, ...] = ()) -> BulkWindow:
        """Where many coupons are cancelled: one window, which is hidden while it is closed, so that nothing typed is lost."""
        if self._bulk is None:
            self._bulk = BulkWindow(self._stage, self._desk, self._session, self._rights, self._page)
            self._bulk.finished.connect(lambda _result: self._put_away(self._bulk))
            self._bulk.show_asked.connect(self._show_operation_over_bulk)
        window = self._bulk
        if window not in self._open:
            self._open.append(window)
            window.show()
        else:
            _raise(window)
        window.open_with(codes)
        return window

    def reminders(self, codes: tuple[CouponCode, ...] = ()) -> ReminderWindow:
        """Whom to remind of coupons that expire soon, of these where any are given.

        One window, which is hidden while it is closed, as it may be sending.
        """
        if self._reminders is None:
            self._reminders = ReminderWindow(self._stage, self._desk, self._session, self._rights, self._page)
            self._reminders.finished.connect(lambda _result: self._put_away(self._reminders))
        window = self._reminders
        if window not in self._open:
            self._open.append(window)
            window.show()
            window.come_back()
        else:
            _raise(window)
        if codes:
            window.show_chosen(codes)
        return window

    def close_windows(self) -> None:
        """Close the windows beside the page, which no dialog keeps from being left alone; begin nothing that is held."""
        for dialog in self._open:
            if isinstance(dialog, CancelDialog):
                dialog.leave()
        for window in (
            self._found(TrailWindow),
            self._found(ReviewWindow),
            self._found(ReminderWindow),
            self._found(BulkWindow),
            self._found(WorkPanel),
        ):
            if window is not None:
                window.reject()
        if self._reminders is not None:
            self._reminders.end_work()

    def _serve(self, window: ReviewWindow) -> None:
        """What is asked for in the review opens over it."""
        read, desk, session = self._stage.runner.read, self._desk, self._session

        def refund(item: InboxItem) -> None:
            def ask(view: CouponView) -> None:
                self.cancel(view, OperationKind.ORDER_REFUND, order=item.order, over=window)

            read(window, "look", lambda: desk.look(item.code, session), ask, window.tell)

        def show(identity: str) -> None:
            def open_it(found: Operation) -> None:
                self.operation(found, over=window)

            read(window, "operation", lambda: desk.operation(identity), open_it, window.tell)

        window.refund_asked.connect(refund)
        window.show_asked.connect(show)
        window.trail_asked.connect(lambda search: self.trail().show_search(search))

    def _found(self, kind: type[W]) -> W | None:
        return next((one for one in self._open if isinstance(one, kind)), None)

    def _show(self, dialog: QDialog) -> None:
        self._remember(dialog)
        dialog.open()

    def _remember(self, dialog: QDialog) -> None:
        self._open.append(dialog)
        dialog.finished.connect(lambda _result: self._forget(dialog))

    def _show_operation_over_bulk(self, identity: str) -> None:
        """One coupon of a list: how far it is, and what a person has to do."""
        window, desk = self._bulk, self._desk
        if window is None:
            return

        def show(found: Operation) -> None:
            self.operation(found, over=window)

        self._stage.runner.read(window, "operation", lambda: desk.operation(identity), show, window.tell)

    def _put_away(self, window: QDialog | None) -> None:
        """Closed, and kept."""
        if window in self._open:
            self._open.remove(window)
        self.closed.emit()

    def _forget(self, dialog: QDialog) -> None:
        with contextlib.suppress(ValueError):
            self._open.remove(dialog)
        dialog.deleteLater()
        self.closed.emit()


def _raise(window: QDialog) -> None:
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.activateWindow()
