"""What the configuration says, as it stands in the trail: a change of it is an entry, with every value before and after.

No secret can be in it: a configuration that holds one is refused when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from coupon_desk.settings import Settings

Flat = dict[str, Any]


def flattened(settings: Settings) -> Flat:
    """Every setting in force, defaults included, by its key in the file: `policy.settle_seconds`. Fractions are text."""
    flat: Flat = {}
    _flatten(msgspec.to_builtins(settings), "", flat)
    return flat


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Flat, Flat]:
    """The settings that are not the same, as they were and as they are; None for one that is not there."""
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return {key: before.get(key) for key in changed}, {key: after.get(key) for key in changed}


def _flatten(value: Any, path: str, flat: Flat) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{path}.{key}" if path else key, flat)
    elif isinstance(value, float):
        flat[path] = int(value) if value.is_integer() else repr(value)
    else:
        flat[path] = value
