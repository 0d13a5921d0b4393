"""`cancel`: the example coupon end to end, and every way in which a coupon is not cancelled."""

from __future__ import annotations

import json
from pathlib import Path

from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine

WHY = ("--reason", "customer_request", "--note", "Changed her mind at the counter")
STEPS = ["verify", "claim", "invalidate", "return_points", "update_record", "notify", "retire"]


def test_the_example_coupon_is_cancelled_with_proof(cli: CommandLine, shop: TrainingShop) -> None:
    example = shop.showcase.example
    code, reference = str(example.code), f"COUPON-{example.code}"
    record_before = shop.record_entry(code)
    balance_before = shop.balance(example.customer_id)
    assert record_before is not None
    assert balance_before is not None

    ended = cli("cancel", code.lower(), *WHY, "--json")

    assert ended.status == 0, ended.err
    assert list(ended.document) == ["operations"]
    operation = ended.operation
    assert [step["name"] for step in operation["steps"]] == STEPS
    assert [step["state"] for step in operation["steps"][:6]] == ["done"] * 6
    assert all(step["at"].endswith("Z") and step["detail"] for step in operation["steps"][:6])
    assert {
        "code": code,
        "kind": "cancel",
        "state": "completed",
        "refused": [],
        "points_returned": 500,
        "balance_after": balance_before + 500,
        "reference": reference,
    }.items() <= operation.items()
    assert operation["receipt"], ended.err
    assert Path(operation["receipt"]).read_bytes().startswith(b"%PDF")

    discount = shop.discount(code)
    assert discount is not None
    assert not discount.is_active(shop.clock.now())
    adds = [entry for entry in shop.point_entries(example.customer_id, reference) if entry.points > 0]
    assert [(entry.points, entry.reference) for entry in adds] == [(500, reference)]
    assert shop.balance(example.customer_id) == balance_before + 500
    record = shop.record_entry(code)
    assert record is not None
    assert (record["status"], record["cancelled_by"]) == ("cancelled", "manager")
    assert {key: value for key, value in record.items() if key in record_before and key != "status"} == {
        key: value for key, value in record_before.items() if key != "status"
    }
    (mail,) = shop.mailbox.mails
    assert "500" in mail.text

    proof = cli("audit", "verify", "--json")
    assert (proof.status, proof.document["intact"]) == (0, True)

    again = cli.here("cancel", code, *WHY, "--json")
    assert again.status == 3
    assert again.operation["state"] == "refused"
    assert next(refusal["rule"] for refusal in again.operation["refused"]) == "cancelled"
    assert again.operation["receipt"] is None
    assert len(shop.mailbox.mails) == 1

    told = cli.here("operations", operation["id"][:8])
    assert told.status == 0
    assert operation["id"] in told.out
    assert operation["receipt"] in told.out
    assert "Return the points" in told.out


def test_of_several_codes_each_is_told_and_the_highest_status_counts(
    cli: CommandLine, shop: TrainingShop, tmp_path: Path
) -> None:
    cases = shop.showcase
    file = tmp_path / "codes.txt"
    file.write_text(f"\ufeff# from the counter\n\n{cases.example.code}\n{str(cases.example.code).lower()}\n{cases.used.code}\n")

    ended = cli(
        "cancel", "no code", str(cases.unknown_at_pos.code), "99999-ZZZZZZ-500", *WHY, "--from-file", str(file), "--json"
    )

    assert ended.status == 3
    assert "given twice" in ended.err
    told = {one["code"]: one for one in ended.document["operations"]}
    assert list(told) == [
        "no code",
        str(cases.unknown_at_pos.code),
        "99999-ZZZZZZ-500",
        str(cases.example.code),
        str(cases.used.code),
    ]
    assert {code: (one["state"], [refusal["rule"] for refusal in one["refused"]][:1]) for code, one in told.items()} == {
        "no code": ("refused", ["invalid_code"]),
        str(cases.unknown_at_pos.code): ("refused", ["unknown_at_pos"]),
        "99999-ZZZZZZ-500": ("refused", ["not_found"]),
        str(cases.example.code): ("completed", []),
        str(cases.used.code): ("refused", ["used"]),
    }
    assert ended.document["error"]["exit_status"] == 3
    assert told["no code"]["id"] is None
    assert shop.balance(cases.used.customer_id) is not None
    assert not [entry for entry in shop.point_entries(cases.used.customer_id, f"COUPON-{cases.used.code}") if entry.points > 0]


