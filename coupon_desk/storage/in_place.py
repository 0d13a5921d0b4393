"""Small files that are replaced as a whole, so that there is always the old one or the new one."""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(file: Path, text: str) -> None:
    """Write a text beside the old file and put it in its place. Raises OSError."""
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)
