"""What is not finished or needs a person, above the table: nobody has to look for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from coupon_desk.cancellation.operation import LATE_STEPS, Operation, OperationState, StepState
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Elided, allow, button, clear, column, icon_label, label, restyle, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import OPERATION
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn

SHOWN: Final = 2


class AttentionStrip(QFrame):
    """Hidden when everything is done. `show_asked` names an operation, `all_asked` all; `resume_asked` wants all to go on."""

    show_asked = Signal(object)
    all_asked = Signal()
    resume_asked = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._operations: tuple[Operation, ...] = ()
        self.setProperty("role", "banner")
        self.title = label(stage, role="tone")
        self.go_on = button(stage, msg("Go on now"), "link", key="G")
        self.go_on.setObjectName("go-on")
        self.go_on.clicked.connect(self.resume_asked)
        self._lines = column(spacing=2)
        self.setLayout(column(row(self.title, 0, self.go_on), self._lines, spacing=4, margins=(14, 8, 10, 10)))
        self.hide()
        stage.speech.changed.connect(self._say_again)

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """Whether this operator may have it go on; a sentence says why not."""
        allow(self._stage, self.go_on, rights.get(Right.ASK))

    def show_operations(self, operations: Iterable[Operation]) -> None:
        """Of these, the operations that are open or need a person, those for a person first."""
        unfinished = (one for one in operations if not one.state.is_over or needs_person(one))
        self._operations = tuple(sorted(unfinished, key=_urgency))
        clear(self._lines)
        self.setVisible(bool(self._operations))
        if not self._operations:
            return
        self.go_on.setVisible(any(one.state is not OperationState.AWAITING_APPROVAL for one in self._operations))
        restyle(self, "tone", (Tone.WARN if needs_person(self._operations[0]) else Tone.ACCENT).value)
        self._stage.speech.tell(
            self.title,
            msgn("{count} operation is not finished", "{count} operations are not finished", count=len(self._operations)),
        )
        for operation in self._operations[:SHOWN]:
            self._lines.addWidget(self._line(operation))
        if len(self._operations) > SHOWN:
            more = button(self._stage, msg("and {count} more", count=len(self._operations) - SHOWN), "link")
            more.clicked.connect(self.all_asked)
            self._lines.addLayout(row(more, 0))

    def _say_again(self) -> None:
        self.show_operations(self._operations)

    def _line(self, operation: Operation) -> QFrame:
        tone, icon = OPERATION[OperationState.NEEDS_ATTENTION if needs_person(operation) else operation.state]
        code = label(self._stage, role="mono")
        code.setText(operation.code.text)
        what = Elided("body")
        what.say(self._stage.speech.say(sentence(operation)))
        show = button(self._stage, msg("Show"), "link")
        show.clicked.connect(lambda: self.show_asked.emit(operation))
        inside = row(icon_label(self._stage, icon, tone.value, 16), code, what, show, spacing=10)
        inside.setStretchFactor(what, 1)
        made = QFrame()
        made.setLayout(inside)
        return made


def sentence(operation: Operation) -> Message:
    """What to say of an operation that is not over, in one line: what to do, else what happened, else how it stands."""
    unknown = next((step.detail for step in operation.steps if step.state is StepState.UNKNOWN), None)
    return operation.next_action or operation.attention or unknown or operation.state.label


def needs_person(operation: Operation) -> bool:
    """Whether only a person can settle it: an alarm, or after the end an e-mail of which nobody knows whether it was sent."""
    is_unknown = any(operation.step(name).state is StepState.UNKNOWN for name in LATE_STEPS)
    return operation.state is OperationState.NEEDS_ATTENTION or (operation.ended_at is not None and is_unknown)


def _urgency(operation: Operation) -> tuple[int, str]:
    if needs_person(operation):
        return 0, operation.id
    return 1 if operation.state is OperationState.AWAITING_APPROVAL else 2, operation.id
