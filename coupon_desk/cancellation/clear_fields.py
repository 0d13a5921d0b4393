"""What an entry of an operation says outside its sealed body: for auditors, and for ever. Nothing personal stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Source
from coupon_desk.trail.allowances import AllowanceRow
from coupon_desk.trail.entry import Entry, NewEntry

_BECOMES: Final = {
    "started": StepState.RUNNING,
    "sent": StepState.RUNNING,
    "done": StepState.DONE,
    "skipped": StepState.SKIPPED,
    "unknown": StepState.UNKNOWN,
    "delayed": StepState.DELAYED,
    "refused": StepState.REFUSED,
}
"""What a step is after an entry of it; `looked` leaves it as it was, unless our claim was gone."""

_ENDS: Final = {
    "approval_needed": OperationState.AWAITING_APPROVAL,
    "approved": OperationState.RUNNING,
    "refused": OperationState.REFUSED,
    "attention": OperationState.NEEDS_ATTENTION,
    "completed": OperationState.COMPLETED,
    "reopened": OperationState.RUNNING,
}
"""What an operation is after an entry of it; `resumed` and `answered` depend on whether its result stands.

What was taken up again ends as it had ended before: its entry says as what (`ends_as`).
"""


def opening_entry(operation: str, code: CouponCode, body: Mapping[str, Any]) -> NewEntry:
    """The entry that opens an operation."""
    operator = body["operator"]
    return NewEntry(
        "operation.opened",
        body,
        actor=operator["login"],
        role=operator["role"],
        operation=operation,
        code=code.text,
        result="opened",
        reason=body["reason"],
        after={"state": OperationState.RUNNING.value, "kind": body["kind"], **({"bulk": body["bulk"]} if body["bulk"] else {})},
        points=code.points,
    )


def step_entry(
    operation: Operation, action: str, body: Mapping[str, Any], name: StepName, request_ids: tuple[str, ...] = ()
) -> NewEntry:
    """An entry of one step."""
    verb = action.partition(".")[2]
    before = operation.step(name).state
    is_gone = name is StepName.CLAIM and body.get("found") == "gone"
    after = _BECOMES.get(verb, StepState.PENDING if is_gone else before)
    return NewEntry(
        action,
        body,
        actor=operation.operator.login,
        role=operation.operator.role,
        approver=operation.approved_by,
        operation=operation.id,
        step=name.value,
        code=operation.code.text,
        customer=_customer(operation, body),
        result=str(body.get("found", verb)),
        reason=_reason(operation, body),
        before={"state": before.value},
        after={"state": after.value},
        points=_points(operation, name, verb),
        request_ids=_request_ids(body, request_ids),
    )


def operation_entry(
    operation: Operation, action: str, body: Mapping[str, Any], actor: str, role: str, request_ids: tuple[str, ...] = ()
) -> NewEntry:
    """An entry of the operation as a whole, also by somebody else than who asked."""
    verb = action.partition(".")[2]
    stands = OperationState.COMPLETED if operation.ended_at else OperationState.RUNNING
    has_ended = verb == "completed" or operation.ended_at is not None
    return NewEntry(
        action,
        body,
        actor=actor,
        role=role,
        approver=actor if verb == "approved" else operation.approved_by,
        operation=operation.id,
        code=operation.code.text,
        customer=_customer(operation, body),
        result=verb,
        reason=_reason(operation, body),
        before={"state": operation.state.value},
        after={"state": body.get("ends_as") or _ENDS.get(verb, stands).value, "kind": operation.kind.value},
        points=int(operation.points_returned) if has_ended else body.get("points"),
        request_ids=_request_ids(body, request_ids),
    )


def clear_allowance(entries: tuple[Entry, ...]) -> AllowanceRow:
    """What an operation takes of limits, by what stays readable when its texts are erased. Raises ValueError for none."""
    if not entries:
        raise ValueError("an operation has entries")
    opened = entries[0]
    settled = next((entry for entry in entries if entry.action == "operation.approval_needed" or _is_verified(entry)), opened)
    after = [entry.fields.after or {} for entry in entries if entry.action.startswith("operation.")]
    points = [entry.fields.points for entry in entries if entry.fields.points is not None]
    approved = next((entry for entry in reversed(entries) if entry.action == "operation.approved"), None)
    kind = (opened.fields.after or {}).get("kind")
    is_refused = bool(after) and after[-1].get("state") == OperationState.REFUSED
    return AllowanceRow(
        operation=opened.operation or "",
        sequence=opened.sequence,
        operator=opened.actor or "",
        points=points[-1] if points else 0,
        counts=kind != OperationKind.INVALIDATE and not is_refused,
        counted_at=settled.moment + timedelta(seconds=settled.fields.clock_offset or 0.0),
        customer=next((entry.fields.customer for entry in reversed(entries) if entry.fields.customer), None),
        is_customer_hashed=True,
        approver=approved.actor if approved else None,
        approved_points=approved.fields.points if approved else None,
        approved_at=approved.moment if approved else None,
    )


def _is_verified(entry: Entry) -> bool:
    return entry.action == "step.done" and entry.step == StepName.VERIFY


def _reason(operation: Operation, body: Mapping[str, Any]) -> str:
    """The first rule that speaks here; else why it was asked for."""
    rules = [finding["rule"] for finding in body.get("findings", ()) if finding["weight"] == "refusal"] or body.get("rules")
    return rules[0] if rules else operation.request.reason.value


def _points(operation: Operation, name: StepName, verb: str) -> int | None:
    """The points concerned, where a step moves them."""
    if name is StepName.RETURN_POINTS and verb in {"started", "done", "unknown"}:
        return operation.points_to_return
    return None


def _request_ids(body: Mapping[str, Any], heard: tuple[str, ...]) -> tuple[str, ...]:
    told = body.get("request_id")
    return heard if told is None or told in heard else (*heard, told)


def _customer(operation: Operation, body: Mapping[str, Any]) -> str | None:
    """The customer's id, as soon as any evidence tells it: what is said of them can then be erased with them."""
    record = body.get("evidence", {}).get(Source.RECORD, {})
    return operation.customer_id or body.get("customer_id") or record.get("customer")
