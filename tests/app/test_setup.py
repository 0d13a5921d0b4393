"""Setting a shop up: connections tried out before anything is saved, secrets in the vault only, changes with a name to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.app.setup import Connection, Setup
from coupon_desk.clock import VirtualClock
from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.operators import Session
from coupon_desk.settings import WrongSetting
from coupon_desk.training.shop import TrainingShop
from coupon_desk.vault import MemoryVault, NoKeyring, Secret, SecretName


class BrokenVault(MemoryVault):
    """A computer without a keyring."""

    def check(self) -> str:
        raise NoKeyring


@pytest.fixture
def empty(tmp_path: Path, clock: VirtualClock) -> Setup:
    return Setup(tmp_path / "new", MemoryVault(), clock)


def values_of(shop: TrainingShop) -> dict[str, object]:
    return {
        "shop.name": "Ueno store",
        "shopify.domain": shop.addresses.shopify_domain,
        "shopify.endpoint": shop.addresses.shopify_endpoint,
        "pos.endpoint": shop.addresses.pos_endpoint,
        "mail.host": shop.addresses.smtp_host,
        "mail.port": shop.addresses.smtp_port,
        "mail.security": "none",
        "mail.sender": "points@example.com",
    }


def test_each_connection_is_tried_out_with_what_was_typed_and_nothing_is_kept(empty: Setup, shop: TrainingShop) -> None:
    values = values_of(shop)
    typed = {SecretName.SHOPIFY_TOKEN: Secret(shop.addresses.token), SecretName.POS_TOKEN: Secret(shop.addresses.pos_token)}
    found = [check for each in Connection for check in empty.try_out(each, values, typed)]
    assert [str(check.name) for check in found] == ["Shopify", "Permissions in Shopify", "Clock", "Point system", "Mail server"]
    assert all(check.is_well for check in found)
    looked = empty.look()
    assert (looked.text, looked.values, looked.stored, looked.keyring.is_well) == ("", {}, frozenset(), True)


def test_each_permission_that_is_missing_is_named_with_what_it_is_for(empty: Setup, shop: TrainingShop) -> None:
    shop.configure(scopes=frozenset({"read_discounts", "write_customers"}))
    typed = {SecretName.SHOPIFY_TOKEN: Secret(shop.addresses.token)}
    found = empty.try_out(Connection.SHOPIFY, values_of(shop), typed)
    missing = {str(check.name): (str(check.found), str(check.mend)) for check in found if not check.is_well}
    assert set(missing) == {"Permission write_discounts", "Permission read_orders"}
    assert missing["Permission write_discounts"][0] == "Missing: without it no code can be switched off."
    assert "Shopify admin" in missing["Permission read_orders"][1]


def test_a_wrong_token_no_secret_and_nobody_there_are_told_with_the_mend(empty: Setup, shop: TrainingShop) -> None:
    values = values_of(shop)
    for connection, changed, typed, expected in (
        (Connection.SHOPIFY, {}, {SecretName.SHOPIFY_TOKEN: Secret("shpat_wrong")}, "Shopify"),
        (Connection.POINTS, {}, {}, "Point system"),
        (Connection.POINTS, {"pos.endpoint": "http://127.0.0.1:9"}, {SecretName.POS_TOKEN: Secret("x" * 9)}, "Point system"),
        (Connection.MAIL, {"mail.port": 9}, {}, "Mail server"),
        (Connection.CENTRAL, {"central.url": "postgresql://desk@127.0.0.1:9/coupons"}, {}, "Central database"),
    ):
        (check,) = empty.try_out(connection, {**values, **changed}, typed)
        assert (str(check.name), check.is_well) == (expected, False)
        assert check.mend is not None
        assert "shpat_wrong" not in str(check.found) + str(check.mend)
    with pytest.raises(WrongSetting) as wrong:
        empty.try_out(Connection.MAIL, {**values, "mail.sender": "nobody"}, {})
    assert wrong.value.key == "mail.sender"


def test_a_new_shop_is_saved_and_opens_with_its_secrets_in_the_vault_only(empty: Setup, shop: TrainingShop) -> None:
    empty.keep({SecretName.SHOPIFY_TOKEN: Secret(shop.addresses.token)}, None)
    empty.save("", values_of(shop), None)
    written = empty.file.read()
    assert shop.addresses.token not in written
    assert empty.look().stored == {SecretName.SHOPIFY_TOKEN}
    assert empty.missing_secrets(written) == (SecretName.POS_TOKEN,)
    with pytest.raises(ConfigurationError, match="Somebody else"):
        empty.save("", values_of(shop), None)


def test_a_computer_without_a_keyring_is_told_before_anything_is_typed(tmp_path: Path) -> None:
    found = Setup(tmp_path, BrokenVault()).look()
    assert (found.keyring.is_well, found.stored) == (False, frozenset())
    assert found.keyring.mend is not None


def test_a_change_takes_the_right_and_stands_in_the_trail_before_it_is_written(
    desk: CouponDesk, owner: Session, manager: Session
) -> None:
    setup = desk.setup
    text = setup.look().text
    with pytest.raises(NotPermitted):
        setup.save(text, {"shop.name": "Ueno"}, manager)
    with pytest.raises(NotPermitted):
        setup.keep({SecretName.POS_TOKEN: Secret("other")}, manager)
    with pytest.raises(NotPermitted, match="Sign in"):
        setup.save(text, {"shop.name": "Ueno"}, None)
    assert setup.file.read() == text
    setup.save(text, {"shop.name": "Ueno"}, owner)
    setup.keep({SecretName.MAIL_PASSWORD: Secret("let me in")}, owner)
    entry = desk.trail.newest("settings.saved")
    assert entry is not None
    assert (entry.actor, entry.fields.before, entry.fields.after) == (
        "owner",
        {"shop.name": "Ginza store"},
        {"shop.name": "Ueno"},
    )
    stored = desk.trail.newest("secret.stored")
    assert stored is not None
    assert "let me in" not in stored.text
    assert desk.verify_trail().is_intact


def test_the_training_shop_keeps_its_settings(desk: CouponDesk, owner: Session) -> None:
    Home(desk.home).training_mark.touch()
    with pytest.raises(NotPermitted, match="training shop"):
        desk.setup.save(desk.setup.look().text, {"shop.name": "Ueno"}, owner)
