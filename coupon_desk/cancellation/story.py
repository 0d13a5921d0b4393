"""The fold: an operation's entries in the trail, oldest first, become its story; the newest snapshot is `story.operation`.

Nothing else knows how an operation stands. A step that was begun and has no end here is unknown, never failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import msgspec

from coupon_desk.cancellation.operation import (
    CancelRequest,
    Operation,
    OperationKind,
    OperationState,
    Operator,
    Rules,
    Step,
    StepName,
    StepState,
)
from coupon_desk.cancellation.packing import unpack_findings, unpack_proposal
from coupon_desk.cancellation.reopening import Ended, reopened, restored, settled_by_hand
from coupon_desk.clock import from_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Finding, Rule, Weight
from coupon_desk.coupons.evidence import DiscountSeen
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.trail.allowances import AllowanceRow
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.index import OperationRow
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import Language, Message, msg, unpack

PIVOT_OR_LATER: Final = (StepName.RETURN_POINTS, StepName.UPDATE_RECORD)
"""Where the code is dead already, and what is stuck can only be finished."""


@dataclass(frozen=True, slots=True)
class Story:
    """An operation and what only the engine needs of its past.

    `requests` holds the last request of each step as it was stored; `sends` counts the points' sends since somebody last asked,
    `unproved_sends` those of all times that are not proved unexecuted; `first_sent_at` and `seen_before` when points were first
    sent and which unreferenced entries stood in the history then; `absent_since` when the points of the last send were first
    looked for and not found, by our clock and by the point system's; `code_dead_at` when the code was seen dead; `claimed`
    whether our mark stands in the record, `claim_was_in_doubt` whether a claim was sent whose answer never came, `put_back_at`
    when our mark was seen gone after that; `claimed_centrally` whether we hold the coupon in the central database as well;
    `is_window_settled` whether it was decided what becomes of a discount that was switched off in vain; `reasons` why a
    second person has to look whatever is found; `reopened` how it had ended before it was taken up again to put a difference
    right; `asked_points` and `asked_customer` what they are asked about,
    and `asked_hash` by which words; `counted_at` at which moment it counts towards limits, which verifying
    settles; `is_counted_alone` whether it was counted while the centre was silent.
    """

    operation: Operation
    requests: dict[StepName, PreparedRequest] = field(default_factory=dict)
    sends: int = 0
    unproved_sends: int = 0
    first_sent_at: datetime | None = None
    seen_before: frozenset[str] = frozenset()
    absent_since: datetime | None = None
    absent_since_there: datetime | None = None
    code_dead_at: datetime | None = None
    claimed: bool = False
    claimed_centrally: bool = False
    is_window_settled: bool = False
    claim_was_in_doubt: bool = False
    put_back_at: datetime | None = None
    approved_rules: frozenset[Rule] = frozenset()
    approved_points: int = 0
    approved_at: datetime | None = None
    asked_points: int | None = None
    asked_customer: str | None = None
    asked_hash: str = ""
    reasons: tuple[Message, ...] = ()
    opened_sequence: int = 0
    counted_at: datetime | None = None
    is_counted_alone: bool = False
    rechecks: int = 0
    message_id: str = ""
    reopened: Ended | None = None

    @property
    def may_be_refused(self) -> bool:
        """No points were sent from here that may still be credited, or are."""
        return self.unproved_sends == 0 or self.has_only_others_sends

    @property
    def has_only_others_sends(self) -> bool:
        """Taken over, and no points were sent from here yet: what may have been sent is the other desk's."""
        return self.operation.request.takes_over is not None and self.first_sent_at is None

    @property
    def row(self) -> OperationRow:
        """What the index keeps of it."""
        operation = self.operation
        return OperationRow(
            id=operation.id,
            code=operation.code,
            kind=operation.kind,
            state=operation.state,
            operator=operation.operator.login,
            points=self.points,
            opened_at=operation.opened_at,
            updated_at=operation.updated_at,
            due_at=operation.due_at,
            holds_code=not operation.state.is_over,
            has_open_work=operation.has_open_work,
            allowance=self.allowance,
            bulk=operation.request.bulk,
            points_returned=int(operation.points_returned),
        )

    @property
    def points(self) -> int:
        """The points that it is about: as verified, as a second person was asked, or as its code says."""
        if self.operation.points_to_return is not None:
            return self.operation.points_to_return
        return self.operation.code.points if self.asked_points is None else self.asked_points

    @property
    def allowance(self) -> AllowanceRow:
        """What it takes of the limits of its people."""
        operation = self.operation
        is_approved = operation.approved_by is not None
        return AllowanceRow(
            operation=operation.id,
            sequence=self.opened_sequence,
            operator=operation.operator.login,
            points=self.points,
            counts=operation.kind.returns_points and operation.state is not OperationState.REFUSED,
            counted_at=self.counted_at,
            customer=operation.customer_id or self.asked_customer,
            approver=operation.approved_by,
            approved_points=self.approved_points if is_approved else None,
            approved_at=self.approved_at if is_approved else None,
            is_unreported=self.is_counted_alone,
        )


