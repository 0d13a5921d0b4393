"""Reading balance and history: strict, bounded, retried, and never taken for absence when it is not."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import trustme

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.evidence import Absent, HistorySeen
from coupon_desk.coupons.points import EntryType
from coupon_desk.errors import ConfigurationError, RemoteRefused, RemoteUnavailable
from coupon_desk.points.port import DuplicateGuard, HistorySearch
from coupon_desk.points.rest import HISTORY_PAGES, READ_ATTEMPTS, RestPoints
from coupon_desk.points.transport import ANSWER_BYTES, ANSWER_SECONDS
from coupon_desk.settings import Pos
from coupon_desk.words import Language, msg
from tests.points.wire_server import Reply, WireServer, answer, reset, trickling, truncated, wire_server

REFERENCE = "COUPON-70934-AB12CD-500"
BALANCE = {"customer_id": "70934", "balance": 1200}
CONVERSION = {
    "id": "e-1",
    "type": "deduct",
    "points": -500,
    "reason": "Converted",
    "reference": REFERENCE,
    "created_at": "2026-11-01T10:00:00Z",
    "balance": 1200,
}
RETURN = {
    **CONVERSION,
    "id": "e-2",
    "type": "add",
    "points": 500,
    "reason": "Coupon cancelled",
    "created_at": "2026-11-20T10:00:00+09:00",
    "balance": 1700,
}
UNKNOWN_CUSTOMER = answer(404, {"error": {"code": "customer_not_found", "message": "no customer 70934"}})


def history(*entries: object, next_cursor: str | None = None) -> Reply:
    return answer(200, {"entries": entries, "next_cursor": next_cursor})


def test_the_balance_is_read_with_the_token_and_past_every_cache(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, BALANCE)]

    assert points.read_balance("70934") == 1200

    request = server.received[0]
    assert (request.method, request.target) == ("GET", "/api/customers/70934/points")
    assert request.headers["authorization"] == "Bearer pos-token-1"
    assert request.headers["cache-control"] == "no-cache"


def test_a_customer_id_is_quoted_so_that_it_cannot_reach_another_resource(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, {"customer_id": "a/../7?x#%", "balance": 1})]

    assert points.read_balance("a/../7?x#%") == 1
    assert server.received[0].target == "/api/customers/a%2F..%2F7%3Fx%23%25/points"


@pytest.mark.parametrize("customer_id", ["", "  ", ".", ".."])
def test_an_unusable_customer_id_is_refused_before_anything_is_sent(
    server: WireServer, points: RestPoints, customer_id: str
) -> None:
    with pytest.raises(RemoteRefused, match="no usable id"):
        points.read_balance(customer_id)
    assert server.received == []


@pytest.mark.parametrize(
    "reply",
    [
        UNKNOWN_CUSTOMER,
        answer(404, {"type": "about:blank", "title": "Customer not found"}, {"Content-Type": "application/problem+json"}),
    ],
    ids=["error object", "problem+json"],
)
def test_an_unknown_customer_is_absent(server: WireServer, points: RestPoints, reply: Reply) -> None:
    server.replies = [reply]
    assert points.read_balance("70934") == Absent()
    assert points.read_history("70934", REFERENCE) == Absent()
    assert points.read_recent("70934", 20) == ()


@pytest.mark.parametrize(
    "body", [b"<h1>404 Not Found</h1>", b'{"detail": "Not Found"}', b""], ids=["html", "framework", "empty"]
)
def test_a_404_that_no_point_system_wrote_is_a_wrong_address_and_not_an_unknown_customer(
    server: WireServer, points: RestPoints, body: bytes
) -> None:
    server.replies = [answer(404, body)]
    with pytest.raises(RemoteRefused, match="no point system at the configured address"):
        points.read_balance("70934")


def test_the_history_holds_conversion_and_return_newest_first(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, BALANCE), history(CONVERSION, RETURN)]

    seen = points.read_history("70934", REFERENCE)

    assert isinstance(seen, HistorySeen)
    assert (seen.balance, seen.complete) == (1200, True)
    assert [(entry.id, entry.type, entry.points) for entry in seen.entries] == [
        ("e-2", EntryType.ADD, 500),
        ("e-1", EntryType.DEDUCT, -500),
    ]
    assert len(seen.conversions) == len(seen.returns) == 1
    assert seen.points_expire_on is None


@pytest.mark.parametrize(
    ("told", "day"), [("2027-11-30", date(2027, 11, 30)), ("2027-02-30", None), ("soon", None), (20271130, None), (None, None)]
)
def test_until_when_points_can_be_used_is_told_and_hinders_nobody_where_it_cannot_be_read(
    server: WireServer, points: RestPoints, told: object, day: date | None
) -> None:
    server.replies = [answer(200, {**BALANCE, "added_points_expire_on": told}), history(CONVERSION)]
    seen = points.read_history("70934", REFERENCE)
    assert isinstance(seen, HistorySeen)
    assert (seen.balance, seen.points_expire_on) == (1200, day)
    assert server.received[1].target == f"/api/customers/70934/points/history?reference={REFERENCE}&limit=100"


def test_entries_of_other_references_are_left_out_where_the_server_ignores_the_filter(
    server: WireServer, points: RestPoints
) -> None:
    other = {**RETURN, "id": "e-3", "reference": "COUPON-70934-ZZ99ZZ-500"}
    none = {**RETURN, "id": "e-4", "reference": None}
    lower = {**CONVERSION, "id": "e-5", "reference": f" {REFERENCE.lower()}"}
    server.replies = [answer(200, BALANCE), history(other, none, lower)]

    seen = points.read_history("70934", REFERENCE)

    assert isinstance(seen, HistorySeen)
    assert [entry.id for entry in seen.entries] == ["e-5"]


def test_the_history_is_read_to_its_end_and_an_entry_that_moved_to_the_next_page_counts_once(
    server: WireServer, points: RestPoints
) -> None:
    server.replies = [answer(200, BALANCE), history(RETURN, next_cursor="c 2"), history(RETURN, CONVERSION)]

    seen = points.read_history("70934", REFERENCE)

    assert isinstance(seen, HistorySeen)
    assert [entry.id for entry in seen.entries] == ["e-2", "e-1"]
    assert seen.complete
    assert server.received[2].target.endswith("&cursor=c+2")


def test_a_cursor_that_comes_again_proves_no_absence(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, BALANCE), history(next_cursor="same")]
    seen = points.read_history("70934", REFERENCE)
    assert isinstance(seen, HistorySeen)
    assert not seen.complete
    assert len(server.received) == 3


def test_a_history_without_end_is_given_up_and_says_so(server: WireServer, points: RestPoints) -> None:
    pages = [history(next_cursor=f"c{number}") for number in range(HISTORY_PAGES + 5)]
    server.replies = [answer(200, BALANCE), *pages]
    seen = points.read_history("70934", REFERENCE)
    assert isinstance(seen, HistorySeen)
    assert not seen.complete
    assert len(server.received) == 1 + HISTORY_PAGES


@pytest.mark.parametrize(
    "wrong",
    [
        {**CONVERSION, "points": 500},
        {**RETURN, "points": -500},
        {**CONVERSION, "points": "-500"},
        {**CONVERSION, "points": -500.0},
        {**CONVERSION, "type": "transfer"},
        {**CONVERSION, "created_at": "2026-11-01T10:00:00"},
        {**CONVERSION, "created_at": "yesterday"},
        {key: value for key, value in CONVERSION.items() if key != "id"},
    ],
    ids=["deduct above 0", "add below 0", "text", "fraction", "unknown type", "no zone", "no date", "no id"],
)
def test_an_entry_that_is_not_as_the_contract_says_makes_the_history_unreadable(
    server: WireServer, points: RestPoints, wrong: object
) -> None:
    server.replies = [answer(200, BALANCE), history(CONVERSION, wrong)]
    with pytest.raises(RemoteUnavailable, match="cannot be read"):
        points.read_history("70934", REFERENCE)


@pytest.mark.parametrize(
    "reply",
    [
        answer(200, b"<html>login</html>"),
        answer(200, b""),
        answer(200, b"[" * 100_000),
        answer(200, {"customer_id": "70934"}),
        answer(200, {"customer_id": "70934", "balance": True}),
        answer(200, {"customer_id": "70935", "balance": 1200}),
        answer(204, b""),
        answer(500, {"error": {"code": "boom", "message": "…"}}),
        answer(502, b"<html>Bad gateway</html>"),
        answer(429, b"", {"Retry-After": "1"}),
        truncated(b'{"customer_id": "70934", "bal'),
        reset,
    ],
    ids=[
        "html",
        "empty",
        "deep",
        "missing",
        "not a number",
        "other customer",
        "204",
        "500",
        "502",
        "429",
        "truncated",
        "reset",
    ],
)
def test_a_read_without_a_usable_answer_is_tried_again_and_then_unavailable(
    server: WireServer, points: RestPoints, reply: Reply
) -> None:
    server.replies = [reply]
    with pytest.raises(RemoteUnavailable):
        points.read_balance("70934")
    assert len(server.received) == READ_ATTEMPTS


def test_a_read_recovers_from_a_short_fault(server: WireServer, points: RestPoints, clock: VirtualClock) -> None:
    server.replies = [answer(503, b""), reset, answer(200, BALANCE)]
    assert points.read_balance("70934") == 1200
    assert clock.monotonic() < 4


@pytest.mark.parametrize("retry_after", ["7", "Mon, 23 Nov 2026 03:00:07 GMT"], ids=["seconds", "date"])
def test_a_read_waits_as_long_as_it_is_asked_to(
    server: WireServer, points: RestPoints, clock: VirtualClock, retry_after: str
) -> None:
    server.replies = [answer(429, b"", {"Retry-After": retry_after}), answer(200, BALANCE)]
    assert points.read_balance("70934") == 1200
    assert clock.monotonic() == pytest.approx(7, abs=0.01)


def test_a_read_that_is_asked_to_wait_for_long_says_so_at_once(
    server: WireServer, points: RestPoints, clock: VirtualClock
) -> None:
    server.replies = [answer(429, b"", {"Retry-After": "120"})]
    with pytest.raises(RemoteUnavailable) as caught:
        points.read_balance("70934")
    assert caught.value.retry_after_seconds == 120
    assert len(server.received) == 1
    assert clock.monotonic() == 0


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "does not accept the stored token"),
        (403, "may not do this"),
        (422, "refused this (bad_thing)"),
        (302, "no point system at the configured address"),
    ],
)
def test_a_refused_read_is_not_tried_again_and_says_what_to_do(
    server: WireServer, points: RestPoints, status: int, sentence: str
) -> None:
    server.replies = [answer(status, {"error": {"code": "bad_thing", "message": "Hanako Sato"}}, {"X-Request-Id": "r-9"})]
    with pytest.raises(RemoteRefused) as caught:
        points.read_balance("70934")
    assert sentence in str(caught.value)
    assert caught.value.todo is not None
    assert caught.value.request_id == "r-9"
    assert len(server.received) == 1
    assert "Hanako" not in caught.value.sentences(Language.EN) + caught.value.detail


def test_the_newest_entries_are_read_whatever_their_reference(server: WireServer, points: RestPoints) -> None:
    server.replies = [history(RETURN, {**CONVERSION, "reference": None}, next_cursor="more")]
    assert [entry.id for entry in points.read_recent("70934", 1)] == ["e-2"]
    assert server.received[0].target == "/api/customers/70934/points/history?limit=1"


def test_the_check_passes_where_the_system_knows_no_such_customer(server: WireServer, points: RestPoints) -> None:
    server.replies = [UNKNOWN_CUSTOMER]
    points.check()
    assert len(server.received) == 1


def test_the_check_fails_where_nobody_listens(clock: VirtualClock) -> None:
    with (
        RestPoints(Pos(endpoint="http://127.0.0.1:1/api"), lambda: "t", clock) as nobody,
        pytest.raises(RemoteUnavailable, match="cannot be reached"),
    ):
        nobody.check()


@pytest.mark.parametrize("token", ["", " \n", "tök", "a\r\nX-Evil: 1", "a\x00b"])
def test_a_damaged_token_is_refused_and_never_named(server: WireServer, clock: VirtualClock, token: str) -> None:
    with RestPoints(Pos(endpoint=server.endpoint), lambda: token, clock) as system, pytest.raises(RemoteRefused) as caught:
        system.read_balance("70934")
    assert server.received == []
    assert caught.value.sentences(Language.EN).startswith("The stored token of the point system is empty or damaged")
    assert caught.value.__cause__ is None


def test_a_token_that_cannot_be_fetched_means_that_nothing_was_asked(server: WireServer, clock: VirtualClock) -> None:
    def locked() -> str:
        raise ConfigurationError(msg("The keyring is locked."))

    with (
        RestPoints(Pos(endpoint=server.endpoint), locked, clock) as system,
        pytest.raises(RemoteUnavailable, match=r"The keyring is locked\."),
    ):
        system.read_balance("70934")
    assert server.received == []


def test_aborting_ends_a_read_in_flight_at_once_and_lets_none_begin(server: WireServer, points: RestPoints) -> None:
    server.replies = [server.silent]
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(points.read_balance, "70934")
        assert server.asked.wait(5)
        points.abort_reads()
        with pytest.raises(RemoteUnavailable, match="closing"):
            reading.result(timeout=5)
    with pytest.raises(RemoteUnavailable, match="closing"):
        points.read_balance("70934")
    assert len(server.received) == 1


def test_aborting_also_ends_a_read_on_a_connection_that_was_kept(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, BALANCE), server.silent]
    assert points.read_balance("70934") == 1200
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(points.read_balance, "70934")
        assert server.asked.wait(5)
        points.abort_reads()
        with pytest.raises(RemoteUnavailable, match="closing"):
            reading.result(timeout=5)


def test_aborting_ends_a_read_over_tls(clock: VirtualClock) -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    with wire_server(theirs) as server, RestPoints(Pos(endpoint=server.endpoint), lambda: "t", clock, tls=ours) as system:
        server.replies = [answer(200, BALANCE), server.silent]
        assert system.read_balance("70934") == 1200
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(system.read_balance, "70934")
            assert server.asked.wait(5)
            system.abort_reads()
            with pytest.raises(RemoteUnavailable, match="closing"):
                reading.result(timeout=5)


def test_an_answer_that_trickles_without_end_is_given_up(server: WireServer, points: RestPoints, clock: VirtualClock) -> None:
    server.replies = [trickling(b"{", b" " * 10, b"}", between=lambda: clock.advance(ANSWER_SECONDS + 1))]
    with pytest.raises(RemoteUnavailable, match="did not answer"):
        points.read_balance("70934")
    assert len(server.received) == 1


def test_an_answer_without_measure_is_given_up(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, b" " * (ANSWER_BYTES + 1))]
    with pytest.raises(RemoteUnavailable, match="did not answer"):
        points.read_balance("70934")


def test_several_threads_read_at_once(server: WireServer, points: RestPoints) -> None:
    barrier = threading.Barrier(4, timeout=5)

    def together(connection: socket.socket) -> None:
        barrier.wait()
        answer(200, BALANCE)(connection)

    server.replies = [together]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(points.read_balance, ["70934"] * 4)) == [1200] * 4


@pytest.mark.parametrize("replays", [True, False])
def test_it_declares_what_the_contract_promises(replays: bool, clock: VirtualClock) -> None:
    pos = Pos(endpoint="http://127.0.0.1:1", replays_idempotency_key=replays)
    with RestPoints(pos, lambda: "t", clock) as system:
        declared = system.capabilities
    assert declared.duplicate_guard is (DuplicateGuard.REPLAY if replays else DuplicateGuard.NONE)
    assert declared.history is HistorySearch.BY_REFERENCE
    assert declared.key_retention is None
    assert declared.returns_entry_id
