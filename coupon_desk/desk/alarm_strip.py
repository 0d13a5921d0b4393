"""What is wrong with the trail, over everything else: it stands until it is gone, and says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QLineEdit, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, allow, button, clear, column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

SHOWN: Final = 2


@dataclass(frozen=True, slots=True)
class Alarm:
    """What happened and what to do; `sequence` is the entry that tells of it, where somebody can explain it."""

    what: Message
    todo: Message | None
    sequence: int | None = None


class AlarmStrip(QFrame):
    """Hidden while nothing is wrong. `explain_asked` brings the alarm that somebody wants to explain."""

    explain_asked = Signal(object)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._alarms: tuple[Alarm, ...] = ()
        self._why_not: Message | None = None
        self.setProperty("role", "banner")
        self.setProperty("tone", Tone.DANGER.value)
        stage.speech.tell(self, msg("Alarm"), "setAccessibleName")
        self._lines = column(spacing=8)
        self.setLayout(column(self._lines, margins=(14, 10, 12, 10)))
        self.hide()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is shown."""
        return self._alarms

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """Whether this operator may explain an alarm; a sentence says why not."""
        self._why_not = rights.get(Right.SETTINGS)
        self._draw()

    def show_alarms(self, alarms: tuple[Alarm, ...]) -> None:
        """All that is wrong now."""
        if alarms != self._alarms:
            self._alarms = alarms
            self._draw()

    def _draw(self) -> None:
        clear(self._lines)
        self.setVisible(bool(self._alarms))
        for alarm in self._alarms[:SHOWN]:
            self._lines.addWidget(self._line(alarm))
        if len(self._alarms) > SHOWN:
            self._lines.addWidget(label(self._stage, msg("and {count} more", count=len(self._alarms) - SHOWN), "small"))

    def _line(self, alarm: Alarm) -> QWidget:
        picture = icon_label(self._stage, "attention", "danger", 20)
        texts = column(label(self._stage, alarm.what, "tone", wraps=True), spacing=2)
        if alarm.todo is not None:
            texts.addWidget(label(self._stage, alarm.todo, wraps=True))
        whole = row(picture, texts, spacing=10)
        whole.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
        whole.setStretchFactor(texts, 1)
        if alarm.sequence is not None:
            explain = button(self._stage, msg("Explain…"), "normal")
            explain.setObjectName(f"explain-{alarm.sequence}")
            explain.clicked.connect(lambda: self.explain_asked.emit(alarm))
            allow(self._stage, explain, self._why_not)
            whole.addWidget(explain, 0, Qt.AlignmentFlag.AlignVCenter)
        made = QFrame()
        made.setProperty("tone", Tone.DANGER.value)
        made.setLayout(whole)
        return made


class ExplainDialog(QDialog):
    """An administrator says what was behind an alarm; that stands in the trail, and the alarm is gone. `explained` says so."""

    explained = Signal()

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, alarm: Alarm, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._alarm = alarm
        self.setModal(True)
        self.setMinimumWidth(560)
        stage.speech.tell(self, msg("Explain an alarm"), "setWindowTitle")
        self.about = Banner(stage)
        self.about.show_message(Tone.DANGER, alarm.what, icon="attention")
        self.note = QLineEdit()
        self.note.setObjectName("explanation")
        stage.speech.tell(self.note, msg("What happened, who looked into it"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Explanation"), "setAccessibleName")
        self.note.textChanged.connect(lambda _text: self._allow())
        self.problem = Banner(stage)
        self.explain = button(stage, msg("Explain"), "primary", key="E")
        self.explain.setObjectName("explain")
        self.explain.setEnabled(False)
        self.explain.clicked.connect(self._explain)
        keep = button(stage, msg("Close"))
        keep.clicked.connect(self.reject)
        hint = msg(
            "There are honest reasons: a new computer, a backup that was restored."
            " What you say stands in the trail with your name."
        )
        self.setLayout(
            column(
                label(stage, msg("Explain an alarm"), "title"),
                self.about,
                label(stage, hint, "muted", wraps=True),
                self.note,
                self.problem,
                row(0, keep, self.explain, spacing=8),
                spacing=14,
                margins=(26, 22, 26, 18),
            )
        )
        self.note.setFocus()

    def _allow(self) -> None:
        self.explain.setEnabled(bool(self.note.text().strip()))

    def _explain(self) -> None:
        self.explain.setEnabled(False)
        proofs, session, note = self._desk.proofs, self._session, self.note.text().strip()
        sequence = self._alarm.sequence or 0
        self._stage.runner.write(
            self, lambda _tell: proofs.explain(sequence, note, session), lambda _question: self._done(), self._fail
        )

    def _done(self) -> None:
        self.explained.emit()
        self.accept()

    def _fail(self, error: DeskError) -> None:
        self.explain.setEnabled(True)
        self.problem.show_message(Tone.WARN, error.what, error.todo)
