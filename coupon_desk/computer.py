"""What this computer tells before anything of the program is loaded: where the home is, and whether windows can be seen."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_home() -> Path:
    """`COUPON_DESK_HOME`, or the platform's usual place."""
    told = os.environ.get("COUPON_DESK_HOME")
    if told:
        return Path(told).expanduser()
    from platformdirs import user_data_path

    return user_data_path("coupon-desk", appauthor=False)


def has_display() -> bool:
    """Whether a window can be seen: everywhere but on a Unix without X11 and Wayland."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
