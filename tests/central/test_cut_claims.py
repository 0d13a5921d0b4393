"""A connection that is cut at any moment of a claim: the same call asked again finds what was done, and never does it twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
import pytest

from coupon_desk.cancellation.ports import CentralClaims
from coupon_desk.central.claims import PostgresClaims
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Held
from coupon_desk.errors import RemoteUnavailable
from tests.central.proxy import Network, network
from tests.central.server import Server
from tests.surroundings.central_database import CentralDatabase
from tests.surroundings.postgres_server import USER
from tests.surroundings.tool import wait_until

CODE = CouponCode.parse("70934-AB12CD-500")
SHOP = "example.myshopify.com"

Call = Callable[[CentralClaims], Held | None]


def release(claims: CentralClaims) -> None:
    claims.release(CODE, "op-1")


CALLS: dict[str, tuple[str, Call, list[tuple[str, str, str | None, str | None]]]] = {
    "take": (
        "free",
        lambda claims: claims.take(CODE, "op-1", "aiko"),
        [("op-1", "claimed", None, None)],
    ),
    "take, returning": (
        "ours",
        lambda claims: claims.take(CODE, "op-1", "aiko", returning=True),
        [("op-1", "returning", None, None)],
    ),
    "take over": (
        "theirs",
        lambda claims: claims.take(CODE, "op-1", "aiko", replaces="op-0", proof="looked"),
        [("op-0", "claimed", "taken over", "op-1"), ("op-1", "claimed", None, None)],
    ),
    "release": (
        "ours",
        release,
        [("op-1", "claimed", "released", None)],
    ),
}
"""Each call with whose the coupon was before, and what stands in the table after it was done once: operation, state, ending,
successor."""


def stored(company: CentralDatabase) -> list[tuple[object, ...]]:
    return company.ask("SELECT operation, state, ending, successor FROM coupon_desk.claims ORDER BY id")


@pytest.fixture
def between(server: Server) -> Iterator[Network]:
    with network(server.port) as passing_on:
        yield passing_on


def begun(company: CentralDatabase, server: Server, whose: str, port: int | None = None) -> CentralClaims:
    """The claims of a desk, connected, when the coupon is free, ours, or another desk's."""
    if whose == "theirs":
        PostgresClaims(company.open("Osaka"), SHOP).take(CODE, "op-0", "bunta")
    claims = PostgresClaims(company.open("Ginza", f"127.0.0.1:{port or server.port}", sslmode="disable"), SHOP)
    assert claims.open_ones() == ()
    if whose == "ours":
        claims.take(CODE, "op-1", "aiko")
    return claims


@contextmanager
def claims_locked(company: CentralDatabase) -> Iterator[None]:
    """Nobody gets at the claims: whoever asks waits in the middle of his statement."""
    with (
        psycopg.connect(host=str(company.folder), port=company.port, user=USER, dbname=company.name) as holder,
        holder.transaction(force_rollback=True),
    ):
        holder.execute("LOCK TABLE coupon_desk.claims IN ACCESS EXCLUSIVE MODE")
        yield


def waiting(company: CentralDatabase) -> list[int]:
    found = company.ask(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s AND application_name <> ''",
        company.name,
    )
    return [process for (process,) in found]


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_that_is_lost_after_the_commit_is_found_by_asking_again(
    company: CentralDatabase, server: Server, between: Network, name: str
) -> None:
    whose, call, once = CALLS[name]
    claims = begun(company, server, whose, between.port)
    between.lose_the_answer_to(b"release_claim" if name == "release" else b"take_claim")
    with pytest.raises(RemoteUnavailable):
        call(claims)
    assert between.lost.is_set()
    assert stored(company) == once, "it had been done"
    assert call(claims) is None
    assert call(claims) is None
    assert stored(company) == once


@pytest.mark.parametrize("name", CALLS)
def test_a_connection_that_is_cut_inside_leaves_nothing_and_asking_again_does_it(
    company: CentralDatabase, server: Server, name: str
) -> None:
    whose, call, once = CALLS[name]
    claims = begun(company, server, whose)
    before = stored(company)
    with ThreadPoolExecutor(1) as pool:
        with claims_locked(company):
            asked: Future[Held | None] = pool.submit(call, claims)
            wait_until(lambda: bool(waiting(company)), "the call waits inside its statement")
            company.ask("SELECT pg_terminate_backend(%s)", waiting(company)[0])
            with pytest.raises(RemoteUnavailable):
                asked.result(timeout=30)
        assert stored(company) == before
    assert call(claims) is None
    assert stored(company) == once


@pytest.mark.parametrize("name", CALLS)
def test_a_connection_that_was_cut_before_is_not_even_noticed(company: CentralDatabase, server: Server, name: str) -> None:
    whose, call, once = CALLS[name]
    claims = begun(company, server, whose)
    company.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'coupon-desk%%' AND datname = %s",
        company.name,
    )
    assert call(claims) is None
    assert stored(company) == once


def test_a_server_that_stops_in_the_middle_and_comes_back_has_the_claims_that_it_had(
    company: CentralDatabase, server: Server
) -> None:
    claims = begun(company, server, "ours")
    with ThreadPoolExecutor(1) as pool:
        holder = psycopg.connect(host=str(company.folder), port=company.port, user=USER, dbname=company.name)
        holder.execute("LOCK TABLE coupon_desk.claims IN ACCESS EXCLUSIVE MODE")
        asked = pool.submit(claims.take, CODE, "op-1", "aiko", returning=True)
        wait_until(lambda: bool(waiting(company)), "the call waits inside its statement")
        server.stop()
        holder.close()
        with suppress(RemoteUnavailable):  # or the lock went first, and it was done just before the server was gone
            assert asked.result(timeout=30) is None
    with pytest.raises(RemoteUnavailable):
        claims.holder(CODE)
    server.start()
    held = claims.holder(CODE)
    assert held is not None
    assert held.operation == "op-1"
    assert claims.take(CODE, "op-1", "aiko", returning=True) is None
    held = claims.holder(CODE)
    assert held is not None
    assert held.is_returning


def test_a_desk_that_waits_too_long_for_another_is_told_to_come_back(company: CentralDatabase, server: Server) -> None:
    claims = begun(company, server, "free")
    with claims_locked(company), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(claims.take, CODE, "op-1", "aiko")
        wait_until(lambda: bool(waiting(company)), "the call waits inside its statement")
        with pytest.raises(RemoteUnavailable):
            asked.result(timeout=30)
    assert claims.take(CODE, "op-1", "aiko") is None
