"""Coupons that were switched off on suspicion: which wait for a decision, and the two decisions on them.

An invalidation that is completed is an open investigation. Its points are released by an operation of their own, which a second
person approves; or fraud is confirmed, and from then on they are never returned. Either shuts the other out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coupon_desk.cancellation.clear_fields import operation_entry
from coupon_desk.cancellation.engine import ignore
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.cancellation.own_work import CONFIRMED, confirmation_of, story_of
from coupon_desk.cancellation.permission import checked_note
from coupon_desk.cancellation.work import Observer
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right, refusal
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.index import OperationIndex, OperationRow, rows_of
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message, msg

REFUSED = "investigation.refused"
"""The entry of a decision that could not be taken, because another was."""


class InvestigationState(StrEnum):
    """How an investigation stands."""

    OPEN = "open"
    RELEASE_ASKED = "release_asked"
    RELEASED = "released"
    CONFIRMED = "confirmed"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]

    @property
    def is_decided(self) -> bool:
        """Nothing more is decided."""
        return self in {InvestigationState.RELEASED, InvestigationState.CONFIRMED}


_LABELS = {
    InvestigationState.OPEN: msg("Open"),
    InvestigationState.RELEASE_ASKED: msg("Release asked for"),
    InvestigationState.RELEASED: msg("Points released"),
    InvestigationState.CONFIRMED: msg("Fraud confirmed"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, when, and why; `approver` is the second person's login where points were released."""

    by: str
    by_name: str
    approver: str | None
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Investigation:
    """One coupon that was switched off on suspicion, and what was decided.

    `points` are those that the code says. `customer_name` is None where the reader may not see it, or nobody knows it.
    `release` is the operation that releases the points, or is asked to; `why_not` why this reader may decide nothing.
    """

    operation: str
    code: CouponCode
    customer_name: str | None
    points: Points
    by: str
    by_name: str
    at: datetime
    reason: Reason
    note: str
    age_days: int
    state: InvestigationState
    decision: Decision | None
    release: str | None
    why_not: Message | None


class Submit(Protocol):
    """Takes a request through the engine (`CouponDesk.cancel`)."""

    def __call__(
        self, request: CancelRequest, session: Session, on_change: Observer = ..., *, wait_seconds: float = ...
    ) -> Operation:
        """The operation as the trail tells it."""


