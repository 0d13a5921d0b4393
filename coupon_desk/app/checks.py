"""One look at each thing that has to work, with the mend beside what is broken: said by `doctor`, assistant and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from coupon_desk.central.health import check as check_central
from coupon_desk.central.health import require_well
from coupon_desk.central.place import Central
from coupon_desk.clock import Clock
from coupon_desk.errors import DeskError
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.points.rest import RestPoints
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.health import ShopHealth
from coupon_desk.shopify.health import check as check_shop
from coupon_desk.vault import Vault
from coupon_desk.words import Message, msg

CLOCK_SKEW_SECONDS: Final = 120.0
"""A clock further off than this makes dates on receipts and in the trail doubtful."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was found, and the mend where it is not well."""

    name: Message
    is_well: bool
    found: Message
    mend: Message | None = None


def attempt(name: Message, look: Callable[[], Message]) -> Check:
    """What a look found, or why it found nothing."""
    try:
        return Check(name, True, look())
    except DeskError as wrong:
        return Check(name, False, wrong.what, wrong.todo)


def keyring(vault: Vault) -> Check:
    """Whether secrets are kept and given back."""
    return attempt(msg("Keyring"), lambda: msg("Stores and gives back secrets: {keyring}.", keyring=vault.check()))


def shopify(client: ShopifyClient, clock: Clock) -> Iterator[Check]:
    """Whether the shop answers, and then each permission that is missing, its version, and its clock."""
    found: list[ShopHealth] = []

    def look() -> Message:
        found.append(check_shop(client, clock))
        return msg("Answers for {shop} ({domain}).", shop=found[0].shop_name, domain=found[0].domain)

    yield attempt(msg("Shopify"), look)
    for health in found:
        yield from _permissions(health)
        yield from _version(health)
        yield _clock(health)


def point_system(points: RestPoints) -> Check:
    """Whether the point system answers and accepts the token."""
    return attempt(msg("Point system"), lambda: _quiet(points.check))


def mail_server(mailer: SmtpMailer) -> Check:
    """Whether the mail server answers, encrypts and accepts the sign-in. Nothing is sent."""
    return attempt(msg("Mail server"), lambda: _quiet(mailer.check))


def central_database(central: Central) -> Check:
    """Whether the shared database answers, and gives this desk the rights that it needs and no more."""
    return attempt(msg("Central database"), lambda: _central(central))


def _quiet(look: Callable[[], None]) -> Message:
    look()
    return msg("Answers, and accepts the sign-in.")


def _central(central: Central) -> Message:
    found = check_central(central)
    require_well(found)
    if found.is_encrypted:
        return msg("Answers on {server}, encrypted, and knows this desk as {desk}.", server=found.server, desk=found.desk)
    return msg("Answers on {server}, on this computer, and knows this desk as {desk}.", server=found.server, desk=found.desk)


_NEEDED_FOR: Final = {
    "read_discounts": msg("Missing: without it no coupon can be found."),
    "write_discounts": msg("Missing: without it no code can be switched off."),
    "read_customers": msg("Missing: without it nobody knows whose coupon it is."),
    "write_customers": msg("Missing: without it the cancellation cannot be noted in the customer's record."),
    "read_orders": msg("Missing: without it nobody can tell whether a coupon was used."),
}
_GIVE_IT: Final = msg("Give the app this permission in the Shopify admin and install it again.")


def _permissions(health: ShopHealth) -> Iterator[Check]:
    """One line for each permission that is missing, so that it is plain what to tick."""
    for scope in health.missing_scopes:
        missing = _NEEDED_FOR.get(scope, msg("Missing."))
        yield Check(msg("Permission {permission}", permission=scope), False, missing, _GIVE_IT)
    if health.missing_scopes:
        return
    all_there = msg("All that is needed.")
    if not health.sees_all_orders:
        all_there = msg("All that is needed. Without read_all_orders, orders older than 60 days cannot be seen.")
    yield Check(msg("Permissions in Shopify"), True, all_there)


def _version(health: ShopHealth) -> Iterator[Check]:
    if health.served_version not in {None, health.asked_version}:
        yield Check(
            msg("API version"),
            False,
            msg(
                "Shopify answers with version {served} instead of {asked}.",
                served=health.served_version,
                asked=health.asked_version,
            ),
            msg("Install the newest version of Coupon Desk."),
        )


def _clock(health: ShopHealth) -> Check:
    skew = health.clock_skew_seconds
    if skew is not None and abs(skew) > CLOCK_SKEW_SECONDS:
        return Check(
            msg("Clock"),
            False,
            msg("This computer's clock differs from Shopify's by {seconds} seconds.", seconds=round(abs(skew))),
            msg("Let this computer set its clock from the network."),
        )
    return Check(msg("Clock"), True, msg("Agrees with Shopify's."))
