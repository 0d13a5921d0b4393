"""Things under each other that may be longer than their place: scrolled by wheel and by keys, never sideways."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QWidget


def scrolled(layout: QLayout) -> QScrollArea:
    """The things of a layout in a place of their own; it takes the focus, so that the arrow keys move it."""
    inner = QWidget()
    inner.setLayout(layout)
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setWidget(inner)
    return made
