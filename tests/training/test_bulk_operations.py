"""Bulk operations as Shopify has them: asked for once, made in the background, fetched from another host as lines of JSON."""

from __future__ import annotations

import json
import time
from importlib.resources import files
from typing import Any

import httpx
import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin

RUN = """mutation Run($query: String!, $grouped: Boolean!) { bulkOperationRunQuery(query: $query, groupObjects: $grouped) {
    bulkOperation { id status } userErrors { field message code } } }"""
LOOK = """query Look($id: ID!) { bulkOperation(id: $id) {
    id status errorCode objectCount rootObjectCount fileSize url partialDataUrl createdAt completedAt query type } }"""
LIST = "query List($query: String) { bulkOperations(first: 10, query: $query) { nodes { id status query } } }"
CANCEL = "mutation Cancel($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { id status } userErrors { message } } }"
DISCOUNTS = (files("coupon_desk.shopify") / "documents" / "ExportDiscounts.graphql").read_text(encoding="utf-8")
CUSTOMERS = (files("coupon_desk.shopify") / "documents" / "ExportCustomers.graphql").read_text(encoding="utf-8")


def run(admin: Admin, query: str, *, grouped: bool = False) -> Any:
    return admin.data(RUN, query=query, grouped=grouped)


def finished(admin: Admin, clock: VirtualClock, gid: str) -> Any:
    """The operation when it is over, however long this computer needs for it."""
    until = time.monotonic() + 20
    while True:
        told = admin.data(LOOK, id=gid)
        if told["status"] not in {"CREATED", "RUNNING", "CANCELING"}:
            return told
        assert time.monotonic() < until, told
        clock.advance(1)


def lines(url: str) -> list[dict[str, Any]]:
    answer = httpx.get(url)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("grouped", [True, False])
def test_every_discount_is_a_line_and_every_code_a_line_after_it(
    shop: TrainingShop, admin: Admin, clock: VirtualClock, grouped: bool
) -> None:
    begun = run(admin, DISCOUNTS, grouped=grouped)
    assert (begun["userErrors"], begun["bulkOperation"]["status"]) == ([], "CREATED")

    told = finished(admin, clock, begun["bulkOperation"]["id"])
    found = lines(told["url"])

    assert (told["status"], told["errorCode"], told["partialDataUrl"], told["query"]) == ("COMPLETED", None, None, DISCOUNTS)
    assert (int(told["objectCount"]), int(told["rootObjectCount"])) == (
        len(found),
        sum("__parentId" not in line for line in found),
    )
    assert int(told["fileSize"]) == len(httpx.get(told["url"]).content)
    seen = set()
    for line in found:
        parent = line.get("__parentId")
        assert parent is None or parent in seen
        seen.add(line["id"])
    (several,) = [line for line in found if line.get("code") == shop.showcase.several_codes.code]
    (sibling,) = [line for line in found if line.get("code") == shop.showcase.several_codes_sibling.code]
    assert several["__parentId"] == sibling["__parentId"]
    (example,) = [line for line in found if line.get("discount", {}).get("title") == shop.showcase.example.code]
    assert example["discount"]["customerGets"]["value"]["amount"] == {"amount": "500.0", "currencyCode": "JPY"}
    assert example["discount"]["context"]["customers"] == [{"id": shop.showcase.example.customer_id}]


