"""Shopify's door: who is let in, which version answers, what a request costs, and how it says no (facts: Shopify §4 and §6)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.options import ALL_SCOPES
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin

SHOP = "{ shop { name myshopifyDomain currencyCode ianaTimezone } }"


def post(shop: TrainingShop, token: str, version: str = "2026-10", body: Any = None) -> httpx.Response:
    url = f"{shop.addresses.shopify_endpoint}/admin/api/{version}/graphql.json"
    return httpx.post(url, json=body or {"query": SHOP}, headers={"X-Shopify-Access-Token": token})


def sign_in(shop: TrainingShop, secret: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": shop.addresses.client_id, "client_secret": secret}
    return httpx.post(f"{shop.addresses.shopify_endpoint}/admin/oauth/access_token", data=form)


def test_a_wrong_token_is_refused_with_errors_as_a_text(shop: TrainingShop) -> None:
    answer = post(shop, "wrong")

    assert answer.status_code == 401
    assert answer.json() == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def test_client_credentials_buy_a_token_for_a_day(shop: TrainingShop, clock: VirtualClock) -> None:
    told = sign_in(shop, shop.addresses.client_secret).json()

    assert told["expires_in"] == 86399
    assert set(told["scope"].split(",")) == ALL_SCOPES
    assert post(shop, told["access_token"]).status_code == 200
    clock.advance(86400)
    assert post(shop, told["access_token"]).status_code == 401


def test_wrong_client_credentials_buy_nothing(shop: TrainingShop) -> None:
    assert sign_in(shop, "wrong").status_code == 400


@pytest.mark.parametrize(
    ("asked", "served"), [("2026-10", "2026-10"), ("2026-01", "2026-01"), ("2025-04", "2026-01"), ("unstable", "unstable")]
)
def test_an_old_version_falls_forward_to_the_oldest_supported(shop: TrainingShop, asked: str, served: str) -> None:
    assert post(shop, shop.addresses.token, asked).headers["X-Shopify-API-Version"] == served


@pytest.mark.parametrize("version", ["2027-01", "nonsense"])
def test_a_version_that_does_not_exist_is_not_found(shop: TrainingShop, version: str) -> None:
    assert post(shop, shop.addresses.token, version).status_code == 404


def test_every_answer_has_an_id_and_the_shops_own_time(shop: TrainingShop, clock: VirtualClock) -> None:
    answers = [post(shop, shop.addresses.token) for _ in range(3)]

    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3
    assert parsedate_to_datetime(answers[0].headers["Date"]) == clock.now()


def test_the_shop_its_rights_and_its_versions_are_told(admin: Admin) -> None:
    assert admin.data(SHOP) == {
        "name": "Ginza store",
        "myshopifyDomain": "ginza-training.myshopify.com",
        "currencyCode": "JPY",
        "ianaTimezone": "Asia/Tokyo",
    }
    scopes = admin.data("{ currentAppInstallation { accessScopes { handle } } }")["accessScopes"]
    assert {scope["handle"] for scope in scopes} == ALL_SCOPES
    versions = admin.data("{ publicApiVersions { handle displayName supported } }")
    assert {"handle": "2026-10", "displayName": "2026-10 (Latest)", "supported": True} in versions


def test_a_request_is_charged_and_the_bucket_refills(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    ask = "query L($n: Int) { discountNodes(first: $n) { nodes { id discount { __typename } } pageInfo { hasNextPage } } }"

    cost = admin.answer(ask, n=5)["extensions"]["cost"]

    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (8, 8)
    assert cost["throttleStatus"] == {"maximumAvailable": 2000.0, "currentlyAvailable": 1992, "restoreRate": 100.0}
    clock.advance(1)
    assert admin.answer(ask, n=5)["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 1992


def test_what_was_not_found_is_given_back(admin: Admin) -> None:
    ask = 'query L { discountNodes(first: 100, query: "code:nothing") { nodes { id discount { __typename } } } }'

    cost = admin.answer(ask)["extensions"]["cost"]

    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (20, 2)
    assert cost["throttleStatus"]["currentlyAvailable"] == 1998


def test_the_recorded_costs_are_met(shop: TrainingShop, admin: Admin) -> None:
    gid = shop.showcase.example.discount_id

    def cost(query: str, **variables: Any) -> int:
        return int(admin.answer(query, **variables)["extensions"]["cost"]["requestedQueryCost"])

    assert cost('{ codeDiscountNodeByCode(code: "x") { id } }') == 1
    assert cost("{ discountNodesCount { count } }") == 10
    delete = "mutation($id: ID!) { discountCodeDelete(id: $id) { deletedCodeDiscountId userErrors { code } } }"
    assert cost(delete, id=gid) == 10
    assert cost("{ orders(first: 250) { nodes { id name } } }") == 13
    assert cost("{ customers(first: 250) { nodes { orders(first: 250) { nodes { id } pageInfo { hasNextPage } } } } }") == 156
    assert cost("query($with: Boolean!) { shop { name } job(id: 1) @include(if: $with) { id } }", **{"with": False}) == 1
    activate = "mutation($id: ID!) { discountCodeActivate(id: $id) { codeDiscountNode { id codeDiscount { __typename } } } }"
    assert cost(activate, id=gid) == 10
    codes = "codeDiscountNode { codeDiscount { ... on DiscountCodeBasic { codes(first: 1) { nodes { id } } } } }"
    assert cost(activate.replace("codeDiscountNode { id codeDiscount { __typename } }", codes), id=gid) == 13


@pytest.mark.parametrize(("charges_each_node", "asked", "used"), [(False, 3, 3), (True, 9, 6)])
def test_nodes_by_id_are_charged_as_one_object_or_each(
    shop: TrainingShop, admin: Admin, charges_each_node: bool, asked: int, used: int
) -> None:
    shop.configure(charges_each_node=charges_each_node)
    ids = [shop.showcase.example.discount_id, shop.showcase.used.discount_id, "gid://shopify/DiscountCodeNode/1"]
    ask = """query($ids: [ID!]!) { nodes(ids: $ids) { id ... on DiscountCodeNode { codeDiscount { ... on DiscountCodeBasic {
        codesCount { count } } } } } }"""

    answer = admin.answer(ask, ids=ids)

    assert [node and node["id"] for node in answer["data"]["nodes"]] == [*ids[:2], None]
    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (asked, used)


def test_an_empty_bucket_is_told_with_http_200_and_nothing_is_executed(
    shop: TrainingShop, admin: Admin, clock: VirtualClock
) -> None:
    shop.configure(bucket_points=15, restore_points_per_second=10.0)
    admin.data("{ discountNodesCount { count } }")

    response = admin.send(
        "mutation($id: ID!) { discountCodeDelete(id: $id) { userErrors { code } } }", id=shop.showcase.example.discount_id
    )

    assert response.status_code == 200
    answer = response.json()
    assert answer["errors"][0]["message"] == "Throttled"
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"] == {
        "requestedQueryCost": 10,
        "actualQueryCost": None,
        "throttleStatus": {"maximumAvailable": 15.0, "currentlyAvailable": 5, "restoreRate": 10.0},
    }
    assert "data" not in answer
    assert shop.discount(shop.showcase.example.code) is not None
    clock.advance(1)
    assert admin.deactivate(shop.showcase.example.discount_id)["userErrors"] == []


def test_a_query_that_is_too_dear_is_refused_whole(admin: Admin) -> None:
    page = (
        "discountNodes(first: 250) { nodes { discount { ... on DiscountCodeBasic { codes(first: 250) { nodes { id } } } } } }"
    )
    answer = admin.answer("{ " + " ".join(f"page{number}: {page}" for number in range(6)) + " }")

    extensions = answer["errors"][0]["extensions"]
    assert (extensions["code"], extensions["cost"], extensions["maxCost"]) == ("MAX_COST_EXCEEDED", 1002, 1000)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nonsense }", "undefinedField"),
        ("{ shop { nonsense } }", "undefinedField"),
        ("{ customer { id } }", "missingRequiredArguments"),
        ("{ customer(id: {}) { id } }", "argumentLiteralsIncompatible"),
        ("query($id: ID!) { customer(id: $id) { id } }", "INVALID_VARIABLE"),
        ("{ shop { name ", "BAD_REQUEST"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_why_with_http_200(admin: Admin, query: str, code: str) -> None:
    response = admin.send(query)

    assert response.status_code == 200
    assert response.json()["errors"][0]["extensions"]["code"] == code
    assert "data" not in response.json()


def test_a_body_that_is_no_request_is_a_bad_request(shop: TrainingShop) -> None:
    answer = post(shop, shop.addresses.token, body=["nonsense"])

    assert answer.status_code == 400
    assert answer.json() == {"errors": {"query": "Required parameter missing or invalid"}}


def test_too_many_ids_are_refused_to_the_letter(admin: Admin) -> None:
    ids = [f"gid://shopify/DiscountCodeNode/{place}" for place in range(251)]

    answer = admin.answer("mutation B($ids: [ID!]) { discountCodeBulkDeactivate(ids: $ids) { job { id } } }", ids=ids)

    assert answer["errors"][0]["message"] == "The input array size of 251 is greater than the maximum allowed of 250."
    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
