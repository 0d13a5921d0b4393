"""The customer and their record, fresh from Shopify. Personal data: it stays in memory."""

from __future__ import annotations

from typing import Final

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, CustomerSeen, RecordSeen
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Moment, Shape
from coupon_desk.shopify.record import MalformedRecord, entry_of
from coupon_desk.words import msg

POS_ID_NAMESPACE: Final = "loyalty"
POS_ID_KEY: Final = "pos_customer_id"

PERSONAL_FIELDS: Final = frozenset({"displayName", "defaultEmailAddress", "defaultPhoneNumber"})
"""Protected customer data, which Shopify gives to custom apps on some plans only: without it there is no e-mail, no more."""


class EmailAddress(Shape, frozen=True):
    """An e-mail address."""

    email_address: str


class PhoneNumber(Shape, frozen=True):
    """A phone number."""

    phone_number: str


class RecordField(Shape, frozen=True):
    """The metafield that holds the record."""

    type: str
    value: str
    compare_digest: str | None = None

    def text(self) -> str:
        """The record's text. Raises MalformedRecord where the metafield holds something else than JSON."""
        if self.type != "json":
            raise MalformedRecord(
                msg("The customer's record does not have the agreed form."), detail=f"metafield of type {self.type}"
            )
        return self.value


class PosIdField(Shape, frozen=True):
    """The metafield that holds the customer's id at the POS."""

    value: str


class Customer(Shape, frozen=True):
    """A customer with their record. Personal fields are None where they were not asked for or denied."""

    id: str
    locale: str
    display_name: str | None = None
    default_email_address: EmailAddress | None = None
    default_phone_number: PhoneNumber | None = None
    updated_at: Moment | None = None
    record: RecordField | None = None
    pos_id: PosIdField | None = None

    @property
    def email(self) -> str | None:
        """The e-mail address, where there is one and Shopify tells it."""
        return self.default_email_address.email_address if self.default_email_address else None

    @property
    def phone(self) -> str | None:
        """The phone number, where there is one and Shopify tells it."""
        return self.default_phone_number.phone_number if self.default_phone_number else None


class _Answer(Shape, frozen=True):
    customer: Customer | None


RECORD: Final = Operation("CustomerRecord", _Answer, PERSONAL_FIELDS)


def read_record(
    client: ShopifyClient, customer_id: str, code: CouponCode, namespace: str, key: str, *, background: bool = False
) -> RecordSeen | Absent:
    """The customer and the coupon's entry of their record; Absent where Shopify does not know the customer.

    `background`: the counter goes before. Raises MalformedRecord, RemoteRefused or RemoteUnavailable.
    """
    variables = {
        "id": customer_id,
        "namespace": namespace,
        "key": key,
        "posNamespace": POS_ID_NAMESPACE,
        "posKey": POS_ID_KEY,
        "personal": True,
    }
    customer = client.read(RECORD, variables, background=background).data.customer
    return seen(customer, code) if customer is not None else Absent()


def seen(customer: Customer, code: CouponCode) -> RecordSeen:
    """The customer and the coupon's entry of their record. Raises MalformedRecord."""
    raw = customer.record.text() if customer.record else None
    return RecordSeen(
        customer=CustomerSeen(
            id=customer.id,
            name=customer.display_name or "",
            email=customer.email,
            phone=customer.phone,
            locale=customer.locale,
            pos_customer_id=_pos_customer_id(customer),
        ),
        entry=entry_of(raw, code),
        raw=raw,
        digest=customer.record.compare_digest if customer.record else None,
    )


def _pos_customer_id(customer: Customer) -> str:
    """The customer's id at the POS: from its metafield, else the numeric part of the Shopify id (INTERFACE.md §5)."""
    told = customer.pos_id.value.strip() if customer.pos_id else ""
    return told or customer.id.rsplit("/", 1)[-1]
