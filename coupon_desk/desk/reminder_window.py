"""The window of the coupons that expire soon: which they are, who would be reminded, and the one e-mail that reminds them.

It may be closed while e-mails are sent: the sending goes on, and each coupon's reminder stands in the trail.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QDialog, QFrame, QProgressBar, QPushButton, QWidget

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.bulk_kinds import ALL, BulkKinds
from coupon_desk.desk.bulk_lines import BulkLines
from coupon_desk.desk.bulk_table import BulkCard
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, allow, button, column, frame, icon_label, label, row
from coupon_desk.desk.reminder_lines import KINDS, reminder_line
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.typed_count import TypedCount
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.reminders import Reminder, ReminderRun
    from coupon_desk.people.operators import Session

SIZE_PX: Final = (1060, 700)
SMALLEST_PX: Final = (960, 600)
FRAME_PX: Final = 40
LOOK_EVERY_MS: Final = 150
SPANS: Final = (7, 14, 30)
CONFIRM_ABOVE: Final = 20
"""More e-mails than this are sent only when somebody has typed how many they are."""


class _Doing(StrEnum):
    NOTHING = "nothing"
    LOOKING = "looking"
    SENDING = "sending"


class _News:
    """What became of each coupon, put in by the worker and fetched by the window; and whether it should end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: list[Reminder] = []
        self.ended = threading.Event()

    def put(self, reminder: Reminder) -> None:
        """On the worker."""
        with self._lock:
            self._fresh.append(reminder)

    def take(self) -> list[Reminder]:
        """Those that came since."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        return fresh


class ReminderWindow(QDialog):
    """Decides nothing: whom to remind is found out anew by the desk when it looks, and once more when it sends."""

    sent = Signal()

    def __init__(
        self, stage: Stage, desk: CouponDesk, session: Session, rights: Mapping[Right, Message | None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._why_not = rights.get(Right.REMIND)
        self._days = SPANS[0]
        self._doing = _Doing.NOTHING
        self._news = _News()
        self._due: tuple[CouponCode, ...] = ()
        self._chosen: tuple[CouponCode, ...] | None = None
        self._is_looked_at = False
        self._shown: dict[CouponCode, tuple[int, Reminder]] = {}
        self._done = 0
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setWindowFlag(Qt.WindowType.WindowMinimizeButtonHint)
        self.setMinimumSize(*SMALLEST_PX)
        self.resize(_fitting(self))
        stage.speech.tell(self, msg("Expiring soon – {shop}", shop=desk.settings.shop.name), "setWindowTitle")
        whole = column(self._top(), self._middle(), self._bottom(), spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        self._looking = QTimer(self)
        self._looking.setInterval(LOOK_EVERY_MS)
        self._looking.timeout.connect(self.take_news)
        QShortcut(QKeySequence("F5"), self, self.read)
        self._say()

    def read(self) -> None:
        """Which coupons expire soon, and which were reminded of; from the list and the trail, without any network."""
        if self._doing is not _Doing.NOTHING:
            return
        reminders, session, days = self._desk.reminders, self._session, self._days
        self._stage.runner.read(self, "list", lambda: reminders.list(session, days=days), self._show_list, self._fail)

    def show_days(self, days: int) -> None:
        """Look at all coupons that expire within so many days."""
        if self._doing is _Doing.NOTHING:
            self._chosen = None
            self._days = days
            self.spans[days].setChecked(True)
            self.read()

    def show_chosen(self, codes: tuple[CouponCode, ...]) -> None:
        """Look at these coupons alone, as far as they expire within the longest span."""
        if self._doing is _Doing.NOTHING:
            self.show_days(SPANS[-1])
            self._chosen = codes
            self.read()

    def look(self) -> None:
        """The dry run: who would be reminded, by what all sources say now."""
        self._begin(_Doing.LOOKING, self._chosen)

    def send(self) -> None:
        """Remind those who were found; each coupon is looked at once more."""
        if self._may_send():
            self._begin(_Doing.SENDING, self._due)

    def end_work(self) -> None:
        """End the looking or the sending after the coupon that is under way."""
        self._news.ended.set()
        self.end.setEnabled(False)

    def take_news(self) -> None:
        """What became of coupons since it was last looked."""
        fresh = self._news.take()
        self._done += len(fresh)
        for reminder in fresh:
            place = self._shown.get(reminder.code, (len(self._shown) + 1, reminder))[0]
            self._shown[reminder.code] = (place, reminder)
        self.lines.put(reminder_line(*self._shown[one.code]) for one in fresh)
        if fresh:
            self.kinds.show_counts(self.lines.counts)
            self._show_far()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter looks, then sends; Esc closes; Enter alone begins nothing."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self._doing is _Doing.NOTHING:
                (self.send if self._is_looked_at else self.look)()
        elif not is_enter:
            super().keyPressEvent(event)

    def reject(self) -> None:
        """Close: a looking ends, a sending goes on."""
        if self._doing is _Doing.LOOKING:
            self.end_work()
        self._looking.stop()
        super().reject()

    def come_back(self) -> None:
        """Show it again as it stands now."""
        if self._doing is _Doing.NOTHING:
            self.read()
        else:
            self._looking.start()

    def _top(self) -> QFrame:
        stage = self._stage
        group, segments = QButtonGroup(self), row(spacing=2, margins=(4, 3, 4, 3))
        self.spans: dict[int, QPushButton] = {}
        for days in SPANS:
            made = button(stage, msgn("{count} day", "{count} days", count=days), "segment")
            made.setObjectName(f"days-{days}")
            made.setCheckable(True)
            made.setChecked(days == self._days)
            made.setMinimumWidth(84)
            made.clicked.connect(lambda _on=False, chosen=days: self.show_days(chosen))
            group.addButton(made)
            segments.addWidget(made)
            self.spans[days] = made
        title = row(icon_label(stage, "expired", "accent", 24), label(stage, msg("Expiring soon"), "heading"), spacing=10)
        within = label(stage, msg("Within"), "muted")
        return frame("header", row(title, 0, within, frame("segments", segments), spacing=10, margins=(24, 10, 20, 10)))

    def _middle(self) -> QWidget:
        stage = self._stage
        self.title = label(stage, role="title", wraps=True)
        self.about = label(stage, role="muted", wraps=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        stage.speech.tell(self.bar, msg("How many coupons were looked at"), "setAccessibleName")
        self.told = Banner(stage)
        self.told.setObjectName("reminders-told")
        self.lines = BulkLines(stage, self, why=msg("Expires, customer, why"))
        self.kinds = BulkKinds(stage, KINDS)
        self.kinds.picked.connect(lambda key: self.lines.narrow(key or None))
        card = BulkCard(stage, self.lines, "reminder-table", msg("Coupons that expire soon"))
        self.table = card.table
        self.typed = TypedCount(stage)
        self.typed.changed.connect(self._say)
        whole = column(
            column(self.title, self.about, spacing=4),
            self.bar,
            self.told,
            row(self.kinds, 0),
            card,
            row(0, self.typed),
            spacing=12,
            margins=(24, 18, 24, 14),
        )
        whole.setStretchFactor(card, 1)
        page = QWidget()
        page.setLayout(whole)
        return page

    def _bottom(self) -> QFrame:
        stage = self._stage
        self.hint = label(stage, role="muted", wraps=True)
        self.end = button(stage, msg("End it"), key="E")
        self.end.setObjectName("end-reminders")
        self.end.clicked.connect(self.end_work)
        self.close_button = button(stage, msg("Close"))
        self.close_button.setObjectName("close-reminders")
        self.close_button.clicked.connect(self.reject)
        self.look_button = button(stage, msg("Who would be reminded?"), "primary", key="W")
        self.look_button.setObjectName("look-reminders")
        self.look_button.clicked.connect(self.look)
        self.send_button = button(stage, msg("Send reminders…"), "primary", key="S")
        self.send_button.setObjectName("send-reminders")
        self.send_button.clicked.connect(self.send)
        for made in (self.end, self.close_button, self.look_button, self.send_button):
            made.setMinimumHeight(40)
        parts = (self.hint, self.end, self.close_button, self.look_button, self.send_button)
        inside = row(*parts, spacing=10, margins=(24, 14, 24, 14))
        inside.setStretchFactor(self.hint, 1)
        return frame("footer", inside)

    def _begin(self, doing: _Doing, codes: tuple[CouponCode, ...] | None) -> None:
        if self._doing is not _Doing.NOTHING or self._why_not is not None:
            return
        self._doing, self._news, self._done = doing, _News(), 0
        self.told.hide()
        self.kinds.pick(ALL)
        self._looking.start()
        reminders, session, days, news = self._desk.reminders, self._session, self._days, self._news
        dry_run = doing is _Doing.LOOKING
        self._show_far()
        self._say()
        self.end.setEnabled(True)
        self.end.setFocus(Qt.FocusReason.OtherFocusReason)
        self._stage.runner.read(
            self,
            "run",
            lambda: reminders.send(session, days=days, codes=codes, dry_run=dry_run, on_each=news.put, stop=news.ended),
            self._ended,
            self._fail,
        )

    def _ended(self, run: ReminderRun) -> None:
        self._looking.stop()
        self.take_news()
        was_sending = self._doing is _Doing.SENDING
        self._doing = _Doing.NOTHING
        self._due = tuple(one.code for one in run.reminders if one.state.value == "due")
        self._is_looked_at = not was_sending and not run.was_stopped
        self.typed.ask(len(self._due) if self._is_looked_at else 0, above=CONFIRM_ABOVE)
        if run.has_given_up:
            self.told.show_message(
                Tone.WARN,
                msg("Somebody did not answer again and again: the rest was not looked at."),
                msg("Try again later. What was sent is not sent again."),
                "offline",
            )
        elif was_sending:
            count = msgn("{count} reminder was sent.", "{count} reminders were sent.", count=run.sent)
            unknown = run.counts.get("unknown", 0)
            later = msg("Where the outcome is unknown, no other is sent: ask the customer.") if unknown else None
            self.told.show_message(Tone.WARN if unknown else Tone.SUCCESS, count, later)
            self.sent.emit()
        self._say()
        (self.typed.field if self.typed.is_asked else self.table).setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_list(self, found: tuple[Reminder, ...]) -> None:
        self._is_looked_at, self._due = False, ()
        self.typed.ask(0, above=CONFIRM_ABOVE)
        wanted = found if self._chosen is None else [one for one in found if one.code in set(self._chosen)]
        self._shown = {one.code: (place, one) for place, one in enumerate(wanted, start=1)}
        self.lines.show(reminder_line(*one) for one in self._shown.values())
        self.kinds.show_counts(self.lines.counts)
        self._say()

    def _show_far(self) -> None:
        of = len(self._due) if self._doing is _Doing.SENDING else len(self._shown)
        self.bar.setRange(0, max(1, of))
        self.bar.setValue(min(self._done, of))

    def _may_send(self) -> bool:
        return self._is_looked_at and bool(self._due) and self._why_not is None and self.typed.is_right

    def _say(self) -> None:
        tell, is_busy = self._stage.speech.tell, self._doing is not _Doing.NOTHING
        self.bar.setVisible(is_busy)
        self.end.setVisible(is_busy)
        for made in self.spans.values():
            made.setEnabled(not is_busy)
        offers_sending = self._is_looked_at and bool(self._due) and not is_busy
        self.send_button.setVisible(offers_sending)
        self.look_button.setVisible(not offers_sending and not is_busy)
        due = msgn("Send {count} reminder", "Send {count} reminders", count=len(self._due))
        tell(self.send_button, due)
        allow(self._stage, self.look_button, self._why_not, msg("Ctrl+Enter"))
        self.look_button.setEnabled(self._why_not is None and bool(self._shown))
        self.send_button.setEnabled(self._may_send())
        tell(self.title, self._title())
        tell(self.about, _ABOUT)
        tell(self.hint, self._hint(offers_sending=offers_sending))

    def _title(self) -> Message:
        if self._doing is _Doing.LOOKING:
            return msg("Looking whom to remind…")
        if self._doing is _Doing.SENDING:
            return msg("Sending reminders…")
        if self._is_looked_at:
            count = len(self._due)
            return msgn("{count} customer would be reminded", "{count} customers would be reminded", count=count)
        count = len(self._shown)
        return msgn("{count} coupon expires soon", "{count} coupons expire soon", count=count)

    def _hint(self, *, offers_sending: bool) -> Message:
        if self._doing is _Doing.SENDING:
            return msg("You may close this window: the sending goes on.")
        if self._doing is _Doing.LOOKING:
            return msg("Nothing is sent yet.")
        if self._why_not is not None:
            return self._why_not
        if offers_sending:
            return self.typed.missing or msg("Ctrl+Enter sends them.")
        return msg("Ctrl+Enter looks at them. Nothing is sent yet.")

    def _fail(self, error: DeskError) -> None:
        self._doing = _Doing.NOTHING
        self._looking.stop()
        self.told.show_message(Tone.WARN, error.what, error.todo or error.done)
        self._say()


_ABOUT: Final = msg(
    "One e-mail for each coupon, ever: only to customers who agreed to e-mails and whose record does not say no, and only while"
    " the coupon can still be used."
)


def _fitting(window: QWidget) -> QSize:
    room = window.screen().availableSize()
    return QSize(min(SIZE_PX[0], room.width()), min(SIZE_PX[1], room.height() - FRAME_PX))
