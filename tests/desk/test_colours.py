"""Every text can be read on its ground, in light and in dark (WCAG 2.2, AA: 4.5 to 1; marks 3 to 1)."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from coupon_desk.desk.colours import DARK, LIGHT, Colours

TEXTS = [
    *((text, ground) for text in ("text", "muted") for ground in ("canvas", "surface", "sunken", "hover")),
    ("text", "accent_soft"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_training", "training"),
    ("muted", "neutral_soft"),
    *((ink, ground) for ink in ("accent", "success", "warn", "danger", "neutral") for ground in (f"{ink}_soft", "surface")),
    *(("text", f"{tone}_soft") for tone in ("success", "warn", "danger", "neutral")),
    ("accent", "warn_soft"),
]


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    seen = QColor(colour)
    return 0.2126 * linear(seen.redF()) + 0.7152 * linear(seen.greenF()) + 0.0722 * linear(seen.blueF())


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_is_readable_on_its_ground(colours: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["accent", "line_strong"])
def test_focus_and_field_borders_are_seen(colours: Colours, mark: str) -> None:
    assert contrast(getattr(colours, mark), colours.surface) >= 3.0
    assert contrast(getattr(colours, mark), colours.canvas) >= 3.0
