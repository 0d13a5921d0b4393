"""`investigations` at the command line: what is withheld is asked for, or never returned."""

from __future__ import annotations

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine

SUSPECTED = ("--reason", "suspected_fraud", "--note", "Third card this week", "--json")


def test_withheld_points_are_asked_for_and_once_fraud_is_confirmed_never_returned(cli: CommandLine, shop: TrainingShop) -> None:
    code, customer_id = str(shop.showcase.example.code), shop.showcase.example.customer_id
    assert cli("cancel", code, *SUSPECTED).operation["kind"] == "invalidate"
    (listed,) = cli.here("investigations", "--json").document["investigations"]
    assert (listed["code"], listed["state"], listed["points_withheld"]) == (code, "open", 500)

    by_clerk = cli.here("investigations", "release", code, "--note", "Please give it back", "--json", operator="clerk")
    assert by_clerk.status == 3
    assert "suspected fraud" in by_clerk.document["error"]["what"]
    asked = cli.here("investigations", "release", code, "--note", "It was her sister", "--json")
    assert (asked.status, asked.operation["kind"], asked.operation["state"]) == (4, "release", "awaiting_approval")
    assert asked.operation["releases"] == listed["operation"]
    own = cli.here("approvals", "approve", asked.operation["id"], "--json")
    assert own.status == 3
    early = cli.here("investigations", "confirm", code, "--note", "Seen on camera", "--json", operator="owner")
    assert (early.status, asked.operation["id"] in early.document["error"]["what"]) == (3, True)
    rejected = cli.here("approvals", "reject", asked.operation["id"], "--note", "Not so", "--json", operator="owner")
    assert rejected.status == 0

    confirmed = cli.here("investigations", "confirm", code, "--note", "Seen on camera", "--json", operator="owner")
    assert (confirmed.status, confirmed.document["investigations"][0]["state"]) == (0, "confirmed")
    refused = cli.here("investigations", "release", code, "--note", "She asked again", "--json")
    assert (refused.status, refused.operation["refused"][0]["rule"]) == (3, "confirmed_fraud")
    again = cli.here("investigations", "confirm", listed["operation"][:8], "--note", "Seen on camera", "--json")
    assert (again.status, again.document["error"]["exit_status"]) == (3, 3)

    assert "Fraud confirmed" in cli.here("investigations", "list", "--all").out
    assert cli.here("investigations").out.strip() == "None."
    assert cli.here("investigations", operator="clerk").status == 3
    assert not [entry for entry in shop.point_entries(customer_id, f"COUPON-{code}") if entry.points > 0]


def test_signals_are_told_to_those_who_may_read_the_trail(cli: CommandLine) -> None:
    for _ in range(5):
        assert cli.here("search", operator="clerk", pin="000000").status == 3

    told = cli.here("signals", "--json", operator="auditor")

    assert told.status == 0
    (signal,) = told.document["signals"]
    assert (signal["kind"], signal["who"], signal["operations"]) == ("wrong_pins", "clerk", [])
    assert "5 wrong PINs" in cli.here("signals", operator="auditor").out
    assert cli.here("signals", "--since", "2099-01-01").out.strip() == "Nothing unusual."
    assert cli.here("signals", operator="viewer").status == 3
