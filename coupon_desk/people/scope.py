"""In which stores an operator may work: names that are compared as they are meant, not as they were typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from coupon_desk.errors import ConfigurationError
from coupon_desk.words import Message, msg

LONGEST_STORE: Final = 40


def checked_stores(typed: Iterable[str]) -> tuple[str, ...]:
    """Names of stores as they are kept, each once. Raises ConfigurationError."""
    kept: dict[str, str] = {}
    for name in typed:
        store = " ".join(name.split())
        if not store or len(store) > LONGEST_STORE or not store.isprintable():
            raise ConfigurationError(
                msg("A store needs a name of up to {count} characters.", count=LONGEST_STORE), done=msg("Nothing was done.")
            )
        kept.setdefault(_folded(store), store)
    return tuple(kept.values())


def may_work_in(stores: tuple[str, ...], store: str | None) -> bool:
    """Whether an operator of these stores (none named: all) may work at a desk of this store (None: it does not say)."""
    return not stores or (store is not None and _folded(store) in {_folded(name) for name in stores})


def why_not_here(stores: tuple[str, ...], store: str | None) -> Message:
    """What an operator of these stores is told at a desk of another."""
    told = ", ".join(stores)
    if store is None:
        return msg("Your login is for {stores} only, and this desk does not say which store it belongs to.", stores=told)
    return msg("Your login is for {stores} only; this desk belongs to {store}.", stores=told, store=store)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
