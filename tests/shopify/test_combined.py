"""Combined calls against the training shop: whatever the world looks like, they answer as the single calls do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Claim, DiscountSeen, DiscountState, RecordSeen
from coupon_desk.coupons.record import PutClaim
from coupon_desk.errors import OutcomeUnknown
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.combined import CombinedShop, combined_shop
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.training.checkout import CheckoutRefused
from coupon_desk.training.shop import TrainingShop
from coupon_desk.wire import Answer
from tests.shopify.conftest import NOW
from tests.shopify.together import Call, Failed, MeetingClock, outcome, together

UNKNOWN = CouponCode.parse("70934-ZZZZZZ-500")
NOBODY = "gid://shopify/Customer/1"


@dataclass
class Both:
    """The training shop, asked one by one and together."""

    world: TrainingShop
    clock: MeetingClock
    single: ShopifyShop
    combined: CombinedShop

    def asks(self, count: int) -> list[tuple[str, tuple[Any, ...]]]:
        """Every read that makes sense of the first so many special coupons, as name and arguments."""
        made: list[tuple[str, tuple[Any, ...]]] = [("read_discount", (UNKNOWN,)), ("read_record", (NOBODY, UNKNOWN))]
        for specimen in list(self.world.showcase.all().values())[:count]:
            code = CouponCode.parse(str(specimen.code))
            made += [
                ("read_discount", (code,)),
                ("read_discount_by_id", (specimen.discount_id, code)),
                ("read_record", (specimen.customer_id, code)),
                ("find_orders", (code, specimen.customer_id, None)),
                ("find_orders", (code, specimen.customer_id, NOW - timedelta(days=3))),
                ("find_orders", (code, None, None)),
            ]
        return made

    def meet(self, calls: Sequence[Call]) -> list[Any]:
        return together(calls, self.clock, lambda: self.combined.gathered)

    def compare(self, asks: list[tuple[str, tuple[Any, ...]]]) -> None:
        """Ask one by one and together; equal answers, equal failures."""
        expected = [outcome(partial(getattr(self.single, name), *given)) for name, given in asks]
        assert self.meet([partial(getattr(self.combined, name), *given) for name, given in asks]) == expected

    def codes(self) -> list[CouponCode]:
        return [CouponCode.parse(str(specimen.code)) for specimen in self.world.showcase.all().values()]


@pytest.fixture(scope="module")
def running() -> Iterator[Both]:
    clock = MeetingClock(NOW)
    with TrainingShop.start(coupons=60, clock=clock) as world:
        settings_of = Shopify(domain="example.myshopify.com", endpoint=world.addresses.shopify_endpoint)
        token = world.addresses.token
        with ShopifyClient(settings_of, lambda: token, clock) as client, combined_shop(client, clock) as combined:
            yield Both(world, clock, ShopifyShop(client, clock), combined)


@pytest.fixture
def both(running: Both) -> Both:
    afresh(running.world)
    return running


def afresh(world: TrainingShop) -> None:
    world.reset()
    world.configure(usage_lag_seconds=0, search_lag_seconds=0, job_seconds=0)


deeds = st.lists(
    st.tuples(st.sampled_from(["redeem", "redeem_beside", "delete", "spoil", "lag", "catch_up"]), st.integers(0, 26)),
    max_size=8,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds, st.data())
def test_whatever_happened_in_the_shop_the_answers_are_those_of_the_single_calls(
    both: Both, done: list[tuple[str, int]], data: st.DataObject
) -> None:
    afresh(both.world)
    for deed, which in done:
        do(both.world, deed, list(both.world.showcase.all().values())[which])
    asks = both.asks(27)
    chosen = data.draw(st.lists(st.integers(0, len(asks) - 1), min_size=2, max_size=14, unique=True))

    both.compare([asks[place] for place in chosen])


def do(world: TrainingShop, deed: str, specimen: Any) -> None:
    try:
        match deed:
            case "redeem":
                world.redeem(specimen.code)
            case "redeem_beside":
                world.redeem(specimen.code, other_codes=("WELCOME",), first=False)
            case "delete":
                world.delete_discount(specimen.code)
            case "spoil":
                world.edit_record(specimen.customer_id, {"coupons": "nothing"})
            case "lag":
                world.configure(usage_lag_seconds=3600, search_lag_seconds=3600)
            case "catch_up":
                world.catch_up()
    except (CheckoutRefused, KeyError):
        return  # that coupon cannot be used or deleted any more


def test_every_special_coupon_is_seen_as_by_itself(both: Both) -> None:
    asks = both.asks(99)

    for kind in ("read_discount", "read_discount_by_id", "read_record"):
        both.compare([ask for ask in asks if ask[0] == kind][:24])
    both.compare([ask for ask in asks if ask[0] == "find_orders"][:24])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("read_discount", {"DiscountIdsByCode"}),
        ("read_discount_by_id", {"DiscountsById"}),
        ("read_record", {"CustomerRecords"}),
        ("find_orders", {"OrdersOfCoupons"}),
    ],
)
def test_one_request_answers_many(both: Both, kind: str, expected: set[str]) -> None:
    asks = [ask for ask in both.asks(6) if ask[0] == kind and ask[1][-1] is not UNKNOWN]
    both.world.journal.clear()

    both.meet([partial(getattr(both.combined, name), *given) for name, given in asks])

    calls = [entry.call for entry in both.world.journal.entries]
    assert all(calls.count(call) == 1 for call in expected)
    assert not {"CustomerRecord", "OrdersOfCoupon"} & set(calls)
    assert kind != "read_discount_by_id" or calls.count("DiscountById") <= 1, "one of the six bears several codes"


def test_an_order_found_by_its_first_code_and_one_by_its_second_are_both_seen(both: Both) -> None:
    shelf = both.world.showcase
    first, second, unused = shelf.example, shelf.english_customer, shelf.no_email
    both.world.redeem(first.code)
    both.world.redeem(second.code, other_codes=("WELCOME",), first=False)
    three = [(CouponCode.parse(str(one.code)), one.customer_id) for one in (first, second, unused)]

    told = both.meet([partial(both.combined.find_orders, code, customer, None) for code, customer in three])

    assert [[order.codes for order in seen.orders] for seen in told] == [
        [(first.code,)],
        [("WELCOME", second.code)],
        [],
    ]


def entries(both: Both, count: int) -> list[tuple[RecordSeen, CouponCode]]:
    """The records of so many special coupons, read one by one."""
    found = []
    for specimen in list(both.world.showcase.all().values())[:count]:
        code = CouponCode.parse(str(specimen.code))
        seen = outcome(partial(both.single.read_record, specimen.customer_id, code))
        if isinstance(seen, RecordSeen):
            found.append((seen, code))
    return found


def kinds(told: list[Any]) -> list[str]:
    return sorted(one.kind.__name__ if isinstance(one, Failed) else type(one).__name__ for one in told)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 8), min_size=2, max_size=10), st.sets(st.integers(0, 8), max_size=3))
def test_records_are_written_as_by_themselves(both: Both, chosen: list[int], changed: set[int]) -> None:
    """Also where somebody changed one meanwhile, and where two write to one record: one of them comes first."""
    results = []
    for send_together in (False, True):
        afresh(both.world)
        records = entries(both, 12)
        for place in changed:
            both.world.edit_record(records[place][0].customer.id, {"coupons": [], "edited": True})
        requests = [
            both.single.prepare_record(seen, code, PutClaim(Claim(f"op-{number}", "mika", NOW)))
            for number, (seen, code) in enumerate(records[place] for place in chosen)
        ]
        sends = [partial((both.combined if send_together else both.single).send, request) for request in requests]
        told = both.meet(sends) if send_together else [outcome(send) for send in sends]
        owners = [records[place][0].customer.id for place in chosen]
        claimed = [sum("cancellation" in str(both.world.record(owner)) for owner in set(owners))]
        results.append(
            (claimed, [kinds([one for one, its in zip(told, owners, strict=True) if its == owner]) for owner in owners])
        )

    assert results[0] == results[1]


def test_what_is_written_together_is_the_entry_of_each_prepared_request(both: Both) -> None:
    records = entries(both, 6)
    requests = [both.single.prepare_record(seen, code, PutClaim(Claim("op-1", "mika", NOW))) for seen, code in records]
    both.world.journal.clear()

    told = both.meet([partial(both.combined.send, request) for request in requests])

    assert [type(one) for one in told] == [Answer] * len(requests)
    (call,) = both.world.journal.calls("metafieldsSet")
    assert call.applied
    for request, one in zip(requests, told, strict=True):
        (entry,) = json.loads(request.body)["variables"]["metafields"]
        assert both.world.record(entry["ownerId"]) == json.loads(entry["value"])
        assert json.loads(one.body)["data"]["payload"]["metafields"][0]["id"].startswith("gid://shopify/Metafield/")
        assert len(json.loads(one.body)["data"]["payload"]["metafields"]) == 1


def discounts(both: Both, count: int) -> list[DiscountSeen]:
    seen = [outcome(partial(both.single.read_discount, code)) for code in both.codes()]
    return [one for one in seen if isinstance(one, DiscountSeen) and one.bears_only_this_code][:count]


@pytest.mark.parametrize("job_seconds", [0, 3])
def test_discounts_are_switched_off_by_one_job_and_each_is_looked_at(both: Both, job_seconds: float) -> None:
    both.world.configure(job_seconds=job_seconds)
    found = discounts(both, 8)
    both.world.delete_discount(found[3].code)
    expected = outcome(partial(both.single.send, both.single.prepare_deactivation(found[3])))
    both.world.journal.clear()

    told = both.meet([partial(both.combined.send, both.combined.prepare_deactivation(one)) for one in found])

    assert [one for one in told if isinstance(one, Failed)] == [expected]
    assert len(both.world.journal.calls("discountCodeBulkDeactivate")) == 1
    assert [entry.target for entry in both.world.journal.calls("discountCodeDeactivate")] == [found[3].id]
    for one in (*found[:3], *found[4:]):
        assert both.single.read_discount_by_id(one.id, one.code) == replace(
            one, state=DiscountState.EXPIRED, **dates(both, one)
        )


def dates(both: Both, one: DiscountSeen) -> dict[str, Any]:
    seen = both.single.read_discount(one.code)
    assert isinstance(seen, DiscountSeen)
    return {"starts_at": seen.starts_at, "ends_at": seen.ends_at}


def test_a_job_that_does_not_end_is_unknown_to_each(both: Both) -> None:
    both.world.configure(job_seconds=1e6)
    told = both.meet([partial(both.combined.send, both.combined.prepare_deactivation(one)) for one in discounts(both, 3)])

    assert told == [Failed(OutcomeUnknown, "Shopify has not finished in time.")] * 3


def test_a_deletion_is_sent_by_itself(both: Both) -> None:
    found = discounts(both, 3)
    both.world.journal.clear()

    told = [outcome(partial(both.combined.send, both.combined.prepare_deletion(one))) for one in found]

    assert [type(one) for one in told] == [Answer] * 3
    assert len(both.world.journal.calls("discountCodeDelete")) == 3
