"""How a training shop behaves: rights, limits, lags, and what its point system does with idempotency keys."""

from __future__ import annotations

import math
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

UNTIL_TOLD: Final = math.inf
"""A lag that lasts until the shop is told to catch up."""

ALL_SCOPES: Final = frozenset(
    {"read_discounts", "write_discounts", "read_customers", "write_customers", "read_orders", "read_all_orders"}
)
"""The access scopes that the desk asks for (facts: Shopify §6)."""


class KeyHandling(StrEnum):
    """What the point system does with a repeated `Idempotency-Key`."""

    IGNORED = "ignored"
    REPLAYED = "replayed"
    REFUSED = "refused"


class ErrorStyle(StrEnum):
    """How the point system writes its errors: `{"error": {…}}` or RFC 9457 problem+json."""

    ERROR = "error"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything about a training shop that can be chosen; the defaults are a shop on a good day.

    Lags are in seconds and may be `UNTIL_TOLD`. `job_seconds` is how long Shopify's background jobs take, `bulk_seconds` its
    bulk operations, of which `bulk_at_once` run at a time; `bulk_ranges`: a download can go on where it broke off. With
    `smtp_tls` the mailbox insists on STARTTLS; a user name for the mailbox needs it. `charges_each_node`: `nodes(ids:)` costs
    each of its nodes, not one object for the whole list (cost.py tells what is known). `points_valid_days`: so long a
    customer's points are good after each movement; 0 is a point system in which they are good for ever.
    """

    scopes: frozenset[str] = ALL_SCOPES
    api_versions: tuple[str, ...] = ("2026-01", "2026-04", "2026-07", "2026-10")
    bucket_points: int = 2000
    restore_points_per_second: float = 100
    charges_each_node: bool = False
    usage_lag_seconds: float = 0
    search_lag_seconds: float = 0
    history_lag_seconds: float = 0
    key_handling: KeyHandling = KeyHandling.IGNORED
    error_style: ErrorStyle = ErrorStyle.ERROR
    points_valid_days: int = 365
    job_seconds: float = 0
    bulk_seconds: float = 0
    bulk_at_once: int = 5
    bulk_ranges: bool = True
    token_seconds: int = 86399
    latency_seconds: float = 0
    smtp_tls: ssl.SSLContext | None = None
    smtp_username: str = ""
    smtp_password: str = ""

    def __post_init__(self) -> None:
        if self.smtp_username and self.smtp_tls is None:
            raise ValueError("the mailbox takes a user name over TLS only")


def changes_from_json(table: dict[str, Any]) -> dict[str, Any]:
    """Options as they come over the control port; a lag of null means until told. Raises ValueError, KeyError or TypeError."""
    changes: dict[str, Any] = {}
    for name, value in table.items():
        match name:
            case "scopes":
                changes[name] = frozenset(str(scope) for scope in value)
            case "usage_lag_seconds" | "search_lag_seconds" | "history_lag_seconds":
                changes[name] = UNTIL_TOLD if value is None else float(value)
            case "key_handling":
                changes[name] = KeyHandling(value)
            case "error_style":
                changes[name] = ErrorStyle(value)
            case "bulk_ranges":
                changes[name] = bool(value)
            case "bucket_points" | "token_seconds" | "bulk_at_once" | "points_valid_days":
                changes[name] = int(value)
            case "charges_each_node":
                changes[name] = bool(value)
            case "restore_points_per_second" | "job_seconds" | "bulk_seconds" | "latency_seconds":
                changes[name] = float(value)
            case _:
                raise KeyError(name)
    return changes
