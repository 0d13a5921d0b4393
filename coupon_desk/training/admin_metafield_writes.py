"""`metafieldsSet`: atomic, at most 25, guarded by compare digests as the real one was recorded (facts: Shopify §3)."""

from __future__ import annotations

import json
from typing import Any, Final

from coupon_desk.training.admin_context import Info, Resolvers, context, needs
from coupon_desk.training.admin_customers import APP_NAMESPACE
from coupon_desk.training.things import Metafield, number_of
from coupon_desk.training.world import World

_MAX_METAFIELDS: Final = 25
_MAX_JSON_BYTES: Final = 128 * 1024
_MAX_TEXT_BYTES: Final = 64 * 1024
_STALE: Final = (
    "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value.",
    "STALE_OBJECT",
)


def metafield_write_resolvers() -> Resolvers:
    """The mutation of metafields."""
    return {"Mutation": {"metafieldsSet": needs("write_customers", _set)}}


def _set(_: Any, info: Info, metafields: list[dict[str, Any]]) -> dict[str, Any]:
    world = context(info).world
    if len(metafields) > _MAX_METAFIELDS:
        message = f"Exceeded the maximum metafields input limit of {_MAX_METAFIELDS}."
        error = {"field": ["metafields"], "message": message, "code": "LESS_THAN_OR_EQUAL_TO", "elementIndex": None}
        return {"metafields": None, "userErrors": [error]}
    errors = []
    for index, wanted in enumerate(metafields):
        wrong = _wrong(world, wanted)
        if wrong is not None:
            field = ["metafields", str(index), *wrong[2:]]
            errors.append({"field": field, "message": wrong[0], "code": wrong[1], "elementIndex": None})
    if errors:
        return {"metafields": [], "userErrors": errors}
    return {"metafields": [_write(world, wanted) for wanted in metafields], "userErrors": []}


def _wrong(world: World, wanted: dict[str, Any]) -> tuple[str, ...] | None:
    owner = number_of(wanted["ownerId"], "Customer")
    if owner is None or world.customers.get(owner) is None:
        return "Owner does not exist.", "INVALID_VALUE", "ownerId"
    stored = world.metafield(owner, wanted.get("namespace") or APP_NAMESPACE, wanted["key"])
    kind = wanted.get("type") or (stored.type if stored is not None else None)
    if kind is None:
        return "Type can't be blank", "BLANK", "type"
    value = wanted["value"]
    if not value:
        return "Value can't be blank", "BLANK", "value"
    if len(value.encode()) > (_MAX_JSON_BYTES if kind == "json" else _MAX_TEXT_BYTES):
        return "Value is too long.", "TOO_LONG", "value"
    if kind == "json":
        try:
            json.loads(value)
        except ValueError as wrong:
            return f"Value is invalid JSON: {wrong}.", "INVALID_VALUE", "value"
    if _is_same(stored, kind, value) or "compareDigest" not in wanted:
        return None
    digest = wanted["compareDigest"]
    if stored is None:
        return None if digest is None else ("The compare digest is invalid.", "INVALID_COMPARE_DIGEST")
    return None if digest == stored.compare_digest else _STALE


def _write(world: World, wanted: dict[str, Any]) -> Metafield:
    owner = number_of(wanted["ownerId"], "Customer") or 0
    namespace, key, value = wanted.get("namespace") or APP_NAMESPACE, wanted["key"], wanted["value"]
    stored = world.metafield(owner, namespace, key)
    kind = wanted.get("type") or (stored.type if stored is not None else "json")
    if stored is not None and _is_same(stored, kind, value):
        return stored
    return world.put_metafield(owner, namespace, key, kind, value)


def _is_same(stored: Metafield | None, kind: str, value: str) -> bool:
    # The same type and value are accepted with any digest: a write that is repeated blindly does no harm.
    return stored is not None and (stored.type, stored.value) == (kind, value)