def fold(entries: Iterable[Entry]) -> Story:
    """The story that the entries of one operation tell. Raises ValueError where the first does not open one."""
    ordered = iter(entries)
    first = next(ordered, None)
    if first is None or first.action != "operation.opened":
        raise ValueError("an operation begins with operation.opened")
    story = _opened(first)
    for entry in ordered:
        story = after(story, entry)
    return story


def after(story: Story | None, entry: Entry) -> Story:
    """The story with one more entry; entries that do not concern its state leave it as it is."""
    if story is None:
        return _opened(entry)
    kind, _, verb = entry.action.partition(".")
    if kind == "operation":
        told = _of_operation(story, entry, verb)
    elif kind == "step" and entry.step is not None:
        told = _of_step(story, entry, StepName(entry.step), verb)
    else:
        return story
    return replace(
        told, operation=replace(told.operation, updated_at=entry.moment, head=entry.hash, head_sequence=entry.sequence)
    )


def _opened(entry: Entry) -> Story:
    body = entry.body
    code = body.get("code", entry.code)  # entries of version 1 bear it whole outside their body
    if entry.operation is None or code is None:
        raise ValueError("an operation has an id and a coupon")
    kind = OperationKind(body["kind"])
    operation = Operation(
        id=entry.operation,
        request=CancelRequest(
            CouponCode(code),
            kind,
            Reason(body["reason"]),
            body["note"],
            body["order"],
            body.get("takes_over"),
            body.get("releases"),
            body.get("bulk"),
        ),
        operator=Operator(**body["operator"]),
        rules=Rules(float(body["rules"]["settle_seconds"]), body["rules"]["retire"], tuple(body["rules"]["recheck_minutes"])),
        state=OperationState.RUNNING,
        steps=tuple(_first(name, kind, entry.moment) for name in StepName),
        key=body["key"],
        opened_at=entry.moment,
        updated_at=entry.moment,
        language=Language(body["language"]),
        approval_needed=tuple(unpack(message) for message in body["approval_needed"]),
        head=entry.hash,
        head_sequence=entry.sequence,
    )
    # The desk whose work is taken over may have sent the points: one send that nothing proves unexecuted.
    return Story(
        operation,
        unproved_sends=1 if operation.request.takes_over else 0,
        opened_sequence=entry.sequence,
        reasons=operation.approval_needed,
        message_id=f"<{entry.operation}@coupon-desk.invalid>",
    )


_SKIPPED = {
    OperationKind.INVALIDATE: {
        StepName.RETURN_POINTS: msg("No points are returned."),
        StepName.NOTIFY: msg("The customer is not told by e-mail."),
        StepName.RETIRE: msg("The discount is kept for the investigation."),
    },
    OperationKind.ORDER_REFUND: {
        StepName.RETIRE: msg("The discount is kept with its use."),
    },
}


def _first(name: StepName, kind: OperationKind, at: datetime) -> Step:
    why = _SKIPPED.get(kind, {}).get(name)
    return Step(name) if why is None else Step(name, StepState.SKIPPED, at, why)


