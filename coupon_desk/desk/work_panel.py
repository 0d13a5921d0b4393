"""Work in progress: each operation that is under way with its steps, and what needs a person with the exact next action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QFrame, QProgressBar, QPushButton, QWidget

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.desk.attention_strip import needs_person, sentence
from coupon_desk.desk.controls import allow, button, clear, column, frame, icon_label, label, row
from coupon_desk.desk.scrolling import scrolled
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import OPERATION
from coupon_desk.desk.step_marks import StepMarks, current_step
from coupon_desk.desk.under_way import InProgress, UnderWay, is_at_work
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn

MOST_CARDS: Final = 40
SHOW: Final = "show-"
"""How the names of the buttons begin that show an operation."""

DRAWN_AFTER_MS: Final = 50
"""Snapshots come quickly after each other; what is drawn is the newest."""


class WorkPanel(QDialog):
    """A window beside the page. `show_asked` names an operation, `resume_asked` wants all to go on."""

    show_asked = Signal(object)
    resume_asked = Signal()

    def __init__(self, stage: Stage, under_way: UnderWay, rights: Mapping[Right, Message | None], parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._under_way = under_way
        self.setMinimumSize(560, 420)
        self.resize(640, 600)
        stage.speech.tell(self, msg("Work in progress"), "setWindowTitle")
        self.title = label(stage, role="heading")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        stage.speech.tell(self.bar, msg("How far the work is"), "setAccessibleName")
        self._cards = column(spacing=10)
        self.later = label(stage, role="small", wraps=True)
        self.go_on = button(stage, msg("Go on now"), icon="refresh", key="G")
        self.go_on.setObjectName("go-on")
        self.go_on.clicked.connect(self.resume_asked)
        allow(stage, self.go_on, rights.get(Right.ASK))
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        head = frame("header", column(self.title, self.bar, spacing=8, margins=(22, 14, 22, 12)))
        body = scrolled(column(self._cards, self.later, 0, spacing=12, margins=(22, 16, 18, 16)))
        whole = column(head, body, frame("footer", row(0, self.go_on, close, margins=(22, 12, 22, 12))), spacing=0)
        whole.setStretchFactor(body, 1)
        self.setLayout(whole)
        self._drawing = QTimer(self)
        self._drawing.setSingleShot(True)
        self._drawing.setInterval(DRAWN_AFTER_MS)
        self._drawing.timeout.connect(self.draw)
        under_way.changed.connect(self._draw_soon)
        stage.speech.changed.connect(self.draw)
        self.finished.connect(lambda _result: self._drawing.stop())
        self.draw()

    def _draw_soon(self) -> None:
        self._drawing.start()

    def draw(self) -> None:
        """Everything as it is now; whoever walks through it by keys stays where they are."""
        focused = self.focusWidget()
        place = focused.objectName() if focused is not None else ""
        self._draw()
        if place.startswith(SHOW) and (again := self.findChildren(QPushButton, place)):
            again[-1].setFocus()  # the one before it is gone only when the event loop runs

    def _draw(self) -> None:
        now, tell = self._under_way.now, self._stage.speech.tell
        tell(self.title, headline(now))
        self.bar.setVisible(now.progress is not None)
        self.bar.setValue(round((now.progress or 0.0) * 100))
        clear(self._cards)
        for operation in now.operations[:MOST_CARDS]:
            self._cards.addWidget(self._card(operation))
        left_out = len(now.operations) - MOST_CARDS
        if left_out > 0:
            self._cards.addWidget(label(self._stage, msg("and {count} more", count=left_out), "small"))
        if not now.operations:
            self._cards.addWidget(self._nothing())
        self.later.setVisible(now.later > 0)
        tell(
            self.later,
            msgn(
                "{count} finished cancellation is looked at once more later, by itself.",
                "{count} finished cancellations are looked at once more later, by themselves.",
                count=now.later,
            ),
        )
        self.go_on.setVisible(any(_may_go_on(one) for one in now.operations))

    def _nothing(self) -> QWidget:
        text = label(self._stage, msg("What is begun appears here, and what needs you stands at the top."), "muted", wraps=True)
        return frame("well", row(icon_label(self._stage, "check", "success", 20), text, spacing=10, margins=(14, 12, 14, 12)))

    def _card(self, operation: Operation) -> QFrame:
        stage = self._stage
        is_for_person = needs_person(operation)
        tone, icon = OPERATION[OperationState.NEEDS_ATTENTION if is_for_person else operation.state]
        code = label(stage, role="mono")
        code.setText(operation.code.text)
        kind = label(stage, operation.kind.label, "small")
        show = button(stage, msg("Show"), "link")
        show.setObjectName(f"{SHOW}{operation.id}")
        stage.speech.tell(show, msg("Show {code}", code=operation.code.text), "setAccessibleName")
        show.clicked.connect(lambda: self.show_asked.emit(operation))
        head = row(icon_label(stage, icon, tone.value, 18), code, kind, 0, show, spacing=8)
        texts = column(head, StepMarks(stage, operation), spacing=6, margins=(14, 8, 10, 12))
        spoken = [code.text(), stage.speech.say(operation.kind.label), stage.speech.say(operation.state.label)]
        for message, role in self._told(operation, is_for_person=is_for_person):
            made = label(stage, message, role, wraps=True)
            texts.addWidget(made)
            spoken.append(made.text())
        card = QFrame()
        card.setProperty("role", "banner" if is_for_person else "card")
        if is_for_person:
            card.setProperty("tone", tone.value)
        card.setLayout(texts)
        card.setAccessibleName(", ".join(spoken))
        return card

    @staticmethod
    def _told(operation: Operation, *, is_for_person: bool) -> list[tuple[Message, str]]:
        """What happened, and then what to do: by whom, or when it goes on."""
        if is_for_person:
            what = operation.attention or sentence(operation)
            todo = operation.next_action
            return [(what, "tone"), *([(todo, "body")] if todo is not None and todo != what else [])]
        step = current_step(operation)
        waits = operation.state is OperationState.RUNNING and not is_at_work(operation)
        what = step.detail if step is not None and step.detail is not None else sentence(operation)
        by = msg("{name}, {at}", name=operation.operator.name, at=operation.opened_at)
        when = [(msg("Goes on by itself at {at}", at=operation.due_at), "small")] if waits and operation.due_at else []
        return [(what, "body"), *when, (by, "small")]


def headline(now: InProgress) -> Message:
    """How much there is, in one line: for a person first."""
    if now.for_person:
        return msgn("{count} operation needs a person", "{count} operations need a person", count=now.for_person)
    unfinished = sum(not one.state.is_over for one in now.operations)
    if unfinished:
        return msgn("{count} operation is under way", "{count} operations are under way", count=unfinished)
    return msg("Nothing is under way")


def _may_go_on(operation: Operation) -> bool:
    return not operation.state.is_over and operation.state is not OperationState.AWAITING_APPROVAL
