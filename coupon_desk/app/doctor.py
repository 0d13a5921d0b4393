"""Looks at everything that has to work for a cancellation, one check each, with the mend beside what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from coupon_desk.app import checks
from coupon_desk.app.checks import Check
from coupon_desk.app.company_accounts import CompanyAccounts
from coupon_desk.central.place import Central
from coupon_desk.clock import Clock
from coupon_desk.errors import DeskError
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Settings
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.trail.proof import TrailProof
from coupon_desk.vault import Vault
from coupon_desk.words import Message, msg


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
    yield checks.keyring(vault)
    yield from _trail(prove)
    yield from checks.shopify(client, clock)
    yield checks.point_system(points)
    yield checks.mail_server(mailer)
    if central is not None:
        yield checks.central_database(central)


def examine_company(company: CompanyAccounts) -> Check:
    """Whether the company's provider answers, and is the one that the configuration names."""

    def look() -> Message:
        company.check()
        return msg("Its provider answers, and shows its keys.")

    return checks.attempt(msg("Company account"), look)


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
