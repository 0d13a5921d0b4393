"""Garbage is collected on the window's thread, and only there."""

from __future__ import annotations

import gc
import sys
import weakref

from PySide6.QtWidgets import QApplication

from coupon_desk.desk.garbage import WindowGarbage, collect_young


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


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_what_a_moment_leaves_behind_goes_without_looking_through_everything(qapp: QApplication) -> None:
    gc.collect()
    circle = weakref.ref(Circle())
    assert circle() is not None
    collect_young()
    assert circle() is None
