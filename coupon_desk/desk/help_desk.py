"""Help from wherever one is: F1 opens the manual at the page for what is shown; diagnostics for whoever helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from coupon_desk.desk.stage import Stage

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.desk.diagnostics_dialog import DiagnosticsDialog
    from coupon_desk.desk.help_window import HelpWindow
    from coupon_desk.errors import DeskError

HELP_KEY: Final = Qt.Key.Key_F1


class HelpDesk(QObject):
    """Belongs to the window. Listens to the system's windows, for the reason that `idle_watch` tells.

    `page_of` is the page that it shows. `home_of` says where the home is, the open desk, and why there is none; the home is
    None where none is configured.
    """

    def __init__(
        self,
        stage: Stage,
        window: QWidget,
        page_of: Callable[[], QWidget | None],
        home_of: Callable[[], tuple[Path | None, CouponDesk | None, DeskError | None]],
    ) -> None:
        super().__init__(window)
        self._stage = stage
        self._window = window
        self._page_of = page_of
        self._home_of = home_of
        self.open_help: HelpWindow | None = None
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._watch)
            self._watch(application.focusWindow())  # which the frame may be already

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """F1 in any window of the program."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == HELP_KEY:
            self.show_help(self._asking(watched))
            return True
        return super().eventFilter(watched, event)

    def show_help(self, asking: QWidget, page: str | None = None) -> HelpWindow:
        """Open the manual for what is asked from, or at a page. It stands over a dialog that waits, and goes with it."""
        from coupon_desk.desk.help_topics import topic_of
        from coupon_desk.desk.help_window import HelpWindow

        over = asking.window()
        if isinstance(over, HelpWindow):
            over.show_page(page or over.page)
            return over
        found = self.open_help
        if found is None or not isValid(found) or found.parentWidget() is not over:
            self._forget()
            found = self.open_help = HelpWindow(self._stage, over)
        found.show_page(page or topic_of(asking))
        found.show()
        found.activateWindow()
        found.text.setFocus()
        return found

    def show_diagnostics(self, asking: QWidget) -> DiagnosticsDialog | None:
        """Offer to write the diagnostics; None where there is no home yet that could be looked at."""
        from coupon_desk.desk.diagnostics_dialog import DiagnosticsDialog

        home, desk, why_not = self._home_of()
        if home is None:
            return None
        dialog = DiagnosticsDialog(self._stage, home, desk, why_not, asking.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def end(self) -> None:
        """Nobody needs help any more."""
        self._forget()

    def _asking(self, window: QObject) -> QWidget:
        """What has the keyboard in one of the system's windows; else the dialog, or the page, that it shows."""
        top = next((one for one in QApplication.topLevelWidgets() if one.windowHandle() is window), self._window.window())
        focused = QApplication.focusWidget()
        if focused is not None and focused.window() is top:
            return focused
        return self._page_of() or self._window if top is self._window.window() else top

    def _forget(self) -> None:
        found, self.open_help = self.open_help, None
        if found is not None and isValid(found):  # it goes with the dialog that it stood over
            found.close()
            found.deleteLater()

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)


def ask_for_help(asking: QWidget, page: str | None = None) -> None:
    """Open the manual from a widget of any page or dialog."""
    if (desk := _help_desk_of(asking)) is not None:
        desk.show_help(asking, page)


def ask_for_diagnostics(asking: QWidget) -> None:
    """Offer the diagnostics from a widget of any page or dialog."""
    if (desk := _help_desk_of(asking)) is not None:
        desk.show_diagnostics(asking)


def _help_desk_of(widget: QWidget | None) -> HelpDesk | None:
    """The one of the window that a widget stands in."""
    while widget is not None:
        found = widget.findChild(HelpDesk, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if isinstance(found, HelpDesk):
            return found
        widget = widget.parentWidget()
    return None