def _of_operation(story: Story, entry: Entry, verb: str) -> Story:
    operation, body = story.operation, entry.body
    match verb:
        case "approval_needed":
            changed = replace(
                operation,
                state=OperationState.AWAITING_APPROVAL,
                approval_needed=tuple(unpack(message) for message in body["why"]),
                proposal=unpack_proposal(body.get("proposal")),
                approved_by=None,
                expires_at=from_text(body["expires_at"]) if body.get("expires_at") else None,
            )
            story = _counted(story, entry)
            asked_customer = body.get("customer_id")
            story = replace(story, asked_points=body["points"], asked_customer=asked_customer, asked_hash=entry.hash)
        case "approved":
            rules = frozenset(Rule(rule) for rule in body["rules"])
            operation = _with_step(operation, Step(StepName.VERIFY))
            changed = replace(operation, state=OperationState.RUNNING, approved_by=entry.actor, expires_at=None)
            at = from_text(body["counted_at"]) if "counted_at" in body else entry.moment
            story = replace(story, is_counted_alone=bool(body.get("is_counted_alone", story.is_counted_alone)))
            return replace(story, operation=changed, approved_rules=rules, approved_points=body["points"], approved_at=at)
        case "refused":
            changed = replace(
                operation,
                state=OperationState.REFUSED,
                expires_at=None,
                findings=unpack_findings(body["findings"]),
                ended_at=entry.moment,
            )
        case "attention":
            changed = replace(
                operation,
                state=OperationState.NEEDS_ATTENTION,
                attention=unpack(body["what"]),
                next_action=unpack(body["todo"]),
            )
        case "resumed":
            state = OperationState.COMPLETED if operation.ended_at else OperationState.RUNNING
            changed = replace(operation, state=state, attention=None, next_action=None)
            if not operation.step(StepName.INVALIDATE).state.is_settled:
                story = replace(story, code_dead_at=None)  # what did not take, or was undone, is sent again
            story = replace(story, sends=0)
        case "answered" if story.reopened is not None:
            changed, story = settled_by_hand(operation, story.reopened, entry), replace(story, reopened=None)
        case "answered":
            changed = _answered(operation, entry)
        case "reopened":
            before = Ended(operation.state, operation.ended_at or entry.moment, operation.next_action)
            story = replace(story, reopened=before)
            changed = reopened(operation, entry)
        case "reconciled" if story.reopened is not None:
            changed, story = restored(operation, story.reopened), replace(story, reopened=None)
        case "completed":
            changed = replace(operation, state=OperationState.COMPLETED, ended_at=entry.moment)
        case _:
            changed = operation
    return replace(story, operation=changed)


def _counted(story: Story, entry: Entry) -> Story:
    """It is settled at which moment it counts towards limits, and whether the centre knows."""
    told = entry.body.get("counted_at")
    at = from_text(told) if told else story.counted_at or entry.moment
    return replace(story, counted_at=at, is_counted_alone=bool(entry.body.get("is_counted_alone")))


def _answered(operation: Operation, entry: Entry) -> Operation:
    """A person has looked after what needed one, and says so in a note.

    After the end that closes an alarm or an e-mail of unknown fate. Before the pivot it ends the operation with nothing
    returned.
    At the pivot it means that the points were settled by hand: the program returns none, and finishes the rest.
    """
    by_hand = msg("Answered by {by}: {note}", by=entry.actor or "", note=entry.body["note"])
    skipped = StepState.SKIPPED
    if operation.ended_at is not None:
        for step in operation.steps:
            if step.state in {StepState.UNKNOWN, StepState.REFUSED}:
                operation = _with_step(operation, Step(step.name, skipped, entry.moment, by_hand, step.attempts))
        return replace(operation, state=OperationState.COMPLETED, attention=None, next_action=None)
    stuck = next(step for step in operation.steps if not step.state.is_settled)
    if stuck.name in PIVOT_OR_LATER:
        operation = _with_step(operation, Step(stuck.name, skipped, entry.moment, by_hand, stuck.attempts))
        if stuck.name is StepName.RETURN_POINTS:
            untold = Step(StepName.NOTIFY, skipped, entry.moment, msg("Settled by hand: tell the customer yourself."))
            operation = _with_step(operation, untold)
    else:
        operation = _with_step(operation, Step(stuck.name, StepState.REFUSED, entry.moment, by_hand, stuck.attempts))
        operation = replace(operation, findings=(Finding(Rule.CLOSED, Weight.REFUSAL, by_hand),))
    return replace(operation, state=OperationState.RUNNING, attention=None, next_action=None)


def _of_step(story: Story, entry: Entry, name: StepName, verb: str) -> Story:
    body = entry.body
    old = story.operation.step(name)
    detail = unpack(body["detail"]) if "detail" in body else None
    due_at = from_text(body["due_at"]) if body.get("due_at") else None
    match verb:
        case "started":
            step = Step(name, StepState.RUNNING, entry.moment, detail, old.attempts + 1)
            story = _begun(story, name, old, entry)
        case "sent":
            step = replace(old, state=StepState.RUNNING, at=entry.moment, detail=detail, due_at=None)
            story = replace(story, code_dead_at=entry.moment)
        case "done":
            step = Step(name, StepState.DONE, entry.moment, detail, old.attempts)
            story = _learnt(story, name, entry)
        case "unknown":
            step = replace(old, state=StepState.UNKNOWN, at=entry.moment, detail=detail, due_at=due_at)
        case "looked":
            gone = name is StepName.CLAIM and body["found"] == "gone"
            state = StepState.PENDING if gone else old.state
            step = replace(old, state=state, at=entry.moment, detail=detail, due_at=due_at)
            story = _looked(story, name, entry)
        case "delayed":
            step = Step(
                name, StepState.DELAYED, entry.moment, detail, old.attempts + (old.state is not StepState.RUNNING), due_at
            )
            story = _put_off(story, name, old)
        case "refused":
            step = replace(old, state=StepState.REFUSED, at=entry.moment, detail=detail, due_at=None)
            findings = unpack_findings(body.get("findings", []))
            proposal = unpack_proposal(body.get("proposal")) or story.operation.proposal
            story = replace(story, operation=replace(story.operation, findings=findings, proposal=proposal))
        case "skipped":
            step = Step(name, StepState.SKIPPED, entry.moment, detail, old.attempts)
        case _:
            return story
    operation = _with_step(story.operation, step)
    if name is StepName.NOTIFY:
        operation = replace(operation, next_action=_after_mail(operation, step.state))
    return replace(story, operation=operation)


