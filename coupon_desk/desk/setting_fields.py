"""What can be set in the window, page by page: the same for the assistant and for the settings. A new setting is a row here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from coupon_desk.app.setup import Connection
from coupon_desk.shopify.health import ALL_ORDERS_SCOPE, NEEDED_SCOPES
from coupon_desk.vault import SecretName
from coupon_desk.words import NOTHING, Message, msg


class Kind(Enum):
    """What is typed into a field."""

    TEXT = auto()
    NUMBER = auto()
    NUMBERS = auto()
    CHOICE = auto()
    SWITCH = auto()
    SECRET = auto()


def folded(typed: str) -> str:
    """Without white space around it, and in half-width letters, as input methods don't always leave it."""
    return unicodedata.normalize("NFKC", typed).strip()


def shop_domain(typed: str) -> str:
    """The shop's own address, also from an address of its admin or from the bare name."""
    bare = re.sub(r"^https?://", "", folded(typed).lower())
    admin = re.match(r"admin\.shopify\.com/store/([a-z0-9-]+)", bare)
    name = admin[1] if admin else bare.partition("/")[0]
    return f"{name}.myshopify.com" if re.fullmatch(r"[a-z0-9-]+", name) else name


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. `key` is its place in the file, or the name of a secret; `expects` what belongs there.

    `only_if` is a choice on the same page with which it is asked for at all; `is_more` leaves it out until somebody wants more.
    An empty optional field is a setting that is not there.
    """

    key: str
    label: Message
    expects: Message = NOTHING
    kind: Kind = Kind.TEXT
    choices: tuple[tuple[str, Message], ...] = ()
    only_if: tuple[str, str] | None = None
    is_more: bool = False
    fold: Callable[[str], str] = folded

    @property
    def secret(self) -> SecretName | None:
        """Which secret it is, if it is one."""
        return SecretName(self.key) if self.kind is Kind.SECRET else None


@dataclass(frozen=True, slots=True)
class Page:
    """The settings of one subject, and the connection that can be tried out with them.

    `optional` is the field without which there is nothing to try out or to save; `to_copy` a text that belongs elsewhere.
    """

    name: str
    title: Message
    intro: Message
    icon: str
    fields: tuple[Field, ...]
    connection: Connection | None = None
    optional: str | None = None
    to_copy: str = ""


LANGUAGES: Final = (("ja", msg("Japanese")), ("en", msg("English")))

SHOP: Final = Page(
    "shop",
    msg("Your shop"),
    msg("Receipts and e-mails bear this name."),
    "ticket",
    (
        Field("shop.name", msg("Name of the shop"), msg("As customers know it, e.g. Ginza store."), fold=str.strip),
        Field(
            "shop.language",
            msg("Language of e-mails and receipts"),
            msg("Where the customer's own language is unknown."),
            Kind.CHOICE,
            LANGUAGES,
        ),
        Field("shop.currency", msg("Currency"), msg("Three letters, e.g. JPY."), fold=lambda typed: folded(typed).upper()),
        Field(
            "shop.points_per_unit",
            msg("Points for one unit of the currency"),
            msg("1 where 500 points are worth ¥500."),
            Kind.NUMBER,
            is_more=True,
        ),
        Field(
            "shop.store",
            msg("Name of this store"),
            msg("Only where a shop has several stores and operators belong to some of them."),
            is_more=True,
            fold=str.strip,
        ),
        Field(
            "receipts.printer",
            msg("Printer for receipts"),
            msg("Its name, as this computer or the configuration has it. It is offered first."),
            is_more=True,
            fold=str.strip,
        ),
        Field(
            "receipts.logo",
            msg("Logo on receipts"),
            msg("A PNG or JPEG file beside the configuration, e.g. logo.png."),
            is_more=True,
            fold=str.strip,
        ),
    ),
)

SHOPIFY: Final = Page(
    "shopify",
    msg("Shopify"),
    msg("Coupons are discounts in Shopify. Make a custom app in the Shopify admin and give it the permissions below."),
    "document",
    (
        Field(
            "shopify.domain",
            msg("Address of the shop"),
            msg("It ends in .myshopify.com, e.g. ginza.myshopify.com."),
            fold=shop_domain,
        ),
        Field(
            "shopify.auth",
            msg("The app signs in with"),
            kind=Kind.CHOICE,
            choices=(("token", msg("an access token")), ("client_credentials", msg("a client ID and a secret"))),
        ),
        Field(
            "shopify.token",
            msg("Access token"),
            msg("Shown once when the app is installed; it begins with shpat_."),
            Kind.SECRET,
            only_if=("shopify.auth", "token"),
        ),
        Field(
            "shopify.client_id",
            msg("Client ID"),
            msg("From the app's settings in Shopify's Dev Dashboard."),
            only_if=("shopify.auth", "client_credentials"),
        ),
        Field(
            "shopify.client_secret",
            msg("Client secret"),
            msg("From the same page as the client ID."),
            Kind.SECRET,
            only_if=("shopify.auth", "client_credentials"),
        ),
        Field(
            "shopify.coupon_metafield",
            msg("Customers' coupon record"),
            msg("The metafield that the shop's website uses, e.g. loyalty.coupons."),
            is_more=True,
        ),
        Field("shopify.api_version", msg("API version"), msg("E.g. 2026-10."), is_more=True),
        Field("shopify.endpoint", msg("Address of a test server"), msg("Empty for a real shop."), is_more=True),
    ),
    Connection.SHOPIFY,
    to_copy=", ".join((*NEEDED_SCOPES, ALL_ORDERS_SCOPE)),
)

POINTS: Final = Page(
    "pos",
    msg("Point system"),
    msg("Where customers' points are kept. Points are returned there, and its history is the proof."),
    "swap",
    (
        Field("pos.endpoint", msg("Address"), msg("It begins with https://, e.g. https://pos.example.com/api.")),
        Field("pos.token", msg("Access token"), msg("From the people who run the point system."), Kind.SECRET),
        Field(
            "pos.replays_idempotency_key",
            msg("It answers a repeated request with the first answer"),
            msg("Only if the people who run it say so. Coupon Desk never depends on it."),
            Kind.SWITCH,
            is_more=True,
        ),
    ),
    Connection.POINTS,
)

MAIL: Final = Page(
    "mail",
    msg("E-mail to customers"),
    msg("After a cancellation the customer is told by e-mail."),
    "mail",
    (
        Field("mail.sender", msg("Sender"), msg("Name and address, e.g. Ginza store <points@example.com>."), fold=str.strip),
        Field("mail.host", msg("Mail server"), msg("E.g. smtp.example.com.")),
        Field(
            "mail.security",
            msg("Encryption"),
            kind=Kind.CHOICE,
            choices=(("starttls", msg("STARTTLS (usual)")), ("tls", msg("TLS")), ("none", msg("none, on this computer only"))),
        ),
        Field("mail.port", msg("Port"), msg("587 with STARTTLS, 465 with TLS."), Kind.NUMBER),
        Field("mail.username", msg("User name"), msg("Empty where the mail server asks for none.")),
        Field("mail.password", msg("Password"), kind=Kind.SECRET),
    ),
    Connection.MAIL,
)

CENTRAL: Final = Page(
    "central",
    msg("Central database"),
    msg("Only where several desks work for one shop. Leave it empty otherwise."),
    "centre",
    (
        Field(
            "central.url", msg("Address"), msg("E.g. postgresql://desk1@db.example.com/coupons, as its administrator gave it.")
        ),
        Field("central.password", msg("Password"), kind=Kind.SECRET),
        Field(
            "central.required",
            msg("No cancellation while it is out of reach"),
            msg("Otherwise this desk goes on alone and reports later."),
            Kind.SWITCH,
        ),
    ),
    Connection.CENTRAL,
    optional="central.url",
)

RULES: Final = Page(
    "rules",
    msg("Rules of the house"),
    msg("They hold for every cancellation that begins after the desk is opened anew."),
    "shield",
    (
        Field(
            "policy.approval_above_points",
            msg("A second person above so many points"),
            msg("For one cancellation."),
            Kind.NUMBER,
        ),
        Field(
            "policy.daily_points_per_operator",
            msg("Points per operator and day"),
            msg("Above it a second person."),
            Kind.NUMBER,
        ),
        Field(
            "policy.customer_cancellations_per_30_days",
            msg("Cancellations per customer in 30 days"),
            msg("Above it a second person; 0 sets no limit."),
            Kind.NUMBER,
        ),
        Field("policy.approval_hours", msg("A request waits so many hours"), msg("Then it is refused by itself."), Kind.NUMBER),
        Field("policy.minimum_note_length", msg("Shortest note"), msg("In characters."), Kind.NUMBER),
        Field(
            "policy.idle_minutes", msg("The desk locks itself after minutes"), msg("Without a key or the mouse."), Kind.NUMBER
        ),
        Field(
            "desk.hold_seconds",
            msg("A cancellation can be stopped for seconds"),
            msg("After it was confirmed, before anything is sent; 0 for none."),
            Kind.NUMBER,
        ),
        Field(
            "desk.scanner_prefix",
            msg("What the scanner puts before a code"),
            msg("Usually nothing."),
            is_more=True,
            fold=str,
        ),
        Field(
            "policy.settle_seconds",
            msg("Wait after a code is switched off"),
            msg("In seconds, before it counts as surely unused."),
            Kind.NUMBER,
            is_more=True,
        ),
        Field(
            "policy.retire",
            msg("The discount in Shopify afterwards"),
            kind=Kind.CHOICE,
            choices=(
                ("delete-after-check", msg("is deleted after the last re-check")),
                ("keep", msg("is kept, switched off")),
                ("delete-now", msg("is deleted at once")),
            ),
            is_more=True,
        ),
        Field("policy.recheck_minutes", msg("Re-checks after minutes"), msg("E.g. 15, 1440."), Kind.NUMBERS, is_more=True),
        Field(
            "policy.personal_data_days",
            msg("Erase personal texts after days"),
            msg("Without anything new about a coupon; 0 keeps them."),
            Kind.NUMBER,
            is_more=True,
        ),
    ),
)

COUNTER: Final = Page(
    "counter",
    msg("At the counter"),
    msg("How people work at this desk."),
    "search",
    (
        Field(
            "desk.hold_seconds",
            msg("Seconds in which a confirmed cancellation can be stopped"),
            msg("Nothing is sent in this time; 0 begins at once."),
            Kind.NUMBER,
        ),
        Field(
            "desk.scanner_suffix",
            msg("After a code the scanner presses"),
            kind=Kind.CHOICE,
            choices=(("\r", msg("Enter (usual)")), ("\t", msg("Tab")), ("", msg("nothing"))),
        ),
        Field("desk.scanner_prefix", msg("Before a code the scanner types"), msg("Usually nothing."), fold=str),
    ),
)

CONNECTIONS: Final = (SHOPIFY, POINTS, MAIL, CENTRAL)
ASSISTANT: Final = (SHOP, *CONNECTIONS)
SETTINGS: Final = (SHOP, *CONNECTIONS, COUNTER, RULES)
