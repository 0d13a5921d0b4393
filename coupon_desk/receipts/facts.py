"""The sentences and lines of a receipt in the customer's language, before anything is laid out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.content import ReceiptContent, ReceiptKind
from coupon_desk.words import NOTHING, Message, msg, msgn, write

_GROUP_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the table; `is_code` for what is compared letter by letter."""

    label: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What finds and proves the operation in the trail, in groups of letters that are read aloud together."""

    label: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """Everything on a receipt as words; `balance` is empty where it is unknown, `copy_mark` on the first print."""

    shop: str
    title: str
    at: str
    headline: str
    balance: str
    facts: tuple[Fact, ...]
    closing: tuple[str, ...]
    proofs: tuple[Proof, ...]
    copy_mark: str
    header: tuple[str, ...]
    footer: tuple[str, ...]


def words_of(content: ReceiptContent, zone: tzinfo | None) -> ReceiptWords:
    """The receipt in the language of its content; the moment in `zone`, or in this computer's own zone."""

    def said(value: object) -> str:
        return write(value, content.language, zone)

    return ReceiptWords(
        shop=content.shop_name,
        title=said(_TITLES[content.kind]),
        at=said(content.at),
        headline=said(_headline(content)),
        balance=said(_balance(content)),
        facts=tuple(Fact(said(label), said(value), is_code) for label, value, is_code in _facts(content)),
        closing=tuple(said(sentence) for sentence in _closing(content)),
        proofs=tuple(Proof(said(label), groups) for label, groups in _proofs(content)),
        copy_mark=said(_mark(content)),
        header=content.header,
        footer=content.footer,
    )


_TITLES: Final = {
    ReceiptKind.CANCELLED: msg("Coupon cancelled"),
    ReceiptKind.INVALIDATED: msg("Coupon invalidated"),
    ReceiptKind.ORDER_REFUND: msg("Points returned for a cancelled order"),
    ReceiptKind.RELEASED: msg("Points returned"),
}


def _headline(content: ReceiptContent) -> Message:
    if content.points_returned == 0:
        return msg("No points returned")
    return msgn("{points} point returned", "{points} points returned", points=content.points_returned)


def _balance(content: ReceiptContent) -> Message:
    if content.balance_after is None:
        return NOTHING
    if content.balance_before is None or content.balance_before == content.balance_after:
        return msg("Point balance {after}", after=content.balance_after)
    return msg("Point balance {before} → {after}", before=content.balance_before, after=content.balance_after)


def _facts(content: ReceiptContent) -> Iterator[tuple[Message, object, bool]]:
    yield msg("Coupon code"), content.code.text, True
    if content.amount is not None:
        yield msg("Value"), content.amount, False
    if content.order is not None:
        yield msg("Cancelled order"), content.order, False
    if content.customer_name:
        yield msg("Customer"), content.customer_name, False
    # A suspicion is not printed on a paper that the customer takes along.
    if content.reason not in {Reason.SUSPECTED_FRAUD, Reason.RELEASED}:
        yield msg("Reason"), content.reason.label, False
    yield msg("Served by"), content.operator_name, False
    yield msg("Reference"), content.reference, True


def _closing(content: ReceiptContent) -> Iterator[Message]:
    if content.kind is not ReceiptKind.ORDER_REFUND:
        yield msg("This coupon code can no longer be used.")
    if content.points_returned:
        yield msg("Please keep this receipt as proof of the points returned.")
    yield msg("Please contact us if you have any questions.")


def _proofs(content: ReceiptContent) -> Iterator[tuple[Message, tuple[str, ...]]]:
    if not content.is_preview:
        yield msg("Operation no."), (content.operation_id,)
        yield msg("Trail head"), tuple(_groups(content.trail_sequence, content.trail_head))


def _mark(content: ReceiptContent) -> Message:
    if content.is_preview:
        return msg("PREVIEW")
    return msg("COPY") if content.is_copy else NOTHING


def _groups(place: int, digest: str) -> Iterator[str]:
    """The hash in groups, the first with the place of its entry before it."""
    groups = [digest[start : start + _GROUP_LENGTH] for start in range(0, len(digest), _GROUP_LENGTH)]
    yield f"{place}:{groups[0] if groups else ''}"
    yield from groups[1:]
