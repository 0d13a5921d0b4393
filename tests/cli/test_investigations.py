"""`investigations` at the command line: what is withheld is released by two people, or never."""

from __future__ import annotations

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine

SUSPECTED = ("--reason", "suspected_fraud", "--note", "Third card this week", "--json")


def test_withheld_points_are_released_by_two_people_and_confirmed_fraud_by_nobody(cli: CommandLine, shop: TrainingShop) -> None:
    first, second = str(shop.showcase.example.code), str(shop.showcase.free_shipping.code)
    for code in (first, second):
        assert cli("cancel", code, *SUSPECTED).operation["kind"] == "invalidate"
    listed = cli.here("investigations", "--json").document["investigations"]
    assert [(one["code"], one["state"], one["points_withheld"]) for one in listed] == [
        (first, "open", 500),
        (second, "open", int(second.rpartition("-")[2])),
    ]

    by_clerk = cli.here("investigations", "release", first, "--note", "Please give it back", "--json", operator="clerk")
    assert by_clerk.status == 3
    assert "suspected fraud" in by_clerk.document["error"]["what"]
    asked = cli.here("investigations", "release", first, "--note", "It was her sister", "--json")
    assert (asked.status, asked.operation["kind"], asked.operation["state"]) == (4, "release", "awaiting_approval")
    done = cli("approvals", "approve", asked.operation["id"], "--json", operator="owner")
    assert (done.status, done.operation["points_returned"]) == (0, 500)

    confirmed = cli.here("investigations", "confirm", second, "--note", "Seen on camera", "--json", operator="owner")
    assert (confirmed.status, confirmed.document["investigations"][0]["state"]) == (0, "confirmed")
    refused = cli.here("investigations", "release", second, "--note", "She asked again", "--json")
    assert (refused.status, refused.operation["refused"][0]["rule"]) == (3, "confirmed_fraud")
    again = cli.here("investigations", "confirm", second, "--note", "Seen on camera", "--json")
    assert (again.status, again.document["error"]["exit_status"]) == (3, 3)

    told = cli.here("investigations", "list", "--all")
    assert "Points released" in told.out
    assert "Fraud confirmed" in told.out
    assert cli.here("investigations").out.strip() == "None."
    assert cli.here("investigations", operator="clerk").status == 3
    returned = [entry for entry in shop.point_entries(shop.showcase.example.customer_id, f"COUPON-{first}") if entry.points > 0]
    assert len(returned) == 1
