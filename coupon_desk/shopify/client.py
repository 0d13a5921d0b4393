"""The client of Shopify's GraphQL Admin API: reads that try again, writes that are sent once.

A write is repeated only where Shopify surely executed nothing: THROTTLED and 429, after waiting, and once with a renewed
token after 401. Everything else about a write is for the engine to decide.
"""

from __future__ import annotations

import copy
import logging
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import httpx
import tenacity

from coupon_desk.clock import Clock, ClockOffset
from coupon_desk.errors import RemoteError, RemoteUnavailable, System
from coupon_desk.settings import Shopify
from coupon_desk.shopify.answers import PersonalFieldsDenied, Reply, cost_of, decode, open_envelope
from coupon_desk.shopify.auth import ClientCredentials, Credentials, StaticToken
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.refusals import Hopeless, Purpose, Throttled, by_status, http_date, retry_after_seconds, throttled
from coupon_desk.shopify.throttle import Cost, Price, Throttle
from coupon_desk.shopify.transport import Transport
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import msg

PATIENCE_SECONDS: Final = 15.0
"""So long somebody at the counter waits for the cost bucket, and so long a read is tried again."""

BACKGROUND_PATIENCE_SECONDS: Final = 300.0
BACKGROUND_KEEPS_FREE: Final = 0.25
"""The part of the cost bucket that work in the background leaves: enough for a whole cancellation on the smallest plan."""

_READ_ATTEMPTS: Final = 3
_FIRST_BACK_OFF_SECONDS: Final = 0.25
_LONGEST_BACK_OFF_SECONDS: Final = 3.0
_PAUSE_AFTER_THROTTLED_SECONDS: Final = 0.25
_PAUSE_AFTER_429_SECONDS: Final = 1.0
_SLICE_SECONDS: Final = 0.1

T = TypeVar("T")
_log = logging.getLogger("coupon_desk.shopify")


@dataclass(frozen=True, slots=True)
class _Ask(Generic[T]):
    """One request and how it may behave. `aborts` is how often reads had been aborted when it began; None: never abort it."""

    operation: Operation[T]
    body: str
    purpose: Purpose
    price: Price
    patience_seconds: float
    keep_free: float
    aborts: int | None = None


