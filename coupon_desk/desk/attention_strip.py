"""What is not finished or needs a person, above the table: nobody has to look for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Elided, button, clear, column, icon_label, label, restyle, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import OPERATION
from coupon_desk.words import Message, msg, msgn

SHOWN: Final = 2


class AttentionStrip(QFrame):
    """Hidden when everything is done. `show_asked` names an operation; `resume_asked` wants all to go on."""

    show_asked = Signal(object)
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
        stage.speech.changed.connect(lambda: self.show_operations(self._operations))

    def show_operations(self, operations: Iterable[Operation]) -> None:
        """The operations that are open or need a person, those for a person first."""
        self._operations = tuple(sorted(operations, key=_urgency))
        clear(self._lines)
        self.setVisible(bool(self._operations))
        if not self._operations:
            return
        needs_person = self._operations[0].state is OperationState.NEEDS_ATTENTION
        restyle(self, "tone", (Tone.WARN if needs_person else Tone.ACCENT).value)
        self._stage.speech.tell(
            self.title,
            msgn("{count} operation is not finished", "{count} operations are not finished", count=len(self._operations)),
        )
        for operation in self._operations[:SHOWN]:
            self._lines.addWidget(self._line(operation))
        if len(self._operations) > SHOWN:
            more = label(self._stage, msg("and {count} more", count=len(self._operations) - SHOWN), "small")
            self._lines.addWidget(more)

    def _line(self, operation: Operation) -> QFrame:
        tone, icon = OPERATION[operation.state]
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
    return operation.next_action or operation.attention or operation.state.label


def _urgency(operation: Operation) -> tuple[int, str]:
    order = (OperationState.NEEDS_ATTENTION, OperationState.AWAITING_APPROVAL, OperationState.RUNNING)
    rank = order.index(operation.state) if operation.state in order else len(order)
    return rank, operation.id
