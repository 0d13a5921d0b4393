"""Garbage is collected on the window's thread, and only there."""

from __future__ import annotations

import gc
import sys

from PySide6.QtWidgets import QApplication

from coupon_desk.desk.garbage import WindowGarbage


def test_python_does_not_collect_by_itself_while_the_window_lives(qapp: QApplication) -> None:
    interval = sys.getswitchinterval()
    gc.enable()
    garbage = WindowGarbage()
    assert not gc.isenabled()
    assert sys.getswitchinterval() < interval
    garbage.release()
    assert gc.isenabled()
    assert sys.getswitchinterval() == interval
    gc.disable()  # as every test of the window finds it
