"""The point system over the REST contract of INTERFACE.md §6 (`pos.kind = "rest"`)."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final, Generic, Self, TypeVar
from urllib.parse import quote

import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from coupon_desk.clock import Clock, ClockOffset
from coupon_desk.coupons.evidence import Absent, HistorySeen
from coupon_desk.coupons.points import PointEntry
from coupon_desk.errors import RemoteRefused, RemoteUnavailable, System
from coupon_desk.points.answers import (
    AddBody,
    BalanceTold,
    UnreadableAnswer,
    addition_in,
    amount_in,
    balance_in,
    error_in,
    page_in,
)
from coupon_desk.points.port import AddPoints, DuplicateGuard, HistorySearch, PointCapabilities, PointsAdded
from coupon_desk.points.refusals import read_failure, refused_in_success, unknown_write, unreadable_read, write_failure
from coupon_desk.points.transport import HttpAnswer, Transport
from coupon_desk.settings import Pos
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import msg

AnswerT = TypeVar("AnswerT")

ADD_CALL: Final = "add_points"
PAGE_ENTRIES: Final = 100
HISTORY_PAGES: Final = 50
"""So far a search goes; a customer with more entries is not searched to the end, and says so."""
READ_ATTEMPTS: Final = 3
READ_BUDGET_SECONDS: Final = 15.0
"""No further attempt begins after so long; a person waits for the answer."""

_REFERENCE_LENGTH: Final = 64
_PROBE_CUSTOMER: Final = "0"


class RestPoints:
    """One customer's points at a system that speaks the REST contract. Implements the `PointSystem` port."""

    def __init__(
        self,
        pos: Pos,
        token: Callable[[], str],
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        offset: ClockOffset | None = None,
    ) -> None:
        self._transport = Transport(pos.endpoint, token, clock, tls, offset)
        self._clock = clock
        self._capabilities = PointCapabilities(
            duplicate_guard=DuplicateGuard.REPLAY if pos.replays_idempotency_key else DuplicateGuard.NONE,
            history=HistorySearch.BY_REFERENCE,
            key_retention=None,
            reference_max_length=_REFERENCE_LENGTH,
            reference_shown_to_customer=True,
            returns_entry_id=True,
        )

    @property
    def capabilities(self) -> PointCapabilities:
        """What the contract promises; whether keys are replayed is the shop's setting."""
        return self._capabilities

    def check(self) -> None:
        """Ask for a customer that need not exist: the answer shows address and token. Raises RemoteError."""
        self.read_balance(_PROBE_CUSTOMER)

    def read_balance(self, customer_id: str) -> int | Absent:
        """The balance in points. Raises RemoteUnavailable, RemoteRefused."""
        told = self._read_balance(customer_id)
        return told if isinstance(told, Absent) else told.balance

    def read_history(self, customer_id: str, reference: str) -> HistorySeen | Absent:
        """The balance and every entry under the reference, newest first. Raises RemoteUnavailable, RemoteRefused."""
        told = self._read_balance(customer_id)
        if isinstance(told, Absent):
            return told
        wanted = _folded(reference)
        found: dict[str, PointEntry] = {}
        cursor: str | None = None
        cursors: set[str] = set()
        for _ in range(HISTORY_PAGES):
            query: dict[str, str | int] = {"reference": reference, "limit": PAGE_ENTRIES}
            if cursor is not None:
                query["cursor"] = cursor
            read = self._read(f"{_path(customer_id)}/points/history", page_in, query)
            if isinstance(read, Absent):
                return read
            page, told_at = read.answer, read.server_time
            # The server may ignore the parameter.
            found.update((entry.id, entry) for entry in page.entries if _folded(entry.reference) == wanted)
            cursor = page.next_cursor
            if cursor is None:
                seen = HistorySeen(told.balance, _newest_first(found.values()), complete=True, server_time=told_at)
                return replace(seen, points_expire_on=told.points_expire_on)
            if cursor in cursors:
                break
            cursors.add(cursor)
        return HistorySeen(told.balance, _newest_first(found.values()), complete=False)

    def read_recent(self, customer_id: str, limit: int) -> tuple[PointEntry, ...]:
        """The newest entries, whatever their reference; empty for an unknown customer."""
        read = self._read(f"{_path(customer_id)}/points/history", page_in, {"limit": max(1, min(limit, PAGE_ENTRIES))})
        return () if isinstance(read, Absent) else _newest_first(read.answer.entries)[:limit]

    def prepare(self, add: AddPoints) -> PreparedRequest:
        """The exact request that would add the points; no I/O. Raises RemoteRefused for an unusable customer id."""
        if add.points <= 0:
            raise ValueError("points to be given back are positive")
        body = msgspec.json.encode(AddBody(amount=add.points, reason=add.reason, reference=add.reference))
        target = f"{_path(add.customer_id)}/points/add"
        return PreparedRequest(System.POINTS, ADD_CALL, target, body.decode("utf-8"), add.key)

    def send(self, prepared: PreparedRequest) -> PointsAdded:
        """Send it once, unchanged. Raises RemoteRefused, RemoteUnavailable, OutcomeUnknown as the port says."""
        amount = _amount_of(prepared)
        answer = self._transport.write(prepared.target, prepared.body.encode("utf-8"), prepared.key)
        if not 200 <= answer.status < 300:
            raise write_failure(answer)
        error = error_in(answer.content)
        if error.success is False:
            raise refused_in_success(answer, error)
        return _added(answer, amount)

    def abort_reads(self) -> None:
        """For shutting down: reads end for good, those in flight at once, with RemoteUnavailable; writes are left alone."""
        self._transport.abort_reads()

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_balance(self, customer_id: str) -> BalanceTold | Absent:
        read = self._read(f"{_path(customer_id)}/points", lambda content: balance_in(content, customer_id))
        return read if isinstance(read, Absent) else read.answer

    def _read(
        self, path: str, read: Callable[[bytes], AnswerT], query: Mapping[str, str | int] | None = None
    ) -> _Read[AnswerT] | Absent:
        """Read with a few attempts, as long as a further one may help and nobody aborted."""
        began = self._clock.monotonic()
        jittered = wait_random_exponential(multiplier=0.25, max=2.0)

        def is_enough(state: RetryCallState) -> bool:
            ends = self._clock.monotonic() - began + _asked_to_wait(state)
            return self._transport.is_aborted or state.attempt_number >= READ_ATTEMPTS or ends > READ_BUDGET_SECONDS

        attempts = Retrying(
            retry=retry_if_exception_type(RemoteUnavailable),
            stop=is_enough,
            wait=lambda state: max(_asked_to_wait(state), jittered(state)),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return attempts(self._read_once, path, read, query)

    def _read_once(
        self, path: str, read: Callable[[bytes], AnswerT], query: Mapping[str, str | int] | None
    ) -> _Read[AnswerT] | Absent:
        answer = self._transport.read(path, query)
        # Only a point system's own words say that the customer is unknown; any web server says 404 to a wrong address.
        if answer.status == HTTPStatus.NOT_FOUND and error_in(answer.content).is_of_the_contract:
            return Absent()
        if answer.status != HTTPStatus.OK:
            raise read_failure(answer)
        try:
            return _Read(read(answer.content), answer.server_time)
        except UnreadableAnswer as wrong:
            raise unreadable_read(answer, str(wrong)) from None


@dataclass(frozen=True, slots=True)
class _Read(Generic[AnswerT]):
    """What was read, and the remote clock when it was told."""

    answer: AnswerT
    server_time: datetime | None


def _added(answer: HttpAnswer, amount: int) -> PointsAdded:
    try:
        addition = addition_in(answer.content)
    except UnreadableAnswer as wrong:
        raise unknown_write(
            answer, msg("The point system answered with something that cannot be read."), f"HTTP {answer.status}: {wrong}"
        ) from None
    if addition.added != amount:
        raise unknown_write(
            answer,
            msg("The point system says it added {added} points instead of {points}.", added=addition.added, points=amount),
            "added differs",
        )
    if not addition.adds_up:
        raise unknown_write(answer, msg("The point system's balances do not add up."), "balances differ by another number")
    return PointsAdded(
        entry_id=addition.entry_id,
        balance_before=addition.balance_before,
        balance_after=addition.balance_after,
        request_id=answer.request_id,
        server_time=answer.server_time,
    )


def _amount_of(prepared: PreparedRequest) -> int:
    try:
        amount = amount_in(prepared.body)
    except UnreadableAnswer as wrong:
        raise _not_ours(str(wrong)) from None
    if prepared.system is not System.POINTS or prepared.call != ADD_CALL or amount <= 0:
        raise _not_ours("another call")
    return amount


def _not_ours(detail: str) -> RemoteRefused:
    return RemoteRefused(
        System.POINTS,
        msg("The stored request does not add points; nothing was sent."),
        todo=msg("Verify the trail and let an administrator look at it."),
        detail=detail,
    )


def _path(customer_id: str) -> str:
    # A dot segment would reach another resource; percent-encoding does not touch dots.
    if not customer_id.strip() or set(customer_id) == {"."}:
        raise RemoteRefused(
            System.POINTS,
            msg("The customer has no usable id at the point system; nothing was sent."),
            todo=msg("Check the customer's id at the point system (metafield loyalty.pos_customer_id)."),
        )
    return f"/customers/{quote(customer_id, safe='')}"


def _folded(reference: str | None) -> str:
    return (reference or "").strip().casefold()


def _newest_first(entries: Iterable[PointEntry]) -> tuple[PointEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.created_at, reverse=True))


def _asked_to_wait(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome is not None else None
    return (failure.retry_after_seconds or 0.0) if isinstance(failure, RemoteUnavailable) else 0.0