def test_codes_come_from_standard_input_and_people_read_what_became_of_them(cli: CommandLine, shop: TrainingShop) -> None:
    code = str(shop.showcase.example.code)

    ended = cli("cancel", *WHY, "--from-file", "-", stdin=f"{code}\n")

    assert ended.status == 0, ended.err
    assert f"{code}  Completed" in ended.out
    assert "500 points were returned" in ended.out
    assert "\x1b" not in ended.out
    assert "Return the points: done" in ended.err


def test_only_the_code_is_killed_where_no_points_are_to_be_returned(cli: CommandLine, shop: TrainingShop) -> None:
    example = shop.showcase.example

    ended = cli("cancel", str(example.code), "--reason", "suspected_fraud", "--note", "Sold online", "--no-refund", "--json")

    assert ended.status == 0, ended.err
    assert (ended.operation["kind"], ended.operation["points_returned"]) == ("invalidate", 0)
    assert not [entry for entry in shop.point_entries(example.customer_id, f"COUPON-{example.code}") if entry.points > 0]
    assert shop.mailbox.mails == ()


def test_whoever_may_not_is_refused_and_nothing_is_touched(cli: CommandLine, shop: TrainingShop) -> None:
    code = str(shop.showcase.example.code)

    viewer = cli("cancel", code, str(shop.showcase.used.code), *WHY, "--json", operator="viewer")
    short = cli.here("cancel", code, "--reason", "other", "--note", " x ", "--json")
    wrong_pin = cli.here("cancel", code, *WHY, "--json", pin="482916")
    nobody = cli.here("cancel", code, *WHY, "--json", operator=None)
    without_reason = cli.here("cancel", code, "--note", "Changed her mind", "--json")

    assert viewer.status == 3
    assert [one["refused"][0]["rule"] for one in viewer.document["operations"]] == ["not_permitted"] * 2
    assert viewer.document["error"]["exit_status"] == 3
    assert "viewer" in viewer.err
    assert (short.status, short.operation["state"]) == (2, "refused")
    assert "5" in short.document["error"]["todo"]
    assert (wrong_pin.status, wrong_pin.document["operations"]) == (3, [])
    assert "PIN" in wrong_pin.document["error"]["what"]
    assert (nobody.status, nobody.document["error"]["todo"]) == (2, "Say it with --operator LOGIN.")
    assert without_reason.status == 2
    assert "--reason" in without_reason.document["error"]["what"]
    assert shop.journal.calls("discountCodeDeactivate") == ()

    exported = cli.here("audit", "export", "--format", "jsonl", operator="owner")
    actions = [json.loads(json.loads(line)["entry"])["action"] for line in exported.out.splitlines()]
    assert actions.count("right_refused") == 1
    assert "sign_in_refused" in actions


def test_a_source_that_does_not_answer_proves_nothing_and_nothing_is_done(cli: CommandLine, shop: TrainingShop) -> None:
    example, other = str(shop.showcase.example.code), str(shop.showcase.english_customer.code)

    shop.faults.add(Fault("history", FaultKind.NOT_JSON, every=1))
    not_json = cli("cancel", example, *WHY, "--json")
    seen = cli.here("show", example, "--json")
    withdrawn = cli.here("operations", example, "--withdraw", "She went home", "--json")
    shop.faults.clear()
    shop.faults.add(Fault("*", FaultKind.FORBIDDEN, every=1))
    forbidden = cli.here("cancel", other, *WHY, "--json")
    shop.faults.clear()
    shop.stop()
    away = cli("cancel", other, *WHY, "--json")

    assert (not_json.status, not_json.operation["state"]) == (4, "running")
    assert not_json.operation["steps"][0]["state"] == "delayed"
    assert (seen.status, seen.document["points"]["source"]) == (4, "not_answered")
    assert (withdrawn.status, withdrawn.operation["refused"][0]["rule"]) == (0, "withdrawn")
    assert (forbidden.status, {one["rule"] for one in forbidden.operation["refused"]}) == (3, {"not_answered"})
    assert (away.status, away.operation["state"], away.operation["points_returned"]) == (4, "running", 0)
    assert not [call for call in shop.journal.entries if call.applied]
