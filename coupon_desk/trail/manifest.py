"""The manifest of an export: what the file holds, who made it and when, under the desk's signature.

It has one form, byte for byte, so that not even a space of it can be changed unseen. `resources/verifier/verify_trail.py`
reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coupon_desk.trail.signing import DeskKey
from coupon_desk.trail.verification import Head

KIND: Final = "Coupon Desk trail export"
ENDING: Final = ".manifest.json"
"""Stands behind the name of the export's file."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: the file by name, length and SHA-256, its entries, and the trail as it was then.

    `first` is the place of the first entry and the hash before it, `last` the place and hash of the last one; None where there
    are none. `anchor` is the checkpoint that the keyring knew.
    """

    file: str
    form: str
    entries: int
    first: Head | None
    last: Head | None
    head: Head
    anchor: Head | None
    length: int
    sha256: str
    filters: Mapping[str, str | None]
    by: str | None
    at: str
    app: str
    desk: str


def manifest_text(exported: Exported, key: DeskKey | None) -> str:
    """The manifest, signed; unsigned where there is no key."""
    first = exported.first
    manifest: dict[str, Any] = {
        "kind": KIND,
        "version": 1,
        "file": exported.file,
        "format": exported.form,
        "entries": exported.entries,
        "first": {"sequence": first.sequence, "previous": first.hash} if first else None,
        "last": _place(exported.last),
        "head": _place(exported.head),
        "anchor": _place(exported.anchor),
        "bytes": exported.length,
        "sha256": exported.sha256,
        "filters": dict(exported.filters),
        "exported_by": exported.by,
        "exported_at": exported.at,
        "app": exported.app,
        "desk": exported.desk,
        "public_key": key.public.hex if key else None,
    }
    manifest["signature"] = key.sign(manifest) if key else None
    return json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _place(head: Head | None) -> dict[str, Any] | None:
    return {"sequence": head.sequence, "hash": head.hash} if head else None
