"""What the cancellation may rely on with every point system, tried on each adapter against the training shop's POS.

A new adapter joins by one more entry in `ADAPTERS`; every test here must then hold for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.coupons.evidence import Absent, HistorySeen
from coupon_desk.coupons.points import EntryType, Points
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.points import transport
from coupon_desk.points.port import AddPoints, DuplicateGuard, PointSystem
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Pos
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.options import ErrorStyle, KeyHandling
from coupon_desk.training.shop import TrainingShop

KEY = "5d6c5f1e-0f0c-4a55-9a43-1f9e3f3c9b11"


@dataclass(frozen=True)
class Counter:
    """A point system as the desk sees it, and the shop whose state is the truth about it."""

    shop: TrainingShop
    system: PointSystem
    connect: Callable[..., PointSystem]

    @property
    def customer_id(self) -> str:
        return self.shop.showcase.example.customer_id.rsplit("/", 1)[-1]

    @property
    def reference(self) -> str:
        return f"COUPON-{self.shop.showcase.example.code}"

    @property
    def add(self) -> AddPoints:
        return AddPoints(self.customer_id, Points(500), "Coupon cancelled / 客の希望", self.reference, KEY)

    def returns(self) -> int:
        """How often the points were really returned."""
        entries = self.shop.point_entries(self.shop.showcase.example.customer_id, self.reference)
        return len([entry for entry in entries if entry.is_return])


def rest(shop: TrainingShop, clock: VirtualClock, *, token: str | None = None, replays: bool = False) -> RestPoints:
    pos = Pos(endpoint=shop.addresses.pos_endpoint, replays_idempotency_key=replays)
    return RestPoints(pos, lambda: token or shop.addresses.pos_token, clock)


ADAPTERS: dict[str, Callable[..., RestPoints]] = {"rest": rest}


@pytest.fixture(scope="module")
def training() -> Iterator[TrainingShop]:
    with TrainingShop.start(coupons=40, clock=SystemClock()) as shop:
        yield shop


@pytest.fixture(params=sorted(ADAPTERS))
def counter(request: pytest.FixtureRequest, training: TrainingShop, clock: VirtualClock) -> Iterator[Counter]:
    training.reset()
    training.configure(key_handling=KeyHandling.IGNORED, error_style=ErrorStyle.ERROR, history_lag_seconds=0.0)
    opened: list[RestPoints] = []

    def connect(**options: object) -> PointSystem:
        opened.append(ADAPTERS[request.param](training, clock, **options))
        return opened[-1]

    yield Counter(training, connect(), connect)
    training.faults.clear()
    for system in opened:
        system.close()


def test_the_conversion_is_found_by_its_reference(counter: Counter) -> None:
    seen = counter.system.read_history(counter.customer_id, counter.reference)

    assert isinstance(seen, HistorySeen)
    assert seen.complete
    assert seen.returns == ()
    assert [(entry.type, entry.points, entry.reference) for entry in seen.conversions] == [
        (EntryType.DEDUCT, -500, counter.reference)
    ]
    assert seen.balance == counter.system.read_balance(counter.customer_id) == counter.shop.balance(counter.customer_id)


def test_points_are_added_once_and_the_history_shows_it(counter: Counter) -> None:
    before = counter.shop.balance(counter.customer_id)
    assert before is not None

    added = counter.system.send(counter.system.prepare(counter.add))

    assert (added.balance_before, added.balance_after) == (before, before + 500)
    seen = counter.system.read_history(counter.customer_id, counter.reference)
    assert isinstance(seen, HistorySeen)
    (returned,) = seen.returns
    assert (returned.id, returned.points, returned.reason) == (added.entry_id, 500, "Coupon cancelled / 客の希望")
    assert counter.returns() == 1
    assert counter.system.read_recent(counter.customer_id, 1) == (returned,)
    assert counter.shop.journal.calls("add")[-1].key == KEY


@pytest.mark.parametrize("style", list(ErrorStyle))
def test_an_unknown_customer_is_absent_and_gets_nothing(counter: Counter, style: ErrorStyle) -> None:
    counter.shop.configure(error_style=style)
    assert counter.system.read_balance("404404") == Absent()
    assert counter.system.read_history("404404", counter.reference) == Absent()
    assert counter.system.read_recent("404404", 5) == ()
    with pytest.raises(RemoteRefused, match="does not know this customer"):
        counter.system.send(counter.system.prepare(replace(counter.add, customer_id="404404")))


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET_BEFORE,
        FaultKind.LOST_ANSWER,
        FaultKind.ERROR_500_BEFORE,
        FaultKind.ERROR_500_AFTER,
        FaultKind.TRUNCATED_AFTER,
        FaultKind.HTML_502,
        FaultKind.NOT_JSON,
    ],
)
def test_an_answer_that_proves_nothing_is_unknown_and_the_history_tells(counter: Counter, kind: FaultKind) -> None:
    counter.shop.faults.add(Fault("add", kind))

    with pytest.raises(OutcomeUnknown) as caught:
        counter.system.send(counter.system.prepare(counter.add))

    assert caught.value.system is System.POINTS
    assert len(counter.shop.journal.calls("add")) == 1
    assert counter.returns() == (1 if kind.applied else 0)
    seen = counter.system.read_history(counter.customer_id, counter.reference)
    assert isinstance(seen, HistorySeen)
    assert seen.complete
    assert len(seen.returns) == counter.returns()


@pytest.mark.parametrize("kind", [FaultKind.BLACKHOLE, FaultKind.BLACKHOLE_AFTER])
def test_silence_is_unknown_and_not_failed(counter: Counter, monkeypatch: pytest.MonkeyPatch, kind: FaultKind) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    impatient = counter.connect()
    counter.shop.faults.add(Fault("add", kind))
    with pytest.raises(OutcomeUnknown):
        impatient.send(impatient.prepare(counter.add))
    assert counter.returns() == (1 if kind.applied else 0)


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (FaultKind.HTTP_429, RemoteUnavailable),
        (FaultKind.FORBIDDEN, RemoteRefused),
        (FaultKind.UNAUTHORIZED, RemoteRefused),
    ],
)
def test_an_answer_that_proves_that_nothing_was_added_says_so(
    counter: Counter, kind: FaultKind, family: type[RemoteError]
) -> None:
    counter.shop.faults.add(Fault("add", kind, seconds=7))
    with pytest.raises(family) as caught:
        counter.system.send(counter.system.prepare(counter.add))
    assert type(caught.value) is family
    assert counter.returns() == 0
    if isinstance(caught.value, RemoteUnavailable):
        assert caught.value.retry_after_seconds == 7


def test_a_slow_answer_is_an_answer(counter: Counter) -> None:
    counter.shop.faults.add(Fault("add", FaultKind.SLOW, seconds=0.3))
    assert counter.system.send(counter.system.prepare(counter.add)).entry_id is not None
    assert counter.returns() == 1


def test_what_is_prepared_again_is_the_same_request(counter: Counter) -> None:
    assert counter.system.prepare(counter.add) == counter.connect().prepare(counter.add)
    assert counter.shop.journal.entries == ()


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET_BEFORE,
        FaultKind.LOST_ANSWER,
        FaultKind.ERROR_500_BEFORE,
        FaultKind.TRUNCATED_AFTER,
        FaultKind.HTML_502,
        FaultKind.NOT_JSON,
        FaultKind.HTTP_429,
    ],
)
@pytest.mark.parametrize("call", ["balance", "history"])
def test_a_read_survives_one_fault_and_never_takes_many_for_absence(counter: Counter, kind: FaultKind, call: str) -> None:
    counter.shop.faults.add(Fault(call, kind))
    assert isinstance(counter.system.read_history(counter.customer_id, counter.reference), HistorySeen)

    counter.shop.faults.add(Fault(call, kind, every=1))
    with pytest.raises(RemoteUnavailable):
        counter.system.read_history(counter.customer_id, counter.reference)


def test_a_long_history_is_read_to_its_end(counter: Counter) -> None:
    for number in range(230):
        counter.shop.add_points(counter.shop.showcase.example.customer_id, 1, f"Visit {number}", counter.reference)
    seen = counter.system.read_history(counter.customer_id, counter.reference)
    assert isinstance(seen, HistorySeen)
    assert seen.complete
    assert len(seen.returns) == 230
    assert len(seen.conversions) == 1
    assert [entry.created_at for entry in seen.entries] == sorted((entry.created_at for entry in seen.entries), reverse=True)


def test_a_wrong_token_is_refused_for_every_call(counter: Counter) -> None:
    stranger = counter.connect(token="wrong")
    for call in (
        stranger.check,
        lambda: stranger.read_balance(counter.customer_id),
        lambda: stranger.read_history(counter.customer_id, counter.reference),
        lambda: stranger.send(stranger.prepare(counter.add)),
    ):
        with pytest.raises(RemoteRefused, match="does not accept the stored token"):
            call()
    assert counter.returns() == 0


def test_the_check_changes_nothing(counter: Counter) -> None:
    counter.system.check()
    assert counter.shop.journal.entries != ()
    assert not [entry for entry in counter.shop.journal.entries if entry.applied or entry.call == "add"]


def test_a_system_that_replays_keys_adds_once_however_often_it_is_asked(counter: Counter) -> None:
    counter.shop.configure(key_handling=KeyHandling.REPLAYED)
    system = counter.connect(replays=True)
    assert system.capabilities.duplicate_guard is DuplicateGuard.REPLAY
    prepared = system.prepare(counter.add)
    counter.shop.faults.add(Fault("add", FaultKind.LOST_ANSWER))
    with pytest.raises(OutcomeUnknown):
        system.send(prepared)

    first, second = system.send(prepared), system.send(prepared)

    assert first.entry_id == second.entry_id
    assert counter.returns() == 1


def test_a_system_that_refuses_a_key_it_has_seen_leaves_it_to_the_history(counter: Counter) -> None:
    counter.shop.configure(key_handling=KeyHandling.REFUSED)
    prepared = counter.system.prepare(counter.add)
    counter.system.send(prepared)
    with pytest.raises(OutcomeUnknown):
        counter.system.send(prepared)
    assert counter.returns() == 1


def test_a_system_that_ignores_keys_is_declared_as_one(counter: Counter) -> None:
    prepared = counter.system.prepare(counter.add)
    counter.system.send(prepared)
    counter.system.send(prepared)
    assert counter.returns() == 2
    assert counter.system.capabilities.duplicate_guard is DuplicateGuard.NONE


def test_several_threads_use_one_adapter(counter: Counter) -> None:
    showcase = counter.shop.showcase
    customers = [specimen.customer_id.rsplit("/", 1)[-1] for specimen in (showcase.used, showcase.expired)]
    expected = [counter.shop.balance(customer) for customer in customers] * 8
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(counter.system.read_balance, customers * 8)) == expected
