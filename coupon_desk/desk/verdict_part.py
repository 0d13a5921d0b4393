"""May this coupon be cancelled? The answer in one banner, with everything that was found under it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from coupon_desk.coupons.eligibility import Rule, Verdict
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, row
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg


class VerdictPart(QWidget):
    """Draws a verdict; or why there is none, with the way to ask again."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.banner = Banner(stage)
        self.banner.setObjectName("verdict")
        self.findings = Findings(stage)
        self.again = button(stage, msg("Check again"), "link")
        self.setLayout(column(self.banner, self.findings, row(self.again, 0), spacing=8))

    def show_verdict(self, verdict: Verdict) -> None:
        """What the rules say of the evidence."""
        is_only_one = not verdict.may_cancel and len(verdict.findings) == 1
        tone, title, text, icon = _answer(verdict)
        self.banner.show_message(tone, title, verdict.refusals[0].message if is_only_one else text, icon)
        self.findings.show_findings(verdict.findings)
        self.findings.setVisible(bool(verdict.findings) and not is_only_one)
        self.again.setVisible(verdict.has(Rule.NOT_ANSWERED))
        self.show()

    def show_failure(self, error: DeskError) -> None:
        """The coupon could not be looked at."""
        self.banner.show_message(Tone.WARN, error.what, error.todo or error.done, icon="offline")
        self.findings.hide()
        self.again.show()
        self.show()


def _answer(verdict: Verdict) -> tuple[Tone, Message, Message | None, str]:
    if not verdict.may_cancel:
        if verdict.has(Rule.CANCELLED):
            return Tone.NEUTRAL, msg("Already cancelled"), None, "cancelled"
        if verdict.has(Rule.USED):
            return Tone.DANGER, msg("Already used"), None, "used"
        return Tone.DANGER, msg("May not be cancelled"), None, "refused"
    would = msg("{points} points would be returned to the customer.", points=verdict.points_to_return)
    if verdict.needs_approval:
        return Tone.WARN, msg("May be cancelled when a second person approves"), would, "people"
    return Tone.SUCCESS, msg("May be cancelled"), would, "shield"
