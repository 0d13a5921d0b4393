"""Diagnostics: what helps is in them, and nothing of anybody, in a home and a log full of real people's data."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import coupon_desk
from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.diagnostic_log import frames, own_words
from coupon_desk.app.diagnostics import write
from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, StorageError
from coupon_desk.logs import setup
from coupon_desk.people.operators import Session
from coupon_desk.people.roles import Role
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import msg

NOTE = "Frau Schmidt-Okafor rief an, 0171 2345678"


def contents(file: Path) -> dict[str, str]:
    with ZipFile(file) as bundle:
        return {info.filename: bundle.read(info).decode("utf-8") for info in bundle.infolist()}


def personal_texts(desk: CouponDesk, shop: TrainingShop) -> set[str]:
    """Every text of a person or of the shop that this home, its shop and its log hold."""
    found = {desk.settings.shop.name, desk.settings.shopify.domain, desk.settings.mail.sender, NOTE, "Schmidt-Okafor", "0171"}
    for operator in desk.people.list():
        found |= {operator.name, operator.login, *operator.contacts}
    for code in (specimen.code for specimen in shop.showcase.all().values()):
        coupon = desk.catalogue.get(CouponCode.parse(str(code)))
        found |= {str(code), str(code).split("-")[1]}
        if coupon is not None:
            found |= {text for text in (coupon.customer_name, coupon.customer_email, coupon.customer_id) if text}
    addresses = shop.addresses
    found |= {addresses.token, addresses.pos_token, str(desk.home)}
    # “manager” is also a role, which may be said.
    return {text for text in found if len(text) > 3} - set(Role)


def test_nothing_of_anybody_is_in_the_diagnostics_of_a_home_full_of_people(
    desk: CouponDesk, shop: TrainingShop, manager: Session, tmp_path: Path
) -> None:
    desk.sync(full=True)
    shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))
    example = CouponCode.parse(str(shop.showcase.example.code))
    desk.cancel(CancelRequest(example, OperationKind.CANCEL, Reason.OTHER, NOTE), manager, wait_seconds=60)
    personal = personal_texts(desk, shop)
    assert len(personal) > 40
    log = logging.getLogger("coupon_desk.shopify")
    with setup(tmp_path):
        for text in sorted(personal):
            log.info("the customer said %s", text, extra={"told": text, "points": 500})
            try:
                raise StorageError(msg("{text} was in the way", text=text), detail=text)
            except StorageError:
                log.info("it failed", exc_info=True)
        logging.getLogger("httpx").warning("GET https://%s/customers?q=%s", desk.settings.shopify.domain, NOTE)
        file = tmp_path / "diagnostics.zip"
        parts = write(file, desk.home, desk, None, {"screen": 2})

    told = contents(file)
    assert tuple(told) == parts
    everything = "".join(told.values())
    assert {text for text in personal if text in everything} == set()
    work: dict[str, Any] = json.loads(told["work.json"])
    assert work["newest_operations"] == {"cancel completed": 1}
    assert [one["steps"]["notify"]["state"] for one in work["unfinished"]] == ["unknown"]
    assert all(check["ok"] for check in json.loads(told["checks.json"]))
    assert json.loads(told["settings.json"])["policy.settle_seconds"] == 1
    assert json.loads(told["program.json"])["coupon_desk"] == coupon_desk.VERSION
    lines = [json.loads(line) for line in told["log.jsonl"].splitlines()]
    said = [line for line in lines if line.get("says") == "the customer said %s"]
    assert len(said) == len(personal)
    assert said[0]["facts"]["points"] == 500
    failed = next(line for line in lines if line.get("says") == "it failed")
    assert failed["error"][-1] == "coupon_desk.errors.StorageError"


def test_a_desk_that_cannot_be_opened_has_diagnostics_too(tmp_path: Path) -> None:
    file = tmp_path / "diagnostics.zip"
    write(file, tmp_path / "nowhere", None, ConfigurationError(msg("{file} is wrong.", file="/Users/tanaka/x")), {})
    told = contents(file)
    assert json.loads(told["work.json"]) == {"not_opened": "… is wrong.", "kind": "ConfigurationError"}
    assert "tanaka" not in "".join(told.values())
    with pytest.raises(StorageError):
        write(tmp_path / "missing" / "d.zip", tmp_path, None, None, {})


@pytest.mark.parametrize("line", ["", "[]", "no json", '{"at": 1, "says": ["x"], "facts": [], "error": 3}', '"Hanako"'])
def test_a_line_without_sense_says_nothing(line: str) -> None:
    assert "Hanako" not in json.dumps(own_words(line))


def test_a_traceback_keeps_its_places_and_kinds_and_loses_its_words() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/Users/tanaka/app/coupon_desk/shopify/client.py", line 12, in read\n'
        "    raise ValueError(name)\n"
        "ValueError: Hanako Sato\n"
        "Sato: and another line of hers\n"
        "httpx.ReadTimeout\n"
    )
    assert list(frames(text)) == ["coupon_desk/shopify/client.py:12 read", "ValueError", "httpx.ReadTimeout"]
