"""Which error an unusable answer of Shopify's is, and how a person is told: refused, unavailable, or unknown.

The three kinds are told apart by what they prove. An answer that proves nothing is *unavailable* to a read, which executes
nothing, and *unknown* to a write.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Final

from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import Message, msg

WRONG_TOKEN: Final = msg("Shopify did not accept Coupon Desk's credentials.")
LOOK_FIRST: Final = msg("It may have been done. Coupon Desk looks before anything is sent again.")
NOTHING_DONE: Final = msg("Nothing was done. Try again in a moment.")
TELL_ADMIN: Final = msg("Nothing was done. “coupon-desk doctor” tells what is wrong; please inform your administrator.")

_MAY_HAVE_RUN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, 499})


class Purpose(Enum):
    """What a request is for: that decides what silence means."""

    READ = "read"
    WRITE = "write"


class Throttled(RemoteUnavailable):
    """Rejected before it was executed, because of too many requests; a write may be sent again too."""


class Hopeless(RemoteUnavailable):
    """No usable answer came, and asking the same again at once would bring the same."""


def no_proof(purpose: Purpose, what: Message, *, detail: str = "", request_id: str | None = None) -> RemoteError:
    """The error for an answer that proves nothing."""
    if purpose is Purpose.WRITE:
        return OutcomeUnknown(System.SHOPIFY, what, todo=LOOK_FIRST, detail=detail, request_id=request_id)
    return RemoteUnavailable(System.SHOPIFY, what, todo=NOTHING_DONE, detail=detail, request_id=request_id)


def hopeless(purpose: Purpose, what: Message, *, detail: str = "", request_id: str | None = None) -> RemoteError:
    """As `no_proof`, where a read need not be tried again at once."""
    if purpose is Purpose.WRITE:
        return no_proof(purpose, what, detail=detail, request_id=request_id)
    return Hopeless(System.SHOPIFY, what, todo=TELL_ADMIN, detail=detail, request_id=request_id)


def no_answer(purpose: Purpose, failure: Exception) -> RemoteError:
    """The connection broke or timed out after the request had begun."""
    return no_proof(purpose, msg("Shopify did not answer."), detail=type(failure).__name__)


def unreadable(purpose: Purpose, *, detail: str, request_id: str | None = None) -> RemoteError:
    """The answer is not what was asked for: not JSON, cut off, or of another shape."""
    return no_proof(purpose, msg("Shopify's answer could not be understood."), detail=detail, request_id=request_id)


def refused(what: Message, *, todo: Message = TELL_ADMIN, detail: str = "", request_id: str | None = None) -> RemoteRefused:
    """Shopify surely did not do it and will not."""
    return RemoteRefused(System.SHOPIFY, what, todo=todo, detail=detail, request_id=request_id)


def missing_scope(required: str | None, *, request_id: str | None = None) -> RemoteRefused:
    """ACCESS_DENIED or 403; `required` is what Shopify says is needed, in its own words."""
    if not required:
        return refused(msg("Shopify does not permit Coupon Desk to do that."), request_id=request_id)
    return refused(
        msg("Shopify does not permit Coupon Desk to do that. Needed: {required}", required=required),
        todo=msg("Nothing was done. Give Coupon Desk's app this permission in the Shopify admin and install it again."),
        request_id=request_id,
    )


def throttled(retry_after_seconds: float | None, *, request_id: str | None = None) -> Throttled:
    """THROTTLED, 429, or our own throttle that sees them coming."""
    return Throttled(
        System.SHOPIFY,
        msg("Shopify is busy: too many requests at this moment."),
        retry_after_seconds=retry_after_seconds,
        todo=NOTHING_DONE,
        request_id=request_id,
    )


def by_status(
    status: int, purpose: Purpose, *, domain: str, secret_name: str, detail: str = "", request_id: str | None = None
) -> RemoteError:
    """The error of an HTTP status other than 200 and 429 (facts: response codes)."""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return refused(WRONG_TOKEN, todo=check_secret(secret_name), request_id=request_id)
        case HTTPStatus.PAYMENT_REQUIRED:
            return refused(
                msg("Shopify has frozen the shop {domain} because of an unpaid bill.", domain=domain),
                todo=msg("Nothing was done. The owner has to settle it in the Shopify admin."),
                request_id=request_id,
            )
        case HTTPStatus.FORBIDDEN:
            return missing_scope(None, request_id=request_id)
        case HTTPStatus.NOT_FOUND:
            return refused(
                msg("Shopify knows no shop at {domain}, or not this version of its interface.", domain=domain),
                todo=msg("Nothing was done. Check domain and api_version under [shopify] in the configuration."),
                request_id=request_id,
            )
        case HTTPStatus.LOCKED:
            return refused(
                msg("Shopify has locked the shop {domain}.", domain=domain),
                todo=msg("Nothing was done. The owner has to ask Shopify's support."),
                request_id=request_id,
            )
        case 430:
            return refused(msg("Shopify's security check rejected the request."), request_id=request_id)
        case _ if 300 <= status < 400:
            return refused(
                msg("{domain} redirects to another address.", domain=domain),
                todo=msg("Nothing was done. Use the shop's own address that ends in .myshopify.com in the configuration."),
                request_id=request_id,
            )
        case _ if 400 <= status < 500 and status not in _MAY_HAVE_RUN:
            return refused(
                msg("Shopify rejected the request (HTTP {status}).", status=str(status)), detail=detail, request_id=request_id
            )
        case _:
            return no_proof(
                purpose,
                msg("Shopify has a fault of its own (HTTP {status}).", status=str(status)),
                detail=detail,
                request_id=request_id,
            )


def check_secret(name: str) -> Message:
    """What to do about a wrong secret of this name."""
    return msg("Nothing was done. Store a valid secret with “coupon-desk secrets set {name}” and try again.", name=name)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds, from a number or an RFC 1123 date; None where it is missing or makes no sense."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        moment = http_date(header)
        seconds = (moment - now).total_seconds() if moment else 0.0
        return max(0.0, seconds) if moment else None
    return seconds if 0 <= seconds < float("inf") else None


def http_date(header: str | None) -> datetime | None:
    """The moment of a `Date` header; None where it is missing or makes no sense."""
    if not header:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
