"""The page that one works on: search, table and details side by side, and around them what else one must know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.desk.alarm_strip import Alarm, AlarmStrip
from coupon_desk.desk.attention_strip import AttentionStrip
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.column_menu import ColumnMenu, column_button
from coupon_desk.desk.columns import PERSONAL, Column, next_sort
from coupon_desk.desk.continuation import Continuation
from coupon_desk.desk.controls import Banner, allow, column, frame, row
from coupon_desk.desk.coupon_finder import CouponFinder
from coupon_desk.desk.coupon_list import CouponList
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.details_pane import DetailsPane
from coupon_desk.desk.dialogs import Dialogs
from coupon_desk.desk.header import Header, TrainingStrip
from coupon_desk.desk.kept_views import KeptViews
from coupon_desk.desk.list_actions import ListActions
from coupon_desk.desk.not_begun_strip import NotBegunStrip
from coupon_desk.desk.notices import DesktopBell, Notices
from coupon_desk.desk.page_scans import PageScans
from coupon_desk.desk.review_watch import ReviewWatch
from coupon_desk.desk.scanner_pace import scanner_keys
from coupon_desk.desk.search_bar import SearchBar
from coupon_desk.desk.selection import Selected
from coupon_desk.desk.selection_line import SelectionLine
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.status_line import StatusLine
from coupon_desk.desk.taskbar import Taskbar
from coupon_desk.desk.under_way import InProgress, UnderWay
from coupon_desk.desk.upkeep import Upkeep
from coupon_desk.desk.view_button import ViewButton
from coupon_desk.desk.work import Work
from coupon_desk.desk.work_panel import headline
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.catalogue.query import Counts, CouponQuery
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.people.operators import Session

COUNT_AFTER_MS: Final = 120
"""Counting waits until somebody has paused typing: it must not slow down the search that they wait for."""

PAINTED_AFTER_MS: Final = 30


class WorkPage(QWidget):
    """Everything for one signed-in operator. It connects the parts; none of them decides anything."""

    lock_asked = Signal()
    switch_asked = Signal()
    reopen_asked = Signal()
    selection_changed = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, continuation: Continuation) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self.session = session
        self.continuation = continuation
        self.work = Work(stage, desk, session, self)
        self.upkeep = Upkeep(stage, desk, self)
        self.review_watch = ReviewWatch(stage, desk, session, self)
        self.under_way = UnderWay(self)
        self.notices = Notices(stage, DesktopBell(stage, self), self)
        self._taskbar = Taskbar()
        self.dialogs = Dialogs(stage, desk, session, self.work, continuation, self)
        self.header = Header(stage, desk.settings.shop.name, session.operator)
        self.search = SearchBar(stage)
        self.rows = CouponRows(stage, desk.coupons, session, self)
        self.table = CouponTable(stage, self.rows)
        self.selection_line = SelectionLine(stage)
        self.list_actions = ListActions(stage, desk.coupons, session, self.rows, self.table, self)
        self.views = KeptViews(self.search.asked, self.table, desk.home, self)
        self.view_button = ViewButton(stage, self.views)
        self.column_menu = ColumnMenu(stage, self.table, self, hides_customer=self.rows.hides_customer)
        self.alarms = AlarmStrip(stage)
        self.attention = AttentionStrip(stage)
        self.not_begun = NotBegunStrip(stage)
        self.details = DetailsPane(stage, desk, session)
        self.finder = CouponFinder(stage, desk, session, self.rows, self.table, self.details, self)
        self.status = StatusLine(stage)
        self.problem = Banner(stage)
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.setInterval(COUNT_AFTER_MS)
        self._first_rows = QTimer(self)
        self._first_rows.setSingleShot(True)
        self._first_rows.setInterval(PAINTED_AFTER_MS)
        self._first_rows.timeout.connect(self._begin_upkeep)
        self._lay_out(is_training=desk.is_training)
        self.scans = PageScans(self, self.search, scanner_keys(desk.settings.desk))
        self._connect_search()
        self._connect_list()
        self._connect_details()
        self._connect_work()

    def begin(self) -> None:
        """Fill the page; the upkeep starts when the first rows are there, so that nothing competes with them."""
        desk, session = self._desk, self.session
        self._stage.runner.read(self, "rights", lambda: desk.rights(session), self._show_rights, self._fail)
        for is_there in (self.rows.arrived, self.rows.failed):
            is_there.connect(self._first_rows.start)
        self.views.recall()
        if self.rows.query is None:
            self.rows.show(self.search.query)
        self.search.focus()
        if not self.rows.is_fetching:
            self._begin_upkeep()

    def _begin_upkeep(self) -> None:
        """Once, when the first rows are painted."""
        for is_there in (self.rows.arrived, self.rows.failed):
            is_there.disconnect(self._first_rows.start)
        self._first_rows.stop()
        self._count()
        self._read_operations()
        desk, login = self._desk, self.session.login
        self._stage.runner.read(self, "not-begun", lambda: desk.drafts.not_begun(login), self.not_begun.show_codes, self._fail)
        self.upkeep.begin()
        self.review_watch.begin()
        self.continuation.resume()

    def leave(self) -> None:
        """Nobody works here any more: look after nothing, and close what stands beside the page."""
        self._first_rows.stop()
        self.upkeep.end()
        self.review_watch.end()
        self.dialogs.close_windows()
        self.notices.end()
        self._taskbar.show(InProgress())
        self._counting.stop()
        self.selection_line.end()
        self.views.keep()

    def selected(self) -> tuple[CouponCode, ...]:
        """The codes of the coupons that are selected in the list."""
        return self.table.selection.selected.codes

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is typed where nothing takes it goes to the search: a scanner need not know the focus."""
        is_command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.text().isprintable() and event.text().strip() and not is_command:
            self.search.begin_with(event.text())
        else:
            super().keyPressEvent(event)

    def _lay_out(self, *, is_training: bool) -> None:
        stage = self._stage
        self.list = CouponList(stage, self.table)
        self.search.put_beside(self.view_button, column_button(stage, self.column_menu))
        card = frame("card", column(self.list, self.selection_line, spacing=0, margins=(1, 6, 1, 1)))
        told = (self.problem, self.not_begun, self.attention)
        left = column(self.alarms, self.search, *told, card, spacing=14, margins=(20, 18, 20, 18))
        left.setStretchFactor(card, 1)
        middle = row(left, self.details, spacing=0)
        middle.setStretchFactor(left, 1)
        strips: list[QWidget] = [TrainingStrip(stage)] if is_training else []
        whole = column(*strips, self.header, middle, self.status, spacing=0)
        whole.setStretchFactor(middle, 1)
        self.setLayout(whole)

    def _connect_search(self) -> None:
        self._counting.timeout.connect(self._count)
        self.search.changed.connect(self._search)
        self.search.entered.connect(self._enter)
        self.search.entered_again.connect(self.finder.enter_again)
        self.search.left_downwards.connect(self.finder.go_down)
        self.list.show_all_asked.connect(self.search.show_all)
        self.rows.arrived.connect(self._rows_arrived)
        self.rows.failed.connect(self._fail)
        self.finder.failed.connect(self._fail)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, lambda: self._cancel(self.finder.ask_to_cancel))
        QShortcut(QKeySequence("F5"), self, self.upkeep.sync)
        QShortcut(QKeySequence("Ctrl+O"), self, self._show_work)

    def _connect_list(self) -> None:
        table, line, actions = self.table, self.selection_line, self.list_actions
        table.chosen.connect(self.details.show_coupon)
        table.opened.connect(lambda _coupon: self._cancel(self.details.ask_to_cancel))
        table.typed.connect(self.search.begin_with)
        table.head.sort_asked.connect(self._sort)
        self.search.changed.connect(lambda query: table.head.show_sort(query.sort))
        table.selection.told.connect(self._tell_selected)
        line.clear_asked.connect(table.clear_selection)
        line.copy_asked.connect(actions.copy_codes)
        self.cancel_selected = line.add_action(_cancel_many, self._cancel_selected, name="cancel-selected")
        self.remind_selected = line.add_action(_remind_many, self._remind_selected, name="remind-selected", kind="normal")
        actions.told.connect(line.show_notice)
        actions.failed.connect(self._fail)

    def _connect_details(self) -> None:
        self.details.looked.connect(lambda _view: self._freshen())
        self.details.cancel_asked.connect(self.dialogs.cancel)
        self.details.invalidate_asked.connect(lambda view: self.dialogs.cancel(view, OperationKind.INVALIDATE))
        self.details.refund_asked.connect(lambda view: self.dialogs.cancel(view, OperationKind.ORDER_REFUND))
        self.details.receipt_asked.connect(self.dialogs.receipt)
        self.details.take_over_asked.connect(self.dialogs.cancel)
        self.dialogs.scanned.connect(self.search.enter)
        self.details.compare_asked.connect(lambda view: self.dialogs.compare(view.code))
        self.details.customer_asked.connect(self.dialogs.customer)
        self.dialogs.put_right.connect(self._put_right)
        self.dialogs.closed.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.header.lock_asked.connect(self.lock_asked)
        self.header.switch_asked.connect(self.switch_asked)
        self.header.pin_asked.connect(self.dialogs.pin)
        self.header.people_asked.connect(self.dialogs.people)
        self.header.settings_asked.connect(self._open_settings)
        self.header.review_asked.connect(self.dialogs.review)
        self.header.trail_asked.connect(self.dialogs.trail)
        self.header.bulk_asked.connect(self.dialogs.bulk)
        self.header.reminders_asked.connect(self.dialogs.reminders)
        self.not_begun.show_asked.connect(self.search.enter)
        self.attention.show_asked.connect(self.dialogs.operation)
        self.attention.resume_asked.connect(self.continuation.resume)
        self.attention.all_asked.connect(self._show_work)
        self.status.work_asked.connect(self._show_work)

    def _connect_work(self) -> None:
        self.status.sync_asked.connect(self.upkeep.sync)
        self.upkeep.synced.connect(self._freshen)
        self.review_watch.counted.connect(lambda waiting: self.header.show_waiting(waiting.total))
        self.review_watch.changed.connect(self.work.changed)
        self.work.decided.connect(lambda _request: self.review_watch.look())
        self.upkeep.sync_told.connect(self._tell_sync)
        self.upkeep.trail_told.connect(self._tell_trail)
        self.upkeep.watch.alarms_told.connect(self.alarms.show_alarms)
        self.upkeep.watch.central_told.connect(self.status.show_central)
        self.alarms.explain_asked.connect(self._explain)
        self.work.changed.connect(self._operation_changed)
        self.work.changed.connect(self.under_way.take)
        self.work.changed.connect(self.notices.hear)
        self._stage.print_faults.told.connect(self._fail)
        self.under_way.changed.connect(self._tell_under_way)
        self.work.ended.connect(self._operation_ended)
        self.work.failed.connect(lambda _code, error: self._fail(error))
        self.continuation.changed.connect(self.work.changed)
        self.continuation.resumed.connect(self._refresh)
        self.continuation.failed.connect(self._fail)

    def _show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        self.dialogs.show_rights(rights)
        self.details.show_rights(rights)
        self.header.show_rights(rights)
        self.alarms.show_rights(rights)
        self.attention.show_rights(rights)
        allow(self._stage, self.cancel_selected, rights.get(Right.ASK), msg("Ctrl+Enter"))
        allow(self._stage, self.remind_selected, rights.get(Right.REMIND))

    def _cancel_selected(self, codes: tuple[CouponCode, ...]) -> None:
        self.dialogs.bulk(codes)

    def _remind_selected(self, codes: tuple[CouponCode, ...]) -> None:
        self.dialogs.reminders(codes)

    def _open_settings(self) -> None:
        self.dialogs.settings().reopen_asked.connect(self.reopen_asked)

    def _explain(self, alarm: Alarm) -> None:
        dialog = self.dialogs.explain(alarm)
        dialog.explained.connect(self.upkeep.watch.look)
        dialog.explained.connect(self.upkeep.verify)

    def _tell_sync(self, message: Message, is_running: bool, is_wrong: bool) -> None:
        self.status.show_sync(message, is_running=is_running, is_wrong=is_wrong)

    def _tell_trail(self, message: Message, is_proved: bool, is_wrong: bool) -> None:
        self.status.show_trail(message, is_proved=is_proved, is_wrong=is_wrong)

    def _search(self, query: CouponQuery) -> None:
        self.finder.forget()
        self.rows.show(query)
        self._counting.start()

    def _enter(self, text: str) -> None:
        self.search.text.selectAll()
        self.finder.enter(text)

    def _rows_arrived(self) -> None:
        self.problem.hide()
        self.list.show_found(self.rows.rowCount() > 0)
        self.finder.take_rows()

    def _freshen(self) -> None:
        """The list may have changed: looking at a coupon freshens it, too."""
        self.rows.refresh()
        self._counting.start()

    def _operation_changed(self, operation: Operation) -> None:
        if operation.state in {OperationState.NEEDS_ATTENTION, OperationState.AWAITING_APPROVAL}:
            self._read_operations()
            if operation.kind is OperationKind.ORDER_REFUND:
                self.review_watch.look_at_orders()

    def _operation_ended(self, operation: Operation) -> None:
        self._refresh()
        self.continuation.plan()
        if self.details.view is not None and self.details.view.code == operation.code:
            self.details.look()

    def _put_right(self, code: CouponCode) -> None:
        self._refresh()
        if self.details.view is not None and self.details.view.code == code:
            self.details.look()

    def _refresh(self) -> None:
        self._freshen()
        self._read_operations()
        self.upkeep.verify()

    def _read_operations(self) -> None:
        desk = self._desk
        self._stage.runner.read(self, "operations", lambda: desk.operations(open_only=True), self._show_operations, self._fail)
        self.review_watch.look()

    def _show_operations(self, unfinished: tuple[Operation, ...]) -> None:
        self.attention.show_operations(unfinished)
        self.under_way.take_all(unfinished)

    def _tell_under_way(self, now: InProgress) -> None:
        self.status.show_work(headline(now) if now.operations else None)
        self._taskbar.show(now)

    def _show_work(self) -> None:
        self.dialogs.work_panel(self.under_way)

    def _count(self) -> None:
        desk, session, query = self._desk, self.session, self.search.query
        self._stage.runner.read(self, "counts", lambda: desk.coupons.counts(query, session), self._show_counts, self._fail)

    def _show_counts(self, counts: Counts) -> None:
        self.search.show_counts(counts.by_status)
        self.selection_line.show_count(counts.shown)

    def _sort(self, column: Column) -> None:
        query = self.search.query
        if not (self.rows.hides_customer and column in PERSONAL):
            self.search.asked.put(replace(query, sort=next_sort(column, query.sort)))

    def _tell_selected(self, selected: Selected) -> None:
        self.selection_line.show_selected(selected)
        self.selection_changed.emit(selected)

    def _cancel(self, the_one: Callable[[], None]) -> None:
        """Several coupons are cancelled together; one is the one that was entered, or that is shown."""
        several = self.selection_line.first_action if self.table.selection.selected.count > 1 else None
        if several is not None:
            several.click()
        else:
            the_one()

    def _fail(self, error: DeskError) -> None:
        self.problem.show_message(Tone.WARN, error.what, error.todo)


def _cancel_many(count: int) -> Message:
    return msgn("Cancel {count} coupon…", "Cancel {count} coupons…", count=count)


def _remind_many(_count: int) -> Message:
    return msg("Send reminders…")
