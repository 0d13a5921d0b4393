"""What a shop puts on its receipts: its logo and its own lines, from the configuration."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

from coupon_desk.receipt_settings import Receipts
from coupon_desk.receipts.content import ReceiptContent
from coupon_desk.receipts.pictures import Logo

LARGEST_LOGO_BYTES: Final = 2_000_000

_log = logging.getLogger(__name__)


def with_letterhead(content: ReceiptContent, settings: Receipts, home: Path) -> ReceiptContent:
    """The receipt with the shop's lines in its language, and with the logo where that can be read."""
    texts = settings.texts_in(content.language)
    logo = None
    if settings.logo is not None:
        try:
            logo = logo_in(home, settings.logo)
        except (OSError, ValueError) as wrong:
            # A customer waits: the receipt goes out without it, and `doctor` tells.
            _log.info("a receipt goes without the logo: %s", wrong)
    return replace(content, header=tuple(texts.header), footer=tuple(texts.footer), logo=logo)


def logo_in(home: Path, name: str) -> Logo:
    """The configured logo; beside the configuration where it names no folder. Raises OSError, ValueError."""
    file = home / Path(name).expanduser()
    if file.stat().st_size > LARGEST_LOGO_BYTES:
        raise ValueError("larger than 2 MB")
    return Logo(file.read_bytes())
