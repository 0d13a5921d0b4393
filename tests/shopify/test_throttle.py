"""The throttle against a bucket that behaves as Shopify's: it is never overrun, and never left idle without need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.clock import VirtualClock
from coupon_desk.errors import RemoteUnavailable
from coupon_desk.shopify.throttle import Cost, Price, Throttle, Ticket

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
MAXIMUM, RESTORE = 1000.0, 50.0
COSTS = {"small": 10.0, "middling": 120.0, "large": 700.0}


@dataclass
class Bucket:
    """Shopify's side: charges what is requested before the request runs, gives back what it did not use."""

    clock: VirtualClock
    available: float = MAXIMUM
    at: float = 0.0

    def restore(self) -> None:
        now = self.clock.monotonic()
        self.available = min(MAXIMUM, self.available + (now - self.at) * RESTORE)
        self.at = now

    def charge(self, points: float) -> bool:
        self.restore()
        if points > self.available + 1e-6:
            return False
        self.available -= points
        return True

    def finish(self, requested: float, actual: float) -> Cost:
        self.restore()
        self.available = min(MAXIMUM, self.available + requested - actual)
        return Cost(requested, actual, MAXIMUM, self.available, RESTORE)


@dataclass
class Desk:
    """A desk whose requests are sent when their wait is over, and answered in any order."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))

    def __post_init__(self) -> None:
        self.bucket = Bucket(self.clock)
        self.throttle = Throttle(self.clock)
        for call, points in COSTS.items():
            ticket = self.send_now(call)
            self.bucket.charge(points)
            self.throttle.settle(ticket, self.bucket.finish(points, 0))
        self.waiting: list[Ticket] = []
        self.sent: list[Ticket] = []
        self.running: list[Ticket] = []
        self.answers: list[tuple[Ticket, Cost]] = []

    def send_now(self, call: str) -> Ticket:
        ticket = self.throttle.queue(Price(call), patience_seconds=0)
        assert self.throttle.admit(ticket) == 0
        return ticket

    def wait_seconds(self, call: str, keep_free: float = 0.0) -> float:
        ticket = self.throttle.queue(Price(call), patience_seconds=1e9, keep_free=keep_free)
        wait_seconds = self.throttle.admit(ticket)
        self.throttle.settle(ticket, None)
        return wait_seconds

    def ask(self, call: str, keep_free: float) -> None:
        self.waiting.append(self.throttle.queue(Price(call), patience_seconds=1e9, keep_free=keep_free))

    def pass_time(self, seconds: float) -> None:
        """Everybody who waits looks again ten times; what is admitted is on its way for a while before it arrives."""
        for _ in range(10):
            self.clock.advance(seconds / 10)
            self.sent += [ticket for ticket in self.waiting if self.throttle.admit(ticket) == 0]
            self.waiting = [ticket for ticket in self.waiting if ticket not in self.sent]

    def arrive(self, which: int) -> None:
        if self.sent:
            ticket = self.sent.pop(which % len(self.sent))
            assert self.bucket.charge(COSTS[ticket.kind]), "the bucket was overrun"
            self.running.append(ticket)

    def finish(self, which: int, used: float) -> None:
        if self.running:
            ticket = self.running.pop(which % len(self.running))
            requested = COSTS[ticket.kind]
            self.answers.append((ticket, self.bucket.finish(requested, requested * used)))

    def hear(self, which: int, lost: bool) -> None:
        if self.answers:
            ticket, cost = self.answers.pop(which % len(self.answers))
            self.throttle.settle(ticket, None if lost else cost)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(sorted(COSTS)), st.sampled_from([0.0, 0.5])),
        st.tuples(st.just("pass"), st.floats(0, 20), st.none()),
        st.tuples(st.just("arrive"), st.integers(0, 9), st.none()),
        st.tuples(st.just("finish"), st.integers(0, 9), st.floats(0, 1)),
        st.tuples(st.just("hear"), st.integers(0, 9), st.booleans()),
    ),
    max_size=60,
)


@given(steps)
def test_the_bucket_is_never_overrun_whatever_is_asked_and_answered(script: list[tuple[str, object, object]]) -> None:
    desk = Desk()
    for step in script:
        match step:
            case ("ask", str(call), float(keep_free)):
                desk.ask(call, keep_free)
            case ("pass", float(seconds), _):
                desk.pass_time(seconds)
            case ("arrive", int(which), _):
                desk.arrive(which)
            case ("finish", int(which), float(used)):
                desk.finish(which, used)
            case ("hear", int(which), bool(lost)):
                desk.hear(which, lost)
    for _ in range(60):
        desk.arrive(0)


@given(st.integers(1, 60))
def test_the_bucket_is_used_up_to_its_last_point(requests: int) -> None:
    desk = Desk()
    for _ in range(requests):
        ticket = desk.throttle.queue(Price("middling"), patience_seconds=1e9)
        while (wait_seconds := desk.throttle.admit(ticket)) > 0:
            desk.clock.sleep(wait_seconds)
        assert desk.bucket.charge(120)
        desk.throttle.settle(ticket, desk.bucket.finish(120, 120))

    assert desk.clock.monotonic() == pytest.approx(max(0.0, (requests * 120 - MAXIMUM) / RESTORE), abs=0.01)


def test_what_other_desks_take_is_seen_in_the_next_answer() -> None:
    desk = Desk()
    ticket = desk.send_now("small")
    desk.throttle.settle(ticket, Cost(10, 10, MAXIMUM, 200.0, RESTORE))

    assert desk.wait_seconds("large") == pytest.approx(10.0)


def test_a_throttled_request_waits_for_what_it_lacks() -> None:
    desk = Desk()
    ticket = desk.send_now("small")
    desk.throttle.settle(ticket, Cost(752, None, MAXIMUM, 2.0, RESTORE))

    assert desk.wait_seconds("small") == pytest.approx(15.0)


def test_a_wait_beyond_patience_is_refused_and_books_nothing() -> None:
    desk = Desk()
    desk.throttle.settle(desk.send_now("small"), Cost(10, 10, MAXIMUM, 0.0, RESTORE))

    with pytest.raises(RemoteUnavailable) as told:
        desk.throttle.queue(Price("large"), patience_seconds=5)

    assert told.value.retry_after_seconds == pytest.approx(14.0)
    assert desk.wait_seconds("small") == pytest.approx(0.2)


def test_work_in_the_background_leaves_half_of_the_bucket() -> None:
    desk = Desk()
    desk.throttle.settle(desk.send_now("small"), Cost(10, 10, MAXIMUM, 500.0, RESTORE))

    assert desk.wait_seconds("middling", keep_free=0.5) == pytest.approx(2.4)
    assert desk.wait_seconds("middling") == 0


def test_a_pause_holds_everybody_up() -> None:
    desk = Desk()
    desk.throttle.pause(3.0)
    desk.throttle.pause(1.0)

    assert desk.wait_seconds("small") == pytest.approx(3.0)


def test_a_request_larger_than_the_bucket_waits_for_a_full_bucket_and_no_longer() -> None:
    desk = Desk()
    desk.throttle.settle(desk.send_now("small"), Cost(5000, None, MAXIMUM, 900.0, RESTORE))

    assert desk.wait_seconds("small") == pytest.approx(2.0)


def test_a_clock_that_is_set_back_takes_no_points_away() -> None:
    desk = Desk()
    desk.clock.advance(-3600)

    assert desk.wait_seconds("middling") == 0


def test_the_counter_is_not_held_up_by_work_in_the_background() -> None:
    desk = Desk()
    desk.throttle.settle(desk.send_now("small"), Cost(10, 10, MAXIMUM, 200.0, RESTORE))
    in_background = desk.throttle.queue(Price("large"), patience_seconds=60, keep_free=0.3)

    assert desk.wait_seconds("middling") == 0
    assert desk.throttle.admit(in_background) > 0


def test_whoever_asked_first_is_admitted_first() -> None:
    desk = Desk()
    desk.throttle.settle(desk.send_now("small"), Cost(10, 10, MAXIMUM, 200.0, RESTORE))
    large = desk.throttle.queue(Price("large"), patience_seconds=60)
    small = desk.throttle.queue(Price("small"), patience_seconds=60)

    desk.clock.advance(10.0)

    assert desk.throttle.admit(small) > 0
    assert desk.throttle.admit(large) == 0


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_of_answers_that_crossed_the_lower_figure_counts(order: tuple[str, str]) -> None:
    desk = Desk()
    tickets = {"first": desk.send_now("middling"), "second": desk.send_now("middling")}
    newer, older = order

    desk.throttle.settle(tickets[newer], Cost(120, 120, MAXIMUM, 100.0, RESTORE))
    desk.throttle.settle(tickets[older], Cost(120, 120, MAXIMUM, 900.0, RESTORE))

    assert desk.wait_seconds("large") == pytest.approx(12.0)


def test_a_lost_answer_is_made_good_by_the_next_one() -> None:
    desk = Desk()
    desk.throttle.settle(desk.send_now("large"), None)
    assert desk.wait_seconds("large") == pytest.approx(8.0)

    desk.throttle.settle(desk.send_now("small"), Cost(10, 10, MAXIMUM, 990.0, RESTORE))

    assert desk.wait_seconds("large") == 0


def test_a_read_beside_a_large_page_in_the_background_takes_nothing_more_than_its_own() -> None:
    desk = Desk()
    page = desk.send_now("large")
    desk.throttle.settle(desk.send_now("small"), Cost(10, 10, MAXIMUM, 290.0, RESTORE))

    assert desk.wait_seconds("middling") == 0
    desk.throttle.settle(page, Cost(700, 300, MAXIMUM, 690.0, RESTORE))


def test_after_a_silence_the_background_sends_one_request_alone_to_hear_how_the_bucket_stands() -> None:
    desk = Desk()
    desk.clock.advance(60.0)
    first, second = (desk.throttle.queue(Price("middling"), patience_seconds=60, keep_free=0.25) for _ in range(2))
    assert desk.throttle.admit(first) == 0
    assert desk.throttle.admit(second) > 0
    assert desk.wait_seconds("middling") == 0, "the counter does not wait for it"

    desk.throttle.settle(first, Cost(120, 120, MAXIMUM, 300.0, RESTORE))

    assert desk.throttle.admit(second) == pytest.approx((120 + 250 - 300) / RESTORE)


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["small", "middling"]), st.floats(0, 5)), max_size=60))
def test_two_desks_in_the_background_never_overrun_the_bucket_that_they_share(
    script: list[tuple[int, str, float]],
) -> None:
    """Each knows only its own answers; what both leave free makes good what neither knows."""
    desks = [Desk(), Desk()]
    desks[1].clock = desks[0].clock
    desks[1].throttle = Throttle(desks[0].clock)
    bucket = desks[0].bucket
    for which, call, seconds in script:
        desks[0].clock.advance(seconds)
        throttle, price = desks[which].throttle, Price(call, COSTS[call])
        ticket = throttle.queue(price, patience_seconds=1e9, keep_free=0.25)
        while (wait_seconds := throttle.admit(ticket)) > 0:
            desks[0].clock.sleep(wait_seconds)
        assert bucket.charge(COSTS[call]), "the bucket was overrun"
        throttle.settle(ticket, bucket.finish(COSTS[call], COSTS[call] / 2))


def test_what_sizes_that_are_known_cost_bounds_what_others_can_cost() -> None:
    desk = Desk()
    for size, points in ((10, 30.0), (40, 90.0)):
        ticket = desk.throttle.queue(Price("many", 400.0, size), patience_seconds=60)
        desk.throttle.admit(ticket)
        desk.throttle.settle(ticket, Cost(points, points, MAXIMUM, MAXIMUM, RESTORE))

    reckoned = {
        size: desk.throttle.queue(Price("many", 400.0, size), patience_seconds=60).points for size in (5, 10, 20, 30, 50)
    }

    assert reckoned == pytest.approx({5: 30.0, 10: 30.0, 20: 60.0, 30: 90.0, 50: 112.5})
