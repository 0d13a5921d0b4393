"""The discounts of the Admin API: look-up by code and id, listing, counting, and what each field says."""

from __future__ import annotations

from typing import Any, Final

from coupon_desk.training.admin_context import Info, Resolver, Resolvers, context, needs
from coupon_desk.training.admin_pages import Page, page, page_of
from coupon_desk.training.search_query import Match, Search, moment_is, number_is, parse, text_is
from coupon_desk.training.shelf import Place
from coupon_desk.training.things import Discount, DiscountKind, RedeemCode, number_of, when
from coupon_desk.training.world import View

_COUNT_LIMIT: Final = 10_000


def discount_by_id(info: Info, gid: str) -> Discount | None:
    """The discount with a global id; None for any other id."""
    number = number_of(gid, "DiscountCodeNode") or number_of(gid, "DiscountNode")
    return None if number is None else context(info).world.discounts.get(number)


def search_discounts(query: str | None, view: View) -> Search[Discount]:
    """Understand a query for discounts (facts: Shopify §1.1)."""
    fields: dict[str, Match[Discount]] = {
        "code": lambda it, comparator, value: any(text_is(code.code, comparator, value) for code in it.codes),
        "title": lambda it, comparator, value: text_is(it.title, comparator, value),
        "id": lambda it, comparator, value: number_is(it.number, comparator, value.rsplit("/", 1)[-1]),
        "status": lambda it, comparator, value: text_is(it.status(view.now), comparator, value),
        "method": lambda _, comparator, value: text_is("code", comparator, value),
        "type": _is_type,
        "discount_type": _is_type,
        "discount_class": lambda it, comparator, value: text_is(_class(it), comparator, value),
        "tag": lambda it, comparator, value: any(text_is(tag, comparator, value) for tag in it.tags),
        "times_used": lambda it, comparator, value: number_is(it.uses_until(view.usage_until), comparator, value),
        "customer_ids": lambda it, comparator, value: any(
            number_is(number, comparator, value.rsplit("/", 1)[-1]) for number in it.customer_numbers or ()
        ),
        "created_at": lambda it, comparator, value: moment_is(it.created_at, comparator, value),
        "updated_at": lambda it, comparator, value: moment_is(it.updated_at, comparator, value),
        "starts_at": lambda it, comparator, value: moment_is(it.starts_at, comparator, value),
        "ends_at": lambda it, comparator, value: moment_is(it.ends_at, comparator, value),
    }
    return parse(query, fields, lambda it, _, value: _has_text(it, value))


def discount_resolvers() -> Resolvers:
    """Everything about discounts that can be read."""
    shared: dict[str, Resolver] = {
        "appliesOncePerCustomer": lambda it, _: it.once_per_customer,
        "asyncUsageCount": lambda it, info: it.uses_until(context(info).view.usage_until),
        "codes": _codes,
        "codesCount": lambda it, _: {"count": len(it.codes), "precision": "EXACT"},
        "combinesWith": lambda _, __: {"orderDiscounts": True, "productDiscounts": True, "shippingDiscounts": True},
        "context": _buyers,
        "createdAt": lambda it, _: when(it.created_at),
        "discountClasses": lambda it, _: [_class(it)],
        "endsAt": lambda it, _: None if it.ends_at is None else when(it.ends_at),
        "startsAt": lambda it, _: when(it.starts_at),
        "status": lambda it, info: it.status(context(info).view.now),
        "tags": lambda it, _: it.tags,
        "title": lambda it, _: it.title,
        "updatedAt": lambda it, _: when(it.updated_at),
        "usageLimit": lambda it, _: it.usage_limit,
        "customerGets": _gets,
        "minimumRequirement": lambda _, __: None,
        "maximumShippingPrice": lambda _, __: None,
        "summary": _summary,
        "shortSummary": _summary,
        "discountClass": lambda it, _: _class(it),
        "usesPerOrderLimit": lambda _, __: 1,
        "discountId": lambda it, _: it.id,
    }
    return {
        "QueryRoot": {
            "codeDiscountNode": needs("read_discounts", _by_id),
            "codeDiscountNodeByCode": needs("read_discounts", lambda _, info, code: context(info).world.discount_with(code)),
            "discountNode": needs("read_discounts", _by_id),
            "discountNodes": needs("read_discounts", _discount_nodes),
            "discountNodesCount": needs("read_discounts", _count),
        },
        "DiscountNode": {"id": lambda it, _: it.id, "discount": lambda it, _: it},
        "DiscountCodeNode": {"id": lambda it, _: it.id, "codeDiscount": lambda it, _: it},
        **{f"DiscountCode{kind}": shared for kind in DiscountKind},
        "DiscountRedeemCode": {
            "id": lambda it, _: it.id,
            "code": lambda it, _: it.code,
            "asyncUsageCount": lambda it, info: it.uses_until(context(info).view.usage_until),
        },
        "DiscountCustomers": {"customers": needs("read_customers", lambda it, _: it["customers"])},
    }


