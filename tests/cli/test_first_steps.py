"""A new home: the configuration, the secrets, the first operator, and what is said when one of them is wrong."""

from __future__ import annotations

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import PINS, CommandLine, configuration


def test_a_home_is_set_up_from_nothing(empty_cli: CommandLine, shop: TrainingShop) -> None:
    cli = empty_cli

    nothing = cli("search", "--json")
    assert nothing.status == 2
    assert nothing.document["coupons"] == []
    assert "config.toml" in nothing.document["error"]["what"]
    assert not cli.home.exists()

    unwell = cli.here("doctor", "--json")
    assert unwell.status == 2
    assert [(check["name"], check["ok"]) for check in unwell.document["checks"]] == [
        ("Configuration", False),
        ("Keyring", True),
    ]

    unknown = cli.here("secrets", "set", "pos.tokn", "--json", stdin="value\n")
    assert unknown.status == 2
    assert "pos.token" in unknown.document["error"]["todo"]
    for name, value in (("shopify.token", shop.addresses.token), ("pos.token", shop.addresses.pos_token)):
        stored = cli("secrets", "set", name, stdin=f"{value}\n")
        assert (stored.status, value in stored.out + stored.err) == (0, False)
    listed = cli.here("secrets", "list", "--json")
    assert [one["name"] for one in listed.document["secrets"] if one["stored"]] == ["shopify.token", "pos.token"]

    cli.home.mkdir(exist_ok=True)
    (cli.home / "config.toml").write_text(configuration(shop.addresses), encoding="utf-8")
    not_admin = cli.here("people", "add", "clerk", "--name", "Daniel", "--role", "clerk", "--json", stdin="615273\n")
    assert (not_admin.status, not_admin.document["error"]["exit_status"]) == (3, 3)
    weak = cli.here("people", "add", "owner", "--name", "Kenji", "--role", "admin", "--json", stdin="123456\n")
    assert (weak.status, "easy to guess" in weak.document["error"]["what"]) == (2, True)
    synced = cli("sync", "--json")
    assert synced.status == 2
    assert "people add" in synced.document["error"]["todo"]
    first = cli("people", "add", "owner", "--name", "Kenji", "--role", "admin", "--json", stdin=f"{PINS['owner']}\n")
    assert first.status == 0, first.err
    assert first.document["person"]["role"] == "admin"
    assert PINS["owner"] not in first.out

    second = cli.here("people", "add", "clerk", "--name", "Daniel", "--role", "clerk", stdin=f"{PINS['clerk']}\n")
    assert (second.status, "--operator" in second.err) == (2, True)
    second = cli.here(
        "people", "add", "clerk", "--name", "Daniel", "--role", "clerk", operator="owner", stdin=f"{PINS['clerk']}\n"
    )
    assert second.status == 0, second.err
    assert "Daniel (clerk) was added as clerk." in second.out

    well = cli.here("doctor", "--json", operator="owner")
    assert well.status == 0, well.out
    assert {"Configuration", "Keyring", "Trail", "Shopify", "Point system", "Mail server", "Clock"} <= {
        check["name"] for check in well.document["checks"]
    }
    synced = cli("sync", "--full", "--json", operator="clerk")
    assert synced.status == 0, synced.err
    assert synced.document["full"] is True
    assert synced.document["changed"] > 60

    hidden = cli.here("secrets", "list", "--json")
    assert hidden.status == 2
    refused = cli.here("secrets", "delete", "pos.token", "--json", operator="clerk")
    assert refused.status == 3
    gone = cli.here("secrets", "delete", "pos.token", "--json", operator="owner")
    assert (gone.status, gone.document["deleted"]) == (0, True)
    missing = cli.here("show", str(shop.showcase.example.code), "--json", operator="owner")
    assert missing.status == 2
    assert "secrets set pos.token" in missing.document["error"]["todo"]


