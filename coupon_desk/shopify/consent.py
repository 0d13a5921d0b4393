"""A customer's consent to e-mails, fresh from Shopify. Personal data: it stays in memory."""

from __future__ import annotations

from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from coupon_desk.coupons.reminding import ConsentSeen, MarketingState
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.customers import PERSONAL_FIELDS
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Shape


class EmailConsent(Shape, frozen=True):
    """An e-mail address, and whether and how its owner wants to be written to."""

    email_address: str
    marketing_state: str | None = None
    marketing_unsubscribe_url: str | None = None


class _Customer(Shape, frozen=True):
    id: str
    default_email_address: EmailConsent | None = None


class _Answer(Shape, frozen=True):
    customer: _Customer | None


CONSENT: Final = Operation("CustomerConsent", _Answer, PERSONAL_FIELDS)


def read_consent(client: ShopifyClient, customer_id: str) -> ConsentSeen:
    """What the customer says about e-mails now. Whoever stands at the counter goes before.

    An address that Shopify denies to this shop's plan counts as none. Raises RemoteRefused or RemoteUnavailable.
    """
    customer = client.read(CONSENT, {"id": customer_id}, background=True).data.customer
    told = customer.default_email_address if customer is not None else None
    if told is None:
        return ConsentSeen(None, MarketingState.UNKNOWN, None)
    return ConsentSeen(told.email_address, _state(told.marketing_state), _usable(told.marketing_unsubscribe_url))


def _state(told: str | None) -> MarketingState:
    with suppress(ValueError):
        return MarketingState(told or "")
    return MarketingState.UNKNOWN


def _usable(url: str | None) -> str | None:
    """An address on the web that may stand in a header: no blanks, brackets or controls, ASCII alone (RFC 2369 §2)."""
    if url is None or not url.isascii() or any(character <= " " or character in '<>"\x7f' for character in url):
        return None
    with suppress(ValueError):
        parts = urlsplit(url)
        return url if parts.scheme == "https" and parts.hostname else None
    return None
