"""The remote truth as JSON: one coupon's whole story, and everything that changed since the shop opened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from coupon_desk.clock import to_text
from coupon_desk.coupons.points import PointEntry
from coupon_desk.training.journal import JournalEntry
from coupon_desk.training.pos_door import entry_json
from coupon_desk.training.showcase import Showcase
from coupon_desk.training.things import Discount, Mail, Order, number_of, when
from coupon_desk.training.world import World


def state(world: World, mails: Iterable[Mail]) -> dict[str, Any]:
    """The discounts and orders that are kept, the records and point accounts that were written to, and all mails."""
    now = world.clock.now()
    return {
        "opened_at": to_text(world.opened_at),
        "now": to_text(now),
        "discounts": [_discount(discount, now) for discount in world.discounts.touched()],
        "records": {str(number): world.record(number) for number in world.changed_records},
        "point_entries": {
            account.id: [entry_json(entry) for entry in account.entries if entry.created_at >= world.opened_at]
            for account in world.ledger.changed()
        },
        "balances": {account.id: account.balance for account in world.ledger.changed()},
        "orders": [_order(order) for order in world.orders.touched()],
        "mails": [mail_json(mail) for mail in mails],
    }


def story(world: World, showcase: Showcase, code: str, mails: Iterable[Mail]) -> dict[str, Any]:
    """All that the remote systems know of one coupon, also when its discount is gone."""
    discount = world.discount_with(code)
    customer = _owner(world, showcase, code)
    account = None if customer is None else world.ledger.account(world.account_id(customer))
    buyer = None if customer is None else world.customers.get(customer)
    return {
        "code": code,
        "discount": None if discount is None else _discount(discount, world.clock.now()),
        "record_entry": None if customer is None else record_entry(world.record(customer), code),
        "point_entries": []
        if account is None
        else [entry_json(entry) for entry in under(account.seen(None), f"COUPON-{code}")],
        "balance": None if account is None else account.balance,
        "orders": [_order(order) for order in world.orders_with(code)],
        "mails": [mail_json(mail) for mail in mails if buyer is not None and buyer.email in mail.recipients],
    }


def record_entry(record: Any, code: str) -> dict[str, Any] | None:
    """The entry of a coupon in a customer's record, in either of its shapes (INTERFACE.md §5)."""
    entries = record.get("coupons") if isinstance(record, dict) else record
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and str(entry.get("code", "")).casefold() == code.casefold():
            return entry
    return None


def under(entries: Iterable[PointEntry], reference: str | None) -> list[PointEntry]:
    """The entries under a reference; all of them for None."""
    return [entry for entry in entries if reference is None or entry.reference == reference]


def mail_json(mail: Mail) -> dict[str, Any]:
    """A mail as JSON."""
    return {
        "sender": mail.sender,
        "recipients": list(mail.recipients),
        "subject": mail.subject,
        "message_id": str(mail.message["Message-ID"] or ""),
        "text": mail.text,
        "at": to_text(mail.at),
        "username": mail.username,
    }


def journal_json(entry: JournalEntry) -> dict[str, Any]:
    """A line of the journal as JSON."""
    return {
        "number": entry.number,
        "at": to_text(entry.at),
        "system": entry.system,
        "call": entry.call,
        "names": list(entry.names),
        "key": entry.key,
        "target": entry.target,
        "fault": entry.fault,
        "executed": entry.executed,
        "applied": entry.applied,
        "status": entry.status,
    }


def _owner(world: World, showcase: Showcase, code: str) -> int | None:
    for specimen in showcase.all().values():
        if specimen.code == code:
            return number_of(specimen.customer_id, "Customer")
    index = world.generated.index_of_code(code)
    return None if index is None else world.generated.customer_number(world.generated.owner(index))


def _discount(discount: Discount, now: datetime) -> dict[str, Any]:
    return {
        "id": discount.id,
        "kind": discount.kind.value,
        "title": discount.title,
        "status": discount.status(now),
        "starts_at": when(discount.starts_at),
        "ends_at": None if discount.ends_at is None else when(discount.ends_at),
        "codes": [{"id": code.id, "code": code.code, "uses": len(code.uses)} for code in discount.codes],
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "name": order.name,
        "codes": list(order.codes),
        "created_at": when(order.created_at),
        "cancelled_at": None if order.cancelled_at is None else when(order.cancelled_at),
        "financial_status": order.financial_status,
        "paid": order.received,
        "refunded": order.refunded,
    }
