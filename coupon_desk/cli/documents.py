"""The JSON documents of the commands. Other people's programs read them: keys are added, never renamed or removed.

Moments are ISO 8601 in UTC, money is a decimal number as text, points are whole numbers, texts are in the caller's language.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from coupon_desk.clock import to_text
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, Message, say

if TYPE_CHECKING:
    from coupon_desk.app.approvals import WaitingRequest
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.coupons.order_refund import Proposal
    from coupon_desk.people.operators import Operator
    from coupon_desk.trail.verification import Verification

Document = dict[str, Any]


def operation_document(operation: Operation, language: Language, receipt: str | None = None) -> Document:
    """One operation, as `cancel --json` prints it (INTERFACE.md §2), and what more is known of it."""
    return {
        "id": operation.id,
        "code": operation.code.text,
        "kind": operation.kind.value,
        "state": operation.state.value,
        "steps": [
            {
                "name": step.name.value,
                "state": step.state.value,
                "at": moment(step.at),
                "detail": _said(step.detail, language),
                "due_at": moment(step.due_at),
            }
            for step in operation.steps
        ],
        "refused": [{"rule": finding.rule.value, "message": say(finding.message, language)} for finding in operation.refused],
        "points_returned": int(operation.points_returned),
        "balance_after": operation.balance_after,
        "reference": operation.reference,
        "receipt": receipt,
        "balance_before": operation.balance_before,
        "reason": operation.request.reason.value,
        "note": operation.request.note,
        "order": operation.request.order,
        "releases": operation.request.releases,
        "operator": operation.operator.login,
        "approved_by": operation.approved_by,
        "approval_needed": [say(why, language) for why in operation.approval_needed],
        "attention": _said(operation.attention, language),
        "next_action": _said(operation.next_action, language),
        "opened_at": moment(operation.opened_at),
        "updated_at": moment(operation.updated_at),
        "expires_at": moment(operation.expires_at),
        "ended_at": moment(operation.ended_at),
        "exit_status": int(operation.exit_status),
        "order_refund": proposal_document(operation.proposal, language),
    }


def request_document(request: WaitingRequest, language: Language) -> Document:
    """A request of another desk. `code` is masked where this desk does not have the coupon."""
    return {
        "id": request.operation,
        "code": request.shown_as,
        "kind": request.kind.value,
        "desk": request.desk,
        "store": request.store,
        "operator": request.requester,
        "points": request.points,
        "reason": request.reason.value,
        "note": request.note,
        "approval_needed": [say(why, language) for why in request.why],
        "asked_at": moment(request.asked_at),
        "expires_at": moment(request.expires_at),
        "why_not": _said(request.why_not, language),
    }


def proposal_document(proposal: Proposal | None, language: Language) -> Document | None:
    """What a cancelled order gives back for a coupon, and why; null for anything else."""
    if proposal is None:
        return None
    return {
        "deducted": int(proposal.deducted),
        "returned_before": proposal.returned_before,
        "proposed": int(proposal.proposed),
        "why": say(proposal.why, language),
    }


def not_begun_document(typed: str, kind: str, rule: str, why: str, reference: str | None) -> Document:
    """A code for which nothing was begun, in the form of an operation."""
    return {
        "id": None,
        "code": typed,
        "kind": kind,
        "state": "refused",
        "steps": [],
        "refused": [{"rule": rule, "message": why}],
        "points_returned": 0,
        "balance_after": None,
        "reference": reference,
        "receipt": None,
    }


def operator_document(operator: Operator) -> Document:
    """One operator; never the PIN."""
    return {
        "login": operator.login,
        "name": operator.name,
        "role": operator.role.value,
        "disabled": operator.disabled,
        "contacts": list(operator.contacts),
        "created_at": moment(operator.created_at),
        "stores": list(operator.stores),
        "source": operator.source.value,
        "all_desks": operator.version > 0,
    }


def verification_document(found: Verification) -> Document:
    """What verifying the trail found."""
    return {
        "intact": found.is_intact,
        "entries": found.checked,
        "head": {"sequence": found.head.sequence, "hash": found.head.hash},
        "bad": {"sequence": found.bad.sequence, "why": found.bad.why} if found.bad else None,
    }


def error_document(error: DeskError, language: Language, exit_status: int) -> Document:
    """What went wrong, in the same three parts as a person is told."""
    return {
        "what": say(error.what, language),
        "done": _said(error.done, language),
        "todo": _said(error.todo, language),
        "exit_status": exit_status,
    }


def moment(at: datetime | None) -> str | None:
    """A moment as it stands in a document."""
    return to_text(at) if at is not None else None


def _said(message: Message | None, language: Language) -> str | None:
    return say(message, language) if message is not None else None