def _by_id(_: Any, info: Info, **arguments: Any) -> Discount | None:
    return discount_by_id(info, arguments["id"])


def _discount_nodes(_: Any, info: Info, **arguments: Any) -> Page[Discount]:
    known = context(info)
    search = search_discounts(arguments.get("query"), known.view)
    known.note(info, search)
    exact = search.exact.get("code")
    if exact is None:
        return page(known.world.discounts, search, arguments, known.view.search_at)
    # The look-up saves walking along the shelf; what the lagging index does not know yet is not found either.
    bearer = known.world.discount_with(exact)
    indexed = None if bearer is None else known.world.discounts.get(bearer.number, known.view.search_at)
    found = [] if bearer is None or indexed is None or not search.matches(indexed) else [bearer]
    return page_of(found, lambda it: (it.number, it.number), arguments)


def _count(_: Any, info: Info, query: str | None = None, limit: int | None = None) -> dict[str, Any]:
    known = context(info)
    search = search_discounts(query, known.view)
    known.note(info, search)
    most = _COUNT_LIMIT if limit is None else limit
    count = 0
    for discount in known.world.discounts.walk("ID"):
        if search.matches(discount):
            if count == most:
                return {"count": count, "precision": "AT_LEAST"}
            count += 1
    return {"count": count, "precision": "EXACT"}


def _codes(it: Discount, _: Info, **arguments: Any) -> Page[RedeemCode]:
    search: Search[RedeemCode] = parse(arguments.get("query"), {}, lambda code, _, value: text_is(code.code, ":", value))
    by_code = arguments["sortKey"] == "CODE"

    def key(code: RedeemCode) -> Place:
        return (code.code if by_code else code.number, code.number)

    return page_of([code for code in it.codes if search.matches(code)], key, arguments)


def _buyers(it: Discount, info: Info) -> dict[str, Any]:
    if it.customer_numbers is None:
        return {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}
    known = (context(info).world.customers.get(number) for number in it.customer_numbers)
    return {"__typename": "DiscountCustomers", "customers": [customer for customer in known if customer is not None]}


def _gets(it: Discount, _: Info) -> dict[str, Any]:
    if it.amount is not None:
        money = {"amount": f"{it.amount}.0", "currencyCode": "JPY"}
        value: dict[str, Any] = {"__typename": "DiscountAmount", "amount": money, "appliesOnEachItem": False}
    else:
        value = {"__typename": "DiscountPercentage", "percentage": it.percentage if it.percentage is not None else 1.0}
    return {
        "value": value,
        "items": {"__typename": "AllDiscountItems", "allItems": True},
        "appliesOnOneTimePurchase": True,
        "appliesOnSubscription": False,
    }


def _summary(it: Discount, _: Info) -> str:
    if it.amount is not None:
        return f"¥{it.amount:,} off entire order • One use per customer"
    if it.percentage is not None:
        return f"{it.percentage:.0%} off entire order • One use per customer"
    return "Free shipping on all products" if it.kind is DiscountKind.FREE_SHIPPING else "Buy 1 item, get 1 item free"


def _class(it: Discount) -> str:
    return {DiscountKind.FREE_SHIPPING: "SHIPPING", DiscountKind.BXGY: "PRODUCT"}.get(it.kind, "ORDER")


def _is_type(it: Discount, comparator: str, value: str) -> bool:
    kinds = {DiscountKind.BXGY: "bogo", DiscountKind.FREE_SHIPPING: "free_shipping", DiscountKind.APP: "app"}
    return text_is(kinds.get(it.kind, "fixed_amount" if it.amount is not None else "percentage"), comparator, value)


def _has_text(it: Discount, value: str) -> bool:
    folded = value.casefold().rstrip("*")
    return folded in it.title.casefold() or any(folded in code.code.casefold() for code in it.codes)
