"""What must not be read in a log: secrets and personal data, masked wherever they stand in a text."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

SECRET: Final = "[secret]"  # noqa: S105
PERSONAL: Final = "[personal]"
QUERY: Final = "[query]"

# A shorter value would be found inside ordinary words, and the places of the masks would spell it.
_SHORTEST_SECRET: Final = 4

_HEADERS: Final = (
    r"(?:proxy-)?authorization|x-shopify-(?:storefront-)?access-token|x-shopify-hmac-sha256|(?:set-)?cookie|x-api-key"
)
_SENSITIVE_KEYS: Final = r"[\w-]{0,40}(?:password|passwd|passphrase|secret|api_?key|(?:access|refresh|id)_?token)|token|pin"
_PERSONAL_KEYS: Final = (
    r"first_?name|last_?name|full_?name|display_?name|customer_?name|company|address_?[12]?|street|city|zip|postal_?code"
    r"|phone(?:_?number)?|e-?mail(?:_?address)?|birth(?:day|_?date)"
)
_QUOTED: Final = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
_DIGIT_GAP: Final = r"[-\s.()‐‑–−ー－　]{0,2}"
_HYPHEN: Final = r"[-‐‑‒–—―−－ー]"

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _rule(pattern: str, instead: str | Callable[[re.Match[str]], str]) -> _Rule:
    return re.compile(pattern, re.IGNORECASE), instead


def _masked_code(found: re.Match[str]) -> str:
    return f"{found['digits']}-{'*' * len(found['token'])}-{found['points']}"


# In this order: what stands first is gone when the later rules look. Repetitions are bounded, or start only at a sign that
# they can't contain, so that a long answer in the log takes linear time.
_RULES: Final[tuple[_Rule, ...]] = (
    # A header as a line, a dictionary entry or a pair of bytes, up to the end of its value.
    _rule(
        rf"\b(?P<key>{_HEADERS})(?P<between>[\"']?\s*[:=]\s*b?|[\"']\s*,\s*b?)(?:{_QUOTED}|[^\n\"']+)",
        rf"\g<key>\g<between>{SECRET}",
    ),
    _rule(r"\b(?P<scheme>bearer|basic)\s+[^\s\"',;]+", rf"\g<scheme> {SECRET}"),
    _rule(r"\bshp[a-z]{1,4}_[0-9a-z]+", SECRET),
    _rule(r"(?P<start>://)[^/@\s]+@", rf"\g<start>{SECRET}@"),
    _rule(
        rf"(?<![\w.])(?P<key>{_SENSITIVE_KEYS})(?P<between>[\"']?\s*[:=]\s*)(?:b?(?:{_QUOTED})|[^\s\"',;&)}}\]]+)",
        rf"\g<key>\g<between>{SECRET}",
    ),
    _rule(r"(?P<address>://[^\s?#\"'<>]{1,500})\?[^\s#\"'<>]*", rf"\g<address>?{QUERY}"),
    _rule(r"(?<=\S)\?[^\s?#\"'<>=&]{1,80}=[^\s#\"'<>]*", f"?{QUERY}"),
    _rule(rf"(?P<key>[\"'](?:{_PERSONAL_KEYS})[\"']\s*:\s*)(?:{_QUOTED})", rf'\g<key>"{PERSONAL}"'),
    _rule(
        rf"(?<![^\W_])(?P<digits>\d{{1,5}}){_HYPHEN}(?P<token>[^\W_]{{6}}){_HYPHEN}(?P<points>\d{{1,9}})(?![^\W_])",
        _masked_code,
    ),
    _rule(r"[^\s@＠<>\"'(),;:=\[\]{}|\\]{1,64}(?:@|＠|%40)[^\W_](?:[^\W_]|[.-](?=[^\W_]))*", PERSONAL),
    # Telephone numbers: international, of Japan (they begin with 0), and in groups of 3-3-4.
    _rule(rf"(?<![\w.])[+＋](?:\d{_DIGIT_GAP}){{6,14}}\d(?!\d)", PERSONAL),
    _rule(r"(?<![\w.+-])[0０]\d{1,4}[-(\s‐‑–−ー－]{1,2}\d{1,4}[-)\s‐‑–−ー－]{1,2}\d{3,4}(?![\w-])", PERSONAL),
    _rule(r"(?<![\w.+-])[0０]\d{9,10}(?![\w-])", PERSONAL),
    _rule(r"(?<![\w.+-])\(?\d{3}\)?[-.\s]{1,2}\d{3}[-.\s]\d{4}(?![\w-])", PERSONAL),
)

_PERSONAL_FIELDS: Final = re.compile(rf"(?:{_PERSONAL_KEYS}|note|customer|recipient|name_of_customer)", re.IGNORECASE)
_SECRET_FIELDS: Final = re.compile(rf"(?:{_SENSITIVE_KEYS}|{_HEADERS})", re.IGNORECASE)


class Mask:
    """Masks texts. Knows what secrets look like, and by value those that were registered. Any thread may use it."""

    def __init__(self) -> None:
        self._registered: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._registering = threading.Lock()

    def register(self, secret: str) -> None:
        """From now on this value is masked, also as JSON, in a URL and in base64; values under 4 characters are not."""
        if len(secret) < _SHORTEST_SECRET:
            return
        with self._registering:
            self._registered |= set(_forms(secret))
            longest_first = sorted(self._registered, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))

    def text(self, text: str) -> str:
        """The text without secrets and personal data."""
        if self._pattern is not None:
            text = self._pattern.sub(SECRET, text)
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return text

    def field(self, name: str, value: object) -> object:
        """One named value, deeply: fields that are personal or secret by their name are masked whatever they hold."""
        if _SECRET_FIELDS.fullmatch(name) and value is not None:
            return SECRET
        if _PERSONAL_FIELDS.fullmatch(name) and value is not None:
            return PERSONAL
        match value:
            case bool() | int() | float() | None:
                return value
            case dict():
                return {self.text(str(key)): self.field(str(key), inner) for key, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.field("", inner) for inner in value]
            case _:
                return self.text(str(value))


def _forms(secret: str) -> list[str]:
    """The value as it may stand in a text: plain, inside JSON or a Python literal, in a URL, in base64."""
    coded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode()
    forms = [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        repr(secret.encode("utf-8", "surrogatepass"))[2:-1],
        quote(secret, safe="", errors="surrogatepass"),
        quote_plus(secret, errors="surrogatepass"),
        coded.rstrip("="),
    ]
    return [form for form in dict.fromkeys(forms) if len(form) >= _SHORTEST_SECRET]
