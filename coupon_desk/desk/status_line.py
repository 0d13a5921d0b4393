"""The bottom of the window: how fresh the list is, whether the trail was proved and how far it is shipped."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Elided, Spinner, button, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg


class StatusLine(QFrame):
    """Quiet facts; colours only where something is wrong."""

    sync_asked = Signal()
    work_asked = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "footer")
        self.setFixedHeight(36)
        self._spinner = Spinner(stage, 14)
        self._spinner.hide()
        self._sync = icon_label(stage, "refresh", "muted", 14)
        self.sync_text = label(stage, role="small")
        self._shield = icon_label(stage, "shield", "muted", 14)
        self.trail_text = label(stage, role="small")
        self.central_icon = icon_label(stage, "centre", "muted", 14)
        self.central_text = label(stage, role="small")
        self._central = QWidget()
        self._central.setLayout(row(self.central_icon, self.central_text, spacing=6, margins=(14, 0, 0, 0)))
        self._central.hide()
        self.refresh = button(stage, msg("Refresh the list (F5)"), "icon", "refresh", "muted")
        self.refresh.setObjectName("refresh")
        self.refresh.setFixedSize(30, 28)
        self.refresh.clicked.connect(self.sync_asked)
        self.work = button(stage, msg("Work in progress"), "link")
        self.work.hide()
        self.work.setObjectName("work-in-progress")
        self.work.clicked.connect(self.work_asked)
        stage.speech.tell(self.work, msg("Work in progress (Ctrl+O)"), "setToolTip")
        self.notice = Elided("small")
        inside = row(
            self._spinner,
            self._sync,
            self.sync_text,
            14,
            self._shield,
            self.trail_text,
            self._central,
            14,
            self.notice,
            self.work,
            self.refresh,
            spacing=6,
            margins=(20, 0, 12, 0),
        )
        inside.setStretchFactor(self.notice, 1)
        self.setLayout(inside)
        self.show_sync(msg("The list has not been refreshed yet"))
        self.show_trail(msg("Proving the trail…"))

    def show_sync(self, message: Message, *, is_running: bool = False, is_wrong: bool = False) -> None:
        """How fresh the list is."""
        self._spinner.setVisible(is_running)
        self._sync.setVisible(not is_running)
        self._mark(self._sync, "offline" if is_wrong else "refresh", "warn" if is_wrong else "muted")
        self._stage.speech.tell(self.sync_text, message)

    def show_trail(self, message: Message, *, is_proved: bool = False, is_wrong: bool = False) -> None:
        """Whether the trail holds."""
        colour = "danger" if is_wrong else "success" if is_proved else "muted"
        self._mark(self._shield, "attention" if is_wrong else "shield", colour)
        self._stage.speech.tell(self.trail_text, message)

    def show_central(self, message: Message | None, tone: Tone) -> None:
        """How far the trail is in the central database; None where there is none."""
        self._central.setVisible(message is not None)
        if message is not None:
            is_wrong = tone in {Tone.WARN, Tone.DANGER}
            icon = "attention" if tone is Tone.DANGER else "offline" if is_wrong else "centre"
            self._mark(self.central_icon, icon, tone.value if is_wrong else "muted")
            self._stage.speech.tell(self.central_text, message)

    def show_work(self, message: Message | None) -> None:
        """What is under way; None where nothing is."""
        self.work.setVisible(message is not None)
        if message is not None:
            self._stage.speech.tell(self.work, message)

    def show_notice(self, message: Message | None) -> None:
        """One thing that happened, until the next."""
        self.notice.say("" if message is None else self._stage.speech.say(message))

    def _mark(self, picture: QLabel, icon: str, colour: str) -> None:
        self._stage.theme.dress(picture, icon, colour, 14)
