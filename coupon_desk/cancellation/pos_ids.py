"""Under which id the point system knows a customer: guessed, so that the history is read at the same time as the record."""

from __future__ import annotations

import threading


class PosIds:
    """What records have told so far; a guess is checked against the record and never trusted. For several threads."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._default_holds = True
        self._lock = threading.Lock()

    def guess(self, customer_id: str) -> str | None:
        """What the record told last, else the numeric part of Shopify's id (INTERFACE.md §5) while no record told otherwise."""
        with self._lock:
            return self._told.get(customer_id) or (_default(customer_id) if self._default_holds else None)

    def learn(self, customer_id: str, pos_id: str) -> None:
        """A record has told the id. In a shop with ids of its own the default is not guessed again."""
        if pos_id != _default(customer_id):
            with self._lock:
                self._default_holds = False
                self._told[customer_id] = pos_id


def _default(customer_id: str) -> str:
    return customer_id.rpartition("/")[2]
