"""`reminders` at the command line."""

from __future__ import annotations

from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine


def test_customers_are_reminded_once_and_every_state_is_told(cli: CommandLine, shop: TrainingShop) -> None:
    code = shop.showcase.expiring_soon.code
    soon = ("--days", "14")

    listed = cli.here("reminders", "list", *soon, "--json", operator="viewer")
    assert {one["code"]: (one["state"], one["customer"]) for one in listed.document["reminders"]}[code] == ("due", None)
    dry = cli.here("reminders", "send", code, *soon, "--dry-run")
    assert (dry.status, "1 customer would be reminded." in dry.out, shop.mailbox.mails) == (0, True, ())
    assert cli.here("reminders", "send", code, *soon, operator="clerk").status == 3

    shop.faults.add(Fault("mail.connect", FaultKind.HTTP_STATUS, status=421))
    later = cli.here("reminders", "send", code, *soon, "--json")
    assert (later.status, later.document["reminders"][0]["state"]) == (4, "delayed")
    sent = cli.here("reminders", "send", code, *soon, "--json")
    assert (sent.status, sent.document["counts"]) == (0, {"sent": 1})
    again = cli.here("reminders", "send", code, *soon)
    assert (again.status, "0 reminders were sent." in again.out) == (0, True)
    assert len(shop.mailbox.mails) == 1

    assert "Reminded" in cli.here("reminders", "list", *soon).out
    assert cli.here("reminders", "--language", "ja").status == 0


def test_a_reminder_whose_outcome_is_unknown_needs_a_person(cli: CommandLine, shop: TrainingShop) -> None:
    shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))

    ended = cli.here("reminders", "send", shop.showcase.expiring_soon.code, "--days", "14")

    assert (ended.status, "Outcome unknown" in ended.out) == (5, True)
