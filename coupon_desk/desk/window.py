"""The window: one page after the other, from opening the desk to working at it; locks, and closes without losing anything."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QMainWindow, QStackedWidget, QWidget

from coupon_desk.clock import SystemClock
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, column
from coupon_desk.desk.door import may_stand_open, read
from coupon_desk.desk.first_sight import FRAME_PX, SIZE_PX
from coupon_desk.desk.help_desk import HelpDesk
from coupon_desk.desk.idle_watch import IdleWatch
from coupon_desk.desk.opening_page import OpeningPage
from coupon_desk.desk.session_watch import SessionWatch
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.idle import IdleLock
from coupon_desk.words import Message, msg, prepare

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.setup import Setup
    from coupon_desk.desk.continuation import Continuation
    from coupon_desk.desk.first_run import FirstRun
    from coupon_desk.desk.sign_in_page import SignInPage
    from coupon_desk.desk.start_pages import ProblemPage
    from coupon_desk.desk.work_page import WorkPage
    from coupon_desk.people.operators import Session

OpenDesk = Callable[[], "CouponDesk"]
OpenSetup = Callable[[], "Setup"]
_PAGES: Final = tuple(f"coupon_desk.desk.{name}" for name in ("sign_in_page", "continuation", "work_page"))
"""What is shown when the desk is open; loaded with it, on a worker."""


class Window(QMainWindow):
    """Opens the desk on a worker, shows the page that fits, and guards what is under way.

    `opened` brings the desk, `closing` comes before anything ends, `closed` when nothing runs any more.
    """

    opened = Signal(object)
    closing = Signal()
    closed = Signal()

    def __init__(
        self,
        stage: Stage,
        open_desk: OpenDesk,
        *,
        config: Path | None = None,
        open_training: OpenDesk | None = None,
        open_setup: OpenSetup | None = None,
        idle_seconds: float | None = None,
        closes_desk: bool = True,
    ) -> None:
        """`idle_seconds` stands before what the desk's configuration says."""
        super().__init__()
        self._stage = stage
        self._open_desk = open_desk
        self._open_training = open_training
        self._open_setup = open_setup
        self._config = config
        self._closes_desk = closes_desk
        self._is_ending = False
        self.desk: CouponDesk | None = None
        self.continuation: Continuation | None = None
        self.work_page: WorkPage | None = None
        self.sign_in_page: SignInPage | None = None
        self._locked_dialogs: list[QDialog] = []
        self.setMinimumSize(1180, 680)
        self.resize(_fitting(self))
        stage.speech.tell(self, msg("Coupon Desk"), "setWindowTitle")
        self.ending = Banner(stage)
        self.pages = QStackedWidget()
        centre = QWidget()
        whole = column(self.ending, self.pages, spacing=0)
        whole.setStretchFactor(self.pages, 1)
        centre.setLayout(whole)
        self.setCentralWidget(centre)
        self._door_page = self._make_door_page()
        self._opening = self._door_page or OpeningPage(stage)
        self._problem: ProblemPage | None = None
        self._why_not_open: DeskError | None = None
        self.pages.addWidget(self._opening)
        if self._door_page is not None:
            self._door_page.form.focus()
        self._idle_seconds = idle_seconds
        self._idle_lock = IdleLock(SystemClock(), idle_seconds or 0.0)
        self._idle = IdleWatch(self._idle_lock, self)
        self._idle.due.connect(self.lock)
        self._idle.switch_pressed.connect(self.switch)
        self.help_desk = HelpDesk(stage, self, lambda: self.page, self._looked_at)
        self._session_watch = SessionWatch(stage, self)
        self._session_watch.out.connect(self._put_out)
        self._login: str | None = None
        self._last_login: str | None = None
        stage.theme.clothe(self)

    @property
    def page(self) -> QWidget | None:
        """What is shown now."""
        return self.pages.currentWidget()

    def open_desk(self) -> None:
        """Open the desk; without a configuration, ask what to do."""
        if self._config is not None and not self._config.exists():
            self._first_run().welcome()
            return
        self._begin_opening(self._open_desk)

    def reopen(self) -> None:
        """Close the desk, when what is under way has come to its end, and open it anew with what is configured now."""
        desk, self.desk = self.desk, None
        if desk is None:
            return
        self._end_watching()
        self._leave_work()
        if self.continuation is not None:
            self.continuation.end()
        self._opening = OpeningPage(self._stage)
        self._show(self._opening)
        self._forget_sign_in()
        desk.abort_reads()
        self._stage.runner.write(
            self, lambda _tell: desk.close(), lambda _nothing: self._begin_opening(self._open_desk), self._not_opened
        )

    def lock(self) -> None:
        """Put the sign-in page in front; the work behind it stays as it is, and goes on."""
        self._hide_work(None)

    def switch(self) -> None:
        """Lock, ready for the PIN of whoever worked here before; who was at work finds their work again.

        On the sign-in page the key leads to the PIN.
        """
        if self.page is self.sign_in_page and self.sign_in_page is not None:
            self.sign_in_page.form.focus()
        self._hide_work(self._last_login)

    def _hide_work(self, chosen: str | None, why: Message | None = None) -> None:
        if self.work_page is None or self.sign_in_page is None or self.page is not self.work_page:
            return
        self._locked_dialogs = [dialog for dialog in self.work_page.dialogs.open if dialog.isVisible()]
        for dialog in self._locked_dialogs:
            dialog.setVisible(False)
        self._end_watching()
        self._say_title()
        self.sign_in_page.lock(self.work_page.session, chosen, why)
        self.pages.setCurrentWidget(self.sign_in_page)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close at once when nothing is being written; else say so, and close when it is."""
        if self._is_ending and not self._stage.runner.is_writing:
            super().closeEvent(event)
            return
        event.ignore()
        if self._is_ending:
            return
        self._is_ending = True
        self.closing.emit()
        self.help_desk.end()
        if self._stage.runner.is_writing:
            self.ending.show_message(
                Tone.ACCENT,
                msg("Finishing what was begun; the window closes by itself."),
                msg("Nothing is lost if the computer is switched off: the work goes on next time."),
                "cancelling",
            )
        self._end_watching()
        if self.desk is not None:
            self.desk.company.give_up()
        if self.work_page is not None:
            self.work_page.leave()
        if self.continuation is not None:
            self.continuation.end()
        self._stage.runner.finish(self._finish)

    def _first_run(self) -> FirstRun:
        from coupon_desk.desk.first_run import FirstRun  # late: once in the life of a desk

        made = FirstRun(self._stage, self._open_setup, self.pages, offers_training=self._open_training is not None)
        made.training_asked.connect(self._open_training_shop)
        made.configured.connect(self.open_desk)
        return made

    def _begin_opening(self, open_desk: OpenDesk) -> None:
        self.pages.setCurrentWidget(self._opening)

        language = self._stage.speech.language

        def open_and_look() -> tuple[CouponDesk, bool]:
            desk = open_desk()
            for page in _PAGES:
                import_module(page)
            prepare(language)
            return desk, desk.people.is_empty()

        self._stage.runner.read(self, "open", open_and_look, self._opened, self._not_opened)

    def _open_training_shop(self) -> None:
        if self._open_training is not None:
            self._config = None
            self._begin_opening(self._open_training)

    def _opened(self, found: tuple[CouponDesk, bool]) -> None:
        from coupon_desk.desk.continuation import Continuation

        desk, is_empty = found
        self.desk = desk
        self._stage.runner.abort_reads_with(desk.abort_reads)
        self._say_title()
        self.opened.emit(desk)
        self.continuation = Continuation(self._stage, desk, self)
        has_door = self._door_page is not None and self.page is self._door_page and may_stand_open(desk)
        self.sign_in_page = self._door_page if has_door else self._make_sign_in_page(desk)
        self._idle_lock.wait(self._idle_seconds or desk.settings.policy.idle_minutes * 60.0)
        if is_empty and desk.company.takes_pins:
            from coupon_desk.desk.start_pages import FirstAdminPage

            page = FirstAdminPage(self._stage, desk)
            page.added.connect(self._ask_sign_in)
            self._show(page)
        elif self.sign_in_page is self._door_page and self._door_page is not None:
            self._door_page.arrive(desk)
        else:
            self._ask_sign_in()
        # What a crash left goes on at once, before anybody is there; what hinders it is told when somebody is.
        self.continuation.resume()

    def _looked_at(self) -> tuple[Path | None, CouponDesk | None, DeskError | None]:
        """What there is to diagnose."""
        home = self.desk.home if self.desk is not None else self._config.parent if self._config is not None else None
        return home, self.desk, self._why_not_open

    def _not_opened(self, error: DeskError) -> None:
        from coupon_desk.desk.start_pages import ProblemPage

        self._why_not_open = error
        if self._problem is None:
            self._problem = ProblemPage(self._stage)
            self._problem.retried.connect(self.open_desk)
        self._problem.show_error(error)
        self._show(self._problem)

    def _make_door_page(self) -> SignInPage | None:
        """The sign-in page before the desk is open, where the last start left word of what to write on it."""
        door = read(self._config.parent) if self._config is not None and self._config.exists() else None
        if door is None:
            return None
        from coupon_desk.desk.sign_in_page import SignInPage

        page = SignInPage(self._stage, None, door)
        page.signed_in.connect(self._signed_in)
        return page

    def _make_sign_in_page(self, desk: CouponDesk) -> SignInPage:
        from coupon_desk.desk.sign_in_page import SignInPage

        page = SignInPage(self._stage, desk)
        page.signed_in.connect(self._signed_in)
        self.pages.addWidget(page)
        return page

    def _ask_sign_in(self, login: str | None = None) -> None:
        if self.sign_in_page is not None:
            self._end_watching()
            self._say_title()
            self.sign_in_page.open(login or self._last_login)
            self.pages.setCurrentWidget(self.sign_in_page)

    def _signed_in(self, session: Session) -> None:
        if self.desk is None or self.continuation is None:
            return
        self._idle.begin()
        self._session_watch.begin(self.desk, session)
        self._say_title(session)
        if session.login != self._login:
            self._last_login, self._login = self._login, session.login
        if self.work_page is not None and _is_same(self.work_page.session, session):
            self.pages.setCurrentWidget(self.work_page)
            for dialog in self._locked_dialogs:
                dialog.setVisible(True)
            self._locked_dialogs = []
            return
        self._leave_work()
        from coupon_desk.desk.work_page import WorkPage

        self.work_page = WorkPage(self._stage, self.desk, session, self.continuation)
        self.work_page.lock_asked.connect(self.lock)
        self.work_page.switch_asked.connect(self.switch)
        self.work_page.reopen_asked.connect(self.reopen)
        self.work_page.under_way.changed.connect(self._say_progress)
        self._show(self.work_page)
        self.work_page.begin()

    def _say_title(self, session: Session | None = None) -> None:
        """Which shop, and who works in it."""
        shop = self.desk.settings.shop.name if self.desk is not None else ""
        title = msg("{shop} – Coupon Desk", shop=shop)
        if session is not None:
            title = msg("{shop} – {name} – Coupon Desk", shop=shop, name=session.operator.name)
        progress = self.work_page.under_way.now.progress if self.work_page is not None else None
        if progress is not None:
            title = msg("{percent}% – {title}", percent=round(progress * 100), title=title)
        self._stage.speech.tell(self, title, "setWindowTitle")

    def _say_progress(self) -> None:
        """How far the work is stands in the title, which every taskbar shows."""
        is_at_work = self.work_page is not None and self.page is self.work_page
        self._say_title(self.work_page.session if self.work_page is not None and is_at_work else None)

    def _put_out(self, why: Message) -> None:
        """Who is signed in may work no longer; what they began stays, and goes on."""
        self._hide_work(None, why)

    def _end_watching(self) -> None:
        self._idle.end()
        self._session_watch.end()

    def _leave_work(self) -> None:
        if self.work_page is None:
            return
        self._locked_dialogs = []
        self.work_page.leave()
        self.pages.removeWidget(self.work_page)
        self.work_page.deleteLater()
        self.work_page = None

    def _forget_sign_in(self) -> None:
        if self.sign_in_page is not None:
            self.pages.removeWidget(self.sign_in_page)
            self.sign_in_page.deleteLater()
        self.sign_in_page = self._door_page = None

    def _show(self, page: QWidget) -> None:
        self.pages.addWidget(page)
        self.pages.setCurrentWidget(page)

    def _finish(self) -> None:
        if self.desk is not None and self._closes_desk:
            self.desk.close()
        self.desk = None
        QTimer.singleShot(0, self, self._close_now)

    def _close_now(self) -> None:
        self.close()
        self.closed.emit()


def _is_same(before: Session, now: Session) -> bool:
    """Whether the work of one session may go on in another: the same person, as the same."""
    return (before.login, before.operator.role) == (now.login, now.operator.role)


def _fitting(window: QWidget) -> QSize:
    """The size of a fresh window: on a small screen all of it can be seen, its frame too."""
    room = window.screen().availableSize()
    return QSize(min(SIZE_PX[0], room.width()), min(SIZE_PX[1], room.height() - FRAME_PX))
