"""The top of the trail's window: how much was found, and what can be done with the trail."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QPushButton

from coupon_desk.desk.controls import Spinner, allow, button, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg, msgn


class TrailBar(QFrame):
    """Says what is asked for; who may not hand the trail out sees why."""

    everything_asked = Signal()
    refresh_asked = Signal()
    verify_asked = Signal()
    export_asked = Signal()
    summary_asked = Signal()

    def __init__(self, stage: Stage, rights: Mapping[Right, Message | None]) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "header")
        self.count = label(stage, role="muted")
        self._busy = Spinner(stage, 14)
        self._busy.hide()
        self.everything = button(stage, msg("Show everything"), "link", key="A")
        self.refresh = button(stage, msg("Read again (F5)"), "icon", "refresh", "muted")
        self.verify = button(stage, msg("Verify"), "normal", "shield", "muted", key="V")
        self.export = button(stage, msg("Export…"), "normal", "export", "muted", key="E")
        self.summary = button(stage, msg("Owner's summary…"), "normal", "document", "muted", key="S")
        actions: tuple[tuple[QPushButton, str, SignalInstance], ...] = (
            (self.everything, "trail-everything", self.everything_asked),
            (self.refresh, "trail-refresh", self.refresh_asked),
            (self.verify, "trail-verify", self.verify_asked),
            (self.export, "trail-export", self.export_asked),
            (self.summary, "trail-summary", self.summary_asked),
        )
        for action, name, asked in actions:
            action.setObjectName(name)
            action.clicked.connect(asked)
        self.everything.hide()
        allow(stage, self.export, rights.get(Right.EXPORT))
        titles = row(
            icon_label(stage, "trail", "accent", 24), label(stage, msg("Trail"), "heading"), self.count, self._busy, spacing=10
        )
        buttons = (self.refresh, self.verify, self.export, self.summary)
        self.setLayout(row(titles, self.everything, 0, *buttons, spacing=8, margins=(20, 10, 20, 10)))

    def show_searching(self, *, has_filters: bool) -> None:
        """Entries are on their way; where something limits them, there is a way back to all."""
        self._busy.show()
        self.everything.setVisible(has_filters)

    def show_found(self) -> None:
        """They are there, or will not come."""
        self._busy.hide()

    def show_count(self, count: int) -> None:
        """How many there are."""
        self._stage.speech.tell(self.count, msgn("{count} entry", "{count} entries", count=count))
