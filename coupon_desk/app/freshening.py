"""What fresh evidence on one coupon tells the catalogue: the app is where the two rooms meet."""

from __future__ import annotations

from coupon_desk.catalogue.rows import CatalogueRow, Customer, DiscountFacts
from coupon_desk.coupons.evidence import DiscountSeen, Evidence, RecordSeen


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
