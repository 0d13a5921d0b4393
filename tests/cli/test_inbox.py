"""The inbox and the dry run, as a script reads them and as a person does."""

from __future__ import annotations

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine


def test_the_inbox_tells_what_waits_and_ends_with_0(cli: CommandLine, shop: TrainingShop) -> None:
    part = shop.showcase.used_partly_refunded
    told = cli.here("inbox", "--days", "60", "--json")

    assert (told.status, told.document["days"]) == (0, 60)
    item = next(item for item in told.document["items"] if item["code"] == part.code)
    assert (item["order"], item["state"], item["operation"]) == (part.order, "open", None)
    assert item["order_refund"]["deducted"] == 1000
    assert item["order_refund"]["proposed"] == 354
    assert item["cancelled_at"].endswith("Z")
    page = cli.here("inbox")
    assert part.code in page.out
    assert str(part.order) in page.out
    assert cli.here("inbox", operator="auditor").status == 3


def test_a_dry_run_asks_for_nothing_and_ends_with_0_or_3(cli: CommandLine, shop: TrainingShop) -> None:
    part, other = shop.showcase.used_partly_refunded, shop.showcase.used
    words = ("--order", str(part.order), "--note", "Order came back", "--dry-run")

    told = cli.here("refund-order", part.code, *words, "--json")
    assert (told.status, told.document["may_be_asked"], told.document["points_to_return"]) == (0, True, 354)
    assert told.document["order"]["refunded"] == "3400.0"
    assert "354 are proposed" in told.document["order_refund"]["why"]
    assert "354" in cli.here("refund-order", part.code, *words).out
    refused = cli.here("refund-order", other.code, "--order", str(other.order), "--note", "Came back", "--dry-run", "--json")
    assert (refused.status, refused.document["points_to_return"]) == (3, 0)
    assert "order_not_cancelled" in [finding["rule"] for finding in refused.document["findings"]]
    assert cli.here("operations", "--json").document["operations"] == []


def test_show_tells_the_life_of_a_coupon(cli: CommandLine, shop: TrainingShop) -> None:
    coupon = shop.showcase.used_order_cancelled
    told = cli.here("show", coupon.code, "--json")
    kinds = [event["kind"] for event in told.document["history"]]
    assert kinds == ["conversion", "issued", "use", "order", "order_cancelled"]
    assert "What happened" in cli.here("show", coupon.code).out
