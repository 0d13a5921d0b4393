"""An open home on a real training shop over loopback, on a virtual clock: waiting takes no time."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.clock import VirtualClock
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.training.options import ALL_SCOPES, KeyHandling
from coupon_desk.training.shop import TrainingShop
from tests.surroundings.central_database import CentralDatabase

OpenDesk = Callable[..., CouponDesk]

PIN = "482915"
OWNER_PIN = "739164"


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def opened_shop(clock: VirtualClock) -> Iterator[TrainingShop]:
    with TrainingShop.start(coupons=60, seed=7, clock=clock) as shop:
        yield shop


@pytest.fixture
def shop(opened_shop: TrainingShop) -> TrainingShop:
    """The shop as freshly opened: no test sees what another changed, its rights and its ways included."""
    opened_shop.reset()
    opened_shop.configure(scopes=ALL_SCOPES, key_handling=KeyHandling.IGNORED)
    return opened_shop


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, opened_shop: TrainingShop, clock: VirtualClock) -> Path:
    """A home with its people, made once and copied for each test."""
    home = tmp_path_factory.mktemp("template")
    (home / "config.toml").write_text(training_config(opened_shop.addresses), encoding="utf-8")
    opened = CouponDesk.open(home, secrets=training_vault(opened_shop.addresses), clock=clock)
    opened.people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, OWNER_PIN), None)
    owner = opened.people.sign_in("owner", OWNER_PIN)
    opened.people.add(NewOperator("manager", "Mika Tanaka", Role.MANAGER, PIN), owner)
    opened.close()
    return home


@pytest.fixture
def desk(shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path) -> Iterator[CouponDesk]:
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, tmp_path)
    opened = CouponDesk.open(tmp_path, secrets=training_vault(shop.addresses), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def manager(desk: CouponDesk) -> Session:
    return desk.people.sign_in("manager", PIN)


@pytest.fixture
def owner(desk: CouponDesk) -> Session:
    return desk.people.sign_in("owner", OWNER_PIN)


@pytest.fixture
def open_desk(
    shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path, centre: CentralDatabase
) -> Iterator[OpenDesk]:
    """Desks of one shop that share a central database, by name; `more` is added to their configuration."""
    opened: list[CouponDesk] = []

    def open_desk(name: str, *, required: bool = False, more: str = "") -> CouponDesk:
        home = tmp_path / name
        home.mkdir()
        shutil.copy(template / "desk.sqlite3", home)
        shared = f'\n[central]\nurl = "{centre.url(centre.add_desk(name))}"\nrequired = {str(required).lower()}\n'
        (home / "config.toml").write_text((template / "config.toml").read_text("utf-8") + shared + more, encoding="utf-8")
        opened.append(CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()
