"""Where a training shop listens, and what it takes to be let in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Final

CLIENT_ID: Final = "training-client"
SHOPIFY_DOMAIN: Final = "ginza-training.myshopify.com"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses and the training credentials of a running shop. The credentials open nothing but this shop."""

    shopify_endpoint: str
    pos_endpoint: str
    smtp_host: str
    smtp_port: int
    control_endpoint: str
    shopify_domain: str = SHOPIFY_DOMAIN
    api_version: str = "2026-10"
    token: str = field(default="training-shopify-token", repr=False)
    client_id: str = CLIENT_ID
    client_secret: str = field(default="training-client-secret", repr=False)
    pos_token: str = field(default="training-pos-token", repr=False)
    smtp_security: str = "none"
    smtp_username: str = ""
    smtp_password: str = field(default="", repr=False)

    def to_json(self) -> str:
        """One line of JSON, as `training serve` prints it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Addresses:
        """What `to_json` wrote. Raises ValueError or TypeError."""
        return cls(**json.loads(text))
