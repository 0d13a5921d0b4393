"""What a program that works in a home leaves in the trail: its start and end, a changed configuration, and signatures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import DeskError
from coupon_desk.people.operators import Session
from coupon_desk.trail.entry import Entry
from coupon_desk.training.shop import TrainingShop
from coupon_desk.vault import KeyringIsLocked, MemoryVault, Secret, SecretName
from tests.app.conftest import OWNER_PIN, PIN

Opening = Callable[[], CouponDesk]


class ClosedVault(MemoryVault):
    """A keyring that gives the tokens and neither gives nor takes what belongs to the trail."""

    def get(self, name: SecretName) -> Secret | None:
        if name.is_our_own:
            raise KeyringIsLocked
        return super().get(name)


@pytest.fixture
def vault(shop: TrainingShop) -> MemoryVault:
    """One keyring for all programs of a test."""
    return training_vault(shop.addresses)


@pytest.fixture
def opening(vault: MemoryVault, clock: VirtualClock, template: Path, tmp_path: Path) -> Iterator[Opening]:
    """Opens the same home again and again, as one program after the other."""
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, tmp_path)
    opened: list[CouponDesk] = []

    def open_home() -> CouponDesk:
        opened.append(CouponDesk.open(tmp_path, secrets=vault, clock=clock))
        return opened[-1]

    yield open_home
    for desk in opened:
        desk.close()


def since(desk: CouponDesk, place: int) -> list[Entry]:
    head = desk.trail.head().sequence
    return list(desk.trail.in_places(place + 1, head))


def test_a_program_that_works_says_when_it_starts_and_stops_and_signs_the_trail(opening: Opening) -> None:
    desk = opening()
    before = desk.trail.head().sequence
    desk.hold()
    desk.hold()
    desk.close()

    reader = opening()
    entries = since(reader, before)

    assert [entry.action for entry in entries] == [
        *("trail.key", "trail.checkpoint", "program.started", "settings.changed"),
        *("program.stopped", "trail.checkpoint"),
    ]
    started = entries[2]
    assert (started.fields.result, started.fields.reason) == ("started", None)
    assert started.fields.app is not None
    assert started.body["home"] == entries[4].body["home"]
    assert str(reader.home) not in started.text
    proof = reader.verify_trail()
    assert (proof.bad, proof.questions, proof.checkpoints) == (None, (), 2)
    assert reader.trail_alarms() == ()


def test_a_program_that_only_reads_leaves_none_of_it(opening: Opening) -> None:
    desk = opening()
    desk.people.sign_in("owner", OWNER_PIN)
    before = desk.trail.head().sequence
    desk.close()
    assert since(opening(), before) == []


def test_a_start_after_a_cut_off_says_so(opening: Opening, tmp_path: Path) -> None:
    opening().hold()
    after_the_power_came_back = tmp_path / "again"
    after_the_power_came_back.mkdir()
    # What a power cut leaves: the files as they are, and nobody who closes anything.
    for file in ("config.toml", "desk.sqlite3", "desk.sqlite3-wal"):
        shutil.copy(tmp_path / file, after_the_power_came_back)
    desk = CouponDesk.open(after_the_power_came_back, secrets=MemoryVault())
    try:
        desk.hold()
        started = desk.trail.newest("program.started")
        assert started is not None
        assert started.fields.reason == "after_cut_off"
    finally:
        desk.close()


def test_settings_that_changed_since_the_last_start_stand_in_the_trail(
    vault: MemoryVault, clock: VirtualClock, template: Path, tmp_path: Path
) -> None:
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, tmp_path)
    config = Home(tmp_path).config

    def work() -> Entry | None:
        desk = CouponDesk.open(tmp_path, secrets=vault, clock=clock)
        try:
            desk.hold()
            return desk.trail.newest("settings.changed")
        finally:
            desk.close()

    first, same = work(), work()
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("settle_seconds = 1", "settle_seconds = 2.5\napproval_above_points = 100"), encoding="utf-8")
    changed = work()

    assert first is not None
    assert (first.fields.result, first.body["settings"]["policy.settle_seconds"]) == ("first", 1)
    assert same is not None
    assert same.sequence == first.sequence
    assert changed is not None
    assert changed.fields.result == "changed"
    assert changed.fields.before == {"policy.approval_above_points": 5000, "policy.settle_seconds": 1}
    assert changed.fields.after == {"policy.approval_above_points": 100, "policy.settle_seconds": "2.5"}


def test_a_keyring_out_of_reach_blocks_no_cancellation(
    shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, tmp_path)
    given = training_vault(shop.addresses)
    vault = ClosedVault({name: secret for name in given.names() if (secret := given.get(name)) is not None})
    desk = CouponDesk.open(tmp_path, secrets=vault, clock=clock)
    try:
        manager = desk.people.sign_in("manager", PIN)
        code = CouponCode.parse(str(shop.showcase.example.code))
        request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind")
        with caplog.at_level("WARNING", logger="coupon_desk.trail.checkpoints"):
            operation = desk.cancel(request, manager, wait_seconds=30)
        assert operation.state is OperationState.COMPLETED
        assert "the trail goes on unsigned" in caplog.text
        found = {str(check.name): check for check in desk.doctor()}
        assert not found["Signatures"].is_well
        assert found["Trail"].is_well
        proof = desk.verify_trail()
        assert (proof.is_intact, proof.checkpoints) == (True, 0)
        with pytest.raises(DeskError):
            desk.proofs.checkpoint(manager)
    finally:
        desk.close()


def test_a_put_back_home_is_told_to_the_window_until_an_administrator_explains_it(
    vault: MemoryVault, clock: VirtualClock, template: Path, tmp_path: Path
) -> None:
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, tmp_path)
    backup = tmp_path / "backup.sqlite3"

    def open_home() -> CouponDesk:
        return CouponDesk.open(tmp_path, secrets=vault, clock=clock)

    def worked_once() -> None:
        desk = open_home()
        desk.hold()
        desk.close()

    worked_once()
    shutil.copy(tmp_path / "desk.sqlite3", backup)
    worked_once()
    shutil.copy(backup, tmp_path / "desk.sqlite3")
    desk = open_home()
    try:
        owner: Session = desk.people.sign_in("owner", OWNER_PIN)
        manager = desk.people.sign_in("manager", PIN)
        desk.hold()

        (question,) = desk.trail_alarms()

        assert question.kind.value == "database_restored"
        assert [str(check.name) for check in desk.doctor() if not check.is_well] == ["Trail"]
        with pytest.raises(DeskError):
            desk.proofs.explain(question.sequence, "Not mine to say", manager)
        with pytest.raises(DeskError):
            desk.proofs.explain(question.sequence + 1, "Another entry", owner)
        desk.proofs.explain(question.sequence, "The disk broke; backup of Monday", owner)
        assert desk.trail_alarms() == ()
        assert all(check.is_well for check in desk.doctor())
    finally:
        desk.close()


def test_reading_the_trail_stands_in_the_trail(desk: CouponDesk, owner: Session) -> None:
    desk.proofs.verify(owner)
    desk.proofs.read({"coupon": "70934"}, owner)
    desk.proofs.seen("op-1", owner)
    desk.proofs.summary(None, None, owner)

    told = [(entry.action, entry.actor, entry.fields.role, entry.fields.result) for entry in desk.trail.between()][-4:]

    assert told == [
        ("trail.verified", "owner", "admin", "intact"),
        ("trail.read", "owner", "admin", "read"),
        ("trail.read", "owner", "admin", "read"),
        ("trail.summarised", "owner", "admin", "read"),
    ]
