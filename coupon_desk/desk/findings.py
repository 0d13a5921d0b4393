"""What was found on a coupon, each with its weight: why it may not be cancelled, why somebody else must look, what to know."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from coupon_desk.coupons.eligibility import Finding, Verdict, Weight
from coupon_desk.coupons.evidence import Absent, Evidence, NotAnswered
from coupon_desk.desk.controls import clear, column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

WEIGHTS = {
    Weight.REFUSAL: ("refused", "danger"),
    Weight.APPROVAL: ("people", "warn"),
    Weight.NOTE: ("info", "muted"),
}


class Findings(QWidget):
    """A list of sentences with icons."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._lines = column(spacing=2)
        self.setLayout(self._lines)

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """All of them, not the first."""
        self.show_lines((*WEIGHTS[finding.weight], finding.message) for finding in findings)

    def show_lines(self, lines: Iterable[tuple[str, str, Message]]) -> None:
        """Sentences, each with the name of an icon and of a colour."""
        clear(self._lines)
        for icon, colour, message in dict.fromkeys(lines):  # two sources may be silent for one reason
            picture = icon_label(self._stage, icon, colour, 16)
            text = label(self._stage, message, wraps=True)
            line = row(picture, text, spacing=8)
            line.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
            line.setContentsMargins(0, 1, 0, 1)
            line.setStretchFactor(text, 1)
            self._lines.addLayout(line)


def checks(
    evidence: Evidence, verdict: Verdict, told_elsewhere: Collection[Finding] = ()
) -> tuple[tuple[str, str, Message], ...]:
    """The live checks of the dialog: what each source answered, then what was found and is not told elsewhere in it."""
    lines = []
    for source, name in (
        (evidence.discount, msg("Shopify: the discount and its use")),
        (evidence.orders, msg("Shopify: orders that used the code")),
        (evidence.record, msg("The customer's record")),
        (evidence.history, msg("Point history, to its end")),
    ):
        if isinstance(source, NotAnswered):
            lines.append(("question", "danger", msg("{source}: no answer", source=name)))
        elif isinstance(source, Absent):
            lines.append(("refused", "danger", msg("{source}: not found", source=name)))
        else:
            lines.append(("check", "success", name))
    found = (finding for finding in verdict.findings if finding not in told_elsewhere)
    return (*lines, *((*WEIGHTS[finding.weight], finding.message) for finding in found))
