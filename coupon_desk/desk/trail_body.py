"""What the body of an entry says, opened, as lines that a person can read: names in words, sentences in their language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.desk.speech import Speech
from coupon_desk.words import Message, msg, unpack

if TYPE_CHECKING:
    from coupon_desk.trail.entry import Entry

INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing with its name; codes and hashes are `is_exact`: to be compared letter by letter."""

    name: str
    value: str
    is_exact: bool = False


def said(entry: Entry, speech: Speech) -> tuple[Fact, ...]:
    """All that the body says; nothing where it was erased, or cannot be opened."""
    if entry.canonical_body is None:
        return ()
    facts = []
    for name, value in entry.body.items():
        plain = _in_words(value, speech)
        if plain not in (None, [], {}):
            shown = _NAMES.get(name)
            is_text = isinstance(plain, str | bool | int)
            text = speech.number(plain) if isinstance(plain, int) and not isinstance(plain, bool) else str(plain)
            facts.append(Fact(speech.say(shown) if shown else name, text if is_text else tree(plain), not is_text))
    return tuple(facts)


def tree(value: Any) -> str:
    """Tables and lists as indented lines; what is empty is left out."""
    return "\n".join(_lines(value, 0))


def _lines(value: Any, depth: int) -> Iterator[str]:
    inside = value.items() if isinstance(value, dict) else (("–", inner) for inner in value)
    for name, inner in inside:
        head = f"{INDENT * depth}{name}" if name == "–" else f"{INDENT * depth}{name}:"
        if isinstance(inner, dict | list):
            if inner:
                yield head
                yield from _lines(inner, depth + 1)
        elif inner not in (None, ""):
            yield f"{head} {inner}"


def _in_words(value: Any, speech: Speech) -> Any:
    """The same with the messages in it said in the language of the window."""
    if isinstance(value, dict):
        if value.keys() >= {"text", "values"}:
            return speech.say(unpack(value))
        return {name: _in_words(inner, speech) for name, inner in value.items()}
    return [_in_words(inner, speech) for inner in value] if isinstance(value, list) else value


_NAMES: Final[dict[str, Message]] = {
    "detail": msg("In words"),
    "note": msg("Note"),
    "found": msg("Found"),
    "evidence": msg("Evidence"),
    "findings": msg("Findings"),
    "discount": msg("Discount in Shopify"),
    "balance": msg("Balance"),
    "balance_before": msg("Balance before"),
    "balance_after": msg("Balance after"),
    "code": msg("Coupon"),
    "customer_id": msg("Customer's number"),
    "kind": msg("Kind"),
    "reason": msg("Reason"),
    "operator": msg("Operator"),
    "language": msg("Language"),
    "rules": msg("Rules of the house"),
    "key": msg("Key of the request"),
    "request": msg("Request"),
    "request_id": msg("Request ids"),
    "system": msg("System"),
    "due_at": msg("Goes on at"),
    "what": msg("What happened"),
    "todo": msg("What to do"),
    "why": msg("Why"),
    "about": msg("About"),
    "right": msg("Right"),
    "role": msg("Role"),
    "login": msg("Login"),
    "failures": msg("Failed tries"),
    "locked_until": msg("Locked until"),
    "settings": msg("Settings"),
    "format": msg("Format"),
    "since": msg("From"),
    "until": msg("Until"),
    "sequence": msg("Entry"),
    "signature": msg("Signature"),
    "public_key": msg("Public key"),
    "hash": msg("Hash"),
}
"""What the program's names mean; one that is not here stands as it is."""
