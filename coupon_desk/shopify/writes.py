"""The writes: prepared as exact texts, and what each has to answer so that it counts as done."""

from __future__ import annotations

import json
from typing import Any, Final

from coupon_desk.clock import to_text
from coupon_desk.coupons.evidence import DiscountKind, DiscountSeen, DiscountState
from coupon_desk.errors import OutcomeUnknown, RemoteError, StaleRecord, System
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Moment, Shape
from coupon_desk.shopify.refusals import LOOK_FIRST, NOTHING_DONE, Purpose, refused, unreadable
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import msg


class UserError(Shape, frozen=True):
    """Why Shopify did not do what a mutation asked."""

    message: str
    code: str | None = None
    field: list[str] | None = None


class Window(Shape, frozen=True):
    """The status and dates of a discount after a mutation."""

    status: DiscountState
    starts_at: Moment
    ends_at: Moment | None


class ChangedNode(Shape, frozen=True):
    """The discount that a mutation changed."""

    id: str
    discount: Window


class Job(Shape, frozen=True):
    """Work that Shopify goes on with by itself; it tells no errors."""

    id: str
    done: bool


class WrittenField(Shape, frozen=True):
    """A metafield that was written."""

    id: str
    compare_digest: str


class Payload(Shape, frozen=True):
    """What each mutation tells; the fields of other mutations stay None."""

    user_errors: list[UserError]
    node: ChangedNode | None = None
    deleted_id: str | None = None
    job: Job | None = None
    metafields: list[WrittenField] | None = None


class WriteAnswer(Shape, frozen=True):
    """Every mutation: its one field is aliased `payload`."""

    payload: Payload | None


class JobAnswer(Shape, frozen=True):
    """`JobState`."""

    job: Job | None


DEACTIVATE: Final = Operation("DeactivateDiscount", WriteAnswer)
DELETE: Final = Operation("DeleteDiscount", WriteAnswer)
REMOVE_CODE: Final = Operation("RemoveCode", WriteAnswer)
WRITE_RECORD: Final = Operation("WriteRecord", WriteAnswer)
JOB_STATE: Final = Operation("JobState", JobAnswer)

# An app discount is missing here on purpose: the defaults of DiscountCodeAppInput would change more than the dates.
_RESTORE: Final = {
    DiscountKind.BASIC: Operation("RestoreBasicWindow", WriteAnswer),
    DiscountKind.BXGY: Operation("RestoreBxgyWindow", WriteAnswer),
    DiscountKind.FREE_SHIPPING: Operation("RestoreFreeShippingWindow", WriteAnswer),
}

OPERATIONS: Final = {each.name: each for each in (DEACTIVATE, DELETE, REMOVE_CODE, WRITE_RECORD, *_RESTORE.values())}
"""The writes by the name under which the trail keeps them."""

_STALE: Final = frozenset({"STALE_OBJECT", "INVALID_COMPARE_DIGEST", "TAKEN"})
_GONE: Final = "Code discount does not exist."
_WENT_WRONG: Final = "Something went wrong"


def deactivation(discount: DiscountSeen) -> PreparedRequest:
    """Switch the whole discount off."""
    return _prepared(DEACTIVATE, discount.id, {"id": discount.id})


def deletion(discount: DiscountSeen) -> PreparedRequest:
    """Delete the discount."""
    return _prepared(DELETE, discount.id, {"id": discount.id})


def code_removal(discount: DiscountSeen) -> PreparedRequest:
    """Remove one code. By its id only: `search` could hit others (facts: observed behaviour, bulk)."""
    return _prepared(REMOVE_CODE, discount.id, {"discountId": discount.id, "ids": [discount.redeem_code_id]})


def window(discount: DiscountSeen) -> PreparedRequest:
    """Put the dates back. Raises RemoteRefused for an app's discount, whose update would change more than the dates."""
    operation = _RESTORE.get(discount.kind)
    if operation is None:
        raise refused(
            msg("The dates of a discount that an app made can only be restored in the Shopify admin."),
            todo=msg("Nothing was done. Please switch the discount on again there."),
        )
    dates = {"startsAt": to_text(discount.starts_at), "endsAt": to_text(discount.ends_at) if discount.ends_at else None}
    return _prepared(operation, discount.id, {"id": discount.id, "window": dates})