class Investigations:
    """Reads and decides. Every call may block: worker threads only. What was erased is not listed any more."""

    def __init__(
        self,
        trail: Trail,
        index: OperationIndex,
        people: People,
        catalogue: Catalogue,
        clock: Clock,
        shortest_note: int,
        *,
        hold: Callable[[], None],
        submit: Submit,
    ) -> None:
        self._trail = trail
        self._index = index
        self._people = people
        self._catalogue = catalogue
        self._clock = clock
        self._shortest_note = shortest_note
        self._hold = hold
        self._submit = submit

    def open(self, session: Session | None) -> tuple[Investigation, ...]:
        """Those that are not decided yet, oldest first. Raises NotPermitted.

        Without a session only in a home that has no operators yet.
        """
        return tuple(reversed([one for one in self._read(session, with_decided=False) if not one.state.is_decided]))

    def all(self, session: Session | None) -> tuple[Investigation, ...]:
        """All, also those that are decided; newest first. Raises NotPermitted."""
        return tuple(self._read(session, with_decided=True))

    def release(
        self,
        operation_id: str,
        session: Session,
        note: str,
        on_change: Observer = ignore,
        *,
        wait_seconds: float = 0.0,
    ) -> Operation:
        """Ask for the points of an investigation: an operation of its own, which waits for a second person.

        Raises NotPermitted, ConfigurationError for what is no investigation, NoteTooShort, OperationOpen.
        """
        suspected = self._suspected(operation_id)
        request = CancelRequest(suspected.code, OperationKind.RELEASE, Reason.RELEASED, note, releases=suspected.id)
        return self._submit(request, session, on_change, wait_seconds=wait_seconds)

    def confirm(self, operation_id: str, session: Session, note: str) -> Investigation:
        """Fraud is confirmed: the points of this coupon are never returned.

        Raises NotPermitted, also where something else was decided; ConfigurationError, NoteTooShort.
        """
        suspected = self._suspected(operation_id)
        self._people.authorise(session, Right.INVESTIGATE, suspected.code.masked)
        note = checked_note(note, self._shortest_note)
        self._hold()
        login, role = session.login, session.operator.role.value
        with self._trail.writing() as pen:
            # A release begins in a transaction of its own: it stands here, or finds the confirmation.
            why_not = self._why_not_confirm(suspected, rows_of(pen.connection, suspected.code))
            if why_not is None:
                pen.append(operation_entry(suspected, CONFIRMED, {"note": note}, login, role))
            else:
                reason, refused = why_not
                pen.append(replace(operation_entry(suspected, REFUSED, {"note": note}, login, role), reason=reason))
        if why_not is not None:
            raise refused
        return self._investigation(suspected, (), confirmation_of(self._trail, suspected.id), session)

    def _read(self, session: Session | None, *, with_decided: bool) -> Iterator[Investigation]:
        if session is not None:
            self._people.authorise(session, Right.READ_TRAIL, "investigations")
        elif not self._people.is_empty():
            raise NotPermitted(msg("Sign in to see investigations."), done=msg("Nothing was done."))
        confirmed = {entry.operation: entry for entry in self._trail.of_actions(CONFIRMED)}
        releases: dict[CouponCode, list[OperationRow]] = {}
        for row in self._index.of_kind(OperationKind.RELEASE):
            releases.setdefault(row.code, []).append(row)
        for row in self._index.of_kind(OperationKind.INVALIDATE):
            told = confirmed.get(row.id)
            if row.state == OperationState.COMPLETED and (with_decided or told is None):
                operation = story_of(self._trail, row.id).operation
                if operation.request.reason is not Reason.RETURNED_BEFORE:
                    yield self._investigation(operation, releases.get(row.code, ()), told, session)

    def _investigation(
        self, suspected: Operation, releases: list[OperationRow] | tuple[()], confirmed: Entry | None, session: Session | None
    ) -> Investigation:
        release = next((row.id for row in releases if row.state != OperationState.REFUSED), None)
        released = story_of(self._trail, release).operation if release is not None else None
        state, decision = self._decided(confirmed, released)
        ended_at = suspected.ended_at or suspected.updated_at
        sees_customer = session is None or session.may(Right.SEE_CUSTOMER)
        coupon = self._catalogue.get(suspected.code) if sees_customer else None
        return Investigation(
            operation=suspected.id,
            code=suspected.code,
            customer_name=(coupon.customer_name or None) if coupon is not None else None,
            points=suspected.code.points,
            by=suspected.operator.login,
            by_name=suspected.operator.name,
            at=ended_at,
            reason=suspected.request.reason,
            note=suspected.request.note,
            age_days=max(0, (self._clock.now() - ended_at).days),
            state=state,
            decision=decision,
            release=release,
            why_not=_why_not(state, session),
        )

    def _decided(self, confirmed: Entry | None, released: Operation | None) -> tuple[InvestigationState, Decision | None]:
        if confirmed is not None:
            by = confirmed.actor or ""
            operator = self._people.get(by)
            name = operator.name if operator is not None else by
            note = str(confirmed.body.get("note", ""))
            return InvestigationState.CONFIRMED, Decision(by, name, None, confirmed.moment, note)
        if released is None:
            return InvestigationState.OPEN, None
        if released.ended_at is None:
            return InvestigationState.RELEASE_ASKED, None
        asked = released.operator
        decision = Decision(asked.login, asked.name, released.approved_by, released.ended_at, released.request.note)
        return InvestigationState.RELEASED, decision

    def _suspected(self, operation_id: str) -> Operation:
        """The invalidation with this id. Raises ConfigurationError where it is none, or is not completed; OperationErased."""
        operation = story_of(self._trail, operation_id).operation
        if operation.kind is not OperationKind.INVALIDATE or operation.state is not OperationState.COMPLETED:
            raise ConfigurationError(
                msg("Operation {operation} is no investigation: it has not switched off a coupon.", operation=operation_id),
                done=msg("Nothing was done."),
                todo=msg("“coupon-desk investigations” lists them."),
            )
        return operation

    def _why_not_confirm(self, suspected: Operation, rows: tuple[OperationRow, ...]) -> tuple[str, NotPermitted] | None:
        """A stable word and what a person is told; None where fraud may be confirmed."""
        if confirmation_of(self._trail, suspected.id) is not None:
            return "already_confirmed", _refused(msg("Fraud was confirmed before."))
        for row in rows:
            if row.kind != OperationKind.RELEASE or row.state == OperationState.REFUSED:
                continue
            if row.state == OperationState.COMPLETED:
                return "already_released", _refused(msg("The points of this coupon were released before."))
            return "release_open", _refused(
                msg("The points of this coupon are asked for (operation {operation}).", operation=row.id),
                msg("Reject that request first, or withdraw it."),
            )
        return None


def _refused(what: Message, todo: Message | None = None) -> NotPermitted:
    return NotPermitted(what, done=msg("Nothing was changed."), todo=todo)


def _why_not(state: InvestigationState, session: Session | None) -> Message | None:
    if session is not None and not session.may(Right.INVESTIGATE):
        return refusal(session.operator.role, Right.INVESTIGATE).what
    match state:
        case InvestigationState.OPEN:
            return None
        case InvestigationState.RELEASE_ASKED:
            return msg("The release of the points waits for a second person, or is under way.")
        case InvestigationState.RELEASED:
            return msg("The points were released.")
        case InvestigationState.CONFIRMED:
            return msg("Fraud was confirmed: the points are never returned.")
