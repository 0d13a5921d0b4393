"""`reconcile` at the command line: what contradicts is told, and put right where that is surely safe."""

from __future__ import annotations

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine


def test_what_contradicts_is_told_and_put_right(cli: CommandLine, shop: TrainingShop) -> None:
    specimen = shop.showcase.already_returned
    balance = shop.balance(specimen.customer_id)

    told = cli.here("reconcile", specimen.code, "--json")
    (coupon,) = told.document["coupons"]
    assert told.status == 5
    assert [(one["kind"], one["repair"]) for one in coupon["differences"]] == [("returned_not_cancelled", "take_away")]
    assert [event["kind"] for event in coupon["history"] if event["doubtful"]] == ["return"]
    page = cli.here("reconcile", specimen.code, operator="viewer")
    assert (page.status, "≠" in page.out, "--repair" in page.out) == (5, True, True)

    assert cli.here("reconcile", specimen.code, "--repair", "--json").status == 2  # without a note
    assert cli.here("reconcile", specimen.code, "--repair", "--note", "Seen to", operator="clerk").status == 3
    done = cli.here("reconcile", specimen.code, "--repair", "--note", "Compared with the POS", "--json")
    (repaired,) = done.document["repaired"]
    (coupon,) = done.document["coupons"]
    assert (done.status, repaired["code"], coupon["differences"], coupon["status"]) == (0, specimen.code, [], "cancelled")
    assert shop.balance(specimen.customer_id) == balance
    assert "No source contradicts another." in cli.here("reconcile", "--customer", specimen.customer_id).out


def test_one_coupon_or_one_customer_has_to_be_named(cli: CommandLine, shop: TrainingShop) -> None:
    assert cli.here("reconcile").status == 2
    assert cli.here("reconcile", shop.showcase.example.code, "--customer", "1").status == 2
    unknown = cli.here("reconcile", "--customer", "999999999")
    assert (unknown.status, "sync" in unknown.out) == (0, True)
