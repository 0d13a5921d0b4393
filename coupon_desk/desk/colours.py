"""The colours of the desk, light and dark: named for what they say, each text readable on its ground (WCAG AA)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from PySide6.QtGui import QColor


class Tone(StrEnum):
    """What a coloured thing says."""

    NEUTRAL = "neutral"
    ACCENT = "accent"
    SUCCESS = "success"
    WARN = "warn"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme. `*_soft` are grounds for text of the same name; `on_*` is text on the full colour."""

    is_dark: bool
    canvas: str
    surface: str
    sunken: str
    hover: str
    line: str
    line_strong: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    success: str
    success_soft: str
    warn: str
    warn_soft: str
    danger: str
    danger_soft: str
    neutral: str
    neutral_soft: str
    training: str
    on_training: str

    def tone(self, tone: Tone) -> tuple[QColor, QColor]:
        """The colour of a tone and the soft ground for it."""
        return QColor(getattr(self, tone.value)), QColor(getattr(self, f"{tone.value}_soft"))

    def named(self) -> dict[str, str]:
        """All colours by name, for the style sheet."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


LIGHT: Final = Colours(
    is_dark=False,
    canvas="#f6f7f9",
    surface="#ffffff",
    sunken="#f1f3f6",
    hover="#eceff3",
    line="#e4e7ec",
    line_strong="#7f8a9b",
    text="#17202c",
    muted="#586374",
    accent="#3157d5",
    accent_hover="#2748b8",
    accent_soft="#ebf0fe",
    on_accent="#ffffff",
    success="#13693e",
    success_soft="#e3f4ea",
    warn="#7d4f00",
    warn_soft="#fdf1d6",
    danger="#ae2318",
    danger_soft="#fdebe9",
    neutral="#4d5868",
    neutral_soft="#eceff3",
    training="#f5b83d",
    on_training="#352300",
)

DARK: Final = Colours(
    is_dark=True,
    canvas="#12151a",
    surface="#1a1e25",
    sunken="#151920",
    hover="#242a33",
    line="#2a303a",
    line_strong="#6a7484",
    text="#e9ecf1",
    muted="#9ea9b8",
    accent="#86a5ff",
    accent_hover="#a0b9ff",
    accent_soft="#202b4a",
    on_accent="#0b1430",
    success="#62d096",
    success_soft="#15301f",
    warn="#eabc5c",
    warn_soft="#382b0f",
    danger="#ff9086",
    danger_soft="#421f1c",
    neutral="#b2bcc9",
    neutral_soft="#272d37",
    training="#e0a52e",
    on_training="#241800",
)
