"""The mutations of discounts behave as the real ones were recorded (facts: Shopify §1.4)."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.checkout import CheckoutRefused
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin

NOT_THERE = [{"field": ["id"], "message": "Code discount does not exist.", "code": "INVALID", "extraInfo": None}]


def write(admin: Admin, mutation: str, discount_id: str) -> Any:
    return admin.data(
        f"""mutation Write($id: ID!) {{ {mutation}(id: $id) {{ codeDiscountNode {{ codeDiscount {{
            ... on DiscountCodeBasic {{ status startsAt endsAt }} }} }} userErrors {{ field message code extraInfo }} }} }}""",
        id=discount_id,
    )


def update(admin: Admin, discount_id: str, **changes: Any) -> Any:
    return admin.data(
        """mutation Update($id: ID!, $changes: DiscountCodeBasicInput!) {
            discountCodeBasicUpdate(id: $id, basicCodeDiscount: $changes) {
              codeDiscountNode { codeDiscount { ... on DiscountCodeBasic { status startsAt endsAt usageLimit } } }
              userErrors { field message code } } }""",
        id=discount_id,
        changes=changes,
    )


def test_deactivation_moves_the_end_to_now(shop: TrainingShop, admin: Admin) -> None:
    coupon = shop.showcase.example
    before = admin.discount(coupon.code)

    told = admin.deactivate(coupon.discount_id)

    after = told["codeDiscountNode"]["codeDiscount"]
    assert told["userErrors"] == []
    assert (after["status"], after["endsAt"], after["updatedAt"]) == ("EXPIRED", "2026-11-23T03:00:00Z", "2026-11-23T03:00:00Z")
    assert after["startsAt"] == before["startsAt"]
    assert admin.discount(coupon.code)["status"] == "EXPIRED"


def test_deactivation_of_a_scheduled_discount_moves_its_start_too(shop: TrainingShop, admin: Admin) -> None:
    told = admin.deactivate(shop.showcase.scheduled.discount_id)

    after = told["codeDiscountNode"]["codeDiscount"]
    assert after["startsAt"] == after["endsAt"] == "2026-11-23T03:00:00Z"


def test_deactivation_again_changes_nothing(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    first = admin.deactivate(shop.showcase.example.discount_id)
    clock.advance(3600)

    assert admin.deactivate(shop.showcase.example.discount_id) == first


def test_activation_clears_the_end(shop: TrainingShop, admin: Admin) -> None:
    admin.deactivate(shop.showcase.example.discount_id)

    told = write(admin, "discountCodeActivate", shop.showcase.example.discount_id)

    after = told["codeDiscountNode"]["codeDiscount"]
    assert (after["status"], after["endsAt"]) == ("ACTIVE", None)


def test_activation_of_a_scheduled_discount_moves_its_start(shop: TrainingShop, admin: Admin) -> None:
    told = write(admin, "discountCodeActivate", shop.showcase.scheduled.discount_id)

    assert told["codeDiscountNode"]["codeDiscount"] == {
        "status": "ACTIVE",
        "startsAt": "2026-11-23T03:00:00Z",
        "endsAt": None,
    }


def test_activation_of_an_active_discount_changes_nothing(shop: TrainingShop, admin: Admin) -> None:
    before = admin.discount(shop.showcase.example.code)

    write(admin, "discountCodeActivate", shop.showcase.example.discount_id)

    assert admin.discount(shop.showcase.example.code) == before


def test_the_window_can_be_put_back_by_an_update(shop: TrainingShop, admin: Admin) -> None:
    before = admin.discount(shop.showcase.example.code)
    admin.deactivate(shop.showcase.example.discount_id)

    update(admin, shop.showcase.example.discount_id, startsAt=before["startsAt"], endsAt=before["endsAt"])

    after = admin.discount(shop.showcase.example.code)
    assert {**after, "updatedAt": ""} == {**before, "updatedAt": ""}


def test_an_update_to_an_end_before_the_start_is_refused(shop: TrainingShop, admin: Admin) -> None:
    told = update(admin, shop.showcase.example.discount_id, endsAt="2020-01-01T00:00:00Z")

    assert told["codeDiscountNode"] is None
    assert told["userErrors"][0]["field"] == ["basicCodeDiscount", "endsAt"]


def test_an_update_to_a_code_of_another_discount_is_refused(shop: TrainingShop, admin: Admin) -> None:
    told = update(admin, shop.showcase.example.discount_id, code=shop.showcase.used.code.lower())

    assert told["userErrors"][0]["code"] == "TAKEN"


@pytest.mark.parametrize(
    ("name", "mutation", "argument", "kind"),
    [
        ("buy_x_get_y", "discountCodeBxgyUpdate", "bxgyCodeDiscount", "DiscountCodeBxgy"),
        ("free_shipping", "discountCodeFreeShippingUpdate", "freeShippingCodeDiscount", "DiscountCodeFreeShipping"),
    ],
)
def test_the_window_of_other_kinds_can_be_changed_by_their_own_update(
    shop: TrainingShop, admin: Admin, name: str, mutation: str, argument: str, kind: str
) -> None:
    told = admin.data(
        f"""mutation Update($id: ID!, $changes: {kind}Input!) {{ {mutation}(id: $id, {argument}: $changes) {{
            codeDiscountNode {{ codeDiscount {{ ... on {kind} {{ endsAt }} }} }} userErrors {{ message }} }} }}""",
        id=shop.showcase.all()[name].discount_id,
        changes={"endsAt": "2027-01-01T00:00:00Z"},
    )

    assert told == {"codeDiscountNode": {"codeDiscount": {"endsAt": "2027-01-01T00:00:00Z"}}, "userErrors": []}


def test_an_update_of_another_kind_finds_nothing(shop: TrainingShop, admin: Admin) -> None:
    told = update(admin, shop.showcase.free_shipping.discount_id, title="x")

    assert told["userErrors"][0]["message"] == "Code discount does not exist."


def test_deletion_takes_the_discount_away_at_once_and_says_so_only_once(shop: TrainingShop, admin: Admin) -> None:
    delete = """mutation D($id: ID!) { discountCodeDelete(id: $id) {
        deletedCodeDiscountId userErrors { field message code extraInfo } } }"""
    coupon = shop.showcase.example

    first = admin.data(delete, id=coupon.discount_id)
    again = admin.data(delete, id=coupon.discount_id)

    assert first == {"deletedCodeDiscountId": coupon.discount_id, "userErrors": []}
    assert again == {"deletedCodeDiscountId": None, "userErrors": NOT_THERE}
    assert admin.discount(coupon.code) is None
    assert admin.data("query($id: ID!) { discountNode(id: $id) { id } }", id=coupon.discount_id) is None


@pytest.mark.parametrize("gid", ["gid://shopify/DiscountCodeNode/1", "gid://shopify/DiscountAutomaticNode/1468900000000", "7"])
def test_an_unknown_discount_is_told_to_the_letter(admin: Admin, gid: str) -> None:
    assert admin.deactivate(gid) == {"codeDiscountNode": None, "userErrors": NOT_THERE}


@pytest.mark.parametrize(
    ("selector", "code"),
    [
        ("", "MISSING_ARGUMENT"),
        ('(ids: ["gid://shopify/DiscountCodeNode/1"], search: "x")', "TOO_MANY_ARGUMENTS"),
        ('(search: " ")', "BLANK"),
        ("(ids: [])", None),
    ],
)
def test_a_bulk_deactivation_wants_exactly_one_selector(admin: Admin, selector: str, code: str | None) -> None:
    told = admin.data(f"mutation {{ discountCodeBulkDeactivate{selector} {{ job {{ id }} userErrors {{ code message }} }} }}")

    assert told["job"] is None
    assert told["userErrors"][0]["code"] == code


def test_a_bulk_deactivation_by_an_unknown_field_hits_the_whole_catalogue(shop: TrainingShop, admin: Admin) -> None:
    admin.data('mutation { discountCodeBulkDeactivate(search: "unknownfield:x") { job { id } userErrors { code } } }')

    assert all(discount["status"] == "EXPIRED" for discount in shop.state()["discounts"])


def test_a_bulk_deactivation_is_a_job_that_takes_its_time(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    shop.configure(job_seconds=5.0)
    coupon = shop.showcase.example
    bulk = "mutation B($ids: [ID!]) { discountCodeBulkDeactivate(ids: $ids) { job { id done } userErrors { code } } }"
    job = admin.data(bulk, ids=[coupon.discount_id])["job"]
    ask = "query J($id: ID!) { job(id: $id) { done } }"

    assert job["done"] is False
    assert admin.data(ask, id=job["id"]) == {"done": False}
    assert admin.discount(coupon.code)["status"] == "ACTIVE"
    clock.advance(5)
    assert admin.data(ask, id=job["id"]) == {"done": True}
    assert admin.discount(coupon.code)["status"] == "EXPIRED"


def test_one_code_of_several_can_be_removed_and_the_others_live_on(shop: TrainingShop, admin: Admin) -> None:
    coupon, sibling = shop.showcase.several_codes, shop.showcase.several_codes_sibling
    redeem_code = next(code for code in admin.discount(coupon.code)["codes"]["nodes"] if code["code"] == coupon.code)

    told = admin.data(
        """mutation R($id: ID!, $ids: [ID!]) { discountCodeRedeemCodeBulkDelete(discountId: $id, ids: $ids) {
            job { done } userErrors { message } } }""",
        id=coupon.discount_id,
        ids=[redeem_code["id"]],
    )

    assert told == {"job": {"done": True}, "userErrors": []}
    assert admin.discount(coupon.code) is None
    left = admin.discount(sibling.code)
    assert (left["status"], left["codesCount"]) == ("ACTIVE", {"count": 2})


def test_deactivation_of_a_discount_with_several_codes_kills_them_all(shop: TrainingShop, admin: Admin) -> None:
    admin.deactivate(shop.showcase.several_codes.discount_id)

    with pytest.raises(CheckoutRefused):
        shop.redeem(shop.showcase.several_codes_sibling.code)


def test_a_dead_code_is_refused_at_the_checkout(shop: TrainingShop, admin: Admin) -> None:
    admin.deactivate(shop.showcase.example.discount_id)

    with pytest.raises(CheckoutRefused):
        shop.redeem(shop.showcase.example.code)
    assert shop.orders_with(shop.showcase.example.code) == ()


def test_a_single_use_code_is_taken_once_only(shop: TrainingShop) -> None:
    shop.redeem(shop.showcase.example.code)

    with pytest.raises(CheckoutRefused):
        shop.redeem(shop.showcase.example.code)