def _after_mail(operation: Operation, state: StepState) -> Message | None:
    """What a person should do about an e-mail that failed; an alarm's own next action stands above it."""
    if operation.state is OperationState.NEEDS_ATTENTION:
        return operation.next_action
    if state is StepState.UNKNOWN:
        return msg("Ask the customer whether the e-mail came, or tell them yourself; then choose “I have seen to it”.")
    if state is StepState.REFUSED:
        return msg("Remove the cause and choose “Go on now”, or tell the customer yourself and choose “I have seen to it”.")
    return None


def _begun(story: Story, name: StepName, old: Step, entry: Entry) -> Story:
    if "request" in entry.body:
        request = msgspec.convert(entry.body["request"], PreparedRequest)
        story = replace(story, requests=story.requests | {name: request})
    if name is StepName.RETURN_POINTS:
        return _points_sent(story, entry)
    in_doubt = name is StepName.CLAIM and old.state in {StepState.RUNNING, StepState.UNKNOWN}
    return replace(story, claim_was_in_doubt=story.claim_was_in_doubt or in_doubt)


def _points_sent(story: Story, entry: Entry) -> Story:
    """The points are on their way (again): what was looked for before says nothing of this send."""
    story = replace(
        story,
        sends=story.sends + 1,
        unproved_sends=story.unproved_sends + 1,
        absent_since=None,
        absent_since_there=None,
    )
    if story.first_sent_at is not None:
        return story
    return replace(story, first_sent_at=entry.moment, seen_before=frozenset(entry.body.get("seen_before", ())))


def _put_off(story: Story, name: StepName, old: Step) -> Story:
    """A send that is put off was surely not executed."""
    if name is StepName.RETURN_POINTS and old.state is StepState.RUNNING:
        return replace(story, unproved_sends=story.unproved_sends - 1)
    return story


def _learnt(story: Story, name: StepName, entry: Entry) -> Story:
    """What a finished step has found out."""
    body = entry.body
    operation = story.operation
    match name:
        case StepName.VERIFY:
            story = _counted(story, entry)
            discount = body["discount"]
            operation = replace(
                operation,
                discount=msgspec.convert(discount, DiscountSeen, strict=False) if discount else None,
                customer_id=body["customer_id"],
                pos_customer_id=body["pos_customer_id"],
                points_to_return=Points(body["points_to_return"]),
                balance_before=body["balance"],
                proposal=unpack_proposal(body.get("proposal")),
                findings=unpack_findings(body["findings"]),
                language=Language(body["language"]),
            )
        case StepName.CLAIM:
            return replace(story, claimed=True, claimed_centrally=bool(body.get("is_central")))
        case StepName.RETURN_POINTS:
            operation = replace(
                operation,
                points_returned=Points(body["points"]),
                balance_before=body["balance_before"] if body["balance_before"] is not None else operation.balance_before,
                balance_after=body["balance_after"],
            )
        case StepName.UPDATE_RECORD:
            return replace(story, claimed=False)
        case _:
            pass
    return replace(story, operation=operation)


def _looked(story: Story, name: StepName, entry: Entry) -> Story:
    if name in PIVOT_OR_LATER and entry.body["found"] == "absent":
        if story.absent_since is None:
            there = entry.body.get("server_time")
            return replace(story, absent_since=entry.moment, absent_since_there=from_text(there) if there else None)
        return story
    if name is StepName.RETIRE:
        return replace(story, rechecks=story.rechecks + 1)
    if name is StepName.CLAIM:
        return replace(story, claimed=False)
    if name is StepName.UPDATE_RECORD and entry.body["found"] == "window":
        return replace(story, is_window_settled=True)
    if name is StepName.UPDATE_RECORD:
        return replace(story, put_back_at=story.put_back_at or entry.moment)
    return story


def _with_step(operation: Operation, step: Step) -> Operation:
    return replace(operation, steps=tuple(step if one.name is step.name else one for one in operation.steps))
