"""A request that waits for a second person, with everything that one has to know before saying yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from coupon_desk.cancellation.operation import Operation
from coupon_desk.desk.controls import allow, button, column, icon_label, label, row
from coupon_desk.desk.figures import Figures, of_proposal
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg


@dataclass(frozen=True, slots=True)
class Asked:
    """What is drawn of a request. `code` is masked where another desk asks; `desk` is that desk, None for this one."""

    id: str
    code: str
    kind: Message
    points: int
    by: str
    at: datetime
    why: tuple[Message, ...]
    note: str
    reason: Message
    desk: str | None = None
    expires_at: datetime | None = None
    figures: tuple[tuple[Message, int | None], ...] = ()


class RequestCard(QFrame):
    """One request. `decided` brings whether it is approved."""

    decided = Signal(bool)

    def __init__(self, stage: Stage, asked: Asked, *, is_alone: bool = False) -> None:
        super().__init__()
        self._stage = stage
        self.asked = asked
        self.setProperty("role", "plain" if is_alone else "card")
        code = label(stage, role="code" if is_alone else "mono")
        code.setText(asked.code)
        code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        points = label(stage, msg("{points} points", points=asked.points), "heading" if is_alone else "strong")
        head = row(code, label(stage, asked.kind, "muted"), 0, points, spacing=12)
        self.why = Findings(stage)
        self.why.show_lines(("people", "warn", message) for message in asked.why)
        self.figures = Figures(stage)
        self.figures.show_points(asked.figures)
        self.figures.setVisible(bool(asked.figures))
        note = label(stage, msg("{reason}: “{note}”", reason=asked.reason, note=asked.note), wraps=True)
        self.approve = button(stage, msg("Approve"), "primary")
        self.approve.setObjectName(f"approve-{asked.id}")
        self.approve.clicked.connect(lambda: self.decided.emit(True))
        self.refuse = button(stage, msg("Reject"))
        self.refuse.setObjectName(f"reject-{asked.id}")
        self.refuse.clicked.connect(lambda: self.decided.emit(False))
        for action, verb in (
            (self.approve, msg("Approve {code}", code=asked.code)),
            (self.refuse, msg("Reject {code}", code=asked.code)),
        ):
            stage.speech.tell(action, verb, "setAccessibleName")
        self.why_not = label(stage, role="small", wraps=True)
        reasoning = column(0, self.why_not, 0)
        bottom = row(reasoning, self.refuse, self.approve, spacing=8)
        bottom.setStretchFactor(reasoning, 1)
        self.setLayout(
            column(
                head,
                _asked_by(stage, asked),
                self.why,
                self.figures,
                note,
                bottom,
                spacing=9,
                margins=(26, 18, 24, 18) if is_alone else (16, 13, 16, 13),
            )
        )

    def show_decider(self, why_no_decision: Message | None, *, has_note: bool) -> None:
        """Whether whoever decides now may decide this; a sentence says why not. Rejecting needs a note."""
        why_no_rejection = why_no_decision if has_note or why_no_decision else msg("Rejecting needs a note.")
        allow(self._stage, self.approve, why_no_decision)
        allow(self._stage, self.refuse, why_no_rejection)
        self.why_not.setVisible(why_no_decision is not None)
        if why_no_decision is not None:
            self._stage.speech.tell(self.why_not, why_no_decision)


def asked_by(operation: Operation) -> Asked:
    """A request of this desk."""
    points, figures = operation.points_to_return, of_proposal(operation.proposal) if operation.proposal is not None else ()
    if points is None:
        points = operation.code.points if operation.proposal is None else operation.proposal.proposed
    return Asked(
        id=operation.id,
        code=operation.code.text,
        kind=operation.kind.label,
        points=points,
        by=operation.operator.name,
        at=operation.opened_at,
        why=operation.approval_needed,
        note=operation.request.note,
        reason=operation.request.reason.label,
        figures=figures,
    )


def _asked_by(stage: Stage, asked: Asked) -> QFrame:
    """Who asks, when and where, and until when it can be decided."""
    asks = msg("Asked by {name}, {at}", name=asked.by, at=asked.at)
    parts = [label(stage, asks, "small")]
    if asked.desk is not None:
        parts.append(icon_label(stage, "centre", "muted", 14))
        parts.append(label(stage, msg("at the desk {desk}", desk=asked.desk), "small"))
    if asked.expires_at is not None:
        parts.append(icon_label(stage, "expired", "muted", 14))
        parts.append(label(stage, msg("expires {at}", at=asked.expires_at), "small"))
    made = QFrame()
    made.setLayout(row(*parts, 0, spacing=7))
    return made
