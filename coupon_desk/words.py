"""Every text a person sees, as a value: made in English with `msg`, said in a language with `say`.

A `Message` can travel between rooms and threads, be stored, compared and tested, and is turned into words only where a
person reads it, in that person's language. The English source text is the key of the gettext catalogues.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any, Final


class Language(StrEnum):
    """The languages that the program speaks."""

    EN = "en"
    JA = "ja"

    @classmethod
    def of(cls, locale: str | None, otherwise: Language) -> Language:
        """The language for a locale such as `ja-JP` or `en_GB`; `otherwise` where we do not speak it."""
        for language in cls:
            if locale and locale.replace("_", "-").split("-")[0].lower() == language:
                return language
        return otherwise


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in a message: formatted for the reader's locale, e.g. ¥500."""

    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Message:
    """One text in English with `{placeholders}` and their values.

    `plural` is the text for several; `count` names the placeholder that decides.
    """

    text: str
    values: tuple[tuple[str, Any], ...] = ()
    plural: str | None = None
    count: str | None = None

    def __str__(self) -> str:
        """The English text, for logs and tests."""
        return say(self, Language.EN)

    def value(self, name: str) -> Any:
        """The value of a placeholder. Raises KeyError."""
        return dict(self.values)[name]


def msg(text: str, /, **values: Any) -> Message:
    """A message; never give it an f-string, the catalogue could not know it."""
    return Message(text, tuple(values.items()))


def msgn(one: str, several: str, /, **values: Any) -> Message:
    """A message with a plural: the first value decides which form is said."""
    return Message(one, tuple(values.items()), plural=several, count=next(iter(values)))


NOTHING: Final = Message("")


def say(message: Message, language: Language, zone: tzinfo | None = None) -> str:
    """The message in a language; dates in `zone`, or in this computer's own zone.

    Numbers, dates and money are written as that language's readers expect.
    """
    if not message.text:
        return ""
    catalogue = _catalogue(language)
    if message.plural is not None and message.count is not None:
        count = message.value(message.count)
        text = catalogue.ngettext(message.text, message.plural, count if isinstance(count, int) else 1)
    else:
        text = catalogue.gettext(message.text)
    if not message.values:
        return text
    return text.format_map({name: write(value, language, zone) for name, value in message.values})


def write(value: Any, language: Language, zone: tzinfo | None = None) -> str:
    """One value as that language's readers expect it: the one place for numbers, dates and money."""
    match value:
        case Message():
            return say(value, language, zone)
        case Amount():
            return money(value, language)
        case bool() | str():
            return str(value)
        case int() | Decimal():
            return number(value, language)
        case datetime():
            return moment(value, language, zone)
        case date():
            return day(value, language)
        case _:
            return str(value)


def prepare(language: Language) -> None:
    """Load what numbers, dates and money of a language need: once, and where nobody waits for it (30 ms)."""
    number(0, language)
    money(Amount(Decimal(0), "JPY"), language)
    day(date(2000, 1, 1), language)
    moment(datetime(2000, 1, 1, tzinfo=UTC), language)


def number(value: int | Decimal, language: Language) -> str:
    """A number with the reader's separators."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=language.value)


def money(amount: Amount, language: Language) -> str:
    """An amount of money in the reader's form, e.g. ¥500."""
    from babel.numbers import format_currency

    text = format_currency(amount.value, amount.currency, locale=language.value)
    return text.replace("\uffe5", "¥")  # the full-width yen sign of the Japanese locale breaks columns


def moment(value: datetime, language: Language, zone: tzinfo | None = None) -> str:
    """A date and a time of day in the reader's form and zone."""
    local = value.astimezone(zone)
    if language is Language.JA:
        return local.strftime("%Y/%m/%d %H:%M")
    from babel.dates import format_datetime

    return format_datetime(local, "d MMM y, HH:mm", locale=language.value)


def day(value: date, language: Language, zone: tzinfo | None = None) -> str:
    """A date in the reader's form; a datetime is taken to the reader's zone first."""
    local = value.astimezone(zone) if isinstance(value, datetime) else value
    if language is Language.JA:
        return local.strftime("%Y/%m/%d")
    from babel.dates import format_date

    return format_date(local, "d MMM y", locale=language.value)


def time_of_day(value: datetime, zone: tzinfo | None = None) -> str:
    """A time of day to the second in the reader's zone; the same in all our languages."""
    return value.astimezone(zone).strftime("%H:%M:%S")


@lru_cache(maxsize=len(Language))
def _catalogue(language: Language) -> gettext.NullTranslations:
    if language is Language.EN:
        return gettext.NullTranslations()
    with (files("coupon_desk") / "resources" / "locale" / language / "LC_MESSAGES" / "coupon_desk.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def placeholders(text: str) -> Iterator[str]:
    """The names of the placeholders in a text, in order."""
    for _, name, _, _ in Formatter().parse(text):
        if name:
            yield name


def pack(message: Message) -> dict[str, Any]:
    """The message as plain JSON, for the trail and for `--json`; `unpack` makes it again."""
    return {
        "text": message.text,
        "values": {name: _pack_value(value) for name, value in message.values},
        **({"plural": message.plural, "count": message.count} if message.plural else {}),
    }


def unpack(packed: dict[str, Any]) -> Message:
    """The message that `pack` wrote. Raises KeyError, ValueError."""
    values = tuple((name, _unpack_value(value)) for name, value in packed["values"].items())
    return Message(packed["text"], values, packed.get("plural"), packed.get("count"))


def _pack_value(value: Any) -> Any:
    match value:
        case Message():
            return {"message": pack(value)}
        case Amount():
            return {"amount": str(value.value), "currency": value.currency}
        case datetime():
            return {"moment": value.astimezone(UTC).isoformat()}
        case date():
            return {"day": value.isoformat()}
        case Decimal():
            return {"number": str(value)}
        case int():
            return value
        case _:
            return str(value)


def _unpack_value(value: Any) -> Any:
    match value:
        case {"message": packed}:
            return unpack(packed)
        case {"amount": amount, "currency": currency}:
            return Amount(Decimal(amount), currency)
        case {"moment": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
        case {"number": text}:
            return Decimal(text)
        case _:
            return value
