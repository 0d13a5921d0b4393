"""The point system keeps its contract (INTERFACE.md §6), in each of its ways of guarding against doubles."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.options import UNTIL_TOLD, ErrorStyle, KeyHandling
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Pos, number


def test_the_balance_is_told(shop: TrainingShop, pos: Pos) -> None:
    customer = number(shop.showcase.example.customer_id)

    answer = pos.balance(customer)

    balance = {"customer_id": customer, "balance": shop.balance(shop.showcase.example.customer_id)}
    a_year_later = (shop.clock.now() + timedelta(days=365)).date().isoformat()
    assert answer.json() == {**balance, "added_points_expire_on": a_year_later}
    shop.configure(points_valid_days=0)
    assert pos.balance(customer).json() == balance


def test_the_conversion_stands_in_the_history_with_its_reference(shop: TrainingShop, pos: Pos) -> None:
    coupon = shop.showcase.example

    told = pos.history(number(coupon.customer_id), reference=coupon.reference).json()

    (entry,) = told["entries"]
    assert told["next_cursor"] is None
    assert (entry["type"], entry["points"], entry["reference"]) == ("deduct", -500, "COUPON-70934-AB12CD-500")
    assert set(entry) == {"id", "type", "points", "reason", "reference", "created_at", "balance"}
    assert datetime.fromisoformat(entry["created_at"]) < shop.clock.now()


def test_the_history_pages_from_the_newest_and_new_entries_move_nothing(shop: TrainingShop, pos: Pos) -> None:
    customer = number(shop.showcase.example.customer_id)
    whole = pos.history(customer).json()["entries"]

    first = pos.history(customer, limit=2).json()
    pos.add(customer, 10)
    rest = pos.history(customer, limit=2, cursor=first["next_cursor"]).json()
    last = pos.history(customer, limit=2, cursor=rest["next_cursor"]).json()

    assert first["entries"] + rest["entries"] + last["entries"] == whole
    assert last["next_cursor"] is None
    assert [entry["created_at"] for entry in whole] == sorted((entry["created_at"] for entry in whole), reverse=True)


def test_adding_tells_the_balance_before_and_after(shop: TrainingShop, pos: Pos) -> None:
    coupon = shop.showcase.example
    before = shop.balance(coupon.customer_id)
    assert before is not None

    answer = pos.add(number(coupon.customer_id), 500, coupon.reference)

    newest = shop.point_entries(coupon.customer_id)[0]
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "entry_id": newest.id,
        "previous_balance": before,
        "added": 500,
        "new_balance": before + 500,
    }
    assert (newest.points, newest.reference, newest.balance) == (500, coupon.reference, before + 500)


def test_a_key_is_ignored_unless_told_otherwise(shop: TrainingShop, pos: Pos) -> None:
    coupon = shop.showcase.example
    for _ in range(2):
        pos.add(number(coupon.customer_id), 500, coupon.reference, key="same")

    assert [entry.points for entry in shop.point_entries(coupon.customer_id, coupon.reference)] == [500, 500, -500]


def test_a_key_that_is_replayed_gives_the_first_answer_again(shop: TrainingShop, pos: Pos) -> None:
    shop.configure(key_handling=KeyHandling.REPLAYED)
    coupon = shop.showcase.example
    customer = number(coupon.customer_id)

    first, again = (pos.add(customer, 500, coupon.reference, key="same") for _ in range(2))

    assert again.json() == first.json()
    assert [entry.points for entry in shop.point_entries(coupon.customer_id, coupon.reference)] == [500, -500]
    assert pos.add(customer, 400, coupon.reference, key="same").status_code == 422
    assert pos.add(customer, 500, coupon.reference, key=None).status_code == 400


def test_a_key_that_may_not_be_reused_is_refused(shop: TrainingShop, pos: Pos) -> None:
    shop.configure(key_handling=KeyHandling.REFUSED)
    coupon = shop.showcase.example
    pos.add(number(coupon.customer_id), 500, coupon.reference, key="same")

    assert pos.add(number(coupon.customer_id), 500, coupon.reference, key="same").status_code == 409
    assert [entry.points for entry in shop.point_entries(coupon.customer_id, coupon.reference)] == [500, -500]


def test_the_history_lags_while_the_balance_does_not(shop: TrainingShop, pos: Pos, clock: VirtualClock) -> None:
    shop.configure(history_lag_seconds=UNTIL_TOLD)
    clock.advance(1)
    coupon = shop.showcase.example
    customer = number(coupon.customer_id)
    told = pos.add(customer, 500, coupon.reference).json()

    assert pos.balance(customer).json()["balance"] == told["new_balance"]
    assert len(pos.history(customer, reference=coupon.reference).json()["entries"]) == 1
    shop.catch_up()
    assert len(pos.history(customer, reference=coupon.reference).json()["entries"]) == 2


def test_an_unknown_customer_is_not_found(shop: TrainingShop, pos: Pos) -> None:
    customer = number(shop.showcase.unknown_at_pos.customer_id)

    assert [pos.balance(customer).status_code, pos.history(customer).status_code, pos.add(customer, 5).status_code] == [404] * 3
    assert pos.balance(customer).json() == {"error": {"code": "customer_not_found", "message": "No customer has this id."}}


def test_a_mapped_customer_is_known_by_the_id_of_the_point_system(shop: TrainingShop, pos: Pos) -> None:
    coupon = shop.showcase.mapped_pos_id

    assert pos.balance(number(coupon.customer_id)).status_code == 404
    assert pos.history("GZ-0004821", reference=coupon.reference).json()["entries"][0]["points"] == -coupon.points


def test_errors_can_be_problem_details(shop: TrainingShop, pos: Pos) -> None:
    shop.configure(error_style=ErrorStyle.PROBLEM)

    answer = pos.balance("1")

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["title"]) == (404, "No customer has this id.")


def test_a_wrong_token_is_refused(shop: TrainingShop) -> None:
    url = f"{shop.addresses.pos_endpoint}/customers/1/points"

    assert httpx.get(url, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert httpx.get(url).status_code == 401


@pytest.mark.parametrize("amount", [0, -5, 1.5, True, "500", None])
def test_an_amount_that_is_no_whole_number_from_one_is_refused(shop: TrainingShop, pos: Pos, amount: object) -> None:
    before = shop.state()["point_entries"]

    assert pos.add(number(shop.showcase.example.customer_id), amount).status_code == 400
    assert shop.state()["point_entries"] == before == {}


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 251}, {"limit": "x"}, {"cursor": "x"}])
def test_a_page_that_makes_no_sense_is_refused(shop: TrainingShop, pos: Pos, asked: dict[str, object]) -> None:
    assert pos.history(number(shop.showcase.example.customer_id), **asked).status_code == 400


def test_what_is_not_in_the_contract_is_not_found(shop: TrainingShop) -> None:
    assert httpx.post(f"{shop.addresses.pos_endpoint}/customers/1/points/remove").status_code == 404
    assert httpx.delete(f"{shop.addresses.pos_endpoint}/customers/1/points").status_code == 404
