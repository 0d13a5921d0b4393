"""One operation being worked on: its story, and the pen that continues it. Each method writes one entry before it returns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from coupon_desk.cancellation.clear_fields import operation_entry, step_entry
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import Operation, Step, StepName
from coupon_desk.cancellation.packing import pack_findings, pack_request, pack_request_without_text
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.ports import CentralAllowances, CentralClaims, CentralRequests, Mailer, PointSystem, Shop
from coupon_desk.cancellation.story import Story, after
from coupon_desk.clock import Clock, to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Finding, Rule, Weight
from coupon_desk.coupons.evidence import Absent, CustomerSeen, HistorySeen, OwnWork, RecordSeen
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.people.limits import HouseLimits
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.moments import BestMoment
from coupon_desk.trail.trail import Trail
from coupon_desk.wire import Answer, PreparedRequest
from coupon_desk.words import Language, Message, msg, pack

_log = logging.getLogger(__name__)

Observer = Callable[[Operation], None]


@dataclass(frozen=True, slots=True)
class Centre:
    """What all desks share: claims, what counts towards limits, requests for a second person.

    `is_required`: nothing is cancelled while it is out of reach.
    """

    claims: CentralClaims
    is_required: bool
    allowances: CentralAllowances | None = None
    requests: CentralRequests | None = None


@dataclass(frozen=True, slots=True)
class Systems:
    """What the steps act on. `contacts_of` tells an operator's own e-mail and phone by login.

    `own_work` tells what our trail says of a coupon besides one operation; `story_of` the story of one, None where its texts
    were erased; `centre` is None where desks share no database. `store` is where this desk stands, None where there is one.
    """

    shop: Shop
    points: PointSystem
    mailer: Mailer
    gatherer: Gatherer
    clock: Clock
    shop_language: Language
    contacts_of: Callable[[str], tuple[str, ...]]
    own_work: Callable[[CouponCode, str], OwnWork | None]
    story_of: Callable[[str], Story | None]
    index: OperationIndex
    house: HouseLimits
    centre: Centre | None = None
    store: str | None = None


def tell(observer: Observer, operation: Operation) -> None:
    """Show a snapshot to somebody who may fail; what is being done does not fail with them."""
    try:
        observer(operation)
    except Exception:
        _log.exception("an observer of operation %s failed", operation.id)


class Work:
    """The story so far, kept true to the trail: what is written here is on disk before anything else happens.

    `record` is the customer's record as this process saw it last, fresh until something writes it; `history` the point history
    as it was seen just now, good for one look; `looked_at` when the last look at all sources began.
    """

    def __init__(self, story: Story, trail: Trail, systems: Systems, observer: Observer) -> None:
        self.story = story
        self.systems = systems
        self.record: RecordSeen | None = None
        self.record_is_fresh = False
        self.has_settled = False
        self.history: HistorySeen | Absent | None = None
        self.looked_at: datetime | None = None
        self._request_ids: list[str] = []
        self._trail = trail
        self._observer = observer

    @property
    def operation(self) -> Operation:
        """The newest snapshot."""
        return self.story.operation

    @property
    def now(self) -> datetime:
        """The time of day."""
        return self.systems.clock.now()

    def best_moment(self) -> BestMoment:
        """The time of day as far as remote clocks and the trail can tell."""
        return self._trail.best_moment()

    @property
    def customer(self) -> CustomerSeen | None:
        """The customer as seen in this process, if at all."""
        return self.record.customer if self.record else None

    def step(self, name: StepName) -> Step:
        """How a step stands."""
        return self.operation.step(name)

    def heard(self, told: Answer | RemoteError) -> None:
        """A remote system's own id of what it answered goes into the next entry: there its people can find it."""
        if told.request_id:
            self._request_ids.append(told.request_id)

    def started(self, name: StepName, request: PreparedRequest | None = None, **facts: Any) -> None:
        """About to send: committed before the socket is touched, with the request's exact text and key."""
        self._write("step.started", {"request": pack_request(request), **facts} if request else facts, name)

    def started_writing_record(self, name: StepName, request: PreparedRequest) -> None:
        """The same for the customer's record, whose text is theirs and is never sent again: the trail keeps its hash."""
        self._write("step.started", {"request": pack_request_without_text(request)}, name)

    def sent(self, name: StepName, detail: Message) -> None:
        """The write surely happened; the step is not over."""
        self._write("step.sent", {"detail": pack(detail)}, name)

    def done(self, name: StepName, detail: Message, facts: Mapping[str, Any] | None = None) -> None:
        """The step is over and did what it should."""
        self._write("step.done", {**(facts or {}), "detail": pack(detail)}, name)

    def skipped(self, name: StepName, why: Message) -> None:
        """The step has nothing to do."""
        self._write("step.skipped", {"detail": pack(why)}, name)

    def unknown(self, name: StepName, error: RemoteError, due_at: datetime | None = None) -> None:
        """Sent, and nobody knows whether it happened."""
        self._write("step.unknown", {**_cause(error), "due_at": to_text(due_at) if due_at else None}, name)

    def looked(self, name: StepName, found: str, detail: Message, due_at: datetime | None = None, **facts: Any) -> None:
        """What looking showed (a stable word), and when to look again."""
        self._write(
            "step.looked",
            {"found": found, **facts, "detail": pack(detail), "due_at": to_text(due_at) if due_at else None},
            name,
        )

    def delayed(self, name: StepName, error: RemoteError) -> None:
        """Surely not executed; it is tried again later."""
        told = error.retry_after_seconds if isinstance(error, RemoteUnavailable) else None
        due_at = self.now + pause(self.step(name).attempts, told)
        self._write("step.delayed", {**_cause(error), "due_at": to_text(due_at)}, name)

    def postponed(self, name: StepName, detail: Message, due_at: datetime) -> None:
        """Nothing is wrong; it is simply not time yet."""
        self._write("step.delayed", {"detail": pack(detail), "due_at": to_text(due_at)}, name)

    def refused(self, name: StepName, findings: Iterable[Finding], detail: Message, **facts: Any) -> None:
        """The step ends the operation or, after the pivot, itself alone."""
        self._write("step.refused", {**facts, "findings": pack_findings(findings), "detail": pack(detail)}, name)

    def approval_needed(self, why: Iterable[Message], rules: Iterable[Rule], points: int, **facts: Any) -> None:
        """A second person has to look first, within the house's time: at these doubts, and at so many points."""
        expires_at = self.best_moment().moment + timedelta(hours=self.systems.house.policy.approval_hours)
        self._write(
            "operation.approval_needed",
            {
                **facts,
                "why": [pack(message) for message in why],
                "rules": sorted(rule.value for rule in rules),
                "points": points,
                "expires_at": to_text(expires_at),
            },
        )

    def expired(self) -> None:
        """Nobody approved it in time: it is over, nothing was done."""
        why = msg("Nobody approved it until {at}.", at=self.operation.expires_at)
        self.ended_refused([Finding(Rule.APPROVAL_EXPIRED, Weight.REFUSAL, why)])

    def ended_refused(self, findings: Iterable[Finding]) -> None:
        """The operation is over; it returned nothing."""
        if self.story.reopened is not None:
            self._reconciled()
        else:
            self._write("operation.refused", {"findings": pack_findings(findings)})

    def attention(self, what: Message, todo: Message, **facts: Any) -> None:
        """A person is needed: what happened, and the exact next action."""
        self._write("operation.attention", {**facts, "what": pack(what), "todo": pack(todo)})

    def resumed(self) -> None:
        """Somebody asks to try again what waited for a person."""
        self._write("operation.resumed", {})

    def completed(self) -> None:
        """The result stands; telling the customer and retiring the discount may follow."""
        if self.story.reopened is not None:
            self._reconciled()
        else:
            self._write("operation.completed", {})

    def _reconciled(self) -> None:
        """What was taken up again is done: the result is the one of then, and is counted nowhere a second time."""
        before = self.story.reopened
        self._write("operation.reconciled", {"ends_as": before.state.value} if before is not None else {})

    def _write(self, action: str, body: dict[str, Any], step: StepName | None = None) -> None:
        operation = self.operation
        ids, self._request_ids = tuple(self._request_ids), []
        if step is None:
            new = operation_entry(operation, action, body, operation.operator.login, operation.operator.role, ids)
        else:
            new = step_entry(operation, action, body, step, ids)
        with self._trail.writing() as pen:
            story = after(self.story, pen.append(new))
            pen.index(story.row)
        self.story = story
        tell(self._observer, story.operation)


def _cause(error: RemoteError) -> dict[str, Any]:
    return {"detail": pack(error.what), "system": error.system.value, "request_id": error.request_id}
