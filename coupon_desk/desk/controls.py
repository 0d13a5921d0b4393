"""Labels, buttons, banners and cards as the desk draws them; each says its text through the window's speech."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFontMetrics, QHideEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.stage import Stage
from coupon_desk.words import NOTHING, Message

LINE_PX = 22

TONE_ICONS = {
    Tone.NEUTRAL: "info",
    Tone.ACCENT: "info",
    Tone.SUCCESS: "used",
    Tone.WARN: "attention",
    Tone.DANGER: "refused",
}


def label(stage: Stage, message: Message | None = None, role: str = "body", *, wraps: bool = False) -> QLabel:
    """A text; `role` is its rank in the style sheet. Plain text only, whatever a remote system wrote."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    if wraps:
        made.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    if message is not None:
        stage.speech.tell(made, message)
    return made


def icon_label(stage: Stage, icon: str, colour: str = "muted", size_px: int = 18) -> QLabel:
    """A picture that stands beside a text and says nothing by itself."""
    made = QLabel()
    made.setFixedSize(size_px, max(size_px, LINE_PX))
    stage.theme.dress(made, icon, colour, size_px)
    return made


def button(
    stage: Stage, message: Message, kind: str = "normal", icon: str | None = None, colour: str = "text", key: str | None = None
) -> QPushButton:
    """A button with a verb. Enter never presses it by being the dialog's default: it needs the focus, or Alt and its `key`."""
    made = QPushButton()
    made.setProperty("kind", kind)
    made.setAutoDefault(False)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if kind == "icon":
        stage.speech.tell(made, message, "setAccessibleName")
        stage.speech.tell(made, message, "setToolTip")
    else:
        stage.speech.tell(made, message)
    if key is not None:
        stage.speech.give_key(made, key)
    if icon is not None:
        made.setIconSize(QSize(18, 18))
        stage.theme.dress(made, icon, colour, 18)
    return made


def allow(stage: Stage, action: QPushButton, why_not: Message | None, otherwise: Message = NOTHING) -> None:
    """Let a button be pressed, or say why not, to the eye and to the ear; `otherwise` is its hint where it may be pressed."""
    action.setEnabled(why_not is None)
    for setter in ("setToolTip", "setAccessibleDescription"):
        stage.speech.tell(action, otherwise if why_not is None else why_not, setter)


def frame(role: str, layout: QLayout | None = None) -> QFrame:
    """A ground to put things on."""
    made = QFrame()
    made.setProperty("role", role)
    if layout is not None:
        made.setLayout(layout)
    return made


def line() -> QFrame:
    """A hairline between two things."""
    return frame("line")


def column(*items: QWidget | QLayout | int, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QVBoxLayout:
    """Things under each other; a number is a gap in pixels, 0 takes up what is left."""
    made = QVBoxLayout()
    _fill(made, items, spacing, margins)
    return made


def row(*items: QWidget | QLayout | int, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QHBoxLayout:
    """Things beside each other; a number is a gap in pixels, 0 takes up what is left."""
    made = QHBoxLayout()
    _fill(made, items, spacing, margins)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        inner, widget = item.layout(), item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Change a property that the style sheet looks at, and look again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    for each in (widget, *widget.findChildren(QWidget)):
        each.style().unpolish(each)
        each.style().polish(each)


class Banner(QFrame):
    """A sentence inside the window, in a tone; takes the place of message boxes. Hidden until told something."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "banner")
        self._icon = QLabel()
        self._icon.setFixedSize(20, LINE_PX)
        self.title = label(stage, role="tone", wraps=True)
        self.text = label(stage, wraps=True)
        texts = column(self.title, self.text, spacing=2)
        whole = row(self._icon, texts, spacing=10, margins=(12, 10, 12, 10))
        whole.setAlignment(self._icon, Qt.AlignmentFlag.AlignTop)
        whole.setStretchFactor(texts, 1)
        self.setLayout(whole)
        self.hide()

    def show_message(self, tone: Tone, title: Message, text: Message | None = None, icon: str | None = None) -> None:
        """Say it, and show it."""
        restyle(self, "tone", tone.value)
        self._stage.theme.dress(self._icon, icon or TONE_ICONS[tone], tone.value, 20)
        self._stage.speech.tell(self.title, title)
        self.text.setVisible(text is not None)
        if text is not None:
            self._stage.speech.tell(self.text, text)
        self._stage.speech.tell(self, title, "setAccessibleName")
        self.show()


class Elided(QLabel):
    """One line of text that ends in an ellipsis where there is no room; the tool tip holds all of it."""

    def __init__(self, role: str = "body") -> None:
        super().__init__()
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)

    def say(self, text: str) -> None:
        """Show this text, as much as there is room for."""
        self._whole = text
        self.setAccessibleName(text)
        self._elide()

    def whole(self) -> str:
        """The text, whether there is room for it or not."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text anew."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width() - 2))
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class Spinner(QWidget):
    """Turns while something is being waited for; rests when it cannot be seen."""

    def __init__(self, stage: Stage, size_px: int = 18) -> None:
        super().__init__()
        self._stage = stage
        self._angle = 0
        self.setFixedSize(size_px, size_px)
        self._timer = QTimer(self)
        self._timer.setInterval(40)
        self._timer.timeout.connect(self._turn)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to turn."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest."""
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An arc on a ring."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        painter.setPen(QPen(QColor(self._stage.theme.colours.line), 2))
        painter.drawEllipse(ring)
        painter.setPen(QPen(QColor(self._stage.theme.colours.accent), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(ring, -self._angle * 16, 100 * 16)
        painter.end()

    @Slot()
    def _turn(self) -> None:
        self._angle = (self._angle + 14) % 360
        self.update()


def _fill(
    layout: QVBoxLayout | QHBoxLayout,
    items: tuple[QWidget | QLayout | int, ...],
    spacing: int,
    margins: tuple[int, int, int, int],
) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(*margins)
    for item in items:
        if isinstance(item, int):
            if item == 0:
                layout.addStretch(1)
            else:
                layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)
