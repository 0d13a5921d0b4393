"""How far a bulk cancellation is, and what became of each coupon: truthfully, also after a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QProgressBar, QSizePolicy, QStackedWidget, QWidget

from coupon_desk.cancellation.bulk_job import JobState, RowState
from coupon_desk.desk.bulk_kinds import ALL, BulkKinds
from coupon_desk.desk.bulk_lines import BulkLines, Line
from coupon_desk.desk.bulk_news import BulkNews
from coupon_desk.desk.bulk_pace import Pace
from coupon_desk.desk.bulk_states import job_line
from coupon_desk.desk.bulk_table import BulkCard
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Elided, button, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError, StorageError
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.bulk_job import BulkJob, BulkRow
    from coupon_desk.people.operators import Session

LOOK_EVERY_MS: Final = 150


class BulkProgress(QWidget):
    """One job. `changed` brings it as it stands; `show_asked` the id of an operation that somebody wants to see."""

    changed = Signal(object)
    show_asked = Signal(str)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._news: BulkNews | None = None
        self._pace = Pace(desk.clock)
        self.job: BulkJob | None = None
        self.lines = BulkLines(stage, self)
        self._looking = QTimer(self)
        self._looking.setInterval(LOOK_EVERY_MS)
        self._looking.timeout.connect(self.take_news)
        self._lay_out()

    def show_job(self, job: BulkJob) -> None:
        """Show this job, and listen to what becomes of it."""
        self.end()
        self.job = job
        self._pace.begin(job)
        self.lines.show(())
        self.kinds.pick(ALL)
        self.told.hide()
        self._news = BulkNews(job.id)
        self._news.begin(self._desk.bulks)
        self._show(job)
        self.read()
        self._looking.start()

    def read(self) -> None:
        """Read all lines anew: what somebody decided elsewhere shows, too."""
        if self.job is not None:
            bulks, job_id = self._desk.bulks, self.job.id
            self._stage.runner.read(self, "rows", lambda: (bulks.job(job_id), bulks.rows(job_id)), self._show_rows, self._fail)

    def take_news(self) -> None:
        """What changed since it was last looked at."""
        if self._news is None:
            return
        job, rows = self._news.take()
        if rows:
            current = self.table.current()
            self.lines.put(job_line(one) for one in rows)
            if self.table.current() != current:
                self.table.keep_place(current)
        if job is not None:
            self._show(job)

    def end(self) -> None:
        """Nobody looks any more; the work goes on."""
        self._looking.stop()
        if self._news is not None:
            self._news.end()
            self._news = None

    def pause(self) -> None:
        """Begin nothing more for now."""
        bulks, session = self._desk.bulks, self._session
        self._do(lambda job_id: bulks.pause(job_id, session))

    def resume(self) -> None:
        """Go on, from now on in this operator's name."""
        bulks, session = self._desk.bulks, self._session

        def go_on(job_id: str) -> BulkJob:
            if bulks.job(job_id).state is JobState.PAUSED:
                bulks.resume(job_id, session)
            bulks.begin(job_id)
            return bulks.job(job_id)

        self._do(go_on)

    def ask_to_stop(self) -> None:
        """Ask first: what is stopped does not go on."""
        self._actions.setCurrentIndex(1)
        self.told.show_message(
            Tone.WARN,
            msg("Stop for good?"),
            msg("Where points are on their way, the coupon is finished. All others stay as they were; nothing goes on later."),
        )
        self.go_on.setFocus()

    def do_not_stop(self) -> None:
        """It goes on."""
        self._actions.setCurrentIndex(0)
        self.told.hide()
        self.stop_button.setFocus()

    def stop(self) -> None:
        """For good: what is past its pivot is finished, the rest is left out."""
        self._actions.setCurrentIndex(0)
        bulks, session = self._desk.bulks, self._session
        self._do(lambda job_id: bulks.stop(job_id, session))

    def export_to(self, file: Path) -> None:
        """Write what became of each line into a file: CSV, or JSON where its name says so."""
        from coupon_desk.app.bulk_export import BulkExport

        if self.job is None:
            return
        form = BulkExport.JSON if file.suffix.lower() == ".json" else BulkExport.CSV
        bulks, session, job_id = self._desk.bulks, self._session, self.job.id
        language = self._stage.speech.language
        self._stage.runner.read(
            self,
            "export",
            lambda: _write(file, bulks.export(job_id, form, session, language)),
            lambda _none: self.told.show_message(Tone.SUCCESS, msg("Written to {file}", file=str(file))),
            self._fail,
        )

    def _lay_out(self) -> None:
        stage = self._stage
        self.title = label(stage, role="title", wraps=True)
        self.about = Elided("muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        stage.speech.tell(self.bar, msg("How many coupons are finished"), "setAccessibleName")
        self.far = label(stage, role="strong")
        self.left = label(stage, role="muted")
        self.state = Banner(stage)
        self.state.setObjectName("job-state")
        self.told = Banner(stage)
        self.told.setObjectName("job-told")
        self.kinds = BulkKinds(stage, tuple((state.value, state.label) for state in RowState))
        self.kinds.picked.connect(lambda key: self.lines.narrow(key or None))
        card = BulkCard(stage, self.lines, "job-table", msg("What became of each coupon"))
        self.table = card.table
        self.table.opened.connect(self._open)
        titles = column(self.title, self.about, spacing=4)
        head = row(titles, self._buttons(), spacing=16)
        head.setStretchFactor(titles, 1)
        whole = column(
            head,
            column(self.bar, row(self.far, 0, self.left, spacing=12), spacing=6),
            self.state,
            self.told,
            row(self.kinds, 0),
            card,
            spacing=12,
            margins=(24, 18, 24, 14),
        )
        whole.setStretchFactor(card, 1)
        self.setLayout(whole)

    def _buttons(self) -> QWidget:
        stage = self._stage
        self.pause_button = button(stage, msg("Pause"), key="P")
        self.pause_button.setObjectName("pause")
        self.pause_button.clicked.connect(self.pause)
        self.resume_button = button(stage, msg("Go on"), "primary", key="G")
        self.resume_button.setObjectName("resume")
        self.resume_button.clicked.connect(self.resume)
        self.stop_button = button(stage, msg("Stop…"), key="S")
        self.stop_button.setObjectName("stop")
        self.stop_button.clicked.connect(self.ask_to_stop)
        self.export = button(stage, msg("Export…"), icon="export", colour="muted", key="E")
        self.export.setObjectName("export")
        self.export.clicked.connect(self._ask_where)
        self.go_on = button(stage, msg("Do not stop"))
        self.go_on.setObjectName("do-not-stop")
        self.go_on.clicked.connect(self.do_not_stop)
        self.really_stop = button(stage, msg("Stop for good"), "primary")
        self.really_stop.setObjectName("really-stop")
        self.really_stop.clicked.connect(self.stop)
        self._actions: QStackedWidget = QStackedWidget()
        self._actions.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for parts in (
            (0, self.pause_button, self.resume_button, self.stop_button, self.export),
            (0, self.go_on, self.really_stop),
        ):
            page = QWidget()
            page.setLayout(row(*parts, spacing=8))
            self._actions.addWidget(page)
        return self._actions

    def _show_rows(self, found: tuple[BulkJob, tuple[BulkRow, ...]]) -> None:
        job, rows = found
        current = self.table.current()
        self.lines.show(job_line(one) for one in rows)
        self.table.keep_place(current)
        self._show(job)

    def _show(self, job: BulkJob) -> None:
        self.job = job
        tell = self._stage.speech.tell
        self.bar.setRange(0, max(1, _asked(job)))
        self.bar.setValue(_asked(job) - job.remaining)
        tell(self.title, _title(job))
        about = msg(
            "{at} · {by} · {reason} · {note}", at=job.opened_at, by=job.operator, reason=job.reason.label, note=job.note
        )
        tell(self.about, about, "say")
        tell(self.far, _far(job))
        self._pace.note(job)
        tell(self.left, self._pace.left(job))
        self.kinds.show_counts({state.value: count for state, count in job.counts.items()})
        self._show_state(job)
        self.pause_button.setVisible(job.state is JobState.RUNNING)
        self.resume_button.setVisible(job.state is JobState.PAUSED or (job.state is JobState.RUNNING and not job.is_at_work))
        self.stop_button.setVisible(not job.state.is_over)
        if job.state.is_over:
            self._actions.setCurrentIndex(0)
            if not job.remaining:
                self._looking.stop()
        self.changed.emit(job)

    def _show_state(self, job: BulkJob) -> None:
        if job.paused_because is not None and job.state is JobState.PAUSED:
            self.state.show_message(Tone.WARN, msg("Paused"), job.paused_because)
        elif job.state is JobState.PAUSED:
            self.state.show_message(
                Tone.NEUTRAL, msg("Paused: what was begun is finished, nothing more is begun"), icon="expired"
            )
        elif job.waits_for is not None:
            self.state.show_message(Tone.WARN, job.waits_for, icon="offline")
        elif job.counts.get(RowState.UNKNOWN):
            count = job.counts[RowState.UNKNOWN]
            title = msgn("{count} coupon needs a person", "{count} coupons need a person", count=count)
            self.state.show_message(Tone.WARN, title, msg("Open its line to see what is to be done."), "question")
        else:
            self.state.hide()

    def _open(self, line: Line) -> None:
        if line.operation is not None:
            self.show_asked.emit(line.operation)

    def _do(self, act: Callable[[str], BulkJob]) -> None:
        if self.job is not None:
            job_id = self.job.id
            self.told.hide()
            self._stage.runner.write(self, lambda _tell: act(job_id), self._done, self._fail)

    def _done(self, job: BulkJob) -> None:
        self._show(job)
        self._looking.start()
        self.read()

    def _ask_where(self) -> None:
        if self.job is None:
            return
        title = self._stage.speech.say(msg("Export what became of each coupon"))
        folder = self._desk.home / "exports"
        folder.mkdir(parents=True, exist_ok=True)
        proposed = folder / f"bulk-{self.job.opened_at.astimezone():%Y-%m-%d-%H%M}.csv"
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(proposed), "CSV (*.csv);;JSON (*.json)")
        if chosen:
            self.export_to(Path(chosen))

    def _fail(self, error: DeskError) -> None:
        self.told.show_message(Tone.WARN, error.what, error.todo or error.done)


