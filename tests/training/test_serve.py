"""The training shop opens and closes cleanly, in this process and as one of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from coupon_desk.training.addresses import Addresses
from coupon_desk.training.loopback import PortTaken
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin

SERVE = "from coupon_desk.training.serve import serve; serve(coupons=40, parent_watch=True)"


@contextmanager
def served() -> Iterator[tuple[subprocess.Popen[str], Addresses]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Addresses.from_json(process.stdout.readline())
        finally:
            process.kill()


def test_a_shop_of_its_own_says_where_it_is_and_ends_when_told() -> None:
    with served() as (process, addresses):
        assert httpx.get(f"{addresses.control_endpoint}/showcase").json()["example"]["code"] == "70934-AB12CD-500"
        os.kill(process.pid, signal.SIGTERM)

        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_shop_of_its_own_ends_when_its_parent_dies() -> None:
    with served() as (process, _):
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(10) == 0


def test_closing_leaves_no_thread_and_no_listener() -> None:
    with TrainingShop.start(coupons=0) as shop:
        admin = Admin(shop.addresses)
        admin.discount("x")
        ports = [shop.addresses.smtp_port, int(shop.addresses.shopify_endpoint.rsplit(":", 1)[1])]
        shop.stop()
        admin.close()

        assert not [thread for thread in threading.enumerate() if thread.name.startswith("training")]
        for port in ports:
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", port), timeout=1)


def test_closing_does_not_wait_for_a_slow_call() -> None:
    with TrainingShop.start(coupons=0) as shop:
        shop.latency_seconds = 30
        admin = Admin(shop.addresses)
        broken: list[Exception] = []

        def call() -> None:
            try:
                admin.discount("x")
            except httpx.TransportError as error:
                broken.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        began = time.monotonic()
        shop.stop()
        caller.join()
        admin.close()

    assert time.monotonic() - began < 10
    assert len(broken) == 1


def test_the_round_trip_can_be_simulated() -> None:
    with TrainingShop.start(coupons=0) as shop:
        admin = Admin(shop.addresses)
        shop.latency_seconds = 0.1
        began = time.monotonic()
        admin.discount("x")
        admin.close()

    assert time.monotonic() - began >= 0.1


def test_a_taken_port_is_told_and_nothing_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken) as taken:
        TrainingShop.start(coupons=0, port=other.getsockname()[1])

    assert "is used by another program" in str(taken.value)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("training")]


def test_four_ports_in_a_row_can_be_asked_for() -> None:
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        try:
            shop = TrainingShop.start(coupons=0, port=port)
        except PortTaken:
            continue
        with shop:
            addresses = shop.addresses
        assert addresses.shopify_endpoint.endswith(f":{port}")
        assert addresses.pos_endpoint.endswith(f":{port + 1}/api")
        assert addresses.smtp_port == port + 2
        assert addresses.control_endpoint.endswith(f":{port + 3}/_training")
        return
    pytest.fail("no four free ports in a row")


def test_the_addresses_keep_their_secrets_out_of_sight() -> None:
    with TrainingShop.start(coupons=0) as shop:
        addresses = shop.addresses

    assert Addresses.from_json(addresses.to_json()) == addresses
    for secret in (addresses.token, addresses.client_secret, addresses.pos_token):
        assert secret not in repr(addresses)
