"""A configuration changed key by key, handed to the next desk, and taken over from another."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from coupon_desk.app.configuration import ConfigurationFile, exported, taken_over
from coupon_desk.errors import ConfigurationError, StorageError
from coupon_desk.settings import WrongSetting, parse

FILE = Path("config.toml")
TEXT = """\
# The shop in Ginza; ask Kenji, tel. 03-1234-5678
[shop]
name = "Ginza store"   # said on receipts
store = "Ginza"

[shopify]
domain = "ginza.myshopify.com"

[pos]
endpoint = "https://pos.example.com/api"

[mail]
host = "smtp.example.com"
sender = "Ginza store <points@example.com>"

[central]
url = "postgresql://desk1@db.example.com/coupons?sslrootcert=/etc/ca.pem"
required = true

[limits.clerk]
cancellations_per_day = 10

[sign_in.roles]
"Shop Managers" = "manager"
"""


def test_only_what_is_changed_is_written_and_comments_stay() -> None:
    wanted = {"shop.name": "Ueno store", "shop.store": "Ginza", "policy.idle_minutes": 10, "mail.username": "desk"}
    change = ConfigurationFile(FILE).change(TEXT, wanted)
    assert change.text == TEXT.replace('"Ginza store"   #', '"Ueno store"   #').replace(
        '<points@example.com>"\n', '<points@example.com>"\nusername = "desk"\n'
    )
    assert change.before == {"mail.username": None, "shop.name": "Ginza store"}
    assert change.after == {"mail.username": "desk", "shop.name": "Ueno store"}


def test_a_subject_that_is_emptied_leaves_the_file() -> None:
    change = ConfigurationFile(FILE).change(TEXT, {"central.url": None, "central.required": None})
    assert "central" not in tomllib.loads(change.text)
    assert change.after == {"central.required": None, "central.url": None}


def test_a_new_file_holds_what_differs_from_the_usual_and_nothing_else() -> None:
    wanted = {
        "shop.name": "Ueno",
        "shop.currency": "JPY",
        "shopify.domain": "ueno.myshopify.com",
        "shopify.api_version": "2026-10",
        "pos.endpoint": "https://pos.example.com",
        "mail.host": "smtp.example.com",
        "mail.port": 465,
        "mail.sender": "points@example.com",
        "central.url": None,
    }
    assert tomllib.loads(ConfigurationFile(FILE).change("", wanted).text) == {
        "shop": {"name": "Ueno"},
        "shopify": {"domain": "ueno.myshopify.com"},
        "pos": {"endpoint": "https://pos.example.com"},
        "mail": {"host": "smtp.example.com", "port": 465, "sender": "points@example.com"},
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [("shopify.domain", "not a domain"), ("mail.port", "many"), ("policy.idle_minutes", 0), ("shop.name", None)],
)
def test_what_cannot_be_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(WrongSetting) as wrong:
        ConfigurationFile(FILE).change(TEXT, {key: value})
    assert wrong.value.key == key


def test_a_configuration_travels_without_comments_secrets_and_what_belongs_to_one_desk() -> None:
    text = exported(TEXT, FILE)
    assert all(left not in text for left in ("Kenji", "1234", "desk1", "store ="))
    tables = tomllib.loads(text)
    assert tables["central"] == {"url": "postgresql://db.example.com/coupons?sslrootcert=/etc/ca.pem", "required": True}
    assert tables["limits"] == {"clerk": {"cancellations_per_day": 10}}
    assert tables["sign_in"] == {"roles": {"Shop Managers": "manager"}}
    with pytest.raises(ConfigurationError, match="holds a secret"):
        exported(TEXT.replace('host = "', 'password = "hunter2"\nhost = "'), FILE)


def test_taking_over_keeps_what_belongs_to_this_desk() -> None:
    here = ConfigurationFile(FILE).values(TEXT.replace("desk1@", "desk2@").replace('store = "Ginza"', 'store = "Ueno"'))
    settings = parse(taken_over(TEXT, FILE, here), FILE)
    assert settings.shop.store == "Ueno"
    assert settings.central is not None
    assert settings.central.url.startswith("postgresql://desk2@db.example.com/")
    new = parse(taken_over(TEXT, FILE, {}), FILE)
    assert (new.shop.store, new.central and new.central.url.startswith("postgresql://db.example.com/")) == (None, True)
    assert new.limits.clerk.cancellations_per_day == 10
    with pytest.raises(WrongSetting):
        taken_over(TEXT.replace("domain", "domian"), FILE, {})


def test_a_file_is_put_in_place_whole_for_its_owner_alone_and_the_old_one_is_kept(tmp_path: Path) -> None:
    file = ConfigurationFile(tmp_path / "home" / "config.toml")
    assert file.read() == ""
    file.write("first")
    file.path.with_name("config.toml.new").write_text("left over")
    file.write("second")
    assert {each.name: each.read_text() for each in file.path.parent.iterdir()} == {
        "config.toml": "second",
        "config.toml.before": "first",
    }
    assert file.path.stat().st_mode & 0o777 == 0o600
    blocked = ConfigurationFile(file.path / "config.toml")
    with pytest.raises(StorageError):
        blocked.write("third")
