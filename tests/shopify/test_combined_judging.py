"""What a combined answer proves to each of its members, told on the wire: no more than it plainly shows."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import OrdersSeen
from coupon_desk.errors import OutcomeUnknown, RemoteRefused, RemoteUnavailable, StaleRecord, System
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.combined_orders import OrdersOf, OrdersTogether
from coupon_desk.shopify.combined_reads import Discounts, Records
from coupon_desk.shopify.combined_writes import DeactivationsTogether, RecordsWrittenTogether
from coupon_desk.shopify.rounds import ALONE
from coupon_desk.shopify.writes import record
from coupon_desk.wire import Answer, PreparedRequest
from tests.shopify.wire_server import Say, Wire, failed, http

A, B = CouponCode.parse("70934-AB12CD-500"), CouponCode.parse("70934-EF34GH-500")
CUSTOMERS = tuple(f"gid://shopify/Customer/{number}" for number in range(3))
DISCOUNTS = tuple(f"gid://shopify/DiscountCodeNode/{number}" for number in range(3))


def told(data: Any, **extensions: Any) -> Say:
    return http({"data": data, "extensions": extensions}, X_Request_Id="request-1")


def page(*orders: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"nodes": list(orders), "pageInfo": {"hasNextPage": more, "endCursor": "next" if more else None}}


def order(number: int, *codes: str, **more: Any) -> dict[str, Any]:
    made = {"id": f"gid://shopify/Order/{number}", "name": f"#{number}", "createdAt": "2026-11-20T00:00:00Z"}
    return {**made, "cancelledAt": None, "discountCodes": list(codes), **more}


def asked(*customers: str | None) -> list[OrdersOf]:
    return [OrdersOf(code, customer, None) for code, customer in zip((A, B), customers, strict=True)]


def ids(seen: object) -> list[str]:
    assert isinstance(seen, OrdersSeen)
    return [one.name for one in seen.orders]


def test_orders_go_to_the_coupons_that_they_bear_over_all_pages(wire: Wire, client: ShopifyClient) -> None:
    buyer = {"id": CUSTOMERS[0]}
    wire.say(
        told({"byCode": page(order(1, A.text.lower(), B.text, customer=buyer), more=True), "any": []}),
        told({"byCode": page(order(2, B.text, customer=None), order(3, "OTHER", customer=None))}),
    )

    first, second = OrdersTogether(client).ask_all(asked(None, None))

    assert (ids(first), ids(second)) == (["#1"], ["#1", "#2"])
    assert [heard.json["variables"]["after"] for heard in wire.heard] == [None, "next"]
    assert wire.heard[0].json["variables"]["codeQuery"] == f'discount_code:"{A.text}" OR discount_code:"{B.text}"'


@pytest.mark.parametrize(
    "own",
    [
        {"id": CUSTOMERS[0], "orders": page(order(1), more=True)},
        None,
        {"id": CUSTOMERS[0]},
        {"id": CUSTOMERS[2], "orders": page()},
    ],
)
def test_whose_own_orders_are_not_all_there_is_asked_alone_and_nobody_else(
    wire: Wire, client: ShopifyClient, own: dict[str, Any] | None
) -> None:
    wire.say(told({"byCode": page(), "any": [own, {"id": CUSTOMERS[1], "orders": page(order(2, "WELCOME", B.text))}]}))

    first, second = OrdersTogether(client).ask_all(asked(*CUSTOMERS[:2]))

    assert first is ALONE
    assert ids(second) == ["#2"]


def test_a_search_that_warned_and_one_without_end_answer_nobody(wire: Wire, client: ShopifyClient) -> None:
    warned = {"search": [{"path": ["byCode"], "warnings": [{"field": "code", "message": "ignored", "code": "invalid_field"}]}]}
    wire.say(told({"byCode": page(), "any": []}, **warned))
    assert OrdersTogether(client).ask_all(asked(None, None)) == [ALONE, ALONE]

    endless = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
    wire.say(told({"byCode": endless, "any": []}))
    assert OrdersTogether(client).ask_all(asked(None, None)) == [ALONE, ALONE]


def test_one_denied_node_leaves_the_others_to_be_asked_alone_and_silence_meets_all(wire: Wire, client: ShopifyClient) -> None:
    wire.say(failed("ACCESS_DENIED", data={"nodes": [None, {"id": CUSTOMERS[1], "locale": "ja"}]}, path=["nodes", 0]))
    assert Records(client, "loyalty.coupons").ask_all(CUSTOMERS[:2]) == [ALONE, ALONE]

    wire.say(Say(close=True))
    silent = Discounts(client).ask_all(DISCOUNTS[:2])
    assert [type(one) for one in silent] == [RemoteUnavailable] * 2


def test_a_node_of_another_id_or_kind_answers_nobody(wire: Wire, client: ShopifyClient) -> None:
    wire.say(told({"nodes": [{"id": DISCOUNTS[2], "discount": {"__typename": "DiscountCodeBasic"}}, {"id": DISCOUNTS[1]}]}))

    assert Discounts(client).ask_all(DISCOUNTS[:2]) == [ALONE, ALONE]


def writes(*customers: str) -> list[PreparedRequest]:
    return [record(customer, "loyalty", "coupons", f'["{customer}"]', "digest") for customer in customers]


def written(count: int) -> Say:
    fields = [{"id": f"gid://shopify/Metafield/{number}", "compareDigest": "new"} for number in range(count)]
    return told({"payload": {"metafields": fields, "userErrors": []}})


def objected(*errors: tuple[Any, str], metafields: Any = ()) -> Say:
    user_errors = [{"field": field, "code": code, "message": f"It is {code}."} for field, code in errors]
    return told({"payload": {"metafields": list(metafields), "userErrors": user_errors}})


def kinds(outcomes: list[Any]) -> list[Any]:
    return [one if one is ALONE else type(one) for one in outcomes]


def test_the_stale_one_hears_so_and_the_others_are_sent_again_without_it(wire: Wire, client: ShopifyClient) -> None:
    wire.say(objected((["metafields", "1"], "STALE_OBJECT")), written(2))

    assert kinds(RecordsWrittenTogether(client).send_all(writes(*CUSTOMERS))) == [Answer, StaleRecord, Answer]
    sent = [[field["ownerId"] for field in heard.json["variables"]["metafields"]] for heard in wire.heard]
    assert sent == [list(CUSTOMERS), [CUSTOMERS[0], CUSTOMERS[2]]]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            objected((["metafields", "0"], "INVALID_VALUE"), (["metafields", "2", "value"], "TOO_LONG")),
            [RemoteRefused, ALONE, RemoteRefused],
        ),
        (objected((["metafields"], "BLANK")), [ALONE] * 3),
        (objected((None, "BLANK")), [ALONE] * 3),
        (objected((["metafields", "7"], "STALE_OBJECT")), [ALONE] * 3),
        (objected((["metafields", "0"], "INTERNAL_ERROR")), [OutcomeUnknown] * 3),
        (objected((["metafields", "0"], "STALE_OBJECT"), metafields=[{"id": "x", "compareDigest": "y"}]), [OutcomeUnknown] * 3),
        (written(2), [OutcomeUnknown] * 3),
        (told({"payload": None}), [OutcomeUnknown] * 3),
        (failed("INTERNAL_SERVER_ERROR"), [OutcomeUnknown] * 3),
        (failed("INVALID_VARIABLE"), [ALONE] * 3),
        (http(b"", 423), [ALONE] * 3),
        (Say(close=True), [OutcomeUnknown] * 3),
    ],
)  # fmt: skip
def test_what_an_answer_proves_to_each_writer(wire: Wire, client: ShopifyClient, answer: Say, expected: list[Any]) -> None:
    wire.say(answer)

    assert kinds(RecordsWrittenTogether(client).send_all(writes(*CUSTOMERS))) == expected
    assert len(wire.heard) == 1


def test_two_writes_to_one_record_never_go_together(wire: Wire, client: ShopifyClient) -> None:
    wire.say(written(2))

    requests = writes(CUSTOMERS[0], CUSTOMERS[1], CUSTOMERS[0])

    assert kinds(RecordsWrittenTogether(client).send_all(requests)) == [Answer, Answer, ALONE]


def off(number: int, status: str = "EXPIRED") -> dict[str, Any]:
    dates = {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-11-23T03:00:00Z"}
    return {"id": DISCOUNTS[number], "discount": {"__typename": "DiscountCodeBasic", "status": status, **dates}}


def switching_off(count: int) -> list[PreparedRequest]:
    return [PreparedRequest(System.SHOPIFY, "DeactivateDiscount", gid, "{}") for gid in DISCOUNTS[:count]]


JOB = told({"payload": {"job": {"id": "gid://shopify/Job/1", "done": True}, "userErrors": []}})


def test_only_who_is_seen_switched_off_is_done(wire: Wire, client: ShopifyClient, clock: VirtualClock) -> None:
    wire.say(JOB, told({"nodes": [off(0), off(1, "ACTIVE"), None]}))

    assert kinds(DeactivationsTogether(client, clock).send_all(switching_off(3))) == [Answer, ALONE, ALONE]
    assert wire.heard[0].json["variables"] == {"ids": list(DISCOUNTS)}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (told({"payload": {"job": None, "userErrors": [{"code": "BLANK", "message": "No.", "field": None}]}}), ALONE),
        (told({"payload": {"job": None, "userErrors": [{"code": None, "message": "Something went wrong."}]}}), OutcomeUnknown),
        (http(b"", 423), ALONE),
    ],
)  # fmt: skip
def test_a_job_that_was_not_begun(wire: Wire, client: ShopifyClient, clock: VirtualClock, answer: Say, expected: Any) -> None:
    wire.say(answer)

    assert kinds(DeactivationsTogether(client, clock).send_all(switching_off(2))) == [expected] * 2


@pytest.mark.parametrize(
    "answer", [told({"payload": {"job": None, "userErrors": []}}), told({"payload": None}), Say(close=True)]
)
def test_a_job_that_nobody_knows_of_is_unknown(wire: Wire, client: ShopifyClient, clock: VirtualClock, answer: Say) -> None:
    wire.say(answer)

    with pytest.raises(OutcomeUnknown):
        DeactivationsTogether(client, clock).send_all(switching_off(2))
