"""The way from an empty home to a configured one: welcome, the training shop or the assistant."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from coupon_desk.desk.stage import Stage
from coupon_desk.desk.start_pages import FirstRunPage
from coupon_desk.errors import DeskError

if TYPE_CHECKING:
    from coupon_desk.app.setup import Found, Setup


class FirstRun(QObject):
    """Shows its pages in the window's. `configured` comes when there is a configuration."""

    training_asked = Signal()
    configured = Signal()

    def __init__(
        self, stage: Stage, open_setup: Callable[[], Setup] | None, pages: QStackedWidget, *, offers_training: bool
    ) -> None:
        """`open_setup` is called on a worker."""
        super().__init__(pages)
        self._stage = stage
        self._open_setup = open_setup
        self._pages = pages
        self.page = FirstRunPage(stage, offers_training=offers_training, offers_setup=open_setup is not None)
        self.page.training_asked.connect(self.training_asked)
        self.page.setup_asked.connect(self.begin)
        self.page.file_chosen.connect(self.begin)

    def welcome(self) -> None:
        """Ask what is wanted."""
        self._show(self.page)

    def begin(self, file: Path | None = None) -> None:
        """Show the assistant, with what another desk's file holds where there is one."""
        open_setup = self._open_setup
        if open_setup is None:
            return

        def look() -> tuple[Setup, Found, str]:
            import_module("coupon_desk.desk.assistant_page")
            setup = open_setup()
            return setup, setup.look(), setup.take_over(file) if file is not None else ""

        self._stage.runner.read(self, "setup", look, self._assist, self._fail)

    def _assist(self, begun: tuple[Setup, Found, str]) -> None:
        from coupon_desk.desk.assistant_page import AssistantPage

        assistant = AssistantPage(self._stage, *begun)
        assistant.left.connect(self.welcome)
        assistant.finished.connect(self.configured)
        self._show(assistant)

    def _fail(self, error: DeskError) -> None:
        self.page.show_error(error)

    def _show(self, page: QWidget) -> None:
        self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)
