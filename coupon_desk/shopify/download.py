"""Fetches the result of a bulk operation as a stream of whole lines, and goes on where it was cut off.

The address is signed, lives on another host and is shown no token. Only a piece of the result is ever in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import httpx

from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.refusals import Hopeless, Purpose, no_proof
from coupon_desk.words import msg

PIECE_BYTES: Final = 1 << 18
ATTEMPTS: Final = 5
"""So often in a row a download may bring nothing new before it is given up."""

_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 8.0
_LONGEST_LINE_BYTES: Final = 8 << 20

Address = Callable[[], tuple[str | None, int | None]]
"""Asks Shopify for the address of the result (None: it is empty) and its size in bytes, where that is told."""

_log = logging.getLogger("coupon_desk.shopify")


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, and where they end in the result."""

    lines: list[bytes]
    end: int


class Download:
    """One result. `address` is asked anew for each attempt: an address may have run out meanwhile."""

    def __init__(self, client: ShopifyClient, clock: Clock, address: Address) -> None:
        self._client = client
        self._clock = clock
        self._address = address

    def pieces(self, position: int) -> Iterator[Piece]:
        """The lines from a position on, to the true end. Raises RemoteUnavailable or RemoteRefused."""
        failed = 0
        while True:
            before = position
            url, size = self._address()
            if url is None or (size is not None and position >= size):
                return
            try:
                for piece in self._fetched(url, position):
                    position = piece.end
                    yield piece
                if size is None or position >= size:
                    return
                raise no_proof(Purpose.READ, msg("Shopify's list ended too early."), detail=f"{position} of {size} bytes")
            except RemoteUnavailable as broken:
                failed = 1 if position > before else failed + 1
                if failed >= ATTEMPTS or isinstance(broken, Hopeless):
                    raise
                _log.info("a download broke off at %d bytes: %s", position, broken.detail)
                self._clock.sleep(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**failed))

    def _fetched(self, url: str, position: int) -> Iterator[Piece]:
        with self._client.open_result(url, position) as response:
            skip = self._to_skip(response, position)
            rest = b""
            at = position
            try:
                for data in response.iter_raw(PIECE_BYTES):
                    fresh = data[skip:]
                    skip -= len(data) - len(fresh)
                    lines = (rest + fresh).split(b"\n")
                    rest = lines.pop()
                    if len(rest) > _LONGEST_LINE_BYTES:
                        raise _unreadable("a line without end")
                    if lines:
                        at += sum(map(len, lines)) + len(lines)
                        yield Piece([line for line in lines if line], at)
            except httpx.HTTPError as failure:
                raise no_proof(Purpose.READ, msg("Shopify did not answer."), detail=type(failure).__name__) from failure
            if rest.strip():
                yield Piece([rest], at + len(rest))

    def _to_skip(self, response: httpx.Response, position: int) -> int:
        """How many bytes come that we have: none where the server goes on from a position, all of them where it can't."""
        if response.status_code == 206:
            return 0
        if response.status_code == 200:
            return position
        detail = f"HTTP {response.status_code} for a result"
        if response.status_code in {401, 403, 404, 410}:  # the address has run out; a fresh one may do
            _log.info("an address of a result was refused: %s", detail)
        raise no_proof(Purpose.READ, msg("Shopify's list could not be fetched."), detail=detail)


def _unreadable(detail: str) -> RemoteError:
    return no_proof(Purpose.READ, msg("Shopify's answer could not be understood."), detail=detail)
