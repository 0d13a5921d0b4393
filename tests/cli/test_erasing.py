"""`audit erase` at the command line: who may, what it tells, and what is left."""

from __future__ import annotations

import json

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine
from tests.cli.test_cancel import WHY


def test_an_administrator_erases_a_customer_and_the_trail_proves_itself(cli: CommandLine, shop: TrainingShop) -> None:
    example = shop.showcase.example
    asked = cli("cancel", str(example.code), *WHY, "--json", operator="clerk")
    assert asked.status == 4, asked.err
    operation = asked.operation["id"]

    by_manager = cli.here("audit", "erase", example.customer_id, "--json")
    too_early = cli.here("audit", "erase", example.customer_id, "--json", operator="owner")
    rejected = cli.here("approvals", "reject", operation, "--note", "Not today", "--json")
    nobody = cli.here("audit", "erase", "Taro", "--json", operator="owner")
    erased = cli("audit", "erase", example.customer_id, "--json", operator="owner")
    told = cli.here("audit", "erase", example.customer_id, operator="owner")

    assert by_manager.status == 3
    assert (too_early.status, operation in too_early.document["error"]["what"]) == (3, True)
    assert rejected.status in {0, 3}, rejected.err
    assert (nobody.status, "Taro" in nobody.document["error"]["what"]) == (2, True)
    assert erased.status == 0, erased.err
    assert erased.document == {"keys": 1, "operations": 1, "entries_of_version_1": 0}
    assert (told.status, "0 coupons" in told.out) == (0, True)
    assert cli.here("audit", "verify", "--json", operator="owner").document["intact"] is True
    assert cli.here("operations", "--json").document == {"operations": []}
    gone = cli.here("operations", operation, "--json")
    assert (gone.status, "erased" in gone.document["error"]["what"]) == (3, True)
    lines = cli.here("audit", "export", "--format", "jsonl", operator="owner").out
    assert str(example.code) not in lines
    assert "trail.erased" in [json.loads(json.loads(line)["entry"])["action"] for line in lines.splitlines()]
