"""The language of the window, switchable while it is open: what was told to a widget is told again in the new language."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QObject, Signal

from coupon_desk.words import Amount, Language, Message, day, moment, money, number, say


class Speech(QObject):
    """Says messages in the window's language and remembers to whom. Dates are in this computer's zone."""

    changed = Signal()

    def __init__(self, language: Language, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._language = language
        self._told: WeakKeyDictionary[QObject, dict[str, Message]] = WeakKeyDictionary()
        self._keys: WeakKeyDictionary[QObject, str] = WeakKeyDictionary()

    @property
    def language(self) -> Language:
        """The language that the window speaks now."""
        return self._language

    def switch(self, language: Language) -> None:
        """Speak another language from now on, everywhere."""
        if language is self._language:
            return
        self._language = language
        for widget, messages in list(self._told.items()):
            if shiboken6.isValid(widget):
                for setter, message in messages.items():
                    self._write(widget, setter, message)
        self.changed.emit()

    def tell(self, widget: QObject, message: Message, setter: str = "setText") -> None:
        """Say a message through a widget's setter, now and after every change of language."""
        self._told.setdefault(widget, {})[setter] = message
        self._write(widget, setter, message)

    def give_key(self, widget: QObject, key: str) -> None:
        """Let Alt and this letter press a button, whatever is written on it and in whichever language."""
        self._keys[widget] = key
        if (message := self._told.get(widget, {}).get("setText")) is not None:
            self._write(widget, "setText", message)

    def forget(self, widget: QObject, setter: str = "setText") -> None:
        """The widget shows something else now, which has no language."""
        self._told.get(widget, {}).pop(setter, None)

    def say(self, message: Message) -> str:
        """The message in the window's language."""
        return say(message, self._language)

    def number(self, value: int) -> str:
        """A number as the reader writes it."""
        return number(value, self._language)

    def money(self, value: Decimal | None, currency: str) -> str:
        """An amount, or a dash where there is none."""
        return "–" if value is None else money(Amount(value, currency), self._language)

    def day(self, value: datetime | None) -> str:
        """A date, or a dash where there is none."""
        return "–" if value is None else day(value, self._language)

    def moment(self, value: datetime | None) -> str:
        """A date with the time of day, or a dash where there is none."""
        return "–" if value is None else moment(value, self._language)

    def _write(self, widget: QObject, setter: str, message: Message) -> None:
        text = self.say(message)
        key = self._keys.get(widget)
        getattr(widget, setter)(with_key(text, key) if key is not None and setter == "setText" else text)


def with_key(text: str, key: str) -> str:
    """A text with its Alt key marked as Qt wants it: in the word, or in brackets behind it where the script has no such letter.

    A Latin text without the letter gets no key.
    """
    escaped = text.replace("&", "&&")
    place = next((at for letter in (key.upper(), key.lower()) if (at := escaped.find(letter)) >= 0), -1)
    if place >= 0:
        return f"{escaped[:place]}&{escaped[place:]}"
    if text.isascii():
        return escaped
    bare = escaped.removesuffix("…")
    return f"{bare}(&{key.upper()}){escaped[len(bare) :]}"
