"""Looks at everything that has to work for a cancellation, one check each, with the mend beside what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from coupon_desk.app.company_accounts import CompanyAccounts
from coupon_desk.central.health import check as check_central
from coupon_desk.central.health import require_well
from coupon_desk.central.place import Central
from coupon_desk.clock import Clock
from coupon_desk.errors import DeskError
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Settings
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.health import ShopHealth
from coupon_desk.shopify.health import check as check_shop
from coupon_desk.trail.proof import TrailProof
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


def examine(
    settings: Settings,
    vault: Vault,
    client: ShopifyClient,
    points: RestPoints,
    mailer: SmtpMailer,
    prove: Callable[[], TrailProof],
    clock: Clock,
    central: Central | None,
) -> Iterator[Check]:
    """All checks, in the order in which they build on each other."""
    yield Check(msg("Configuration"), True, msg("Read, for the shop {shop}.", shop=settings.shop.name))
    yield _try(msg("Keyring"), lambda: msg("Stores and gives back secrets: {keyring}.", keyring=vault.check()))
    yield from _trail(prove)
    health: list[ShopHealth] = []
    yield _try(msg("Shopify"), lambda: _shop(client, clock, health))
    for found in health:
        yield from _of_shop(found)
    yield _try(msg("Point system"), lambda: _quiet(points.check))
    yield _try(msg("Mail server"), lambda: _quiet(mailer.check))
    if central is not None:
        yield _try(msg("Central database"), lambda: _central(central))


def examine_company(company: CompanyAccounts) -> Check:
    """Whether the company's provider answers, and is the one that the configuration names."""

    def look() -> Message:
        company.check()
        return msg("Its provider answers, and shows its keys.")

    return _try(msg("Company account"), look)


def _try(name: Message, look: Callable[[], Message]) -> Check:
    try:
        return Check(name, True, look())
    except DeskError as wrong:
        return Check(name, False, wrong.what, wrong.todo)


def _quiet(look: Callable[[], None]) -> Message:
    look()
    return msg("Answers, and accepts the sign-in.")


def _trail(prove: Callable[[], TrailProof]) -> Iterator[Check]:
    try:
        found = prove()
    except DeskError as wrong:
        yield Check(msg("Trail"), False, wrong.what, wrong.todo)
        return
    if found.bad is not None:
        yield Check(msg("Trail"), False, found.verdict, msg("Keep the home as it is, and restore a backup beside it."))
        return
    yield Check(msg("Trail"), True, msg("Intact: {count} entries.", count=found.checked))
    for question in found.open_questions:
        mend = msg("Explain it with “coupon-desk audit explain {sequence} --note TEXT”.", sequence=question.sequence)
        yield Check(msg("Trail"), False, question.message, mend)
    if found.kept.why_not is not None:
        what = msg("New entries are not signed: the keyring is out of reach.")
        yield Check(msg("Signatures"), False, what, msg("Unlock the keyring, or start one in your desktop session."))
    elif found.checkpoints:
        until = found.signed_until
        signed = msg("{count} hold; all entries up to {sequence} are under one.", count=found.checkpoints, sequence=until)
        yield Check(msg("Signatures"), True, signed)
    else:
        yield Check(msg("Signatures"), True, msg("None yet: the first program that works in this home makes the key."))


def _shop(client: ShopifyClient, clock: Clock, health: list[ShopHealth]) -> Message:
    health.append(check_shop(client, clock))
    return msg("Answers for {shop} ({domain}).", shop=health[0].shop_name, domain=health[0].domain)


def _central(central: Central) -> Message:
    found = check_central(central)
    require_well(found)
    if found.is_encrypted:
        return msg("Answers on {server}, encrypted, and knows this desk as {desk}.", server=found.server, desk=found.desk)
    return msg("Answers on {server}, on this computer, and knows this desk as {desk}.", server=found.server, desk=found.desk)


def _of_shop(health: ShopHealth) -> Iterator[Check]:
    if health.missing_scopes:
        yield Check(
            msg("Permissions in Shopify"),
            False,
            msg("Missing: {scopes}.", scopes=", ".join(health.missing_scopes)),
            msg("Give the app these permissions in the Shopify admin and install it again."),
        )
    elif not health.sees_all_orders:
        yield Check(
            msg("Permissions in Shopify"),
            True,
            msg("All that is needed. Without read_all_orders, orders older than 60 days cannot be seen."),
        )
    else:
        yield Check(msg("Permissions in Shopify"), True, msg("All that is needed."))
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
    skew = health.clock_skew_seconds
    if skew is not None and abs(skew) > CLOCK_SKEW_SECONDS:
        yield Check(
            msg("Clock"),
            False,
            msg("This computer's clock differs from Shopify's by {seconds} seconds.", seconds=round(abs(skew))),
            msg("Let this computer set its clock from the network."),
        )
    else:
        yield Check(msg("Clock"), True, msg("Agrees with Shopify's."))
