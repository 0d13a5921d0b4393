"""Shopify's listing as the catalogue's source: the app is where the two rooms meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from coupon_desk.catalogue.rows import CatalogueRow, Customer, DiscountFacts
from coupon_desk.catalogue.source import SourceCustomer, SourceDiscount, SourcePage
from coupon_desk.coupons.evidence import DiscountSeen, Evidence, RecordSeen
from coupon_desk.shopify.listing import Listing


class ShopifySource:
    """What the synchroniser reads."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def customers_with_records(
        self, updated_since: datetime | None, cursor: str | None
    ) -> Iterator[SourcePage[SourceCustomer]]:
        """Customers whose record holds coupons, page by page. Raises RemoteError."""
        for page in self._listing.customers_with_records(updated_since, resume_from=cursor):
            rows = tuple(
                SourceCustomer(
                    row.id,
                    row.name,
                    row.email,
                    row.phone,
                    row.updated_at,
                    tuple((code.text, entry) for code, entry in row.entries),
                )
                for row in page.rows
            )
            yield SourcePage(rows, page.resume_from)

    def discounts(self, updated_since: datetime | None, cursor: str | None) -> Iterator[SourcePage[SourceDiscount]]:
        """Code discounts, page by page. Raises RemoteError."""
        for page in self._listing.discounts(updated_since, resume_from=cursor):
            rows = tuple(
                SourceDiscount(
                    row.id,
                    row.code.text,
                    row.usage_count,
                    row.starts_at,
                    row.ends_at,
                    row.created_at,
                    row.updated_at,
                    row.customer_ids,
                    row.amount,
                    row.currency,
                )
                for row in page.rows
            )
            yield SourcePage(rows, page.resume_from)


def row_of(evidence: Evidence) -> CatalogueRow | None:
    """What fresh evidence tells the catalogue; None where neither discount nor record answered."""
    discount = evidence.discount if isinstance(evidence.discount, DiscountSeen) else None
    record = evidence.record if isinstance(evidence.record, RecordSeen) else None
    if discount is None and record is None:
        return None
    customer = record.customer if record else None
    return CatalogueRow(
        code=evidence.code,
        updated_at=evidence.gathered_at,
        customer=Customer(customer.id, customer.name, customer.email, customer.phone) if customer else None,
        record=record.entry if record else None,
        discount=DiscountFacts(
            id=discount.id,
            usage_count=discount.usage_count,
            starts_at=discount.starts_at,
            ends_at=discount.ends_at,
            created_at=discount.created_at,
            customer_ids=discount.customer_ids,
            amount=discount.amount,
            currency=discount.currency,
        )
        if discount
        else None,
    )
