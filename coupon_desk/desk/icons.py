"""Icons from SVG line drawings, drawn in any colour and sharp at any scale."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

SCALES: Final = (1.0, 2.0)


class Icons:
    """Draws each icon once for each colour, size and scale."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._drawn: dict[tuple[str, str, int, float], QPixmap] = {}

    def icon(self, name: str, colour: QColor, size_px: int) -> QIcon:
        """The icon for a button."""
        made = QIcon()
        for scale in SCALES:
            made.addPixmap(self.pixmap(name, colour, size_px, scale))
        return made

    def pixmap(self, name: str, colour: QColor, size_px: int, scale: float = 1.0) -> QPixmap:
        """The icon as a picture of `size_px` logical pixels."""
        key = (name, colour.name(QColor.NameFormat.HexArgb), size_px, scale)
        if key not in self._drawn:
            self._drawn[key] = self._draw(name, colour, size_px, scale)
        return self._drawn[key]

    def _draw(self, name: str, colour: QColor, size_px: int, scale: float) -> QPixmap:
        if name not in self._sources:
            file = files("coupon_desk") / "resources" / "desk" / "icons" / f"{name}.svg"
            self._sources[name] = file.read_text(encoding="utf-8")
        drawing = QSvgRenderer(QByteArray(self._sources[name].replace("currentColor", colour.name()).encode()))
        picture = QPixmap(round(size_px * scale), round(size_px * scale))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        drawing.render(painter, QRectF(0, 0, picture.width(), picture.height()))
        painter.end()
        picture.setDevicePixelRatio(scale)
        return picture
