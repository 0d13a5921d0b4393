"""A customer asks to be forgotten: nothing that the home keeps names them any more, and the trail proves itself still."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.cancellation.own_work import OperationErased
from coupon_desk.catalogue.query import CouponQuery
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted
from coupon_desk.people.operators import Session
from coupon_desk.trail.erasing import StillAtWork
from coupon_desk.trail.export import ExportFormat, export_entries
from coupon_desk.training.shop import TrainingShop

NOTE = "He read the wrong line of the till"


def cancel(desk: CouponDesk, session: Session, code: str) -> Operation:
    request = CancelRequest(CouponCode(code), OperationKind.CANCEL, Reason.CONVERTED_BY_MISTAKE, NOTE)
    return desk.cancel(request, session, wait_seconds=900)


def finish(desk: CouponDesk, clock: VirtualClock) -> None:
    """Two days later, when the discount was retired too."""
    for _ in range(3):
        clock.advance(timedelta(days=1).total_seconds())
        desk.run_due()


def kept(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(home.glob("desk.sqlite3*")))


def exports(desk: CouponDesk) -> Iterator[bytes]:
    for form in (ExportFormat.CSV, ExportFormat.JSONL):
        out = io.BytesIO()
        export_entries(desk.trail.between(), form, out)
        yield out.getvalue()


def test_an_erased_customer_is_named_nowhere(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session, clock: VirtualClock
) -> None:
    desk.sync(full=True)
    example, other = shop.showcase.example, shop.showcase.english_customer
    operation = cancel(desk, manager, str(example.code))
    assert cancel(desk, manager, str(other.code)).state is OperationState.COMPLETED
    with pytest.raises(StillAtWork):
        desk.erase_customer(example.customer_id, owner)
    finish(desk, clock)
    coupon = desk.catalogue.get(operation.code)
    assert coupon is not None
    assert coupon.customer_email is not None
    codes = desk.catalogue.codes_of_customer(example.customer_id)
    texts = [coupon.customer_email, coupon.customer_name, *(code.text for code in codes)]
    receipts = desk.home / "receipts"
    receipts.mkdir()
    mine, theirs = receipts / f"{operation.code}-{operation.id[:8]}.pdf", receipts / f"{other.code}-1234.pdf"
    for file in (mine, theirs):
        file.write_bytes(b"%PDF-")
    assert all(text.encode() in kept(desk.home) for text in texts)
    assert any(NOTE.encode() in export for export in exports(desk))
    before = desk.verify_trail().checked

    erased = desk.erase_customer(example.customer_id, owner)

    assert (erased.keys, erased.operations) == (1, 1)
    left = kept(desk.home) + b"".join(exports(desk))
    assert [text for text in texts if text.encode() in left] == []
    assert desk.catalogue.search(CouponQuery(text=coupon.customer_email)).rows == ()
    assert [file.name for file in receipts.iterdir()] == [theirs.name]
    assert desk.verify_trail().is_intact
    assert desk.verify_trail().checked > before
    assert [one.code.text for one in desk.operations()] == [str(other.code)]
    with pytest.raises(OperationErased) as gone:
        desk.operation(operation.id)
    assert operation.id in str(gone.value)
    steps = [entry for entry in desk.trail.of_operation(operation.id) if entry.action == "step.done"]
    assert {entry.step for entry in steps} >= {"verify", "claim", "invalidate", "return_points", "update_record"}
    assert {entry.actor for entry in steps} == {"manager"}
    assert [entry.fields.points for entry in steps if entry.step == "return_points"] == [500]
    again = cancel(desk, manager, str(example.code))
    assert (again.state, [finding.rule.value for finding in again.refused][:1]) == (OperationState.REFUSED, ["cancelled"])
    assert shop.balance(example.customer_id) is not None
    assert [entry.points for entry in shop.point_entries(example.customer_id, reference=operation.reference)].count(500) == 1


def test_only_an_administrator_erases(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    with pytest.raises(NotPermitted):
        desk.erase_customer(shop.showcase.example.customer_id, manager)


def test_what_the_house_keeps_no_longer_is_erased_at_the_next_start(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock
) -> None:
    operation = cancel(desk, manager, str(shop.showcase.example.code))
    finish(desk, clock)
    desk.close()
    config = desk.home / "config.toml"
    told = config.read_text(encoding="utf-8")
    config.write_text(told.replace("[policy]\n", "[policy]\npersonal_data_days = 30\n"), encoding="utf-8")

    def opened_after(days: int) -> list[str]:
        clock.advance(timedelta(days=days).total_seconds())
        again = CouponDesk.open(desk.home, secrets=training_vault(shop.addresses), clock=clock)
        try:
            again.hold()
            again.hold()
            assert again.verify_trail().is_intact
            return [one.id for one in again.operations()]
        finally:
            again.close()

    assert opened_after(20) == [operation.id]
    assert opened_after(20) == []
