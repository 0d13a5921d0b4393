"""The window in which many coupons are cancelled: named, looked at, confirmed, and followed to the end.

It may be closed at any time. What was typed stays as long as the program runs; what was begun goes on without it, also after a
restart, and shows again when the window is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QDialog, QFrame, QStackedWidget, QWidget

from coupon_desk.cancellation.bulk_job import BulkRequest
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.bulk_input import BulkInput
from coupon_desk.desk.bulk_news import LookingFar
from coupon_desk.desk.bulk_progress import BulkProgress
from coupon_desk.desk.bulk_sorted import BulkSorted
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, allow, button, column, frame, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.bulk_job import BulkJob
    from coupon_desk.cancellation.bulk_sorting import Sorted
    from coupon_desk.people.operators import Session

SIZE_PX: Final = (1120, 760)
SMALLEST_PX: Final = (1000, 640)
FRAME_PX: Final = 40
LOOK_EVERY_MS: Final = 150


class Step(IntEnum):
    """The pages, in the order of the work."""

    INPUT = 0
    SORTED = 1
    PROGRESS = 2


class BulkWindow(QDialog):
    """Decides nothing: hands a list to the desk and shows what it says. `show_asked` brings the id of an operation."""

    show_asked = Signal(str)
    begun = Signal(object)

    def __init__(
        self, stage: Stage, desk: CouponDesk, session: Session, rights: Mapping[Right, Message | None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._why_not = rights.get(Right.ASK)
        self._far: LookingFar | None = None
        self._is_begun = False
        self._wants_look = False
        self._jobs: tuple[BulkJob, ...] = ()
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setWindowFlag(Qt.WindowType.WindowMinimizeButtonHint)
        self.setMinimumSize(*SMALLEST_PX)
        self.resize(_fitting(self))
        self.setAcceptDrops(True)
        stage.speech.tell(self, msg("Cancel many coupons – {shop}", shop=desk.settings.shop.name), "setWindowTitle")
        self.input = BulkInput(stage, desk.settings.policy.minimum_note_length)
        self.sorted = BulkSorted(stage)
        self.progress = BulkProgress(stage, desk, session)
        self.told = Banner(stage)
        self.told.setObjectName("bulk-told")
        self._pages = QStackedWidget()
        for page in (self.input, self.sorted, self.progress):
            self._pages.addWidget(page)
        self._strip = frame("strip", column(self.told, margins=(24, 12, 24, 0)))
        self._strip.hide()
        whole = column(self._top(), self._strip, self._pages, self._bottom(), spacing=0)
        whole.setStretchFactor(self._pages, 1)
        self.setLayout(whole)
        self._looking = QTimer(self)
        self._looking.setInterval(LOOK_EVERY_MS)
        self._looking.timeout.connect(self._show_far)
        self.input.changed.connect(self._input_changed)
        self.sorted.changed.connect(self._say)
        self.sorted.stopped.connect(self._stop_looking)
        self.progress.changed.connect(self._job_changed)
        self.progress.show_asked.connect(self.show_asked)
        stage.speech.changed.connect(self._list_jobs)
        QShortcut(QKeySequence("F5"), self, self.progress.read)
        self._go_to(Step.INPUT)

    @property
    def step(self) -> Step:
        """The page in front."""
        return Step(self._pages.currentIndex())

    def open_with(self, codes: tuple[CouponCode, ...]) -> None:
        """Begin a list with these coupons; without any, go on where something is left to do, or begin an empty one."""
        if codes:
            self.input.take(codes)
            self._go_to(Step.INPUT)
        elif self.step is Step.PROGRESS and self.progress.job is not None:
            self._show_job(self.progress.job)
        self._read_jobs(shows_open_one=not codes and self.input.is_empty)

    def open_file(self, file: Path) -> None:
        """Begin a list with what is in a file."""
        self._go_to(Step.INPUT)
        self.input.open_file(file)

    def look(self) -> None:
        """The dry run: look at each coupon, change nothing. What is still being read is waited for."""
        self._wants_look = self.input.is_reading
        if self._why_not is not None or self._wants_look:
            return
        if self.input.what_is_missing() is not None:
            self.input.mark_missing()
            self._say()
            return
        from coupon_desk.app.bulks import CONFIRM_ABOVE

        listed, reason, far = self.input.listed, self.input.why.reason, LookingFar()
        assert reason is not None
        kind = OperationKind.CANCEL if reason.returns_points else OperationKind.INVALIDATE
        bulks, session = self._desk.bulks, self._session
        self._far = far
        self.sorted.begin(CONFIRM_ABOVE)
        self._go_to(Step.SORTED)
        self._looking.start()
        self._stage.runner.read(
            self,
            "dry-run",
            lambda: bulks.dry_run(listed, session, kind=kind, reason=reason, on_progress=far.tell, stop=far.ended),
            self._show_found,
            self._not_looked,
        )

    def confirm(self) -> None:
        """Begin, once: the job is kept before anything else happens."""
        reason = self.input.why.reason
        if self._is_begun or self.sorted.what_is_missing() is not None or reason is None:
            self.sorted.focus()
            return
        self._is_begun = True
        kind = OperationKind.CANCEL if reason.returns_points else OperationKind.INVALIDATE
        request = BulkRequest(self.input.listed, kind, reason, self.input.why.text, self.sorted.left_out)
        bulks, session = self._desk.bulks, self._session

        def begin() -> BulkJob:
            job = bulks.open(request, session)
            bulks.begin(job.id)
            return job

        self._say()
        self._stage.runner.write(self, lambda _tell: begin(), self._begun_with, self._not_begun)

    def tell(self, error: DeskError) -> None:
        """Something did not go as it should."""
        self._tell(Tone.WARN, error.what, error.todo or error.done)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter does what the page asks for; Esc closes; Enter alone begins nothing."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self.step is Step.INPUT:
                self.look()
            elif self.step is Step.SORTED:
                self.confirm()
        elif not is_enter:
            super().keyPressEvent(event)

    def reject(self) -> None:
        """Close: a looking ends, work that was begun goes on, what was typed stays."""
        self._stop_looking()
        self._looking.stop()
        self.input.end()
        self.progress.end()
        super().reject()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file or a text may be dropped while a list is being made."""
        if self.step is Step.INPUT and (_file_in(event.mimeData()) is not None or event.mimeData().hasText()):
            event.acceptProposedAction()
            self._tell(Tone.ACCENT, msg("Let go to read the list"), icon="document")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It was carried on."""
        self._strip.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Read what was dropped."""
        self._strip.hide()
        file = _file_in(event.mimeData())
        if file is not None:
            self.open_file(file)
        else:
            self.input.add_text(event.mimeData().text())
        event.acceptProposedAction()

    def _top(self) -> QFrame:
        stage = self._stage
        self.jobs = QComboBox()
        self.jobs.setObjectName("jobs")
        self.jobs.setMinimumWidth(320)
        self.jobs.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        stage.speech.tell(self.jobs, msg("Lists of coupons"), "setAccessibleName")
        self.jobs.activated.connect(self._job_picked)
        title = row(icon_label(stage, "ticket", "accent", 24), label(stage, msg("Cancel many coupons"), "heading"), spacing=10)
        return frame("header", row(title, 0, self.jobs, spacing=12, margins=(24, 12, 20, 12)))

    def _bottom(self) -> QFrame:
        stage = self._stage
        self.hint = label(stage, role="muted", wraps=True)
        self.back = button(stage, msg("Back"), key="B")
        self.back.setObjectName("back")
        self.back.clicked.connect(lambda: self._go_to(Step.INPUT))
        self.keep = button(stage, msg("Keep coupons"), key="K")
        self.keep.setObjectName("keep")
        self.keep.clicked.connect(self.reject)
        self.look_button = button(stage, msg("Look at the coupons"), "primary", key="L")
        self.look_button.setObjectName("look")
        self.look_button.clicked.connect(self.look)
        self.confirm_button = button(stage, msg("Cancel coupons"), "primary", key="C")
        self.confirm_button.setObjectName("confirm")
        self.confirm_button.clicked.connect(self.confirm)
        for made in (self.back, self.keep, self.look_button, self.confirm_button):
            made.setMinimumHeight(40)
        for made in (self.look_button, self.confirm_button):
            stage.speech.tell(made, msg("Ctrl+Enter"), "setToolTip")
        inside = row(
            self.hint, self.back, self.keep, self.look_button, self.confirm_button, spacing=10, margins=(24, 14, 24, 14)
        )
        inside.setStretchFactor(self.hint, 1)
        return frame("footer", inside)

    def _go_to(self, step: Step) -> None:
        self._pages.setCurrentIndex(step)
        self._strip.hide()
        if step is not Step.SORTED:
            self._stop_looking()
            self._looking.stop()
        if step is not Step.PROGRESS:
            self.progress.end()
        if step is Step.INPUT:
            self.jobs.setCurrentIndex(0)
            self.input.focus()
        self._say()

    def _say(self) -> None:
        step, tell = self.step, self._stage.speech.tell
        self.back.setVisible(step is Step.SORTED)
        self.look_button.setVisible(step is Step.INPUT)
        self.confirm_button.setVisible(step is Step.SORTED and self.sorted.found is not None)
        tell(self.keep, msg("Keep coupons") if step is Step.SORTED else msg("Close"))
        if step is Step.INPUT:
            missing = self.input.what_is_missing()
            allow(self._stage, self.look_button, self._why_not, msg("Ctrl+Enter"))
            self.look_button.setEnabled(self._why_not is None and missing is None)
            tell(self.hint, self._why_not or missing or msg("Ctrl+Enter looks at them. Nothing is changed yet."))
        elif step is Step.SORTED:
            missing = self.sorted.what_is_missing()
            count = len(self.sorted.chosen)
            tell(self.confirm_button, msgn("Cancel {count} coupon", "Cancel {count} coupons", count=count))
            self.confirm_button.setEnabled(missing is None and not self._is_begun)
            tell(self.hint, missing or msg("Ctrl+Enter cancels them. Esc keeps them."))
        else:
            tell(self.hint, msg("You may close this window: the work goes on, also after a restart."))

    def _tell(self, tone: Tone, title: Message, text: Message | None = None, icon: str | None = None) -> None:
        self.told.show_message(tone, title, text, icon)
        self._strip.show()

    def _input_changed(self) -> None:
        self._say()
        if self._wants_look and self.step is Step.INPUT and not self.input.is_reading:
            self.look()

    def _show_far(self) -> None:
        if self._far is not None:
            self.sorted.show_progress(self._far.done, self._far.of)

    def _show_found(self, found: Sorted) -> None:
        self._looking.stop()
        if self._far is None:
            return
        was_stopped = self._far.ended.is_set()
        self._far = None
        if self.step is not Step.SORTED:
            return
        self._is_begun = False
        self.sorted.show_found(found)
        if was_stopped:
            self._tell(Tone.NEUTRAL, msg("The looking was ended: the rest was not looked at."))
        self._say()

    def _not_looked(self, error: DeskError) -> None:
        self._far = None
        self._go_to(Step.INPUT)
        self.tell(error)

    def _stop_looking(self) -> None:
        if self._far is not None:
            self._far.ended.set()

    def _begun_with(self, job: BulkJob) -> None:
        self.input.clear()
        self.input.why.clear()
        self._is_begun = False
        self._show_job(job)
        self._read_jobs(shows_open_one=False)
        self.begun.emit(job)

    def _not_begun(self, error: DeskError) -> None:
        self._is_begun = False
        self._tell(Tone.DANGER, error.what, error.todo or error.done)
        self._say()

    def _show_job(self, job: BulkJob) -> None:
        self._go_to(Step.PROGRESS)
        self.progress.show_job(job)
        if not self.isVisible():
            self.progress.end()
        self.progress.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _job_changed(self, job: BulkJob) -> None:
        before = next((one for one in self._jobs if one.id == job.id), None)
        if before is not None and before.state is not job.state:
            self._jobs = tuple(job if one.id == job.id else one for one in self._jobs)
            self._list_jobs()

    def _read_jobs(self, *, shows_open_one: bool) -> None:
        bulks = self._desk.bulks

        def show(found: tuple[BulkJob, ...]) -> None:
            self._jobs = found
            open_one = next((job for job in found if job.remaining and not job.state.is_over), None)
            if shows_open_one and open_one is not None and self.step is Step.INPUT:
                self._show_job(open_one)
            self._list_jobs()

        self._stage.runner.read(self, "jobs", bulks.jobs, show, self.tell)

    def _list_jobs(self) -> None:
        say = self._stage.speech.say
        shown = self.progress.job if self.step is Step.PROGRESS else None
        self.jobs.clear()
        self.jobs.addItem(say(msg("New list")), None)
        for job in self._jobs:
            words = msgn("{count} coupon", "{count} coupons", count=job.total)
            self.jobs.addItem(
                say(msg("{at} · {count} · {state}", at=job.opened_at, count=words, state=job.state.label)), job.id
            )
            if shown is not None and job.id == shown.id:
                self.jobs.setCurrentIndex(self.jobs.count() - 1)
        self.jobs.setVisible(bool(self._jobs))

    def _job_picked(self, place: int) -> None:
        job_id = self.jobs.itemData(place)
        if job_id is None:
            self._go_to(Step.INPUT)
            return
        bulks = self._desk.bulks
        self._stage.runner.read(self, "job", lambda: bulks.job(job_id), self._show_job, self.tell)


def _file_in(dropped: QMimeData) -> Path | None:
    files = [Path(url.toLocalFile()) for url in dropped.urls() if url.isLocalFile()]
    return files[0] if len(files) == 1 else None


def _fitting(window: QWidget) -> QSize:
    room = window.screen().availableSize()
    return QSize(min(SIZE_PX[0], room.width()), min(SIZE_PX[1], room.height() - FRAME_PX))
