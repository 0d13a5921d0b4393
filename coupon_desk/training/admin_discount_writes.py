"""The mutations of discounts, with the behaviour that was recorded of the real ones (facts: Shopify §1.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from coupon_desk.training.admin_context import Info, Resolver, Resolvers, bad_request, context, needs, too_many
from coupon_desk.training.admin_discounts import discount_by_id, search_discounts
from coupon_desk.training.admin_pages import MAX_PAGE
from coupon_desk.training.things import Discount, DiscountKind, number_of, whole
from coupon_desk.training.world import World


def discount_write_resolvers() -> Resolvers:
    """The mutations of discounts."""
    return {
        "Mutation": {
            "discountCodeDeactivate": needs("write_discounts", _deactivate),
            "discountCodeActivate": needs("write_discounts", _activate),
            "discountCodeDelete": needs("write_discounts", _delete),
            **{f"discountCode{kind}Update": needs("write_discounts", _updating(kind)) for kind in _ARGUMENTS},
            "discountCodeBulkDeactivate": needs("write_discounts", _bulk_deactivate),
            "discountCodeRedeemCodeBulkDelete": needs("write_discounts", _delete_codes),
        }
    }


def deactivate(world: World, discount: Discount) -> Discount:
    """End a discount now; one that had not begun loses its start too; one that has ended stays as it is."""
    now = world.clock.now()
    status = discount.status(now)
    if status == "EXPIRED":
        return discount
    at = whole(now)
    changed = replace(discount, starts_at=at if status == "SCHEDULED" else discount.starts_at, ends_at=at, updated_at=at)
    world.put_discount(changed)
    return changed


def _deactivate(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    discount = discount_by_id(info, arguments["id"])
    if discount is None:
        return {"codeDiscountNode": None, "userErrors": [_unknown("id")]}
    return {"codeDiscountNode": deactivate(context(info).world, discount), "userErrors": []}


def _activate(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    world = context(info).world
    discount = discount_by_id(info, arguments["id"])
    if discount is None:
        return {"codeDiscountNode": None, "userErrors": [_unknown("id")]}
    now = world.clock.now()
    if not discount.is_active(now):
        # Activation clears the end: the discount never expires again.
        starts_at = whole(now) if discount.starts_at > now else discount.starts_at
        discount = replace(discount, starts_at=starts_at, ends_at=None, updated_at=whole(now))
        world.put_discount(discount)
    return {"codeDiscountNode": discount, "userErrors": []}


def _delete(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    discount = discount_by_id(info, arguments["id"])
    if discount is None:
        return {"deletedCodeDiscountId": None, "userErrors": [_unknown("id")]}
    context(info).world.drop_discount(discount.number)
    return {"deletedCodeDiscountId": discount.id, "userErrors": []}


_ARGUMENTS: Final = {
    DiscountKind.BASIC: "basicCodeDiscount",
    DiscountKind.BXGY: "bxgyCodeDiscount",
    DiscountKind.FREE_SHIPPING: "freeShippingCodeDiscount",
}
_UPDATABLE: Final = {
    "title": "title",
    "startsAt": "starts_at",
    "endsAt": "ends_at",
    "usageLimit": "usage_limit",
    "appliesOncePerCustomer": "once_per_customer",
}


def _updating(kind: DiscountKind) -> Resolver:
    """The mutation that changes discounts of a kind."""
    argument = _ARGUMENTS[kind]

    def update(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
        discount = discount_by_id(info, arguments["id"])
        if discount is None or discount.kind is not kind:
            return {"codeDiscountNode": None, "userErrors": [_unknown("id")]}
        changed = _changed(context(info).world, discount, arguments[argument], argument)
        if isinstance(changed, Discount):
            return {"codeDiscountNode": changed, "userErrors": []}
        return {"codeDiscountNode": None, "userErrors": [changed]}

    return update


def _changed(world: World, discount: Discount, wanted: dict[str, Any], argument: str) -> Discount | dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, attribute in _UPDATABLE.items():
        if name in wanted:
            is_moment = name.endswith("At") and wanted[name] is not None
            changes[attribute] = _moment(wanted[name]) if is_moment else wanted[name]
    if "starts_at" in changes and changes["starts_at"] is None:
        return _error([argument, "startsAt"], "Starts at can't be blank", "BLANK")
    changed = replace(discount, **changes)
    if changed.ends_at is not None and changed.ends_at <= changed.starts_at:
        return _error([argument, "endsAt"], "Ends at needs to be after starts_at", "INVALID")
    text = wanted.get("code")
    if text is not None and text.casefold() != changed.codes[0].code.casefold():
        if world.discount_with(text) is not None:
            return _error([argument, "code"], "Code must be unique. Please try a different code.", "TAKEN")
        changed = replace(changed, codes=(replace(changed.codes[0], code=text), *changed.codes[1:]))
    if changed != discount:
        changed = replace(changed, updated_at=whole(world.clock.now()))
        world.put_discount(changed)
    return changed


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as wrong:
        raise bad_request(f"invalid DateTime '{text}'", "INVALID_VARIABLE") from wrong
    return whole(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _bulk_deactivate(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    known = context(info)
    world = known.world
    error = _wrong_selector(arguments)
    if error is not None:
        return {"job": None, "userErrors": [error]}
    if arguments.get("ids") is not None:
        numbers = [number_of(gid, "DiscountCodeNode") for gid in arguments["ids"]]
    else:
        # An unknown field matches everything and nobody is told: that is the real behaviour.
        matches = search_discounts(arguments["search"], known.view).matches
        numbers = [discount.number for discount in world.discounts.walk("ID") if matches(discount)]

    def work() -> None:
        for number in numbers:
            discount = None if number is None else world.discounts.get(number)
            if discount is not None:
                deactivate(world, discount)

    job = world.start_job(known.options.job_seconds, work)
    return {"job": {"id": job.id, "done": False}, "userErrors": []}


def _delete_codes(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    known = context(info)
    world = known.world
    discount = discount_by_id(info, arguments["discountId"])
    if discount is None:
        return {"job": None, "userErrors": [_unknown("discountId")]}
    error = _wrong_selector(arguments)
    if error is not None:
        return {"job": None, "userErrors": [error]}
    if arguments.get("ids") is not None:
        doomed = {gid for gid in arguments["ids"] if number_of(gid, "DiscountRedeemCode") is not None}
    else:
        doomed = {code.id for code in discount.codes if arguments["search"].casefold() in code.code.casefold()}
    number = discount.number

    def work() -> None:
        current = world.discounts.get(number)
        if current is not None:
            left = tuple(code for code in current.codes if code.id not in doomed)
            if left != current.codes:
                world.put_discount(replace(current, codes=left, updated_at=whole(world.clock.now())))

    job = world.start_job(known.options.job_seconds, work)
    return {"job": {"id": job.id, "done": world.job_is_done(job.id)}, "userErrors": []}


def _wrong_selector(arguments: dict[str, Any]) -> dict[str, Any] | None:
    given = [name for name in ("ids", "search", "savedSearchId") if arguments.get(name) is not None]
    if not given:
        return _error(None, "Missing expected argument key: 'ids', 'search' or 'saved_search_id'.", "MISSING_ARGUMENT")
    if len(given) > 1:
        return _error(None, "Only one of 'ids', 'search' or 'saved_search_id' is allowed.", "TOO_MANY_ARGUMENTS")
    if given == ["savedSearchId"]:
        return _error(["savedSearchId"], "Invalid savedSearchId.", "INVALID")
    if given == ["search"]:
        return _error(["search"], "'Search' can't be blank.", "BLANK") if not arguments["search"].strip() else None
    ids = arguments["ids"]
    if len(ids) > MAX_PAGE:
        raise too_many(len(ids))
    return None if ids else _error(None, "Something went wrong, please try again.", None)


def _unknown(field: str) -> dict[str, Any]:
    return _error([field], "Code discount does not exist.", "INVALID")


def _error(field: list[str] | None, message: str, code: str | None) -> dict[str, Any]:
    return {"field": field, "message": message, "code": code, "extraInfo": None}
