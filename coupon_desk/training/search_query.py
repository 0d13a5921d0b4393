"""Shopify's search syntax: `status:active AND (updated_at:>'2026-10-01T00:00:00Z' OR code:"X")`.

A field that the resource does not know is ignored, so that everything matches; only a warning in the answer's extensions tells
(facts: Shopify §1.1). Exactly that trap is modelled here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

Match = Callable[[T, str, str], bool]
"""Whether a thing matches a comparator (`:`, `:>`, `:>=`, `:<`, `:<=`) and a value."""

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ":": operator.eq,
    ":>": operator.gt,
    ":>=": operator.ge,
    ":<": operator.lt,
    ":<=": operator.le,
}
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<minus>-)(?=\S)
      | (?:(?P<field>[A-Za-z_][A-Za-z0-9_.]*)\s*:\s*(?P<comparator>>=|<=|>|<)?\s*)?
        (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s()"']+))
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Warned:
    """A part of a query that was ignored."""

    field: str
    message: str = "Invalid search field for this query."
    code: str = "invalid_field"


@dataclass(frozen=True, slots=True)
class Search(Generic[T]):
    """A query that was understood.

    `exact` are the fields that every match must equal, for looking up instead of searching; `floors` the moments that fields of
    every match must reach, for beginning there. `choices` are the fields that a match must equal by each of several terms
    between which stands OR.
    """

    query: str
    matches: Callable[[T], bool]
    exact: Mapping[str, str]
    floors: Mapping[str, datetime]
    warnings: tuple[Warned, ...]
    choices: tuple[Mapping[str, str], ...] = ()


def parse(query: str | None, fields: Mapping[str, Match[T]], default: Match[T]) -> Search[T]:
    """Understand a query by the fields of its resource; `default` matches words without a field."""
    reader = _Reader(query or "", fields, default)
    matches = reader.whole()
    warnings = tuple(dict.fromkeys(reader.warnings))
    if reader.has_or:
        return Search(query or "", matches, {}, {}, warnings, tuple(reader.choices))
    return Search(query or "", matches, reader.exact, reader.floors, warnings)


def text_is(value: str, comparator: str, wanted: str) -> bool:
    """Equal without regard to case; a final `*` matches any ending; a comma separates choices."""
    if comparator != ":":
        return False
    folded = value.casefold()
    return any(
        folded.startswith(choice[:-1]) if choice.endswith("*") else folded == choice
        for choice in (part.strip() for part in wanted.casefold().split(","))
    )


def number_is(value: int, comparator: str, wanted: str) -> bool:
    """Compare whole numbers; what is no number matches nothing."""
    try:
        return _compare(value, comparator, int(wanted))
    except ValueError:
        return False


def moment_is(value: datetime | None, comparator: str, wanted: str) -> bool:
    """Compare moments; a bare date means its first moment in UTC, with `:` the whole day."""
    moment = _moment(wanted)
    if value is None or moment is None:
        return False
    if comparator == ":" and len(wanted) == len("2026-10-01"):
        return value.astimezone(UTC).date() == moment.date()
    return _compare(value.replace(microsecond=0), comparator, moment.replace(microsecond=0))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _compare(value: int | datetime, comparator: str, wanted: int | datetime) -> bool:
    return bool(_COMPARISONS[comparator](value, wanted))


class _Reader(Generic[T]):
    """A recursive reader: OR binds weaker than AND, words next to each other are AND."""

    def __init__(self, query: str, fields: Mapping[str, Match[T]], default: Match[T]) -> None:
        self._tokens = [match for match in _TOKEN.finditer(query) if match.group().strip()]
        self._place = 0
        self._fields = fields
        self._default = default
        self.exact: dict[str, str] = {}
        self.floors: dict[str, datetime] = {}
        self.warnings: list[Warned] = []
        self.has_or = False
        self.choices: list[Mapping[str, str]] = []

    def whole(self) -> Callable[[T], bool]:
        """The whole query. `choices` stay empty where an OR stands in brackets, and so is not between whole terms."""
        parts = [self._both()]
        has_inner_or = self.has_or
        choices: list[Mapping[str, str]] = [self.exact]
        while self._word() == "OR":
            self._place += 1
            self.exact, self.has_or = {}, False
            parts.append(self._both())
            has_inner_or |= self.has_or
            choices.append(self.exact)
        self.has_or = has_inner_or or len(parts) > 1
        self.choices = [] if has_inner_or else choices
        return parts[0] if len(parts) == 1 else lambda thing: any(part(thing) for part in parts)

    def either(self) -> Callable[[T], bool]:
        parts = [self._both()]
        while self._word() == "OR":
            self.has_or = True
            self._place += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda thing: any(part(thing) for part in parts)

    def _both(self) -> Callable[[T], bool]:
        parts: list[Callable[[T], bool]] = []
        while self._place < len(self._tokens) and self._word() != "OR" and self._tokens[self._place]["bracket"] != ")":
            if self._word() == "AND":
                self._place += 1
                continue
            parts.append(self._one())
        return lambda thing: all(part(thing) for part in parts)

    def _one(self) -> Callable[[T], bool]:
        token = self._tokens[self._place]
        self._place += 1
        if token["minus"] or self._text(token) == "NOT":
            if self._place >= len(self._tokens):
                return lambda _: True
            known = dict(self.exact), dict(self.floors)
            inner = self._one()
            self.exact, self.floors = known
            return lambda thing: not inner(thing)
        if token["bracket"] == "(":
            group = self.either()
            self._place += 1
            return group
        return self._term(token)

    def _term(self, token: re.Match[str]) -> Callable[[T], bool]:
        field, comparator = token["field"], ":" + (token["comparator"] or "")
        value = next(text for text in (token["double"], token["single"], token["bare"]) if text is not None)
        quoted = token["bare"] is None
        if quoted:
            value = re.sub(r"\\(.)", r"\1", value)
        elif field is not None and ":" in value:
            # An unquoted time breaks on its colons: what follows reads as another field (facts: Shopify §1.1).
            value, _, rest = value.partition(":")
            self.warnings.append(Warned(rest.partition(":")[0]))
        if field is None:
            return lambda thing: self._default(thing, ":", value)
        match = self._fields.get(field)
        if match is None:
            self.warnings.append(Warned(field))
            return lambda _: True
        if comparator == ":" and "," not in value and not value.endswith("*"):
            self.exact[field] = value
        floor = _moment(value) if comparator in {":>", ":>="} else None
        if floor is not None:
            self.floors[field] = floor
        return lambda thing: match(thing, comparator, value)

    def _word(self) -> str | None:
        return self._text(self._tokens[self._place]) if self._place < len(self._tokens) else None

    def _text(self, token: re.Match[str]) -> str | None:
        return token["bare"] if token["field"] is None else None
