"""The same looks on a screen of twice the density: Qt takes its scale when it starts, so this is a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOOKS = Path(__file__).with_name("test_looks.py")


def test_no_japanese_text_is_cut_off_at_200_percent() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(LOOKS), "-k", "cut_off and ja"]
    run = subprocess.run(
        command,
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        cwd=LOOKS.parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert run.returncode == 0, run.stdout
    assert "10 passed" in run.stdout
