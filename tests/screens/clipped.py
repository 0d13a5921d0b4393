"""Which texts on a screen are cut off."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton, QToolButton, QWidget

from coupon_desk.desk.controls import Elided


def clipped(root: QWidget) -> list[str]:
    """The texts that need more room than they have, with both sizes in pixels; but for those with a tool tip."""
    return list(_clipped(root))


def _clipped(root: QWidget) -> Iterator[str]:
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root) or isinstance(widget, Elided):
            continue
        if isinstance(widget, QLabel) and widget.text():
            needs = widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
            is_narrow = not widget.wordWrap() and widget.sizeHint().width() > widget.width()
            if is_narrow or needs > widget.height() + 1:
                yield _told(widget, widget.text())
        elif isinstance(widget, (QPushButton, QToolButton)) and widget.text() and _is_narrow(widget):
            yield _told(widget, widget.text())


def _is_narrow(button: QAbstractButton) -> bool:
    return button.sizeHint().width() > button.width()


def _told(widget: QWidget, text: str) -> str:
    has, wants = widget.size(), widget.sizeHint()
    return f"{text!r}: {has.width()} × {has.height()} of {wants.width()} × {wants.height()}"
