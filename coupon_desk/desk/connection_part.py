"""Tries a connection out, and says line by line what was found and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from coupon_desk.app.checks import Check
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, clear, column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg, msgn


class ConnectionPart(QWidget):
    """A button, and below it what came of it. `asked` wants it to be tried, `told_something` says that there is news below."""

    asked = Signal()
    told_something = Signal()

    def __init__(self, stage: Stage, message: Message | None = None) -> None:
        super().__init__()
        self._stage = stage
        self.checks: tuple[Check, ...] = ()
        self.start = button(stage, message or msg("Try the connection"), icon="refresh", key="Y")
        self.start.setObjectName("try-connection")
        self.start.clicked.connect(self.asked)
        self._spinner = Spinner(stage)
        self._spinner.hide()
        self.told = Banner(stage)
        self._lines = column(spacing=10)
        self.setLayout(column(row(self.start, self._spinner, 0, spacing=12), self.told, self._lines, spacing=12))

    def begin(self) -> None:
        """It is being tried."""
        self.clear()
        self.start.setEnabled(False)
        self._spinner.show()

    def clear(self) -> None:
        """What was found no longer says anything about what stands there."""
        self.checks = ()
        self._rest()
        self.told.hide()
        clear(self._lines)

    def show_checks(self, checks: Iterable[Check]) -> None:
        """Say what was found."""
        self.clear()
        self.checks = tuple(checks)
        broken = sum(not check.is_well for check in self.checks)
        if broken:
            self.told.show_message(
                Tone.WARN, msgn("{count} thing has to be mended.", "{count} things have to be mended.", count=broken)
            )
        elif self.checks:
            self.told.show_message(Tone.SUCCESS, msg("Everything here works."))
        for check in self.checks:
            self._lines.addWidget(check_line(self._stage, check))
        self.told_something.emit()

    def show_problem(self, what: Message, todo: Message | None = None) -> None:
        """Say why nothing was tried."""
        self.clear()
        self.told.show_message(Tone.WARN, what, todo)
        self.told_something.emit()

    def _rest(self) -> None:
        self.start.setEnabled(True)
        self._spinner.hide()


def check_line(stage: Stage, check: Check) -> QFrame:
    """One thing that was looked at: a sign, its name, what was found, and the mend where it is not well."""
    icon = icon_label(stage, "used" if check.is_well else "refused", "success" if check.is_well else "danger")
    texts = column(label(stage, check.name, "strong"), label(stage, check.found, wraps=True), spacing=1)
    if check.mend is not None and not check.is_well:
        texts.addWidget(label(stage, check.mend, "muted", wraps=True))
    inside = row(icon, texts, spacing=10)
    inside.setAlignment(icon, Qt.AlignmentFlag.AlignTop)
    inside.setStretchFactor(texts, 1)
    made = QFrame()
    made.setLayout(inside)
    word = msg("well") if check.is_well else msg("broken")
    stage.speech.tell(made, msg("{name}: {state}", name=check.name, state=word), "setAccessibleName")
    return made
