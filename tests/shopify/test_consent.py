"""What Shopify says of a customer's wish to be written to; whatever is not a clear yes is none."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_desk.coupons.reminding import ConsentSeen, MarketingState
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.consent import read_consent
from tests.shopify.wire_server import Wire, http

CUSTOMER = "gid://shopify/Customer/1"
LEAVE = "https://example.com/leave"


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        (
            {"emailAddress": "a@example.com", "marketingState": "SUBSCRIBED", "marketingUnsubscribeUrl": LEAVE},
            ConsentSeen("a@example.com", MarketingState.SUBSCRIBED, LEAVE),
        ),
        (
            {"emailAddress": "a@example.com", "marketingState": "REDACTED", "marketingUnsubscribeUrl": "http://example.com/"},
            ConsentSeen("a@example.com", MarketingState.UNKNOWN, None),
        ),
        (
            {"emailAddress": "a@example.com", "marketingState": "SUBSCRIBED", "marketingUnsubscribeUrl": f"{LEAVE}>\r\nBcc: b"},
            ConsentSeen("a@example.com", MarketingState.SUBSCRIBED, None),
        ),
        ({"emailAddress": "a@example.com"}, ConsentSeen("a@example.com", MarketingState.UNKNOWN, None)),
        (None, ConsentSeen(None, MarketingState.UNKNOWN, None)),
    ],
)
def test_a_consent_is_read_as_it_is_told(
    wire: Wire, client: ShopifyClient, address: dict[str, Any] | None, seen: ConsentSeen
) -> None:
    wire.say(http({"data": {"customer": {"id": CUSTOMER, "defaultEmailAddress": address}}}))

    assert read_consent(client, CUSTOMER) == seen


def test_a_customer_whom_nobody_knows_agrees_to_nothing(wire: Wire, client: ShopifyClient) -> None:
    wire.say(http({"data": {"customer": None}}))

    assert read_consent(client, CUSTOMER).email is None
