"""A way through every screen of the program, in the order in which a newcomer meets them.

Each stop leaves the screen as it is until the next is asked for: what is done to it there (a picture, a look for texts that
are cut off, a walk through its accessibility tree) is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from msgspec import structs
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from coupon_desk import settings
from coupon_desk.cancellation.bulk_job import JobState
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.add_person_dialog import AddPersonDialog
from coupon_desk.desk.alarm_strip import Alarm
from coupon_desk.desk.bulk_window import BulkWindow
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.customer_dialog import CustomerDialog
from coupon_desk.desk.mail_preview import MailPreview
from coupon_desk.desk.receipt_preview import ReceiptPreview
from coupon_desk.desk.reconcile_dialog import ReconcileDialog
from coupon_desk.desk.review_window import Subject
from coupon_desk.desk.second_person_dialog import SecondPersonDialog
from coupon_desk.desk.start_pages import FirstAdminPage, FirstRunPage, ProblemPage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.errors import ConfigurationError
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.words import msg
from tests.screens import setting_up
from tests.screens.place import Place, pin_of

NOTE: Final = "The customer prefers points; asked at the counter."
PATIENCE_SECONDS: Final = 60.0
HOLD_SECONDS: Final = 5

_EXPLAIN: Final = msg("Work can go on. An administrator finds out what was behind it, and explains it here.")

W = TypeVar("W", bound=QDialog)


@dataclass(frozen=True, slots=True)
class Screen:
    """What is in front now. `front` is the window itself, or what stands over it."""

    name: str
    front: QWidget


def tour(place: Place) -> Iterator[Screen]:
    """Every screen, one after the other."""
    yield from _before_anybody_is_there(place)
    yield Screen("sign-in", place.window)
    page = place.sign_in("manager")
    yield from _the_list(place, page)
    yield from _one_coupon(place, page)
    yield from _a_cancellation(place, page)
    yield from _what_needs_a_person(place, page)
    yield from _what_contradicts(place, page)
    yield from _many_coupons(place, page)
    yield from _the_trail(place, place.sign_in("owner"))
    yield from _the_review(place)
    yield from _the_operators(place)
    yield from (Screen(name, dialog) for name, dialog in setting_up.settings(place))
    yield from (Screen(name, front) for name, front in setting_up.helping(place))


def _before_anybody_is_there(place: Place) -> Iterator[Screen]:
    stage, window = place.stage, place.window
    wrong = ProblemPage(stage)
    try:
        settings.parse("settle_seconds = 1", Path("config.toml"))
    except ConfigurationError as error:
        wrong.show_error(error)
    pages = (
        ("first-run", FirstRunPage(stage, offers_training=True, offers_setup=True)),
        ("first-administrator", FirstAdminPage(stage, place.desk)),
        ("problem", wrong),
    )
    for name, page in pages:
        with _shown_in(window, page):
            yield Screen(name, window)
    with setting_up.assistant(place) as assistant, _shown_in(window, assistant):
        for name in setting_up.steps(place, assistant):
            yield Screen(name, window)


@contextmanager
def _shown_in(window: Window, page: QWidget) -> Iterator[None]:
    """A page in the window for a while."""
    before = window.page
    window.pages.addWidget(page)
    window.pages.setCurrentWidget(page)
    yield
    if before is not None:
        window.pages.setCurrentWidget(before)
    window.pages.removeWidget(page)
    page.deleteLater()


def _the_list(place: Place, page: WorkPage) -> Iterator[Screen]:
    window = place.window
    page.search.show_all()
    yield Screen("list", window)
    page.search.filters.click()
    yield Screen("filters", window)
    page.search.filters.click()
    page.search.begin_with("nobody of this name")
    _rest(page)
    yield Screen("nothing-found", window)
    page.search.show_all()
    page.table.selectAll()
    _rest(page)
    yield Screen("several-selected", window)
    page.table.clear_selection()


def _one_coupon(place: Place, page: WorkPage) -> Iterator[Screen]:
    story = place.shop.showcase
    for name, code in (
        ("coupon", story.example.code),
        ("used", story.used.code),
        ("used-order-cancelled", story.used_order_cancelled.code),
        ("several-codes", story.several_codes.code),
        ("conversion-differs", story.conversion_differs.code),
        ("no-email", story.no_email.code),
    ):
        _look_at(page, code)
        yield Screen(name, place.window)
    _look_at(page, story.used_order_cancelled.code)
    page.details.footer.refund.click()
    refund = _in_front(page, CancelDialog)
    yield Screen("refund", refund)
    refund.reject()


def _a_cancellation(place: Place, page: WorkPage) -> Iterator[Screen]:
    _look_at(page, place.shop.showcase.example.code)
    usual = place.desk.settings
    place.desk.settings = structs.replace(usual, desk=settings.Desk(hold_seconds=HOLD_SECONDS))
    page.details.cancel.click()
    place.desk.settings = usual
    dialog = _in_front(page, CancelDialog)
    yield Screen("cancel", dialog)
    dialog.form.reasons.pick(Reason.CUSTOMER_REQUEST)
    QTest.keyClick(dialog.form.note, Qt.Key.Key_Down)
    yield Screen("phrases", dialog)
    QTest.keyClick(dialog.form.note, Qt.Key.Key_Escape)
    dialog.form.note.setPlainText(NOTE)
    yield Screen("cancel-filled-in", dialog)
    dialog.consequences.preview.click()
    (mail,) = dialog.findChildren(MailPreview)
    yield Screen("mail", mail)
    mail.reject()
    dialog.consequences.receipt_preview.click()
    _live_until(lambda: bool(dialog.findChildren(ReceiptPreview)))
    (preview,) = dialog.findChildren(ReceiptPreview)
    yield Screen("receipt-preview", preview)
    preview.reject()
    dialog.confirm()
    yield Screen("held", dialog)
    while dialog.hold.is_running:
        dialog.hold.tick()
    _live_until(lambda: dialog.operation is not None and dialog.progress.receipt.is_ready)
    yield Screen("cancelled", dialog)
    dialog.reject()
    yield Screen("coupon-cancelled", place.window)
    view = page.details.view
    assert view is not None
    receipt = page.dialogs.receipt(view)
    yield Screen("receipt-copy", receipt)
    receipt.reject()
    page.not_begun.show_codes((view.code,))
    yield Screen("not-begun", place.window)
    page.not_begun.dismiss.click()


def _what_needs_a_person(place: Place, page: WorkPage) -> Iterator[Screen]:
    story = place.shop.showcase
    _look_at(page, story.record_list.code)
    view = page.details.view
    assert view is not None
    dialog = page.dialogs.cancel(view)
    dialog.form.reasons.pick(Reason.GOODWILL)
    dialog.form.note.setPlainText(NOTE)
    dialog.confirm()
    yield Screen("awaits-approval", dialog)
    dialog.progress.second_person.click()
    second = _in_front(page, SecondPersonDialog)
    second.who.form.choose("owner")
    second.who.form.pin.setText(pin_of("owner"))
    second.who.form.submit()
    yield Screen("second-person", second)
    second.reject()
    dialog.reject()

    place.shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))
    operation = _cancelled(place, story.record_wrapped.code)
    page.continuation.resume()
    page.attention.show_operations(place.desk.operations(open_only=True))
    yield Screen("needs-attention", place.window)
    shown = page.dialogs.operation(operation)
    yield Screen("operation", shown)
    shown.reject()
    page.under_way.take_all(place.desk.operations(open_only=True))
    panel = page.dialogs.work_panel(page.under_way)
    yield Screen("work-in-progress", panel)
    panel.reject()


def _what_contradicts(place: Place, page: WorkPage) -> Iterator[Screen]:
    _look_at(page, place.shop.showcase.already_returned.code)
    page.details.compare.click()
    compared = _in_front(page, ReconcileDialog)
    yield Screen("compare", compared)
    compared.reject()
    page.details.all_of_customer.click()
    customer = _in_front(page, CustomerDialog)
    yield Screen("customer", customer)
    customer.reject()


def _many_coupons(place: Place, page: WorkPage) -> Iterator[Screen]:
    window = page.dialogs.bulk(_free_codes(place, 3))
    assert isinstance(window, BulkWindow)
    window.input.codes.setPlainText(f"{window.input.codes.toPlainText().strip()}\n{place.shop.showcase.used.code}\nHELLO")
    window.input.read_now()
    window.input.why.reasons.pick(Reason.DUPLICATE_ISSUE)
    window.input.why.note.setPlainText("Issued twice by the campaign.")
    window.resize(1000, 640)
    yield Screen("many-coupons", window)
    window.look()
    yield Screen("many-coupons-sorted", window)
    window.confirm()
    _live_until(lambda: _has_ended(window))
    yield Screen("many-coupons-done", window)
    window.reject()
    reminders = page.dialogs.reminders()
    reminders.resize(960, 600)
    reminders.show_days(14)
    reminders.look()
    yield Screen("reminders", reminders)
    reminders.reject()


def _the_trail(place: Place, page: WorkPage) -> Iterator[Screen]:
    page.upkeep.watch.end()  # which knows that nothing is wrong, and would say so
    alarm = Alarm(msg("From entry {sequence} on another key signs than before.", sequence=7), _EXPLAIN, 7)
    page.alarms.show_alarms((alarm,))
    yield Screen("alarm", place.window)
    explain = page.dialogs.explain(alarm)
    yield Screen("alarm-explained", explain)
    explain.reject()
    page.alarms.show_alarms(())
    trail = page.dialogs.trail()
    trail.resize(1280, 720)
    trail.table.select(trail.rows.index(3, 0))
    trail.verify()
    yield Screen("trail", trail)
    export = trail.export()
    yield Screen("trail-export", export)
    export.reject()
    summary = trail.summarise()
    yield Screen("summary", summary)
    summary.reject()
    trail.reject()


def _the_review(place: Place) -> Iterator[Screen]:
    page = place.window.work_page
    assert page is not None
    _cancelled(place, place.shop.showcase.no_email.code, Reason.SUSPECTED_FRAUD)
    for subject in Subject:
        window = page.dialogs.review(subject)
        window.resize(1000, 600)
        yield Screen(f"review-{subject.value}", window)
    window.reject()


def _the_operators(place: Place) -> Iterator[Screen]:
    page = place.window.work_page
    assert page is not None
    people = page.dialogs.people()
    yield Screen("people", people)
    people.ask_to_add()
    (adding,) = people.findChildren(AddPersonDialog)
    yield Screen("add-operator", adding)
    adding.reject()
    people.reject()
    pin = page.dialogs.pin()
    yield Screen("pin", pin)
    pin.reject()


def _look_at(page: WorkPage, code: str) -> None:
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()
    _rest(page)


def _rest(page: WorkPage) -> None:
    """Until nothing waits for a moment in which nobody types."""
    _live_until(lambda: not any(timer.isActive() and timer.isSingleShot() for timer in page.findChildren(QTimer)))


def _in_front(page: WorkPage, kind: type[W]) -> W:
    (found,) = [one for one in page.dialogs.open if isinstance(one, kind)]
    return found


def _cancelled(place: Place, code: str, reason: Reason = Reason.CUSTOMER_REQUEST) -> Operation:
    """Somebody else cancels a coupon meanwhile."""
    kind = OperationKind.CANCEL if reason.returns_points else OperationKind.INVALIDATE
    request = CancelRequest(CouponCode.parse(code), kind, reason, NOTE)
    return place.desk.cancel(request, place.session("owner"), wait_seconds=60)


def _free_codes(place: Place, count: int) -> tuple[CouponCode, ...]:
    special = {specimen.code for specimen in place.shop.showcase.all().values()}
    query = CouponQuery(statuses=frozenset({StatusFilter.UNUSED}), limit=100, points_until=1500)
    found = (one.code for one in place.desk.catalogue.search(query).rows if one.code.text not in special)
    return tuple(islice(found, count))


def _has_ended(window: BulkWindow) -> bool:
    window.progress.take_news()
    return window.progress.job is not None and window.progress.job.state is JobState.ENDED


def _live_until(is_so: Callable[[], bool]) -> None:
    until = monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert monotonic() < until, "what was waited for did not come"
        settle(1)


def settle(rounds: int = 5) -> None:
    """Let the window lay itself out: what one round of its events asks for is done in the next."""
    for _ in range(rounds):
        QApplication.sendPostedEvents()
        QApplication.processEvents()
