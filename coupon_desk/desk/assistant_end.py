"""The last step of the assistant: a look at everything together, before it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from coupon_desk.app.checks import Check
from coupon_desk.app.setup import Setup
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.connection_part import ConnectionPart
from coupon_desk.desk.controls import Banner, column, label
from coupon_desk.desk.setting_fields import CONNECTIONS
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg


class AssistantEnd(QWidget):
    """Tries all connections as the desk will use them, with the secrets that the keyring keeps now."""

    def __init__(self, stage: Stage, setup: Setup) -> None:
        super().__init__()
        self._stage = stage
        self._setup = setup
        self._values: Mapping[str, Any] = {}
        self.missing = Banner(stage)
        self.connection = ConnectionPart(stage, msg("Look again"))
        self.connection.asked.connect(self._look)
        told = msg("The desk can be opened also where something does not work yet: mend it later in the settings.")
        inside = QWidget()
        inside.setLayout(
            column(
                label(stage, msg("Look at everything"), "title"),
                label(stage, told, "muted", wraps=True),
                self.missing,
                self.connection,
                0,
                spacing=14,
                margins=(36, 28, 36, 24),
            )
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self.setLayout(column(scroll))

    def look(self, values: Mapping[str, Any], missing: tuple[Message, ...]) -> None:
        """Look at a configuration that lacks these secrets."""
        self._values = values
        self.missing.setVisible(bool(missing))
        if missing:
            names = self._stage.speech.say(msg(", ")).join(map(self._stage.speech.say, missing))
            self.missing.show_message(Tone.WARN, msg("Still missing: {names}.", names=names))
        self._look()

    def _look(self) -> None:
        values, setup = self._values, self._setup
        tried = [page.connection for page in CONNECTIONS if page.optional is None or values.get(page.optional)]

        def look() -> tuple[Check, ...]:
            return tuple(check for each in tried if each is not None for check in setup.try_out(each, values, {}))

        self.connection.begin()
        self._stage.runner.read(
            self,
            "look",
            look,
            self.connection.show_checks,
            lambda error: self.connection.show_problem(error.what, error.todo),
        )
