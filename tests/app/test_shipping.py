"""An open home that ships its trail: in the background while it works, a moment at its end, and never in anybody's way."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.shipping import CLOSE_SECONDS
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.shipping_state import ShippingState, ShippingStatus
from coupon_desk.training.shop import TrainingShop
from tests.app.conftest import PIN
from tests.app.test_central_claims import out_of_reach
from tests.surroundings.central_database import CentralDatabase
from tests.surroundings.tool import wait_until

THEIRS = "SELECT sequence, hash FROM coupon_desk.entries WHERE desk = 'Ginza' ORDER BY sequence"
Opening = Callable[[], CouponDesk]


@pytest.fixture
def opening(
    shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path, centre: CentralDatabase
) -> Iterator[Opening]:
    """Opens the home of the desk Ginza; again after it was closed."""
    home = tmp_path / "Ginza"
    home.mkdir()
    shutil.copy(template / "desk.sqlite3", home)
    shared = f'\n[central]\nurl = "{centre.url(centre.add_desk("Ginza"))}"\n'
    (home / "config.toml").write_text((template / "config.toml").read_text("utf-8") + shared, encoding="utf-8")
    opened: list[CouponDesk] = []

    def open_desk() -> CouponDesk:
        opened.append(CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()


def ours(desk: CouponDesk) -> list[tuple[int, str]]:
    with desk.trail.chain() as rows:
        return [(row[0], row[4].decode()) for row in rows]


def state_of(desk: CouponDesk) -> ShippingState:
    state = desk.shipping_state()
    assert state is not None
    return state


def closing_seconds(desk: CouponDesk) -> float:
    start = time.perf_counter()
    desk.close()
    return time.perf_counter() - start


def test_a_cancellation_stands_in_the_centre_when_the_desk_is_closed(
    opening: Opening, shop: TrainingShop, centre: CentralDatabase
) -> None:
    desk = opening()
    assert state_of(desk).state is ShippingStatus.WAITING, "nobody works yet"
    manager = desk.people.sign_in("manager", PIN)
    code = CouponCode.parse(str(shop.showcase.example.code))
    operation = desk.cancel(CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind"), manager)
    assert operation.state is OperationState.COMPLETED
    wait_until(lambda: state_of(desk).state is ShippingStatus.UP_TO_DATE, "it is shipped while the desk is open")
    desk.trail.record("test.written", {})
    written = ours(desk)
    desk.close()
    shipped = centre.ask(THEIRS)
    assert shipped[: len(written)] == written
    assert len(shipped) == len(written) + 2, "what is written at the end, that the program stops and a checkpoint, is there too"


def test_a_desk_that_only_read_ships_what_its_reading_wrote(opening: Opening, centre: CentralDatabase) -> None:
    desk = opening()
    desk.people.sign_in("manager", PIN)
    written = ours(desk)
    desk.close()
    assert centre.ask(THEIRS) == written


def test_closing_does_not_wait_for_a_centre_that_is_away_and_nothing_is_lost(
    opening: Opening, centre: CentralDatabase, clock: VirtualClock
) -> None:
    with out_of_reach(centre):
        desk = opening()
        desk.hold()
        manager = desk.people.sign_in("manager", PIN)
        wait_until(lambda: state_of(desk).state is ShippingStatus.OUT_OF_REACH, "it is noticed")
        assert state_of(desk).behind == len(ours(desk))
        assert closing_seconds(desk) < CLOSE_SECONDS + 1
        desk = opening()
        with suppress(NotPermitted):
            desk.people.sign_in("manager", "000000")
        assert closing_seconds(desk) < CLOSE_SECONDS, "it was just out of reach, and is not asked again"
    clock.advance(120)
    desk = opening()
    desk.trail.record("test.written", {}, actor=manager.login)
    written = ours(desk)
    desk.close()
    assert centre.ask(THEIRS) == written


def test_shipping_by_hand_tells_how_far_it_is(opening: Opening, centre: CentralDatabase) -> None:
    desk = opening()
    with desk.trail.writing() as pen:
        for _ in range(1_500):
            pen.append(NewEntry("test.written", {}))
    told: list[ShippingState] = []
    ended = desk.shipping.ship_now(told.append)
    assert (ended.state, ended.behind, ended.shipped) == (ShippingStatus.UP_TO_DATE, 0, len(ours(desk)))
    assert [state.shipped for state in told] == [1_000]
    assert centre.ask(THEIRS) == ours(desk)


def test_what_the_centre_holds_is_proved_and_who_asked_stands_in_the_trail(opening: Opening) -> None:
    desk = opening()
    manager = desk.people.sign_in("manager", PIN)
    desk.shipping.ship_now(lambda _: None)
    found = desk.shipping.verify(manager)
    assert (found.is_intact, found.desk, found.waiting) == (True, "Ginza", 0)
    [noted] = [entry for entry in desk.trail.between() if entry.action == "trail.shipped_verified"]
    assert (noted.actor, noted.fields.role, noted.fields.result) == ("manager", "manager", "intact")
    assert noted.body["checked"] == found.centre.checked


def test_an_alarm_is_shown_until_its_cause_is_gone(
    opening: Opening, centre: CentralDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    desk = opening()
    centre.ask("UPDATE coupon_desk.desks SET disabled_at = now()")
    with caplog.at_level(logging.WARNING, logger="coupon_desk.shipping"):
        desk.hold()
        wait_until(lambda: state_of(desk).state is ShippingStatus.ALARM, "the alarm is raised")
    centre.ask("UPDATE coupon_desk.desks SET disabled_at = NULL")
    desk.shipping.wake()
    wait_until(lambda: state_of(desk).state is ShippingStatus.UP_TO_DATE, "it goes on when it is asked to try again")
    assert [entry.action for entry in desk.trail.between() if entry.action.startswith("trail.shipping")] == [
        "trail.shipping_alarm",
        "trail.shipping_resumed",
    ]


def test_without_a_central_database_there_is_nothing_to_ship_to(desk: CouponDesk) -> None:
    assert desk.shipping_state() is None
    with pytest.raises(ConfigurationError):
        _ = desk.shipping
