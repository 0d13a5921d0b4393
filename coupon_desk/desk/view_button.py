"""The button with the views: which one is shown, the others to open, and saving, renaming and deleting one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QPushButton

from coupon_desk.desk.kept_views import KeptViews
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.view_name_dialog import ViewNameDialog
from coupon_desk.desk.views import BUILT_IN, View
from coupon_desk.words import Message, msg

KEYS: Final = "Ctrl+Shift+V"
WIDTH_PX: Final = 216
ROOM_PX: Final = 46
"""What the arrow and the edges take."""


class ViewButton(QPushButton):
    """Says the view's name; its menu is made anew each time, because views come and go."""

    def __init__(self, stage: Stage, views: KeptViews) -> None:
        super().__init__()
        self._stage = stage
        self._views = views
        self._group = QActionGroup(self)
        self.dialog: ViewNameDialog | None = None
        """Where a name is asked for; None while it is not."""
        self.setObjectName("views")
        self.setProperty("kind", "view")
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedWidth(WIDTH_PX)
        QShortcut(QKeySequence(KEYS), self, self.showMenu)
        stage.speech.tell(self, msg("Views of the list (Ctrl+Shift+V)"), "setToolTip")
        self.menu_of_views = QMenu(self)
        self.menu_of_views.setObjectName("view-menu")
        self.menu_of_views.aboutToShow.connect(self.fill)
        self.setMenu(self.menu_of_views)
        views.changed.connect(self._say)
        stage.speech.changed.connect(self._say)
        self._say()

    def fill(self) -> None:
        """Put the views and what can be done with them into the menu."""
        menu, views = self.menu_of_views, self._views
        menu.clear()
        self._group = QActionGroup(menu)
        shown = views.shown
        for view in BUILT_IN:
            self._add_view(view, shown)
        if views.own:
            menu.addSeparator()
        for view in views.own:
            self._add_view(view, shown)
        menu.addSeparator()
        opened = views.opened
        if not opened.is_built_in and shown is not opened:
            changed = msg("Save the changes to “{view}”", view=opened.label)
            self._add("view-save-changes", changed, lambda: views.save(opened.name))
        self._add("view-save", msg("Save as a view…"), self.ask_to_save)
        if shown is not None and not shown.is_built_in:
            self._add("view-rename", msg("Rename “{view}”…", view=shown.label), lambda: self.ask_to_rename(shown))
            self._add("view-delete", msg("Delete “{view}”", view=shown.label), lambda: views.delete(shown))

    def ask_to_save(self) -> None:
        """Ask under which name."""
        dialog = self._ask(msg("Save as a view"), msg("Save the view"))
        dialog.named.connect(self._views.save)
        opened = self._views.opened
        dialog.begin_with("" if opened.is_built_in else opened.name)

    def ask_to_rename(self, view: View) -> None:
        """Ask for another name."""
        dialog = self._ask(msg("Rename “{view}”", view=view.label), msg("Save the name"))
        dialog.named.connect(lambda name: self._views.rename(view, name))
        dialog.begin_with(view.name)

    def _ask(self, title: Message, verb: Message) -> ViewNameDialog:
        dialog = ViewNameDialog(self._stage, title, verb, [view.name for view in self._views.own], self.window())
        dialog.finished.connect(lambda _result: self._forget(dialog))
        self.dialog = dialog
        dialog.open()
        return dialog

    def _forget(self, dialog: ViewNameDialog) -> None:
        self.dialog = None
        dialog.deleteLater()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_view(self, view: View, shown: View | None) -> None:
        action = self._add(f"view:{view.name}", view.label, lambda: self._views.open(view))
        action.setCheckable(True)
        action.setChecked(view is shown)
        action.setActionGroup(self._group)

    def _add(self, name: str, words: Message, act: Callable[[], object]) -> QAction:
        action = self.menu_of_views.addAction(self._stage.speech.say(words).replace("&", "&&"))
        action.setObjectName(name)
        action.triggered.connect(lambda _on=False: act())
        return action

    def _say(self) -> None:
        shown, opened = self._views.shown, self._views.opened
        words = msg("Views") if shown is None else shown.label
        if shown is None and not opened.is_built_in:
            words = msg("{view} (changed)", view=opened.label)
        text = self._stage.speech.say(words)
        room = WIDTH_PX - ROOM_PX
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room).replace("&", "&&"))
        self.setAccessibleName(self._stage.speech.say(msg("View of the list: {view}", view=words)))
