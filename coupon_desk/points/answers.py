"""What the point system's REST contract answers (INTERFACE.md §6), decoded strictly: anything else is not an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, TypeVar

import msgspec

from coupon_desk.clock import from_text
from coupon_desk.coupons.points import EntryType, PointEntry

_FormT = TypeVar("_FormT")
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A whole number that every JSON reader and database on the way holds exactly."""

_CODE: Final = re.compile(r"[^A-Za-z0-9_.:/ -]+")
_CODE_LENGTH: Final = 60
_PLACE: Final = re.compile(r"`(\$[^`]*)`$")


class UnreadableAnswer(ValueError):
    """The answer is not what the contract says. The text names the place in it and never its values."""


class AddBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /customers/{id}/points/add`, its keys in this order."""

    amount: int
    reason: str
    reference: str


class ErrorObject(msgspec.Struct, frozen=True):
    """`{"code", "message"}`; the message may name a person and is not read."""

    code: str | int = ""


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Both forms of an error: `{"error": {"code", "message"}}` and problem+json; also an answer that says `success: false`."""

    error: ErrorObject | None = None
    title: str | None = None
    type: str | None = None
    success: bool | None = None
    entry_id: str | int | None = None
    added: Whole | None = None
    previous_balance: Whole | None = None
    new_balance: Whole | None = None

    @property
    def is_of_the_contract(self) -> bool:
        """Whether a point system said this, and not a web server that knows no such page."""
        return self.error is not None or self.title is not None or self.type is not None

    @property
    def code(self) -> str:
        """The error's own name, safe to show and to log; empty where it gave none."""
        given = self.error.code if self.error is not None else self.title or self.type or ""
        return _CODE.sub("", str(given))[:_CODE_LENGTH].strip()

    @property
    def proves_nothing_was_added(self) -> bool:
        """Whether an answer with `success: false` rules out that points were added.

        A bare `{"success": false}` does not: it says neither why, nor that it looked.
        """
        says_none = self.added == 0 or (self.added is None and self.error is not None)
        return self.success is False and says_none and self.entry_id is None and self.previous_balance == self.new_balance


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of the point history; `next_cursor` is None on the last."""

    entries: tuple[PointEntry, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Addition:
    """What the system says it added, and the balances around it."""

    entry_id: str
    added: int
    balance_before: int
    balance_after: int

    @property
    def adds_up(self) -> bool:
        """Whether the balances differ by what was added."""
        return self.balance_after - self.balance_before == self.added


@dataclass(frozen=True, slots=True)
class BalanceTold:
    """The balance, and the last day of points that are added now; None where the answer has none that can be read."""

    balance: int
    points_expire_on: date | None


def balance_in(content: bytes, customer_id: str) -> BalanceTold:
    """The balance in an answer about this customer. Raises UnreadableAnswer."""
    answer = _decode(content, _Balance)
    if str(answer.customer_id) != customer_id:
        raise UnreadableAnswer("the balance of another customer")
    return BalanceTold(answer.balance, _day(answer.added_points_expire_on))


def page_in(content: bytes) -> HistoryPage:
    """The page of the history in an answer. Raises UnreadableAnswer."""
    answer = _decode(content, _History)
    return HistoryPage(tuple(_entry(each) for each in answer.entries), answer.next_cursor or None)


def addition_in(content: bytes) -> Addition:
    """The addition in an answer that says `success: true`. Raises UnreadableAnswer."""
    answer = _decode(content, _Added)
    if not answer.success:
        raise UnreadableAnswer("success is false")
    return Addition(str(answer.entry_id), answer.added, answer.previous_balance, answer.new_balance)


def error_in(content: bytes) -> ErrorAnswer:
    """The error that an answer holds; an empty one where it holds none in either form."""
    try:
        return _decode(content, ErrorAnswer)
    except UnreadableAnswer:
        return ErrorAnswer()


def amount_in(body: str) -> int:
    """The points in a body that `AddBody` made. Raises UnreadableAnswer."""
    return _decode(body.encode("utf-8"), AddBody).amount


class _Balance(msgspec.Struct, frozen=True):
    customer_id: str | int
    balance: Whole
    added_points_expire_on: object = None


class _Entry(msgspec.Struct, frozen=True):
    id: str | int
    type: EntryType
    points: Whole
    created_at: str
    reason: str | None = None
    reference: str | None = None
    balance: Whole | None = None


class _History(msgspec.Struct, frozen=True):
    entries: tuple[_Entry, ...]
    next_cursor: str | None = None


class _Added(msgspec.Struct, frozen=True):
    success: bool
    entry_id: str | int
    previous_balance: Whole
    added: Whole
    new_balance: Whole


def _entry(answer: _Entry) -> PointEntry:
    # A conversion that was taken for something else, or a return that was overlooked, would cost points: fail closed.
    if (answer.points > 0 and answer.type is EntryType.DEDUCT) or (answer.points < 0 and answer.type is EntryType.ADD):
        raise UnreadableAnswer("an entry's sign contradicts its type")
    try:
        created_at = from_text(answer.created_at)
    except ValueError:
        raise UnreadableAnswer("an entry's created_at is not a moment with a time zone") from None
    return PointEntry(
        id=str(answer.id),
        type=answer.type,
        points=answer.points,
        reason=answer.reason or "",
        reference=answer.reference,
        created_at=created_at,
        balance=answer.balance,
    )


def _day(told: object) -> date | None:
    """A day that is only shown: what cannot be read is not told, and stands in nobody's way."""
    try:
        return date.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _decode(content: bytes, form: type[_FormT]) -> _FormT:
    try:
        return msgspec.json.decode(content, type=form)
    except msgspec.ValidationError as wrong:
        place = _PLACE.search(str(wrong))
        raise UnreadableAnswer(f"not as the contract says at {place[1] if place else '$'}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableAnswer("not JSON") from None
