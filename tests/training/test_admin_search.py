"""Look-ups are always up to date; searches page, lag, and ignore what they do not understand (facts: Shopify §1.1)."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.options import UNTIL_TOLD
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin

LIST = """query List($first: Int, $last: Int, $after: String, $before: String, $query: String, $reverse: Boolean,
    $sort: DiscountSortKeys) {
  discountNodes(first: $first, last: $last, after: $after, before: $before, query: $query, reverse: $reverse, sortKey: $sort) {
    nodes { id discount { __typename ... on DiscountCodeBasic { title status asyncUsageCount createdAt updatedAt } } }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def ids(page: Any) -> list[str]:
    return [node["id"] for node in page["nodes"]]


def search(admin: Admin, query: str) -> list[str]:
    return ids(admin.data(LIST, first=100, query=query))


@pytest.mark.parametrize("sort", ["ID", "CREATED_AT", "UPDATED_AT", "TITLE", "STARTS_AT", "ENDS_AT"])
@pytest.mark.parametrize("reverse", [False, True])
def test_pages_in_any_order_hold_every_discount_exactly_once(admin: Admin, sort: str, reverse: bool) -> None:
    whole = ids(admin.data(LIST, first=100, sort=sort, reverse=reverse))
    seen: list[str] = []
    cursor = None
    while True:
        page = admin.data(LIST, first=13, after=cursor, sort=sort, reverse=reverse)
        seen += ids(page)
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == whole
    assert len(set(whole)) == 60


def test_the_last_page_can_be_walked_backwards(admin: Admin) -> None:
    whole = ids(admin.data(LIST, first=100))
    page = admin.data(LIST, last=20)
    earlier = admin.data(LIST, last=50, before=page["pageInfo"]["startCursor"])

    assert ids(earlier) + ids(page) == whole
    assert page["pageInfo"]["hasPreviousPage"] is True
    assert earlier["pageInfo"]["hasPreviousPage"] is False


@pytest.mark.parametrize("size", [{}, {"first": 251}, {"first": 3, "last": 3}, {"first": 3, "after": "nonsense"}])
def test_a_page_that_shopify_would_not_cut_is_refused(admin: Admin, size: dict[str, Any]) -> None:
    answer = admin.answer(LIST, **size)

    assert answer["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "MAX_COST_EXCEEDED"}


def test_the_filters_find_what_they_say(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    showcase = shop.showcase

    assert search(admin, f'code:"{showcase.example.code.lower()}"') == [showcase.example.discount_id]
    assert showcase.scheduled.discount_id in search(admin, "status:scheduled")
    assert showcase.expired.discount_id in search(admin, "status:expired")
    assert set(search(admin, "status:expired,scheduled")) == {*search(admin, "status:expired OR status:scheduled")}
    assert showcase.used.discount_id in search(admin, "times_used:>0")
    assert showcase.example.discount_id in search(admin, "times_used:0 status:active")
    assert search(admin, f"customer_ids:{showcase.example.customer_id.rsplit('/', 1)[1]}") == [showcase.example.discount_id]
    assert showcase.free_shipping.discount_id in search(admin, "discount_class:shipping")
    assert search(admin, "70934*") == [showcase.example.discount_id]
    everything = set(search(admin, ""))
    assert set(search(admin, "NOT status:active")) | set(search(admin, "status:active")) == everything
    assert set(search(admin, "-status:active")) == set(search(admin, "NOT status:active"))
    assert search(admin, "status:active AND (times_used:>5 OR (status:expired))") == []


def test_changes_since_a_moment_are_found_in_any_order(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    clock.advance(60)
    admin.deactivate(shop.showcase.example.discount_id)
    query = "updated_at:>'2026-11-23T03:00:30Z'"

    for sort in ("ID", "UPDATED_AT", "TITLE"):
        assert ids(admin.data(LIST, first=50, query=query, sort=sort)) == [shop.showcase.example.discount_id]
    old = ids(admin.data(LIST, first=100, query="created_at:>='2026-10-01' created_at:<'2026-11-01'"))
    assert 0 < len(old) < 60


def test_an_unknown_field_is_ignored_and_only_a_warning_tells(admin: Admin) -> None:
    answer = admin.answer(LIST, first=100, query="coupon_code:x")

    assert len(answer["data"]["discountNodes"]["nodes"]) == 60
    assert answer["extensions"]["search"] == [
        {
            "path": ["discountNodes"],
            "query": "coupon_code:x",
            "warnings": [{"field": "coupon_code", "message": "Invalid search field for this query.", "code": "invalid_field"}],
        }
    ]


def test_an_unquoted_time_breaks_on_its_colons(admin: Admin) -> None:
    answer = admin.answer(LIST, first=10, query="updated_at:<2000-01-01T00:00:00Z")

    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "00"


def test_a_search_that_was_understood_has_no_warning(admin: Admin) -> None:
    assert "search" not in admin.answer(LIST, first=10, query="status:active")["extensions"]


def test_the_index_lags_while_the_look_up_does_not(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(search_lag_seconds=30.0)
    clock.advance(60)
    admin.deactivate(shop.showcase.example.discount_id)

    assert admin.discount(shop.showcase.example.code)["status"] == "EXPIRED"
    assert shop.showcase.example.discount_id in search(admin, "status:active")
    clock.advance(31)
    assert shop.showcase.example.discount_id not in search(admin, "status:active")


def test_the_index_can_lag_until_it_is_told(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(search_lag_seconds=UNTIL_TOLD)
    clock.advance(1)
    admin.deactivate(shop.showcase.example.discount_id)
    clock.advance(100_000)

    assert shop.showcase.example.discount_id in search(admin, f'status:active code:"{shop.showcase.example.code}"')
    shop.catch_up()
    assert search(admin, f'status:active code:"{shop.showcase.example.code}"') == []


def test_the_count_follows_the_query_up_to_its_limit(shop: TrainingShop, admin: Admin) -> None:
    count = "query Count($query: String, $limit: Int) { discountNodesCount(query: $query, limit: $limit) { count precision } }"

    assert admin.data(count) == {"count": 60, "precision": "EXACT"}
    assert admin.data(count, limit=10) == {"count": 10, "precision": "AT_LEAST"}
    assert admin.data(count, query="status:scheduled")["count"] == len(search(admin, "status:scheduled"))


def test_the_usage_count_lags_behind_the_checkout(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(usage_lag_seconds=120.0)
    clock.advance(200)
    shop.redeem(shop.showcase.example.code)

    def counts() -> tuple[int, int]:
        seen = admin.discount(shop.showcase.example.code)
        return seen["asyncUsageCount"], seen["codes"]["nodes"][0]["asyncUsageCount"]

    assert counts() == (0, 0)
    clock.advance(121)
    assert counts() == (1, 1)


def test_many_codes_can_be_looked_up_in_one_request(shop: TrainingShop, admin: Admin) -> None:
    codes = [specimen.code for specimen in shop.showcase.all().values()]
    fields = " ".join(f'c{place}: codeDiscountNodeByCode(code: "{code}") {{ id }}' for place, code in enumerate(codes))

    answer = admin.answer(f"query Many {{ {fields} }}")

    assert [node["id"] for node in answer["data"].values()] == [one.discount_id for one in shop.showcase.all().values()]


def test_a_code_is_found_in_either_case_and_an_unknown_one_is_not(shop: TrainingShop, admin: Admin) -> None:
    assert admin.discount(shop.showcase.example.code.lower())["id"] == shop.showcase.example.discount_id
    assert admin.discount("70934-XXXXXX-500") is None


def test_each_kind_and_each_value_is_told(shop: TrainingShop, admin: Admin) -> None:
    ask = """query K($code: String!) { codeDiscountNodeByCode(code: $code) { codeDiscount { __typename
        ... on DiscountCodeBasic { context { __typename } customerGets { value { __typename
          ... on DiscountAmount { amount { amount currencyCode } } ... on DiscountPercentage { percentage } } } } } } }"""

    def told(code: str) -> Any:
        return admin.data(ask, code=code)["codeDiscount"]

    showcase = shop.showcase
    assert told(showcase.buy_x_get_y.code) == {"__typename": "DiscountCodeBxgy"}
    assert told(showcase.free_shipping.code) == {"__typename": "DiscountCodeFreeShipping"}
    assert told(showcase.app_discount.code) == {"__typename": "DiscountCodeApp"}
    assert told(showcase.percentage.code)["customerGets"]["value"] == {"__typename": "DiscountPercentage", "percentage": 0.1}
    assert told(showcase.unrestricted.code)["context"] == {"__typename": "DiscountBuyerSelectionAll"}
    example = told(showcase.example.code)
    assert example["context"] == {"__typename": "DiscountCustomers"}
    assert example["customerGets"]["value"]["amount"] == {"amount": "500.0", "currencyCode": "JPY"}