class ShopifyClient:
    """One shop's Admin API. Safe to use from several threads.

    `secret` gives the token or the client secret, by the configuration's `auth`; it is asked on the calling thread when needed.
    `offset` is told Shopify's clock with each answer.
    """

    def __init__(
        self,
        shopify: Shopify,
        secret: Callable[[], str],
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        offset: ClockOffset | None = None,
    ) -> None:
        self.asked_version: Final = shopify.api_version
        self._domain = shopify.domain
        self._url = f"{shopify.url}/admin/api/{shopify.api_version}/graphql.json"
        self._clock = clock
        self._offset = offset or ClockOffset(clock)
        self._throttle = Throttle(clock)
        self._transport = Transport(shopify.url, tls=tls)
        self._credentials: Credentials = (
            ClientCredentials(shopify.url, shopify.client_id or "", secret, clock, self._transport.writes)
            if shopify.auth == "client_credentials"
            else StaticToken(secret)
        )
        self._lock = threading.Lock()
        self._served_version: str | None = None
        self._warned_of: set[str] = set()
        self._is_background = False

    def __enter__(self) -> Self:
        """The client itself; closed at the end."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def served_version(self) -> str | None:
        """The version that answered last, which may be newer than asked for; None where the answer did not tell."""
        return self._served_version

    def in_background(self) -> ShopifyClient:
        """The same connections, token and throttle, for work that waits longer and leaves a part of the bucket to others."""
        other = copy.copy(self)
        other._is_background = True
        return other

    def read(
        self,
        operation: Operation[T],
        variables: Mapping[str, Any],
        *,
        background: bool = False,
        price: Price | None = None,
    ) -> Reply[T]:
        """Ask, and ask again a few times where no usable answer came.

        `background` work waits longer and leaves a part of the cost bucket to others. `price` is for requests whose cost goes
        with what is asked for.

        Raises RemoteUnavailable or RemoteRefused.
        """
        background = background or self._is_background
        if price is None:
            price = Price(f"{operation.name}/{variables['first']}" if "first" in variables else operation.name)
        started, aborts = self._clock.monotonic(), self._transport.aborts
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: self._is_worth_another(error, started, aborts, background)),
            stop=tenacity.stop_after_attempt(_READ_ATTEMPTS),
            wait=tenacity.wait_exponential(_FIRST_BACK_OFF_SECONDS, _LONGEST_BACK_OFF_SECONDS)
            + tenacity.wait_random(0, _FIRST_BACK_OFF_SECONDS),
            sleep=lambda seconds: self._wait(seconds, aborts),
            reraise=True,
        )
        return attempts(self._read_once, operation, variables, price, background, aborts)

    def write(self, prepared: PreparedRequest, operation: Operation[T], price: Price | None = None) -> Reply[T]:
        """Send a prepared write, its text unchanged.

        Raises RemoteRefused, RemoteUnavailable (surely not executed) or OutcomeUnknown.
        """
        price = price or Price(operation.name)
        return self._exchange(_Ask(operation, prepared.body, Purpose.WRITE, price, *_manners(self._is_background)))

    def follow(self, operation: Operation[T], variables: Mapping[str, Any]) -> Reply[T]:
        """Ask once how a write goes on; `abort_reads` leaves it alone, as a part of the write."""
        price = Price(operation.name)
        return self._exchange(_Ask(operation, operation.body(variables), Purpose.WRITE, price, *_manners(background=False)))

    @contextmanager
    def open_result(self, url: str, position: int) -> Iterator[httpx.Response]:
        """The result of a bulk operation from a position on, as a stream, from whatever host keeps it; without our token.

        Raises RemoteUnavailable, also when reads are aborted, and RemoteRefused for an address that is not safe.
        """
        with self._transport.open_result(url, position, self._transport.aborts) as response:
            yield response

    def abort_reads(self) -> None:
        """For closing the program: every read under way ends at once with RemoteUnavailable. Writes are left alone."""
        self._transport.abort_reads()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _read_once(
        self, operation: Operation[T], variables: Mapping[str, Any], price: Price, background: bool, aborts: int
    ) -> Reply[T]:
        ask = _Ask(operation, operation.body(variables), Purpose.READ, price, *_manners(background), aborts)
        try:
            return self._exchange(ask)
        except PersonalFieldsDenied:
            without = operation.body({**variables, "personal": False})
            reply = self._exchange(replace(ask, operation=replace(operation, personal=frozenset()), body=without))
            return replace(reply, denied=True)

    def _exchange(self, ask: _Ask[T]) -> Reply[T]:
        """One exchange; repeated only while Shopify surely executed nothing: too many requests, or a token out of date."""
        deadline = self._clock.monotonic() + ask.patience_seconds
        token, may_renew = self._credentials.token(), True
        while True:
            try:
                return self._once(ask, token, max(0.0, deadline - self._clock.monotonic()))
            except Throttled as busy:
                if self._clock.monotonic() + (busy.retry_after_seconds or 0.0) > deadline:
                    raise
            except _TokenRejected as rejected:
                fresh = self._credentials.renewed(token) if may_renew else None
                if fresh is None:
                    raise rejected.as_told from rejected
                token, may_renew = fresh, False

    def _once(self, ask: _Ask[T], token: str, patience_seconds: float) -> Reply[T]:
        ticket = self._throttle.queue(ask.price, patience_seconds=patience_seconds, keep_free=ask.keep_free)
        cost: Cost | None = None
        try:
            while (wait_seconds := self._throttle.admit(ticket)) > 0:
                self._wait(min(wait_seconds, _SLICE_SECONDS), ask.aborts)
            self._refuse_aborted(ask.aborts)
            headers = {"X-Shopify-Access-Token": token, "Content-Type": "application/json", "Accept": "application/json"}
            response = self._transport.post(self._url, ask.body.encode(), headers, ask.purpose, ask.aborts)
            request_id = response.headers.get("X-Request-Id")
            server_time = http_date(response.headers.get("Date"))
            self._offset.heard(server_time)
            self._note(ask.operation.name, response, request_id)
            if response.status_code != 200:
                raise self._error_of(response, ask.purpose, request_id)
            envelope = open_envelope(response.content, ask.purpose, request_id)
            cost = cost_of(envelope)
        finally:
            self._throttle.settle(ticket, cost)
        try:
            data, denied = decode(envelope, ask.operation.answer, ask.operation.personal, ask.purpose, request_id)
        except Throttled:
            self._throttle.pause(_PAUSE_AFTER_THROTTLED_SECONDS)
            raise
        return Reply(data, response.text, request_id, server_time, denied)

    def _error_of(self, response: httpx.Response, purpose: Purpose, request_id: str | None) -> Exception:
        status = response.status_code
        if status == 429:
            seconds = retry_after_seconds(response.headers.get("Retry-After"), self._clock.now())
            self._throttle.pause(_PAUSE_AFTER_429_SECONDS if seconds is None else seconds)
            return throttled(_PAUSE_AFTER_429_SECONDS if seconds is None else seconds, request_id=request_id)
        error = by_status(status, purpose, domain=self._domain, secret_name=self._credentials.stored_as, request_id=request_id)
        return _TokenRejected(error) if status == 401 else error

    def _is_worth_another(self, error: BaseException, started: float, aborts: int, background: bool) -> bool:
        patience_seconds, _ = _manners(background)
        return (
            isinstance(error, RemoteUnavailable)
            and not isinstance(error, Hopeless | Throttled)
            and aborts == self._transport.aborts
            and self._clock.monotonic() - started < patience_seconds
        )

    def _wait(self, seconds: float, aborts: int | None) -> None:
        """Wait in slices, so that a read that waits can be aborted too."""
        until = self._clock.monotonic() + seconds
        while True:
            self._refuse_aborted(aborts)
            left_seconds = until - self._clock.monotonic()
            if left_seconds <= 0:
                return
            self._clock.sleep(min(left_seconds, _SLICE_SECONDS))

    def _refuse_aborted(self, aborts: int | None) -> None:
        if aborts is not None and aborts != self._transport.aborts:
            raise RemoteUnavailable(System.SHOPIFY, msg("The program is closing; Shopify was not asked any more."))

    def _note(self, name: str, response: httpx.Response, request_id: str | None) -> None:
        """Into the log: Shopify's own id of the request; and once each what an administrator has to see to."""
        _log.info("%s: HTTP %d, request %s", name, response.status_code, request_id or "-")
        served = response.headers.get("X-Shopify-API-Version")
        if response.status_code == 200:
            self._served_version = served
        if served and served != self.asked_version and self._is_news(f"version {served}"):
            _log.warning("Shopify serves API version %s instead of %s", served, self.asked_version)
        deprecated = response.headers.get("X-Shopify-API-Deprecated-Reason")
        if deprecated and self._is_news(f"deprecated {name}"):
            _log.warning("%s uses what Shopify calls deprecated: %s", name, deprecated[:200])

    def _is_news(self, what: str) -> bool:
        with self._lock:
            news = what not in self._warned_of
            self._warned_of.add(what)
            return news


def _manners(background: bool) -> tuple[float, float]:
    """How long a request waits for the cost bucket, and which part of it it leaves to others."""
    return (BACKGROUND_PATIENCE_SECONDS, BACKGROUND_KEEPS_FREE) if background else (PATIENCE_SECONDS, 0.0)


class _TokenRejected(Exception):
    """HTTP 401: nothing was executed, and another token may do."""

    def __init__(self, as_told: RemoteError) -> None:
        super().__init__(str(as_told))
        self.as_told = as_told
