"""The steps of an operation under each other: state as icon and word, and what a person should know of each."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QStackedWidget, QWidget

from coupon_desk.cancellation.operation import Operation, Step, StepName, StepState
from coupon_desk.desk.controls import Spinner, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import STEP
from coupon_desk.words import Message, msg

STATE_WORDS: Final = {
    StepState.PENDING: msg("not yet"),
    StepState.RUNNING: msg("at work"),
    StepState.DONE: msg("done"),
    StepState.UNKNOWN: msg("outcome unknown"),
    StepState.DELAYED: msg("later"),
    StepState.REFUSED: msg("refused"),
    StepState.SKIPPED: msg("not needed"),
}


class StepList(QWidget):
    """All steps from the beginning, so that one sees what is still to come."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._lines = {name: _StepLine(stage, name) for name in StepName}
        self.setLayout(column(*self._lines.values(), spacing=2))

    def show_operation(self, operation: Operation) -> None:
        """How each step stands."""
        shown = {step.name for step in operation.steps}
        for name, line in self._lines.items():
            line.setVisible(name in shown)
        for step in operation.steps:
            self._lines[step.name].show_step(step)

    def show_beginning(self) -> None:
        """Handed in, and nothing is known yet."""
        self._lines[StepName.VERIFY].show_step(Step(StepName.VERIFY, StepState.RUNNING))

    def state_of(self, name: StepName) -> StepState:
        """How a step is shown."""
        return self._lines[name].state


class _StepLine(QFrame):
    """One step."""

    def __init__(self, stage: Stage, name: StepName) -> None:
        super().__init__()
        self._stage = stage
        self.state = StepState.PENDING
        self._picture = QLabel()
        self._picture.setFixedSize(20, 20)
        self._mark = QStackedWidget()
        self._mark.setFixedSize(20, 20)
        self._mark.addWidget(self._picture)
        self._mark.addWidget(Spinner(stage, 20))
        self._name = label(stage, name.label)
        self._word = label(stage, role="small")
        self._detail = label(stage, role="small", wraps=True)
        self._detail.hide()
        texts = column(row(self._name, 0, self._word), self._detail, spacing=1)
        whole = row(self._mark, texts, spacing=12, margins=(2, 4, 2, 4))
        whole.setAlignment(self._mark, Qt.AlignmentFlag.AlignTop)
        whole.setStretchFactor(texts, 1)
        self.setLayout(whole)
        self.show_step(Step(name))

    def show_step(self, step: Step) -> None:
        """How it stands."""
        self.state = step.state
        tone, icon = STEP[step.state]
        is_waiting = step.state in {StepState.PENDING, StepState.SKIPPED}
        self._stage.theme.dress(self._picture, icon, "line_strong" if is_waiting else tone.value, 20)
        self._mark.setCurrentIndex(1 if step.state is StepState.RUNNING else 0)
        self._stage.speech.tell(self._word, STATE_WORDS[step.state])
        detail = _detail(step)
        self._detail.setVisible(detail is not None)
        if detail is not None:
            self._stage.speech.tell(self._detail, detail)
        self._stage.speech.tell(
            self, msg("{step}: {state}", step=step.name.label, state=STATE_WORDS[step.state]), "setAccessibleName"
        )


def _detail(step: Step) -> Message | None:
    if step.detail is not None:
        return step.detail
    if step.due_at is not None and not step.state.is_settled:
        return msg("Goes on at {at}", at=step.due_at)
    return None
