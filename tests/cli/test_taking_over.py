"""`cancel --take-over`: what another desk began is finished here, once a second person has approved."""

from __future__ import annotations

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine

WHY = ("--reason", "customer_request", "--note", "Changed her mind at the counter")
MARK = {"operation": "6f1f7a4e-0000-4000-8000-000000000001", "by": "ken", "at": "2026-11-20T03:00:00.000000Z"}


def claimed_elsewhere(shop: TrainingShop) -> str:
    """The example coupon, as a desk left it that was switched off right after its claim."""
    example = shop.showcase.example
    record = shop.record(example.customer_id)
    entries = record if isinstance(record, list) else record["coupons"]
    for entry in entries:
        if entry["code"] == str(example.code):
            entry["cancellation"] = MARK
    shop.edit_record(example.customer_id, record)
    return str(example.code)


def test_a_claim_of_another_desk_refuses_and_says_how_it_is_taken_over(cli: CommandLine, shop: TrainingShop) -> None:
    refused = cli.here("cancel", claimed_elsewhere(shop), *WHY)

    assert refused.status == 3
    assert "Being cancelled by ken" in refused.out
    assert "--take-over" in refused.out


def test_taking_over_waits_for_a_second_person(cli: CommandLine, shop: TrainingShop) -> None:
    code = claimed_elsewhere(shop)

    asked = cli.here("cancel", code, *WHY, "--take-over", "--json")

    assert (asked.status, asked.operation["state"]) == (4, "awaiting_approval")
    assert any("gone for good" in why for why in asked.operation["approval_needed"])
    begun = cli.here(
        "approvals", "approve", asked.operation["id"], "--note", "I saw it", "--no-wait", "--json", operator="owner"
    )
    assert (begun.status, begun.operation["state"]) == (4, "running")
    entry = shop.record_entry(code)
    assert entry is not None
    assert entry["cancellation"]["operation"] == asked.operation["id"]
    assert shop.journal.calls("add") == ()


def test_where_nothing_stands_in_the_way_nothing_is_taken_over(cli: CommandLine, shop: TrainingShop) -> None:
    done = cli("cancel", str(shop.showcase.example.code), *WHY, "--take-over", "--json")

    assert (done.status, done.operation["state"]) == (0, "completed")