def _title(job: BulkJob) -> Message:
    count, done = _asked(job), job.counts.get(RowState.DONE, 0)
    match job.state:
        case JobState.RUNNING:
            return msgn("{count} coupon is being cancelled", "{count} coupons are being cancelled", count=count)
        case JobState.PAUSED:
            return msg("Paused: {done} of {count} coupons are cancelled", done=done, count=count)
        case JobState.STOPPED:
            return msg("Stopped: {done} of {count} coupons are cancelled", done=done, count=job.total)
        case JobState.ENDED:
            return msg("Ended: {done} of {count} coupons are cancelled", done=done, count=count)


def _far(job: BulkJob) -> Message:
    count = _asked(job)
    return msg(
        "{finished} of {all} finished · {done} cancelled · {points} points returned",
        finished=count - job.remaining,
        all=count,
        done=job.counts.get(RowState.DONE, 0),
        points=job.points_returned,
    )


def _asked(job: BulkJob) -> int:
    """How many are to be cancelled: without the lines that were left out."""
    return job.total - job.counts.get(RowState.SKIPPED, 0)


def _write(file: Path, content: bytes) -> None:
    """A file appears only when it is complete. Raises StorageError."""
    unfinished = file.with_name(f".{file.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    except OSError as wrong:
        unfinished.unlink(missing_ok=True)
        raise StorageError(
            msg("The file {file} could not be written.", file=str(file)),
            done=msg("No file was written."),
            todo=msg("Choose another folder, or make room on the disk."),
            detail=str(wrong),
        ) from wrong
