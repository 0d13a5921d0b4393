"""The manual in a window of its own: its pages at the left, one of them at the right."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QButtonGroup, QDialog, QWidget

from coupon_desk.desk.controls import button, column, frame, label, row
from coupon_desk.desk.help_topics import PAGES, text_of, title_of
from coupon_desk.desk.manual_setting import ManualText, typeset
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

SIZE_PX: Final = (980, 680)


class HelpWindow(QDialog):
    """Stands beside what one is at, also beside a dialog that waits for an answer."""

    def __init__(self, stage: Stage, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._stage = stage
        self.page = PAGES[0]
        self.setModal(False)
        self.resize(*SIZE_PX)
        stage.speech.tell(self, msg("Help"), "setWindowTitle")
        self.text = ManualText()
        self.text.setProperty("role", "manual")
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        stage.speech.tell(self.text, msg("Page of the manual"), "setAccessibleName")
        self.titles = QButtonGroup(self)
        lines = column(label(stage, msg("Help"), "heading"), 10, spacing=4, margins=(18, 26, 18, 20))
        for place in range(len(PAGES)):
            title = button(stage, msg("Page of the manual"), "subject")
            stage.speech.forget(title)
            title.setCheckable(True)
            self.titles.addButton(title, place)
            lines.addWidget(title)
        lines.addStretch(1)
        self.titles.idClicked.connect(lambda place: self.show_page(PAGES[place]))
        side = frame("steps", lines)
        side.setFixedWidth(272)
        whole = row(side, self.text, spacing=0)
        whole.setStretchFactor(self.text, 1)
        self.setLayout(whole)
        stage.speech.changed.connect(self._say_again)
        stage.theme.changed.connect(self._say_again)
        stage.theme.clothe(self)
        self._say_again()

    def show_page(self, page: str) -> None:
        """Turn to a page."""
        self.page = page
        language = self._stage.speech.language
        self.titles.button(PAGES.index(page)).setChecked(True)
        folder = str(files("coupon_desk") / "resources" / "manual" / language)
        self.text.document().setBaseUrl(QUrl.fromLocalFile(f"{folder}/"))
        self.text.setMarkdown(text_of(page, language))
        typeset(self.text.document(), QColor(self._stage.theme.colours.line_strong))
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def _follow(self, link: QUrl) -> None:
        """Another page, or an address outside of the manual."""
        page = link.fileName().removesuffix(".md")
        if page in PAGES:
            self.show_page(page)
        elif link.scheme() == "https":
            self._stage.open_page(link.toString())

    def _say_again(self) -> None:
        for place, page in enumerate(PAGES):
            self.titles.button(place).setText(title_of(page, self._stage.speech.language))
        self.show_page(self.page)