def test_a_wrong_configuration_is_told_by_its_key_and_nothing_is_done(cli: CommandLine) -> None:
    config = cli.home / "config.toml"
    good = config.read_text(encoding="utf-8")
    wrongs = {
        "unknown field `colour`": good.replace("[policy]", "[policy]\ncolour = 1"),
        "settle_seconds": good.replace("settle_seconds = 0", 'settle_seconds = "soon"'),
        "pos.token": good.replace("[pos]", '[pos]\ntoken = "abcdefgh12345"'),
        "line": good + "\n[policy\n",
    }
    for key, text in wrongs.items():
        config.write_text(text, encoding="utf-8")
        ended = cli.here("search", "--json")
        assert ended.status == 2
        assert key in ended.document["error"]["what"]
        assert str(config) in ended.document["error"]["what"]
        assert ended.document["error"]["todo"]
        assert "abcdefgh12345" not in ended.out + ended.err


def test_operators_are_listed_disabled_and_given_another_pin(cli: CommandLine) -> None:
    disabled = cli.here("people", "disable", "clerk", "--json", operator="owner")
    assert (disabled.status, disabled.document["person"]["disabled"]) == (0, True)
    refused = cli.here("people", "disable", "owner", "--json", operator="manager")
    assert refused.status == 3
    last = cli.here("people", "disable", "owner", "--json", operator="owner")
    assert (last.status, "last administrator" in last.document["error"]["what"]) == (3, True)
    kept_out = cli.here("people", "list", "--json", operator="clerk")
    assert (kept_out.status, kept_out.document["people"]) == (3, [])
    back = cli.here("people", "enable", "clerk", operator="owner")
    assert back.status == 0

    changed = cli.here("people", "pin", "manager", stdin="905172\n")
    assert changed.status == 0, changed.err
    assert cli.here("people", "list").status == 3
    promoted = cli.here("people", "role", "manager", "auditor", operator="owner")
    assert promoted.status == 0
    listed = cli.here("people", "list", "--json", pin="905172")
    assert {one["login"]: (one["role"], one["disabled"]) for one in listed.document["people"]} == {
        "auditor": ("auditor", False),
        "clerk": ("clerk", False),
        "manager": ("auditor", False),
        "owner": ("admin", False),
        "viewer": ("viewer", False),
    }


def test_operators_belong_to_stores_and_are_kept_out_elsewhere(cli: CommandLine) -> None:
    config = cli.home / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("[shop]", '[shop]\nstore = "Ginza"'), encoding="utf-8")
    add = ("people", "add", "yuki", "--name", "Yuki", "--role", "clerk", "--store", "Ueno", "--store", "Asakusa", "--json")
    added = cli.here(*add, operator="owner", stdin="820463\n")
    assert (added.status, added.document["person"]["stores"]) == (0, ["Ueno", "Asakusa"])
    elsewhere = cli.here("search", "--json", operator="yuki", pin="820463")
    assert (elsewhere.status, "this desk belongs to Ginza" in elsewhere.document["error"]["what"]) == (3, True)
    moved = cli.here("people", "stores", "yuki", "ginza", operator="owner")
    assert (moved.status, moved.out) == (0, "yuki may work in ginza only.\n")
    assert cli.here("search", "--json", operator="yuki", pin="820463").status == 0
    last = cli.here("people", "stores", "owner", "Ueno", "--json", operator="owner")
    assert (last.status, "last administrator" in last.document["error"]["what"]) == (3, True)
    alone = cli.here("people", "share", "yuki", "--json", operator="owner")
    assert (alone.status, "no central database" in alone.document["error"]["what"]) == (3, True)
    linked = cli.here("people", "link", "yuki", "--json", operator="owner")
    assert (linked.status, linked.document["person"]["source"]) == (0, "oidc")


def test_nobody_without_the_right_finds_a_customer_by_name_or_e_mail(cli: CommandLine, shop: TrainingShop) -> None:
    found = cli.here("search", str(shop.showcase.example.code), "--json").document["coupons"][0]
    for what in ("customer_name", "customer_email"):
        if found.get(what):
            assert cli.here("search", found[what], "--json").document["coupons"] != []
            assert cli.here("search", found[what], "--json", operator="viewer").document["coupons"] == []
