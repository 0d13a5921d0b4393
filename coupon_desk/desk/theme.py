"""How the desk looks: Fusion, our palette and style sheet, in light and dark, with fonts that set Japanese well."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from string import Template
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from coupon_desk.desk.colours import DARK, LIGHT, Colours
from coupon_desk.desk.icons import Icons
from coupon_desk.words import Language, Message, msg

TEXT_PX: Final = 14
LATIN: Final = (
    "Inter",
    "Segoe UI Variable Text",
    "Segoe UI",
    "SF Pro Text",
    "Helvetica Neue",
    "Noto Sans",
    "Cantarell",
    "Ubuntu",
)
JAPANESE: Final = ("Hiragino Sans", "Yu Gothic UI", "Meiryo", "Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "VL Gothic")
MONOSPACED: Final = (
    "SF Mono",
    "Cascadia Mono",
    "Consolas",
    "JetBrains Mono",
    "Noto Sans Mono CJK JP",
    "DejaVu Sans Mono",
    "monospace",
)


class Scheme(StrEnum):
    """What the operator chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    Scheme.SYSTEM: msg("As the system"),
    Scheme.LIGHT: msg("Light"),
    Scheme.DARK: msg("Dark"),
}


class Theme(QObject):
    """The theme of the whole program. Widgets that paint themselves read `colours` and listen to `changed`.

    The style sheet is worn by the windows and not by the application: Qt looks at each widget twice then, and not once for
    each of its ancestors, which takes a fifth of the time. Dialogs and menus inherit it from the window they belong to.
    """

    changed = Signal()

    def __init__(self, scheme: Scheme = Scheme.SYSTEM, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scheme = scheme
        self._language = Language.EN
        self._icons = Icons()
        self._dressed: WeakKeyDictionary[QObject, tuple[str, str, int]] = WeakKeyDictionary()
        self._windows: WeakSet[QWidget] = WeakSet()
        self._worn: tuple[Colours, Language] | None = None
        self.colours: Colours = LIGHT
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def scheme(self) -> Scheme:
        """What was chosen, which may be to follow the system."""
        return self._scheme

    @property
    def icons(self) -> Icons:
        """The icons, drawn in any colour."""
        return self._icons

    def apply(self, language: Language | None = None, scheme: Scheme | None = None) -> None:
        """Dress the program, with fonts for this language. Costs something only where it changes the looks."""
        self._language = language or self._language
        self._scheme = scheme or self._scheme
        self.colours = DARK if self._is_dark() else LIGHT
        application = QApplication.instance()
        if not isinstance(application, QApplication) or self._worn == (self.colours, self._language):
            return
        if self._worn is None:
            application.setStyle("Fusion")
        self._worn = (self.colours, self._language)
        application.setPalette(palette(self.colours))
        application.setFont(font(self._language))
        for window in self._windows:
            if shiboken6.isValid(window):
                self._clothe(window)
        for widget, (name, colour, size_px) in list(self._dressed.items()):
            if shiboken6.isValid(widget):
                self._dress(widget, name, colour, size_px)
        self.changed.emit()

    def clothe(self, window: QWidget) -> None:
        """Have a window, with all that is and comes into it, wear the theme now and after every change."""
        self._windows.add(window)
        self._clothe(window)

    def dress(self, widget: QAbstractButton | QLabel, icon: str, colour: str = "text", size_px: int = 18) -> None:
        """Give a button or label an icon in a colour of the theme, now and after every change of theme."""
        self._dressed[widget] = (icon, colour, size_px)
        self._dress(widget, icon, colour, size_px)

    def _clothe(self, window: QWidget) -> None:
        window.setStyleSheet(style_sheet(self.colours, self._language))

    def _dress(self, widget: QObject, name: str, colour: str, size_px: int) -> None:
        tint = QColor(getattr(self.colours, colour))
        if isinstance(widget, QAbstractButton):
            widget.setIcon(self._icons.icon(name, tint, size_px))
        elif isinstance(widget, QLabel):
            widget.setPixmap(self._icons.pixmap(name, tint, size_px, widget.devicePixelRatioF()))

    def _is_dark(self) -> bool:
        if self._scheme is Scheme.SYSTEM:
            return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self._scheme is Scheme.DARK

    @Slot()
    def _follow_system(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self.apply()


def families(language: Language) -> list[str]:
    """Font families in order. Japanese first where Japanese is read: a Latin font first gives uneven baselines."""
    both = (*JAPANESE, *LATIN) if language is Language.JA else (*LATIN, *JAPANESE)
    return [*both, "sans-serif"]


def font(language: Language, size_px: int = TEXT_PX, *, is_bold: bool = False, is_monospaced: bool = False) -> QFont:
    """A font of the desk; pixels follow the scale of the screen."""
    made = QFont()
    made.setFamilies([*MONOSPACED, *families(language)] if is_monospaced else families(language))
    made.setPixelSize(size_px)
    made.setBold(is_bold)
    return made


def palette(colours: Colours) -> QPalette:
    """The palette for what the style sheet does not reach."""
    made = QPalette()
    for role, name in (
        (QPalette.ColorRole.Window, "canvas"),
        (QPalette.ColorRole.WindowText, "text"),
        (QPalette.ColorRole.Base, "surface"),
        (QPalette.ColorRole.AlternateBase, "sunken"),
        (QPalette.ColorRole.Text, "text"),
        (QPalette.ColorRole.Button, "surface"),
        (QPalette.ColorRole.ButtonText, "text"),
        (QPalette.ColorRole.Highlight, "accent"),
        (QPalette.ColorRole.HighlightedText, "on_accent"),
        (QPalette.ColorRole.PlaceholderText, "muted"),
        (QPalette.ColorRole.ToolTipBase, "surface"),
        (QPalette.ColorRole.ToolTipText, "text"),
        (QPalette.ColorRole.Link, "accent"),
        (QPalette.ColorRole.Mid, "line"),
    ):
        made.setColor(role, QColor(getattr(colours, name)))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    return made


def style_sheet(colours: Colours, language: Language) -> str:
    """The style sheet with the colours and fonts put in."""
    source = (files("coupon_desk") / "resources" / "desk" / "desk.qss").read_text(encoding="utf-8")
    quoted = ", ".join(f'"{name}"' for name in (*MONOSPACED, *families(language)))
    icons = files("coupon_desk") / "resources" / "desk" / "icons"
    arrow = str(icons / f"combo-{'dark' if colours.is_dark else 'light'}.svg").replace("\\", "/")
    return Template(source).substitute(colours.named(), monospaced=quoted, combo_arrow=arrow)