def test_customers_come_with_their_records(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    query = CUSTOMERS.replace("NAMESPACE", "loyalty").replace("KEY", "coupons")
    found = lines(finished(admin, clock, run(admin, query)["bulkOperation"]["id"])["url"])
    (example,) = [line for line in found if line["id"] == shop.showcase.example.customer_id]
    assert any(entry["code"] == shop.showcase.example.code for entry in json.loads(example["record"]["value"])["coupons"])


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{ shop { name } }", "at least one connection"),
        ("{ customers { nodes { id } } discountNodes { nodes { id } } }", "exactly one top-level field"),
        ("{ customers { nodes { nonsense } } }", "Cannot query field"),
        ("{ customers { nodes { id", "Syntax Error"),
        ("{ customers { pageInfo { hasNextPage } } }", "needs `nodes` or `edges`"),
        ("{ discountNodes { nodes { discount { ... on DiscountCodeBasic { codes { nodes { id } } } } } } }", "the 'id' field"),
    ],
)
def test_a_query_that_shopify_would_not_run_is_refused(admin: Admin, query: str, why: str) -> None:
    told = run(admin, query)
    assert told["bulkOperation"] is None
    (error,) = told["userErrors"]
    assert error["code"] == "INVALID"
    assert why in error["message"]


def test_only_so_many_run_at_a_time(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(bulk_seconds=60, bulk_at_once=1)
    first = run(admin, CUSTOMERS)["bulkOperation"]["id"]
    (error,) = run(admin, DISCOUNTS)["userErrors"]
    assert error["code"] == "OPERATION_IN_PROGRESS"
    assert [one["id"] for one in admin.data(LIST, query="status:running operation_type:query")["nodes"]] == [first]
    clock.advance(61)
    finished(admin, clock, first)
    assert run(admin, DISCOUNTS)["userErrors"] == []
    assert [one["query"] for one in admin.data(LIST)["nodes"]] == [DISCOUNTS, CUSTOMERS]


def test_a_cancelled_operation_has_no_result(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(bulk_seconds=60)
    gid = run(admin, CUSTOMERS)["bulkOperation"]["id"]
    assert admin.data(CANCEL, id=gid)["userErrors"] == []
    told = finished(admin, clock, gid)
    assert (told["status"], told["url"]) == ("CANCELED", None)
    assert admin.data(CANCEL, id="gid://shopify/BulkOperation/1")["userErrors"]


def test_a_failed_operation_leaves_a_part(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.faults.add(Fault("bulk.run", FaultKind.BULK_FAILED))
    told = finished(admin, clock, run(admin, DISCOUNTS)["bulkOperation"]["id"])
    assert (told["status"], told["errorCode"], told["url"]) == ("FAILED", "INTERNAL_SERVER_ERROR", None)
    assert 0 < len(lines(told["partialDataUrl"])) <= int(told["objectCount"])


def test_a_right_that_is_missing_shows_when_it_has_run(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(scopes=frozenset({"read_customers"}))
    told = finished(admin, clock, run(admin, DISCOUNTS)["bulkOperation"]["id"])
    assert (told["status"], told["errorCode"], told["partialDataUrl"]) == ("FAILED", "ACCESS_DENIED", None)


def test_an_address_works_for_a_week_and_never_with_a_token(admin: Admin, clock: VirtualClock) -> None:
    gid = run(admin, CUSTOMERS)["bulkOperation"]["id"]
    url = finished(admin, clock, gid)["url"]
    assert httpx.get(url, headers={"X-Shopify-Access-Token": "anything"}).status_code == 400
    assert httpx.get(url.replace("Signature=", "Signature=0")).status_code == 403
    clock.advance(7 * 86_400)
    assert httpx.get(url).status_code == 403
    assert admin.data(LOOK, id=gid)["status"] == "EXPIRED"


def test_a_download_goes_on_where_it_broke_off(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    url = finished(admin, clock, run(admin, CUSTOMERS)["bulkOperation"]["id"])["url"]
    whole = httpx.get(url).content
    shop.faults.add(Fault("bulk.download", FaultKind.TRUNCATED_AFTER))
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url)
    rest = httpx.get(url, headers={"Range": "bytes=1000-"})
    assert (rest.status_code, rest.content) == (206, whole[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{len(whole) - 1}/{len(whole)}"
    assert httpx.get(url, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    shop.configure(bulk_ranges=False)
    assert httpx.get(url, headers={"Range": "bytes=1000-"}).content == whole
