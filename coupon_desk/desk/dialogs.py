"""The dialogs in front of the page: which are open, and where the focus goes when one closes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind
from coupon_desk.desk.alarm_strip import Alarm, ExplainDialog
from coupon_desk.desk.approvals_dialog import ApprovalsDialog
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.continuation import Continuation
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.receipt_dialog import ReceiptDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.trail_window import TrailWindow
from coupon_desk.desk.work import Work
from coupon_desk.people.roles import Right
from coupon_desk.words import Message

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.people.operators import Session


class Dialogs(QObject):
    """Opens a dialog over its page and forgets it when it is closed; `closed` says so."""

    closed = Signal()

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
        self._open: list[QDialog] = []

    @property
    def open(self) -> tuple[QDialog, ...]:
        """The dialogs that are open."""
        return tuple(self._open)

    def cancel(self, view: CouponView, kind: OperationKind = OperationKind.CANCEL) -> CancelDialog:
        """The dialog that cancels, invalidates or refunds one coupon."""
        dialog = CancelDialog(self._stage, self._desk, self._session, self._work, view, kind, self._page)
        self._show(dialog)
        return dialog

    def approvals(self) -> ApprovalsDialog:
        """The requests that wait for a second person."""
        dialog = ApprovalsDialog(self._stage, self._desk, self._session, self._work, self._page)
        self._show(dialog)
        return dialog

    def operation(self, operation: Operation) -> OperationDialog:
        """One operation: how far it is, and what a person has to do."""
        dialog = OperationDialog(self._stage, self._desk, self._session, self._work, self._continuation, operation, self._page)
        self._show(dialog)
        return dialog

    def receipt(self, view: CouponView) -> ReceiptDialog:
        """The receipt of what was done on a coupon, as a copy."""
        dialog = ReceiptDialog(self._stage, self._desk, self._session, view.code, self._page)
        self._show(dialog)
        return dialog

    def explain(self, alarm: Alarm) -> ExplainDialog:
        """Where an administrator says what was behind an alarm."""
        dialog = ExplainDialog(self._stage, self._desk, self._session, alarm, self._page)
        self._show(dialog)
        return dialog

    def trail(self, rights: Mapping[Right, Message | None]) -> TrailWindow:
        """The trail: a window of its own beside the page, and no second one."""
        already = self._trail()
        if already is not None:
            already.setWindowState(already.windowState() & ~Qt.WindowState.WindowMinimized)
            already.activateWindow()
            return already
        window = TrailWindow(self._stage, self._desk, self._session, rights, self._page)
        self._remember(window)
        window.show()
        window.begin()
        return window

    def close_trail(self) -> None:
        """Close the trail's window, which no dialog keeps from being left alone."""
        window = self._trail()
        if window is not None:
            window.reject()

    def _trail(self) -> TrailWindow | None:
        return next((one for one in self._open if isinstance(one, TrailWindow)), None)

    def _show(self, dialog: QDialog) -> None:
        self._remember(dialog)
        dialog.open()

    def _remember(self, dialog: QDialog) -> None:
        self._open.append(dialog)
        dialog.finished.connect(lambda _result: self._forget(dialog))

    def _forget(self, dialog: QDialog) -> None:
        with contextlib.suppress(ValueError):
            self._open.remove(dialog)
        dialog.deleteLater()
        self.closed.emit()
