"""Approvals and refunds for cancelled orders: a second person looks first."""

from __future__ import annotations

import json

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine

WHY = ("--reason", "customer_request", "--note", "Changed her mind at the counter")


def test_what_a_clerk_asks_for_is_done_when_a_manager_approves(cli: CommandLine, shop: TrainingShop) -> None:
    example = shop.showcase.example

    asked = cli("cancel", str(example.code), *WHY, "--json", operator="clerk")
    assert (asked.status, asked.operation["state"]) == (4, "awaiting_approval")
    assert asked.operation["approval_needed"]
    asked_id = asked.operation["id"]
    open_again = cli("cancel", str(example.code), *WHY, "--json")
    assert open_again.status == 3
    assert open_again.operation["refused"][0]["rule"] == "being_cancelled"
    assert open_again.operation["id"] is None

    waiting = cli.here("approvals", "--json")
    assert [one["id"] for one in waiting.document["operations"]] == [asked_id]
    assert waiting.document["operations"][0]["expires_at"] > asked.operation["opened_at"]
    assert waiting.document["elsewhere"] == []
    assert "Until" in cli.here("approvals").out
    by_clerk = cli.here("approvals", "approve", asked_id, "--json", operator="clerk")
    assert (by_clerk.status, by_clerk.document["operations"]) == (3, [])
    approved = cli("approvals", "approve", asked_id[:8], "--note", "Receipt seen", "--json")

    assert approved.status == 0, approved.err
    assert (approved.operation["state"], approved.operation["approved_by"]) == ("completed", "manager")
    assert approved.operation["points_returned"] == 500
    assert approved.operation["receipt"].endswith(".pdf")
    returned = [entry for entry in shop.point_entries(example.customer_id, f"COUPON-{example.code}") if entry.points > 0]
    assert len(returned) == 1


def test_a_used_coupon_of_a_cancelled_order_is_refunded_by_two_people(cli: CommandLine, shop: TrainingShop) -> None:
    used, other = shop.showcase.used_order_cancelled, shop.showcase.used
    words = ("refund-order", str(used.code), "--order", str(used.order), "--note", "Order came back unopened", "--json")

    not_cancelled = cli("refund-order", str(other.code), "--order", str(other.order), "--note", "Came back", "--json")
    assert not_cancelled.status == 3
    assert "order_not_cancelled" in [refusal["rule"] for refusal in not_cancelled.operation["refused"]]
    rejected = cli.here(*words)
    assert (rejected.status, rejected.operation["kind"]) == (4, "order_refund")
    own = cli.here("approvals", "approve", rejected.operation["id"], "--json")
    assert own.status == 3
    said_no = cli.here("approvals", "reject", rejected.operation["id"], "--note", "No goods seen", "--json", operator="owner")
    assert (said_no.status, said_no.operation["state"]) == (0, "refused")
    assert "No goods seen" in said_no.operation["refused"][0]["message"]

    asked = cli(*words)
    approved = cli("approvals", "approve", asked.operation["id"], "--json", operator="owner")

    assert approved.status == 0, approved.err
    assert (approved.operation["points_returned"], approved.operation["order"]) == (800, used.order)
    record = shop.record_entry(str(used.code))
    assert record is not None
    assert record["status"] == "used"
    answered = cli.here("operations", asked.operation["id"], "--answer", "Nothing to look after", "--json")
    assert (answered.status, "answer" in answered.document["error"]["what"]) == (3, True)
    trail = cli.here("audit", "export", "--format", "jsonl", operator="auditor")
    entries = [json.loads(json.loads(line)["entry"]) for line in trail.out.splitlines()]
    approvals = [entry for entry in entries if entry["action"] == "operation.approved"]
    assert [(entry["actor"], entry["approver"], entry["operation"]) for entry in approvals] == [
        ("owner", "owner", asked.operation["id"])
    ]
