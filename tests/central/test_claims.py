"""The claim: of all desks one has the coupon, and who lost it never gets past the fence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from coupon_desk.cancellation.ports import CentralClaims
from coupon_desk.central.claims import PostgresClaims
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Held
from coupon_desk.errors import RemoteRefused, System
from tests.surroundings.central_database import CentralDatabase

CODE = CouponCode.parse("70934-AB12CD-500")
OTHER = CouponCode.parse("70934-ZZ12CD-500")
SHOP = "example.myshopify.com"


@pytest.fixture
def ginza(centre: CentralDatabase) -> CentralClaims:
    return PostgresClaims(centre.open("Ginza"), SHOP)


@pytest.fixture
def osaka(centre: CentralDatabase) -> CentralClaims:
    return PostgresClaims(centre.open("Osaka"), SHOP)


def whose(held: Held | None) -> tuple[str, str, str, bool] | None:
    return (held.operation, held.desk, held.by, held.is_returning) if held else None


def test_the_first_desk_has_the_coupon_and_the_second_is_told_whose_it_is(ginza: CentralClaims, osaka: CentralClaims) -> None:
    assert ginza.holder(CODE) is None
    assert ginza.take(CODE, "op-1", "aiko") is None
    assert whose(osaka.take(CODE, "op-2", "bunta")) == ("op-1", "Ginza", "aiko", False)
    assert whose(osaka.holder(CODE)) == ("op-1", "Ginza", "aiko", False)
    assert osaka.take(OTHER, "op-3", "bunta") is None
    assert (ginza.open_ones(), osaka.open_ones()) == (("op-1",), ("op-3",))


def test_taking_again_is_safe_and_finds_that_it_is_ours(ginza: CentralClaims, centre: CentralDatabase) -> None:
    for _ in range(3):
        assert ginza.take(CODE, "op-1", "aiko") is None
    assert centre.ask("SELECT count(*) FROM coupon_desk.claims") == [(1,)]


def test_another_operation_of_the_same_desk_does_not_have_it_either(ginza: CentralClaims) -> None:
    assert ginza.take(CODE, "op-1", "aiko") is None
    assert whose(ginza.take(CODE, "op-2", "bunta")) == ("op-1", "Ginza", "aiko", False)


def test_the_fence_marks_the_claim_as_returning_and_it_stays_so(ginza: CentralClaims, osaka: CentralClaims) -> None:
    assert ginza.take(CODE, "op-1", "aiko") is None
    assert ginza.take(CODE, "op-1", "aiko", returning=True) is None
    assert ginza.take(CODE, "op-1", "aiko") is None
    assert whose(osaka.holder(CODE)) == ("op-1", "Ginza", "aiko", True)


def test_a_released_coupon_is_free_and_only_its_holder_releases_it(
    ginza: CentralClaims, osaka: CentralClaims, centre: CentralDatabase
) -> None:
    ginza.take(CODE, "op-1", "aiko")
    osaka.release(CODE, "op-1")
    ginza.release(CODE, "op-2")
    assert whose(osaka.holder(CODE)) == ("op-1", "Ginza", "aiko", False)
    ginza.release(CODE, "op-1")
    ginza.release(CODE, "op-1")
    assert osaka.holder(CODE) is None
    assert osaka.take(CODE, "op-2", "bunta") is None
    assert centre.ask("SELECT operation, ending FROM coupon_desk.claims ORDER BY id") == [("op-1", "released"), ("op-2", None)]


def test_who_was_taken_over_is_told_the_successor_for_ever_and_is_stopped_at_the_fence(
    ginza: CentralClaims, osaka: CentralClaims, centre: CentralDatabase
) -> None:
    ginza.take(CODE, "op-1", "aiko")
    assert osaka.take(CODE, "op-2", "bunta", replaces="op-1", proof="history and orders looked at by chie") is None
    assert whose(ginza.take(CODE, "op-1", "aiko", returning=True)) == ("op-2", "Osaka", "bunta", False)
    assert centre.ask("SELECT ending, successor, proof, state FROM coupon_desk.claims WHERE operation = 'op-1'") == [
        ("taken over", "op-2", "history and orders looked at by chie", "claimed")
    ]
    osaka.take(CODE, "op-2", "bunta", returning=True)
    osaka.release(CODE, "op-2")
    assert ginza.holder(CODE) is None
    assert whose(ginza.take(CODE, "op-1", "aiko", returning=True)) == ("op-2", "Osaka", "bunta", True)
    assert ginza.take(CODE, "op-9", "aiko") is None, "a new operation may"
    assert whose(ginza.take(CODE, "op-1", "aiko")) == ("op-9", "Ginza", "aiko", False)


def test_who_was_taken_over_does_not_take_it_back(ginza: CentralClaims, osaka: CentralClaims) -> None:
    ginza.take(CODE, "op-1", "aiko")
    osaka.take(CODE, "op-2", "bunta", replaces="op-1", proof="looked")
    successor = ("op-2", "Osaka", "bunta", False)
    assert whose(ginza.take(CODE, "op-1", "aiko", replaces="op-2", proof="looked")) == successor
    assert whose(osaka.holder(CODE)) == successor
    osaka.release(CODE, "op-2")
    assert whose(ginza.take(CODE, "op-1", "aiko", replaces="op-2", proof="looked")) == successor
    assert ginza.holder(CODE) is None


def test_a_take_over_names_whom_it_replaces_and_nobody_else_is_replaced(ginza: CentralClaims, osaka: CentralClaims) -> None:
    ginza.take(CODE, "op-1", "aiko")
    assert whose(osaka.take(CODE, "op-2", "bunta", replaces="op-0", proof="looked")) == ("op-1", "Ginza", "aiko", False)
    ginza.release(CODE, "op-1")
    assert osaka.take(CODE, "op-2", "bunta", replaces="op-1", proof="looked") is None, "it was free by then"
    assert osaka.take(CODE, "op-2", "bunta", replaces="op-1", proof="looked") is None, "and is ours when asked again"


def test_a_take_over_without_proof_is_refused_and_changes_nothing(ginza: CentralClaims, osaka: CentralClaims) -> None:
    ginza.take(CODE, "op-1", "aiko")
    with pytest.raises(RemoteRefused) as refused:
        osaka.take(CODE, "op-2", "bunta", replaces="op-1", proof=" ")
    assert refused.value.system is System.CENTRAL
    assert whose(osaka.holder(CODE)) == ("op-1", "Ginza", "aiko", False)


def test_two_shops_do_not_get_into_each_other_s_way(centre: CentralDatabase) -> None:
    central = centre.open("Ginza")
    here, there = PostgresClaims(central, SHOP), PostgresClaims(central, "other.myshopify.com")
    assert here.take(CODE, "op-1", "aiko") is None
    assert there.take(CODE, "op-2", "aiko") is None
    assert (here.open_ones(), there.open_ones()) == (("op-1",), ("op-2",))


def test_the_code_itself_is_not_in_the_central_database(ginza: CentralClaims, centre: CentralDatabase) -> None:
    ginza.take(CODE, "op-1", "aiko")
    ((stored,),) = centre.ask("SELECT to_json(c)::text FROM coupon_desk.claims c")
    assert "70934-******-500" in stored
    assert "AB12CD" not in stored


def test_of_many_who_take_at_once_exactly_one_has_it(ginza: CentralClaims, osaka: CentralClaims) -> None:
    codes = [CouponCode.parse(f"70934-{number:06d}-500") for number in range(200)]
    start = threading.Barrier(4)

    def taker(claims: CentralClaims, name: str) -> Callable[[], list[bool]]:
        def take_all() -> list[bool]:
            won = []
            for code in codes:
                start.wait(timeout=30)
                won.append(claims.take(code, f"op-{name}-{code.text}", name) is None)
            return won

        return take_all

    with ThreadPoolExecutor(4) as pool:
        each = [
            pool.submit(taker(claims, name))
            for claims, name in ((ginza, "aiko"), (osaka, "bunta"), (ginza, "chie"), (osaka, "daigo"))
        ]
        results = [one.result(timeout=90) for one in each]
    assert [sum(won) for won in zip(*results, strict=True)] == [1] * len(codes)


def test_of_many_who_take_over_at_once_exactly_one_does_and_the_holder_may_pass_the_fence_only_before(
    ginza: CentralClaims, osaka: CentralClaims
) -> None:
    start = threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        for number in range(60):
            code = CouponCode.parse(f"70935-{number:06d}-500")
            assert ginza.take(code, f"op-{number}", "aiko") is None

            def fenced(code: CouponCode = code, number: int = number) -> bool:
                start.wait(timeout=30)
                return ginza.take(code, f"op-{number}", "aiko", returning=True) is None

            def replaced(claims: CentralClaims, successor: str, code: CouponCode = code, number: int = number) -> Held | None:
                start.wait(timeout=30)
                return claims.take(code, f"{successor}-{number}", "bunta", replaces=f"op-{number}", proof="looked")

            through = pool.submit(fenced)
            first, second = pool.submit(replaced, osaka, "a"), pool.submit(replaced, ginza, "b")
            outcomes = [first.result(timeout=60), second.result(timeout=60)]
            assert sum(held is None for held in outcomes) == 1
            through.result(timeout=60)
            assert ginza.take(code, f"op-{number}", "aiko", returning=True) is not None


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM coupon_desk.claims",
        "TRUNCATE coupon_desk.claims",
        "UPDATE coupon_desk.claims SET operator = 'nobody'",
        "UPDATE coupon_desk.claims SET made_at = now() - interval '1 day'",
        "UPDATE coupon_desk.claims SET state = 'claimed'",
        "UPDATE coupon_desk.claims SET ended_at = now()",
    ],
)
def test_what_a_claim_was_is_not_changed_even_by_the_administrator(
    ginza: CentralClaims, centre: CentralDatabase, change: str
) -> None:
    ginza.take(CODE, "op-1", "aiko", returning=True)
    before = centre.ask("SELECT * FROM coupon_desk.claims")
    with pytest.raises(Exception, match=r"refused|violates"):
        centre.ask(f"SET session_replication_role = replica; {change}")
    assert centre.ask("SELECT * FROM coupon_desk.claims") == before
