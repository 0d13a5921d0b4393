"""The steps of an operation in one row: an icon for each, and in words how far it is."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QFrame

from coupon_desk.cancellation.operation import Operation, Step, StepState
from coupon_desk.desk.controls import Elided, icon_label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import STEP
from coupon_desk.desk.step_list import STATE_WORDS
from coupon_desk.words import msg

_WAITS: Final = frozenset({StepState.PENDING, StepState.SKIPPED})


class StepMarks(QFrame):
    """Seven marks. Which step each is, and how it stands, is said in its hint and as the row's name."""

    def __init__(self, stage: Stage, operation: Operation) -> None:
        super().__init__()
        say = stage.speech.say
        marks = row(spacing=4)
        spoken = []
        for step in operation.steps:
            tone, icon = STEP[step.state]
            mark = icon_label(stage, icon, "line_strong" if step.state in _WAITS else tone.value, 16)
            told = say(msg("{step}: {state}", step=step.name.label, state=STATE_WORDS[step.state]))
            mark.setToolTip(told)
            mark.setAccessibleName(told)
            spoken.append(told)
            marks.addWidget(mark)
        self.words = Elided("small")
        current = current_step(operation)
        if current is not None:
            self.words.say(say(msg("{step}: {state}", step=current.name.label, state=STATE_WORDS[current.state])))
        inside = row(marks, self.words, spacing=10)
        inside.setStretchFactor(self.words, 1)
        self.setLayout(inside)
        self.setAccessibleName(", ".join(spoken))


def current_step(operation: Operation) -> Step | None:
    """The step that it is at; None where all are settled."""
    return next((step for step in operation.steps if not step.state.is_settled), None)
