"""A request that waits for a second person, with everything that one has to know before saying yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from coupon_desk.desk.controls import allow, button, column, icon_label, label, row
from coupon_desk.desk.figures import Figures, of_proposal
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.approvals import WaitingRequest


class RequestCard(QFrame):
    """One request. `decided` brings whether it is approved."""

    decided = Signal(bool)

    def __init__(self, stage: Stage, asked: WaitingRequest, *, is_alone: bool = False) -> None:
        super().__init__()
        self._stage = stage
        self.asked = asked
        self.setProperty("role", "plain" if is_alone else "card")
        code = label(stage, role="code" if is_alone else "mono")
        code.setText(asked.shown_as)
        code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        points = label(stage, msg("{points} points", points=asked.points), "heading" if is_alone else "strong")
        kind = label(stage, asked.kind.label, "section" if is_alone else "muted")
        head = column(kind, row(code, 0, points), spacing=4) if is_alone else row(code, kind, 0, points, spacing=12)
        self.why = Findings(stage)
        self.why.show_lines(("people", "warn", message) for message in asked.why)
        self.figures = Figures(stage)
        proposal = asked.own.proposal if asked.own is not None else None
        self.figures.show_points(of_proposal(proposal) if proposal is not None else ())
        self.figures.setVisible(proposal is not None)
        note = label(stage, msg("{reason}: “{note}”", reason=asked.reason.label, note=asked.note), wraps=True)
        self.approve = button(stage, msg("Approve"), "primary")
        self.approve.setObjectName(f"approve-{asked.operation}")
        self.approve.clicked.connect(lambda: self.decided.emit(True))
        self.refuse = button(stage, msg("Reject"))
        self.refuse.setObjectName(f"reject-{asked.operation}")
        self.refuse.clicked.connect(lambda: self.decided.emit(False))
        for action, verb in (
            (self.approve, msg("Approve {code}", code=asked.shown_as)),
            (self.refuse, msg("Reject {code}", code=asked.shown_as)),
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


def _asked_by(stage: Stage, asked: WaitingRequest) -> QFrame:
    """Who asks, when and where, and until when it can be decided."""
    asks = msg("Asked by {name}, {at}", name=asked.requester_name or asked.requester, at=asked.asked_at)
    parts = [label(stage, asks, "small")]
    if asked.is_elsewhere:
        parts.append(icon_label(stage, "centre", "muted", 14))
        parts.append(label(stage, _place(asked), "small"))
    if asked.expires_at is not None:
        parts.append(icon_label(stage, "expired", "muted", 14))
        parts.append(label(stage, msg("expires {at}", at=asked.expires_at), "small"))
    made = QFrame()
    made.setLayout(row(*parts, 0, spacing=7))
    return made


def _place(asked: WaitingRequest) -> Message:
    if asked.store is not None:
        return msg("at the desk {desk} in {store}", desk=asked.desk, store=asked.store)
    return msg("at the desk {desk}", desk=asked.desk)
