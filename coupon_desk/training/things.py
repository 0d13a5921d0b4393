"""What a shop consists of, as Shopify and the point system keep it: discounts, customers, metafields, orders, mails."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from enum import StrEnum


class DiscountKind(StrEnum):
    """Shopify's kinds of code discounts, as the last part of the type's name."""

    BASIC = "Basic"
    BXGY = "Bxgy"
    FREE_SHIPPING = "FreeShipping"
    APP = "App"


@dataclass(frozen=True, slots=True)
class RedeemCode:
    """One code of a discount, and when it was used."""

    number: int
    code: str
    uses: tuple[datetime, ...] = ()

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/DiscountRedeemCode/{self.number}"

    def uses_until(self, moment: datetime) -> int:
        """How many uses were counted at a moment."""
        return sum(used_at <= moment for used_at in self.uses)


@dataclass(frozen=True, slots=True)
class Discount:
    """A code discount. `customer_numbers` None: anybody may use it. Exactly one of `amount` and `percentage`, or neither."""

    number: int
    title: str
    codes: tuple[RedeemCode, ...]
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime
    kind: DiscountKind = DiscountKind.BASIC
    amount: int | None = None
    percentage: float | None = None
    usage_limit: int | None = 1
    once_per_customer: bool = True
    customer_numbers: tuple[int, ...] | None = None
    tags: tuple[str, ...] = ("loyalty",)

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/DiscountCodeNode/{self.number}"

    def status(self, now: datetime) -> str:
        """`ACTIVE`, `EXPIRED` or `SCHEDULED`: Shopify knows no other (facts: Shopify §1.2)."""
        if self.ends_at is not None and self.ends_at <= now:
            return "EXPIRED"
        return "SCHEDULED" if now < self.starts_at else "ACTIVE"

    def is_active(self, now: datetime) -> bool:
        """Whether a checkout takes its codes, by the dates."""
        return self.status(now) == "ACTIVE"

    def uses_until(self, moment: datetime) -> int:
        """How many uses of all codes were counted at a moment."""
        return sum(code.uses_until(moment) for code in self.codes)

    def code(self, text: str) -> RedeemCode | None:
        """The code of that text, in either case."""
        return next((code for code in self.codes if code.code.casefold() == text.casefold()), None)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. Names and e-mail are made up; the e-mail's domain is reserved for examples.

    `marketing_state` is Shopify's word for whether they agreed to e-mails.
    """

    number: int
    first_name: str
    last_name: str
    locale: str
    email: str | None
    phone: str | None
    created_at: datetime
    updated_at: datetime
    note: str | None = None
    marketing_state: str = "SUBSCRIBED"

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/Customer/{self.number}"

    @property
    def display_name(self) -> str:
        """The name in the order in which the customer's language writes it."""
        if self.locale.split("-")[0] in {"ja", "zh", "ko"} and not self.last_name.isascii():
            return f"{self.last_name} {self.first_name}"
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Metafield:
    """A metafield of a customer. `revision` counts its writes, so that every write has a digest of its own."""

    number: int
    owner: int
    namespace: str
    key: str
    type: str
    value: str
    created_at: datetime
    updated_at: datetime
    revision: int = 0

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/Metafield/{self.number}"

    @property
    def compare_digest(self) -> str:
        """Opaque, 64 hex digits, different for every write; not the hash of the value (facts: Shopify §3)."""
        told = f"{self.number}|{self.revision}|{self.updated_at.isoformat()}|{self.value}"
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `codes` in the order in which the customer typed them; money is whole units of the shop's currency.

    `paid` is None where all of `total` was.
    """

    number: int
    name: str
    created_at: datetime
    updated_at: datetime
    codes: tuple[str, ...]
    customer: int | None
    total: int
    discounted: int = 0
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    financial_status: str = "PAID"
    paid: int | None = None
    refunded: int = 0

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/Order/{self.number}"

    @property
    def received(self) -> int:
        """What the customer has paid."""
        return self.total if self.paid is None else self.paid


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the mailbox took: envelope, content as sent, when, and who signed in."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: datetime
    username: str | None = None

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return BytesParser(policy=policy.default).parsebytes(self.content)

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain text part; empty where there is none."""
        part = self.message.get_body(preferencelist=("plain",))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def number_of(gid: str, kind: str) -> int | None:
    """The number in a global id of this kind; None for anything else."""
    prefix = f"gid://shopify/{kind}/"
    digits = gid[len(prefix) :].partition("?")[0]
    return int(digits) if gid.startswith(prefix) and digits.isascii() and digits.isdigit() else None


def when(moment: datetime) -> str:
    """A moment as Shopify writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole(moment: datetime) -> datetime:
    """A moment cut to whole seconds, as Shopify stores it."""
    return moment.replace(microsecond=0)
