"""Erases customers from all that a home keeps: the trail's texts, the lists drawn from them, the catalogue, notes, receipts."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from coupon_desk.app.drafts import Drafts
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import StorageError
from coupon_desk.people.operators import Session
from coupon_desk.storage.database import Database
from coupon_desk.trail.erasing import Erased
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg

_log = logging.getLogger(__name__)


def erase_customer(
    database: Database,
    trail: Trail,
    catalogue: Catalogue,
    drafts: Drafts,
    receipts: Path,
    customer_id: str,
    session: Session,
) -> Erased:
    """Erase a customer; erasing again finishes what was interrupted. Raises StillAtWork, StorageError."""
    known = catalogue.codes_of_customer(customer_id)
    role = session.operator.role.value
    erased = trail.erase_customer(customer_id, session.login, role=role, codes=known)
    codes = {*known, *erased.codes}
    catalogue.forget_customer(customer_id, codes)
    drafts.erase(codes)
    for code in codes:
        _erase_receipts(receipts, code)
    database.scrub(compact=True)
    catalogue.scrub()
    return erased


def erase_what_is_old(trail: Trail, clock: Clock, days: int) -> None:
    """Erase what is older than the house keeps it; 0 days keep everything. The next start tries again what failed."""
    if days == 0:
        return
    try:
        erased = trail.erase_older(clock.now() - timedelta(days=days))
    except StorageError as wrong:
        _log.warning("what is older than %d days was not erased: %s", days, wrong, extra={"detail": wrong.detail})
        return
    if erased.keys:
        _log.info("what %d coupons said of customers was erased after %d days", erased.keys, days)


def _erase_receipts(folder: Path, code: CouponCode) -> None:
    try:
        for file in folder.glob(f"{code.text}-*"):
            file.unlink()
    except OSError as wrong:
        raise StorageError(
            msg("A receipt in {folder} could not be deleted.", folder=str(folder)),
            done=msg("The trail is erased."),
            todo=msg("Delete the receipts of this customer yourself, or erase again."),
            detail=str(wrong),
        ) from wrong
