"""`config`: a configuration goes from one desk to the next, and no secret with it."""

from __future__ import annotations

import tomllib

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine


def test_a_configuration_goes_to_the_next_desk_and_says_which_secrets_are_missing(
    cli: CommandLine, empty_cli: CommandLine, shop: TrainingShop
) -> None:
    config = cli.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace("[shop]", '[shop]\nstore = "Ginza"'), encoding="utf-8")
    file = cli.home.parent / "next.toml"
    refused = cli.here("config", "export", str(file), "--json")
    assert (refused.status, refused.document["file"], file.exists()) == (3, None, False)
    told = cli.here("config", "export", str(file), operator="owner")
    assert (told.status, str(file) in told.out) == (0, True)
    assert shop.addresses.token not in file.read_text("utf-8")
    assert cli.here("config", "export", "--json", operator="owner").document["text"] == file.read_text("utf-8")

    looked = empty_cli.here("config", "import", str(file), "--dry-run", "--json")
    assert (looked.status, (empty_cli.home / "config.toml").exists()) == (0, False)
    taken = empty_cli.here("config", "import", str(file), "--json")
    assert taken.status == 0, taken.err
    assert taken.document["missing_secrets"] == ["shopify.token", "pos.token"]
    assert {"key": "shop.name", "before": None, "after": "Ginza store"} in taken.document["changed"]
    assert "store" not in tomllib.loads((empty_cli.home / "config.toml").read_text("utf-8"))["shop"]
    again = empty_cli.here("config", "import", str(file))
    assert (again.status, "Nothing is other than it was." in again.out) == (0, True)
    assert "secrets set pos.token" in again.out


def test_what_is_wrong_changes_nothing_and_a_change_bears_a_name(cli: CommandLine) -> None:
    config, file = cli.home / "config.toml", cli.home.parent / "other.toml"
    before = config.read_text("utf-8")
    file.write_text(before.replace("Ginza store", "Ueno store").replace("[mail]", '[mail]\npassword = "hunter2"'), "utf-8")
    secret = cli.here("config", "import", str(file), "--json", operator="owner")
    assert (secret.status, "hunter2" in secret.out, str(file) in secret.document["error"]["what"]) == (2, False, True)
    file.write_text(before.replace("settle_seconds", "settle_minutes"), "utf-8")
    assert cli.here("config", "import", str(file), operator="owner").status == 2
    file.write_text(before.replace('"Ginza store"', '"Ueno store"'), "utf-8")
    assert cli.here("config", "import", str(file)).status == 3
    assert config.read_text("utf-8") == before

    done = cli.here("config", "import", str(file), operator="owner")
    assert (done.status, "shop.name: Ginza store → Ueno store" in done.out) == (0, True)
    assert config.with_name("config.toml.before").read_text("utf-8") == before
    trail = cli.here("audit", "export", "--format", "jsonl", operator="owner").out
    assert "settings.saved" in trail
