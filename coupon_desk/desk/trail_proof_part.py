"""What proving the trail showed, in sentences: what was looked at, what could not be, and the first entry that does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Spinner, button, column, icon_label, label, restyle, row
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.trail.proof import TrailProof

_LOOKS = {
    Tone.ACCENT: "shield",
    Tone.SUCCESS: "shield",
    Tone.WARN: "attention",
    Tone.DANGER: "attention",
}


class TrailProofPart(QFrame):
    """Hidden until asked for; `entry_asked` wants to see the entry that does not fit, by its sequence."""

    entry_asked = Signal(int)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._bad: int | None = None
        self.setProperty("role", "banner")
        self._icon = icon_label(stage, "shield", "accent", 20)
        self._spinner = Spinner(stage, 18)
        self.title = label(stage, role="tone", wraps=True)
        self.sentences = Findings(stage)
        self.show_entry = button(stage, msg("Show this entry"), "link")
        self.show_entry.setObjectName("show-bad-entry")
        self.show_entry.clicked.connect(self._ask)
        self.close_button = button(stage, msg("Close this message"), "icon", "close", "muted")
        self.close_button.setObjectName("close-proof")
        self.close_button.clicked.connect(self.hide)
        head = row(self._icon, self._spinner, self.title, self.show_entry, self.close_button, spacing=10)
        head.setStretchFactor(self.title, 1)
        head.setAlignment(self.close_button, Qt.AlignmentFlag.AlignTop)
        self.setLayout(column(head, self.sentences, spacing=4, margins=(14, 6, 8, 8)))
        self.hide()

    def show_running(self) -> None:
        """The proof is under way."""
        self._show(Tone.ACCENT, msg("Proving the trail…"), is_running=True)

    def show_proof(self, proof: TrailProof) -> None:
        """What it showed. What nobody explained is no reason for calm, though everything fits together."""
        tone = Tone.DANGER if proof.bad else Tone.WARN if proof.open_questions else Tone.SUCCESS
        self._show(tone, proof.verdict, proof=proof, bad=proof.bad.sequence if proof.bad else None)

    def show_failure(self, error: DeskError) -> None:
        """It could not be proved; this says nothing about the trail."""
        self._show(Tone.WARN, error.what, why=error.todo)

    def _show(
        self,
        tone: Tone,
        title: Message,
        *,
        is_running: bool = False,
        proof: TrailProof | None = None,
        bad: int | None = None,
        why: Message | None = None,
    ) -> None:
        restyle(self, "tone", tone.value)
        self._bad = bad
        self._spinner.setVisible(is_running)
        self._icon.setVisible(not is_running)
        self._stage.theme.dress(self._icon, _LOOKS[tone], tone.value, 20)
        self._stage.speech.tell(self.title, title)
        self._stage.speech.tell(self, title, "setAccessibleName")
        self.show_entry.setVisible(bool(bad))
        self.close_button.setVisible(not is_running)
        lines = [] if proof is None else lines_of(proof)
        if why is not None:
            lines.append(("info", "muted", why))
        self.sentences.show_lines(lines)
        self.sentences.setVisible(bool(lines))
        self.show()

    def _ask(self) -> None:
        if self._bad:
            self.entry_asked.emit(self._bad)


def lines_of(proof: TrailProof) -> list[tuple[str, str, Message]]:
    """The sentences of a proof, each with an icon and its colour: what was looked at, what was not, what is to be explained."""
    marks = {True: ("check", "success"), False: ("question", "warn")}
    told = [(*marks[statement.holds], statement.text) for statement in proof.statements()]
    return [*told, *(("attention", "warn", question.message) for question in proof.open_questions)]
