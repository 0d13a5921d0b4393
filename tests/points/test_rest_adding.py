"""Adding points: what is sent, byte for byte, and what each answer proves."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import trustme

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.points import Points
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.points.port import AddPoints, PointsAdded
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Pos
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import Language
from tests.points.wire_server import Reply, WireServer, answer, reset, truncated

KEY = "5d6c5f1e-0f0c-4a55-9a43-1f9e3f3c9b11"
ADD = AddPoints("70934", Points(500), "Coupon cancelled: 客の希望", "COUPON-70934-AB12CD-500", KEY)
_TARGET = "/customers/1/points/add"
_BODY = '{"amount":5,"reason":"","reference":""}'
DONE = {"success": True, "entry_id": "e-77", "previous_balance": 1200, "added": 500, "new_balance": 1700}


def test_the_request_is_compact_json_with_its_keys_in_order_and_needs_no_network(points: RestPoints) -> None:
    assert points.prepare(ADD) == PreparedRequest(
        system=System.POINTS,
        call="add_points",
        target="/customers/70934/points/add",
        body='{"amount":500,"reason":"Coupon cancelled: 客の希望","reference":"COUPON-70934-AB12CD-500"}',
        key=KEY,
    )


@pytest.mark.parametrize("number", [0, -500])
def test_only_a_positive_number_of_points_can_be_prepared(points: RestPoints, number: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        points.prepare(AddPoints("70934", Points(number), "r", "COUPON-70934-AB12CD-500", KEY))


def test_what_is_sent_is_byte_for_byte_what_was_prepared(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(200, DONE, {"X-Request-Id": "r-1", "Date": "Mon, 23 Nov 2026 03:00:01 GMT"})]
    prepared = points.prepare(ADD)

    added = points.send(prepared)

    request = server.received[0]
    assert (request.method, request.target) == ("POST", "/api/customers/70934/points/add")
    assert request.body == prepared.body.encode("utf-8")
    assert request.headers["idempotency-key"] == KEY
    assert request.headers["authorization"] == "Bearer pos-token-1"
    assert request.headers["content-type"] == "application/json"
    assert added.server_time is not None
    assert added == PointsAdded("e-77", 1200, 1700, "r-1", added.server_time)
    assert added.server_time.isoformat() == "2026-11-23T03:00:01+00:00"


@pytest.mark.parametrize(
    ("reply", "family", "sentence"),
    [
        (answer(400, {"error": {"code": "bad_request"}}), RemoteRefused, "refused this (bad_request)"),
        (answer(401, {"error": {"code": "unauthorized"}}), RemoteRefused, "does not accept the stored token"),
        (answer(403, b"<html>no</html>"), RemoteRefused, "may not do this"),
        (answer(404, {"error": {"code": "customer_not_found"}}), RemoteRefused, "does not know this customer"),
        (answer(404, b"<html>no such page</html>"), RemoteRefused, "no point system at the configured address"),
        (
            answer(422, {"type": "about:blank", "title": "Customer is locked"}),
            RemoteRefused,
            "refused this (Customer is locked)",
        ),
        (answer(308, b"", {"Location": "/elsewhere"}), RemoteRefused, "no point system at the configured address"),
        (answer(200, {"success": False, "error": {"code": "limit"}}), RemoteRefused, "refused this (limit)"),
        (answer(200, {"success": False, "added": 0}), RemoteRefused, "refused this (HTTP 200)"),
        (answer(429, b"", {"Retry-After": "9"}), RemoteUnavailable, "asked us to come back"),
        (answer(200, {"success": False}), OutcomeUnknown, "not that no points were added"),
        (answer(200, {"success": False, "error": {"code": "x"}, "entry_id": "e"}), OutcomeUnknown, "not that no points"),
        (
            answer(200, {"success": False, "added": 0, "previous_balance": 1, "new_balance": 501}),
            OutcomeUnknown,
            "not that no points",
        ),
        (answer(200, {**DONE, "added": 1000, "new_balance": 2200}), OutcomeUnknown, "added 1,000 points instead of 500"),
        (answer(200, {**DONE, "added": 0, "new_balance": 1200}), OutcomeUnknown, "added 0 points instead of 500"),
        (answer(200, {**DONE, "new_balance": 2200}), OutcomeUnknown, "do not add up"),
        (answer(200, {**DONE, "added": "500"}), OutcomeUnknown, "cannot be read"),
        (answer(200, {**DONE, "success": "yes"}), OutcomeUnknown, "cannot be read"),
        (answer(200, {"success": True}), OutcomeUnknown, "cannot be read"),
        (answer(200, b"<html>welcome</html>"), OutcomeUnknown, "cannot be read"),
        (answer(202, b""), OutcomeUnknown, "cannot be read"),
        (answer(302, b"", {"Location": "/done"}), OutcomeUnknown, "HTTP 302"),
        (answer(303, b"", {"Location": "/done"}), OutcomeUnknown, "HTTP 303"),
        (answer(408, b""), OutcomeUnknown, "HTTP 408"),
        (answer(409, {"error": {"code": "in_progress"}}), OutcomeUnknown, "HTTP 409"),
        (answer(422, {"error": {"code": "idempotency_key_reused"}}), OutcomeUnknown, "HTTP 422"),
        (answer(400, {"error": {"code": "DUPLICATE_REFERENCE"}}), OutcomeUnknown, "HTTP 400"),
        (answer(500, b""), OutcomeUnknown, "HTTP 500"),
        (answer(502, b"<html>Bad gateway</html>"), OutcomeUnknown, "HTTP 502"),
        (answer(503, b"", {"Retry-After": "3"}), OutcomeUnknown, "HTTP 503"),
        (truncated(json.dumps(DONE).encode()[:-1]), OutcomeUnknown, "did not answer"),
        (reset, OutcomeUnknown, "did not answer"),
    ],
)
def test_each_answer_proves_what_it_proves_and_is_never_asked_for_twice(
    server: WireServer, points: RestPoints, reply: Reply, family: type[RemoteError], sentence: str
) -> None:
    server.replies = [reply]
    with pytest.raises(family) as caught:
        points.send(points.prepare(ADD))
    assert type(caught.value) is family
    assert caught.value.system is System.POINTS
    assert sentence in str(caught.value)
    assert len(server.received) == 1
    if family is not RemoteUnavailable:
        assert caught.value.todo is not None


def test_the_words_of_the_server_that_may_name_a_person_are_not_repeated(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(422, {"error": {"code": "locked\n<b>", "message": "Hanako Sato is locked"}})]
    with pytest.raises(RemoteRefused) as caught:
        points.send(points.prepare(ADD))
    told = caught.value.sentences(Language.EN) + caught.value.detail
    assert "Hanako" not in told
    assert "(lockedb)" in told


def test_a_throttled_write_says_how_long_to_wait(server: WireServer, points: RestPoints) -> None:
    server.replies = [answer(429, b"", {"Retry-After": "9"})]
    with pytest.raises(RemoteUnavailable) as caught:
        points.send(points.prepare(ADD))
    assert caught.value.retry_after_seconds == 9


def test_where_nobody_listens_nothing_was_sent(clock: VirtualClock) -> None:
    with RestPoints(Pos(endpoint="http://127.0.0.1:1/api"), lambda: "t", clock) as nobody:
        prepared = nobody.prepare(ADD)
        with pytest.raises(RemoteUnavailable, match="nothing was sent"):
            nobody.send(prepared)


def test_a_certificate_that_nobody_vouches_for_means_that_nothing_was_sent(clock: VirtualClock) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def shake_hands() -> None:
        connection, _ = listener.accept()
        with connection, pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    handshake = threading.Thread(target=shake_hands)
    handshake.start()
    endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with listener, RestPoints(Pos(endpoint=endpoint), lambda: "t", clock) as system:
        with pytest.raises(RemoteUnavailable, match="certificate"):
            system.send(system.prepare(ADD))
        handshake.join()


def test_a_write_goes_on_to_its_end_when_reads_are_aborted(server: WireServer, points: RestPoints) -> None:
    may_answer = threading.Event()

    def late(connection: socket.socket) -> None:
        server.asked.set()
        assert may_answer.wait(5)
        answer(200, DONE)(connection)

    server.replies = [late]
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(points.send, points.prepare(ADD))
        assert server.asked.wait(5)
        points.abort_reads()
        may_answer.set()
        assert writing.result(timeout=5).entry_id == "e-77"


def test_each_write_has_a_connection_of_its_own(server: WireServer, points: RestPoints) -> None:
    """A kept connection that the server has just closed cannot be told from an answer that was lost."""

    def and_close(connection: socket.socket) -> None:
        answer(200, DONE)(connection)
        connection.shutdown(socket.SHUT_RDWR)

    server.replies = [and_close]
    for _ in range(3):
        assert points.send(points.prepare(ADD)).entry_id == "e-77"


@pytest.mark.parametrize(
    "stored",
    [
        PreparedRequest(System.POINTS, "add_points", _TARGET, "{", KEY),
        PreparedRequest(System.POINTS, "add_points", _TARGET, _BODY.replace("5", "-5"), KEY),
        PreparedRequest(System.SHOPIFY, "add_points", _TARGET, _BODY, KEY),
        PreparedRequest(System.POINTS, "take_points", _TARGET, _BODY, KEY),
    ],
    ids=["unreadable", "negative", "other system", "other call"],
)
def test_a_stored_request_that_adds_no_points_is_not_sent(
    server: WireServer, points: RestPoints, stored: PreparedRequest
) -> None:
    with pytest.raises(RemoteRefused, match="nothing was sent"):
        points.send(stored)
    assert server.received == []
