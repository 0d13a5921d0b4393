"""The page that one works on: search, table and details side by side, and around them what else one must know."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.approvals_dialog import ApprovalsDialog
from coupon_desk.desk.attention_strip import AttentionStrip
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, column, frame, row
from coupon_desk.desk.coupon_list import CouponList
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.details_pane import DetailsPane
from coupon_desk.desk.header import Header, TrainingStrip
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.receipt_dialog import ReceiptDialog
from coupon_desk.desk.search_bar import SearchBar
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.status_line import StatusLine
from coupon_desk.desk.upkeep import Upkeep
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.people.operators import Session

COUNT_AFTER_MS: Final = 40


class WorkPage(QWidget):
    """Everything for one signed-in operator. It connects the parts; none of them decides anything."""

    lock_asked = Signal()
    switch_asked = Signal()

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self.session = session
        self._wanted: CouponCode | None = None
        self._is_asked_to_cancel = False
        self._dialogs: list[QDialog] = []
        self.work = Work(stage, desk, session, self)
        self.upkeep = Upkeep(stage, desk, self)
        self.header = Header(stage, desk.settings.shop.name, session.operator)
        self.search = SearchBar(stage)
        self.rows = CouponRows(stage, desk.catalogue, self)
        self.table = CouponTable(stage, self.rows)
        self.attention = AttentionStrip(stage)
        self.details = DetailsPane(stage, desk, session)
        self.status = StatusLine(stage)
        self.problem = Banner(stage)
        self._lay_out(is_training=desk.is_training)
        self._connect()

    def begin(self) -> None:
        """Fill the page and start the upkeep."""
        desk, session = self._desk, self.session
        self._stage.runner.read(self, "rights", lambda: desk.rights(session), self.details.show_rights, self._fail)
        self.rows.show(self.search.query)
        self._count()
        self._read_operations()
        self.search.focus()
        self.upkeep.begin()
        self.work.resume()

    @property
    def dialogs(self) -> tuple[QDialog, ...]:
        """The dialogs that are open."""
        return tuple(self._dialogs)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is typed where nothing takes it goes to the search: a scanner need not know the focus."""
        is_command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.text().isprintable() and event.text().strip() and not is_command:
            self.search.begin_with(event.text())
        else:
            super().keyPressEvent(event)

    def open_cancel(self, view: CouponView, kind: OperationKind = OperationKind.CANCEL) -> CancelDialog:
        """Open the dialog for one coupon."""
        dialog = CancelDialog(self._stage, self._desk, self.session, self.work, view, kind, self)
        self._open(dialog)
        return dialog

    def open_approvals(self) -> ApprovalsDialog:
        """Open the list of requests that wait for a second person."""
        dialog = ApprovalsDialog(self._stage, self._desk, self.session, self.work, self)
        self._open(dialog)
        return dialog

    def open_operation(self, operation: Operation) -> OperationDialog:
        """Show one operation: how far it is, and what a person has to do."""
        dialog = OperationDialog(self._stage, self._desk, self.session, self.work, operation, self)
        self._open(dialog)
        return dialog

    def select(self, code: CouponCode) -> None:
        """Show this coupon, whether the list has it in view or not."""
        index = self.rows.find(code)
        if index.isValid():
            self.table.select(index)
            return
        desk = self._desk
        self._stage.runner.read(
            self, "find", lambda: desk.catalogue.get(code), lambda found: self._show_found(code, found), self._fail
        )

    def _lay_out(self, *, is_training: bool) -> None:
        stage = self._stage
        self.list = CouponList(stage, self.table)
        self.list.show_all_asked.connect(self.search.show_all)
        card = frame("card", column(self.list, margins=(1, 6, 1, 6)))
        left = column(self.search, self.problem, self.attention, card, spacing=14, margins=(20, 18, 20, 18))
        left.setStretchFactor(card, 1)
        middle = row(left, self.details, spacing=0)
        middle.setStretchFactor(left, 1)
        strips: list[QWidget] = [TrainingStrip(stage)] if is_training else []
        whole = column(*strips, self.header, middle, self.status, spacing=0)
        whole.setStretchFactor(middle, 1)
        self.setLayout(whole)

    def _connect(self) -> None:
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.setInterval(COUNT_AFTER_MS)
        self._counting.timeout.connect(self._count)
        self.search.changed.connect(self._search)
        self.search.entered.connect(self._enter)
        self.search.left_downwards.connect(self._go_down)
        self.rows.arrived.connect(self._rows_arrived)
        self.rows.failed.connect(self._fail)
        self.table.chosen.connect(self.details.show_coupon)
        self.table.opened.connect(lambda _coupon: self.details.ask_to_cancel())
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._ask_to_cancel)
        self.table.typed.connect(self.search.begin_with)
        self.details.looked.connect(self._looked)
        self.details.cancel_asked.connect(self.open_cancel)
        self.details.invalidate_asked.connect(lambda view: self.open_cancel(view, OperationKind.INVALIDATE))
        self.details.refund_asked.connect(lambda view: self.open_cancel(view, OperationKind.ORDER_REFUND))
        self.details.receipt_asked.connect(self._open_receipt)
        self.header.lock_asked.connect(self.lock_asked)
        self.header.switch_asked.connect(self.switch_asked)
        self.header.approvals_asked.connect(self.open_approvals)
        self.attention.show_asked.connect(self.open_operation)
        self.attention.resume_asked.connect(self.work.resume)
        self.status.sync_asked.connect(self.upkeep.sync)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.upkeep.sync)
        self.upkeep.synced.connect(self._synced)
        self.upkeep.sync_told.connect(self.status.show_sync)
        self.upkeep.trail_told.connect(self.status.show_trail)
        self.upkeep.due.connect(self.work.run_due)
        self.work.changed.connect(self._operation_changed)
        self.work.ended.connect(self._operation_ended)
        self.work.resumed.connect(lambda _operations: self._refresh())
        self.work.failed.connect(lambda _code, error: self._fail(error))

    def _search(self, query: Any) -> None:
        self._wanted = None
        self._is_asked_to_cancel = False
        self.rows.show(query)
        self._counting.start()

    def _enter(self, text: str) -> None:
        """Enter, or a scanner's end: select exactly this coupon; a name selects the first one found."""
        self.search.text.selectAll()
        try:
            self._wanted = CouponCode.parse(text)
        except InvalidCode:
            self._go_down()
        else:
            self._show_wanted()

    def _rows_arrived(self) -> None:
        self.problem.hide()
        self.list.show_found(self.rows.rowCount() > 0)
        self._show_wanted()
        coupon = self.table.selected()
        if coupon is None and self.details.view is not None:
            index = self.rows.find(self.details.view.code)
            if index.isValid():
                self.table.select(index)

    def _show_wanted(self) -> None:
        if self._wanted is None:
            return
        index = self.rows.find(self._wanted)
        if index.isValid():
            self.table.select(index)
            self._wanted_is_shown()
        elif not self.rows.rowCount():
            self.select(self._wanted)

    def _wanted_is_shown(self) -> None:
        self._wanted = None
        if self._is_asked_to_cancel:
            self._is_asked_to_cancel = False
            self.details.ask_to_cancel()

    def _ask_to_cancel(self) -> None:
        """Ctrl+Enter means the coupon that was entered, which may not have been found yet, and never the one before it."""
        self._is_asked_to_cancel = self._wanted is not None
        if not self._is_asked_to_cancel:
            self.details.ask_to_cancel()

    def _show_found(self, code: CouponCode, found: Coupon | None) -> None:
        """A code that the list does not know may still be true in Shopify: look there."""
        now = datetime.now(UTC)
        unknown = Coupon(
            code,
            CouponStatus.NEEDS_ATTENTION,
            code.points,
            None,
            self._desk.settings.shop.currency,
            None,
            "",
            None,
            None,
            None,
            now,
        )
        self.details.show_coupon(found or unknown)
        if code == self._wanted:
            self._wanted_is_shown()

    def _go_down(self) -> None:
        if self.rows.rowCount():
            if self.table.selected() is None:
                self.table.select(self.rows.index(0, 0))
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _looked(self, _view: object) -> None:
        """Looking freshens the list, too."""
        self.rows.refresh()
        self._counting.start()

    def _operation_changed(self, operation: Operation) -> None:
        if operation.state in {OperationState.NEEDS_ATTENTION, OperationState.AWAITING_APPROVAL}:
            self._read_operations()

    def _operation_ended(self, operation: Operation) -> None:
        self._refresh()
        if self.details.view is not None and self.details.view.code == operation.code:
            self.details.look()

    def _refresh(self) -> None:
        self.rows.refresh()
        self._counting.start()
        self._read_operations()
        self.upkeep.plan()
        self.upkeep.verify()

    def _read_operations(self) -> None:
        desk = self._desk
        self._stage.runner.read(
            self,
            "operations",
            lambda: (desk.operations(open_only=True), desk.awaiting_approval()),
            self._show_operations,
            self._fail,
        )

    def _show_operations(self, found: tuple[tuple[Operation, ...], tuple[Operation, ...]]) -> None:
        unfinished, waiting = found
        self.attention.show_operations(one for one in unfinished if one.state is not OperationState.COMPLETED)
        self.header.show_waiting(len(waiting))

    def _count(self) -> None:
        desk, text = self._desk, self.search.query.text
        self._stage.runner.read(self, "counts", lambda: desk.catalogue.counts(text), self.search.show_counts, self._fail)

    def _synced(self) -> None:
        self.rows.refresh()
        self._counting.start()

    def _open_receipt(self, view: CouponView) -> None:
        self._open(ReceiptDialog(self._stage, self._desk, self.session, view.code, self))

    def _open(self, dialog: QDialog) -> None:
        self._dialogs.append(dialog)
        dialog.finished.connect(lambda _result: self._closed(dialog))
        dialog.open()

    def _closed(self, dialog: QDialog) -> None:
        with contextlib.suppress(ValueError):
            self._dialogs.remove(dialog)
        dialog.deleteLater()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fail(self, error: DeskError) -> None:
        self.problem.show_message(Tone.WARN, error.what, error.todo)