def record(customer_id: str, namespace: str, key: str, text: str, digest: str | None) -> PreparedRequest:
    """Write the record if it is still what was seen; a digest of None writes only where there is none yet."""
    field = {
        "ownerId": customer_id,
        "namespace": namespace,
        "key": key,
        "type": "json",
        "value": text,
        "compareDigest": digest,
    }
    return _prepared(WRITE_RECORD, customer_id, {"metafields": [field]})


def judge(prepared: PreparedRequest, payload: Payload | None, request_id: str | None) -> None:
    """That the payload is what a done write tells. Raises RemoteRefused, StaleRecord or OutcomeUnknown."""
    if payload is None:
        raise unreadable(Purpose.WRITE, detail=f"{prepared.call}: no payload", request_id=request_id)
    if payload.user_errors:
        if prepared.call == DELETE.name and all(error.message == _GONE for error in payload.user_errors):
            return
        raise user_error(prepared, payload.user_errors, request_id)
    if not _is_as_expected(prepared, payload):
        raise unreadable(Purpose.WRITE, detail=f"{prepared.call}: another state than expected", request_id=request_id)


def _is_as_expected(prepared: PreparedRequest, payload: Payload) -> bool:
    if prepared.call == DELETE.name:
        return payload.deleted_id == prepared.target
    if prepared.call == REMOVE_CODE.name:
        return payload.job is not None
    if prepared.call == WRITE_RECORD.name:
        return payload.metafields is not None and len(payload.metafields) == 1
    if payload.node is None or payload.node.id != prepared.target:
        return False
    if prepared.call == DEACTIVATE.name:
        return payload.node.discount.status is DiscountState.EXPIRED
    return _has_window(payload.node.discount, json.loads(prepared.body)["variables"]["window"])


def _has_window(shown: Window, asked: dict[str, str | None]) -> bool:
    """Whether the dates are the asked ones; Shopify keeps whole seconds."""
    ends_at = to_text(shown.ends_at) if shown.ends_at else None
    return _second(to_text(shown.starts_at)) == _second(asked["startsAt"]) and _second(ends_at) == _second(asked["endsAt"])


def _second(moment: str | None) -> str | None:
    return moment[: len("2026-01-01T00:00:00")] if moment else None


def user_error(prepared: PreparedRequest, errors: list[UserError], request_id: str | None) -> RemoteError:
    """The error that Shopify's objections to a write are: StaleRecord, RemoteRefused or OutcomeUnknown."""
    codes = {error.code or "" for error in errors}
    detail = f"{prepared.call}: {', '.join(sorted(codes))}"
    if "INTERNAL_ERROR" in codes or any(error.message.startswith(_WENT_WRONG) for error in errors):
        return OutcomeUnknown(
            System.SHOPIFY, msg("Shopify reported an error."), todo=LOOK_FIRST, detail=detail, request_id=request_id
        )
    if prepared.call != WRITE_RECORD.name:
        return refused(msg("Shopify refused: {why}", why=errors[0].message[:200]), detail=detail, request_id=request_id)
    if codes <= _STALE:
        return StaleRecord(
            System.SHOPIFY,
            msg("Somebody changed the customer's record at the same moment."),
            todo=NOTHING_DONE,
            detail=detail,
            request_id=request_id,
        )
    if "APP_NOT_AUTHORIZED" in codes:
        return refused(
            msg("Shopify does not permit Coupon Desk to change the customer's record."),
            todo=msg("Nothing was done. The record belongs to another app; please inform your administrator."),
            detail=detail,
            request_id=request_id,
        )
    # What Shopify says about a value can quote it, and the record is the customer's: its code is enough.
    why = ", ".join(sorted(codes - {""})) or "-"
    return refused(
        msg("Shopify refused the change of the customer's record ({code}).", code=why), detail=detail, request_id=request_id
    )


def _prepared(operation: Operation[Any], target: str, variables: dict[str, Any]) -> PreparedRequest:
    return PreparedRequest(System.SHOPIFY, operation.name, target, operation.body(variables))
