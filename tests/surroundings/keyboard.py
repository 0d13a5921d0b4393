"""A keyboard on a display, and what stands in front there: through X itself, without a program for each key."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_ubyte, c_uint, c_ulong, c_void_p
from typing import Final

import pytest

from tests.surroundings.tool import wait_until

SCANNER_MS: Final = 8
PERSON_MS: Final = 60
"""Faster than hands, and slow enough not to be a scanner: the display itself waits so long before it presses the key."""
PATIENCE_SECONDS: Final = 40.0
NAMES: Final = {"ctrl": "Control_L", "alt": "Alt_L", "shift": "Shift_L"}
NO_PROPERTY: Final = ""
_WORDS: Final = 1024


class Keyboard:
    """Types into whichever window is in front, as a person or as a scanner does, and sees windows by their titles."""

    def __init__(self, display: str) -> None:
        self._x, self._test = _library("libX11.so.6"), _library("libXtst.so.6")
        # Without a handler of ours a window that has just gone would end the whole program.
        self._forgive = _ERROR_HANDLER(lambda _display, _error: 0)
        self._x.XSetErrorHandler(self._forgive)
        self._display = c_void_p(self._x.XOpenDisplay(display.encode()))
        assert self._display.value, f"no display {display}"
        self._root = c_ulong(self._x.XDefaultRootWindow(self._display))

    def scan(self, text: str) -> None:
        """As a scanner does, a moment after the last key, and with its Enter."""
        self._type(text[0], PERSON_MS)
        self._type(text[1:], SCANNER_MS)
        self.press("Return", after_ms=SCANNER_MS)

    def type(self, text: str) -> None:
        """As a person does."""
        self._type(text, PERSON_MS)

    def press(self, *keys: str, after_ms: int = PERSON_MS) -> None:
        """Keys by their names in X, with `ctrl+`, `alt+` and `shift+` before them."""
        for key in keys:
            *held, last = key.split("+")
            codes = [self._code(NAMES[one]) for one in held]
            for code in codes:
                self._fake(code, is_down=True, after_ms=after_ms)
            self._tap(self._code(last), 1 if codes else after_ms)
            for code in reversed(codes):
                self._fake(code, is_down=False, after_ms=1)
        self._x.XFlush(self._display)

    def title_in_front(self) -> str:
        """The title of the window that the window manager says is active."""
        active = self._property(self._root, "_NET_ACTIVE_WINDOW", as_text=False)
        return self._property(c_ulong(int(active)), "_NET_WM_NAME", as_text=True) if active else NO_PROPERTY

    def wait_for(self, title: str) -> None:
        """Until this window is in front."""
        wait_until(lambda: self.title_in_front() == title, f"“{title}” is in front", seconds=PATIENCE_SECONDS)

    def is_in_front(self, title: str, *, seconds: float) -> bool:
        """Whether this window comes to the front in time."""
        until = time.monotonic() + seconds
        while self.title_in_front() != title and time.monotonic() < until:
            time.sleep(0.02)
        return self.title_in_front() == title

    def close(self) -> None:
        """Let go of the display."""
        self._x.XCloseDisplay(self._display)

    def _type(self, text: str, every_ms: int) -> None:
        shift = self._code(NAMES["shift"])
        for character in text:
            symbol = c_ulong(ord(character))
            code = self._x.XKeysymToKeycode(self._display, symbol)
            is_shifted = self._x.XkbKeycodeToKeysym(self._display, c_ubyte(code), 0, 0) != symbol.value
            if is_shifted:
                self._fake(shift, is_down=True, after_ms=1)
            self._tap(code, every_ms)
            if is_shifted:
                self._fake(shift, is_down=False, after_ms=1)
        self._x.XFlush(self._display)

    def _tap(self, code: int, after_ms: int) -> None:
        self._fake(code, is_down=True, after_ms=after_ms)
        self._fake(code, is_down=False, after_ms=1)

    def _fake(self, code: int, *, is_down: bool, after_ms: int) -> None:
        self._test.XTestFakeKeyEvent(self._display, c_uint(code), c_int(is_down), c_ulong(after_ms))

    def _code(self, name: str) -> int:
        symbol = self._x.XStringToKeysym(name.encode())
        assert symbol, f"X knows no key {name}"
        return int(self._x.XKeysymToKeycode(self._display, c_ulong(symbol)))

    def _property(self, window: c_ulong, name: str, *, as_text: bool) -> str:
        """A window's property; empty where it has none, or is no more."""
        atom = c_ulong(self._x.XInternAtom(self._display, name.encode(), 0))
        kind, form, count, left, value = c_ulong(), c_int(), c_ulong(), c_ulong(), c_void_p()
        told = (byref(kind), byref(form), byref(count), byref(left), byref(value))
        self._x.XGetWindowProperty(self._display, window, atom, c_long(0), c_long(_WORDS), 0, c_ulong(0), *told)
        if not value.value:
            return NO_PROPERTY
        try:
            if not count.value:
                return NO_PROPERTY
            if as_text:
                return ctypes.string_at(value.value, count.value).decode("utf-8")
            return str(c_ulong.from_address(value.value).value or NO_PROPERTY)
        finally:
            self._x.XFree(value)


@contextmanager
def keyboard_on(display: str) -> Iterator[Keyboard]:
    """A keyboard as long as the block."""
    keyboard = Keyboard(display)
    try:
        yield keyboard
    finally:
        keyboard.close()


_ERROR_HANDLER = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)


def _library(name: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(name)
    except OSError:
        pytest.fail(f"{name} is not installed; `make test` installs what the tests need", pytrace=False)
    for function, result, arguments in _FUNCTIONS:
        if hasattr(library, function):
            getattr(library, function).restype = result
            getattr(library, function).argtypes = arguments
    return library


_FUNCTIONS: Final = (
    ("XOpenDisplay", c_void_p, [c_char_p]),
    ("XDefaultRootWindow", c_ulong, [c_void_p]),
    ("XStringToKeysym", c_ulong, [c_char_p]),
    ("XKeysymToKeycode", c_ubyte, [c_void_p, c_ulong]),
    ("XkbKeycodeToKeysym", c_ulong, [c_void_p, c_ubyte, c_int, c_int]),
    ("XInternAtom", c_ulong, [c_void_p, c_char_p, c_int]),
    ("XFree", c_int, [c_void_p]),
    ("XFlush", c_int, [c_void_p]),
    ("XCloseDisplay", c_int, [c_void_p]),
    ("XTestFakeKeyEvent", c_int, [c_void_p, c_uint, c_int, c_ulong]),
    (
        "XGetWindowProperty",
        c_int,
        [
            *(c_void_p, c_ulong, c_ulong, c_long, c_long, c_int, c_ulong),
            *(POINTER(c_ulong), POINTER(c_int), POINTER(c_ulong), POINTER(c_ulong), POINTER(c_void_p)),
        ],
    ),
)
