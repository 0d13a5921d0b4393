"""Puts one difference right, if it is surely safe at this very moment: looked at anew, written down, done, and looked at again.

What the engine has a step for is done by its steps. No repair returns points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from coupon_desk.app.noting_use import note_use
from coupon_desk.app.view import CouponView
from coupon_desk.cancellation.differences import Difference, Kind, Repair
from coupon_desk.cancellation.engine import Engine, ignore
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, StepName
from coupon_desk.cancellation.permission import checked_note
from coupon_desk.cancellation.ports import Shop
from coupon_desk.cancellation.work import Observer
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordSeen
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message, msg


class NotPutRight(DeskError):
    """The difference is no longer there, or is none that Coupon Desk can surely put right; nothing was done."""

    exit_status = ExitStatus.REFUSED

    def __init__(self, what: Message, todo: Message) -> None:
        super().__init__(what, done=msg("Nothing was done."), todo=todo)


class SourceSilent(NotPutRight):
    """Not every source answered, so that nothing is surely safe now."""

    exit_status = ExitStatus.NOT_FINISHED


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a repair came to: the coupon as it is looked at afterwards, and the operation that did it, if one did."""

    view: CouponView
    operation: Operation | None

    def is_gone(self, kind: Kind) -> bool:
        """Whether the difference is no longer there."""
        return all(one.kind is not kind for one in self.view.differences)


class Look(Protocol):
    """Looks at a coupon at all sources (`CouponDesk.look`)."""

    def __call__(self, code: CouponCode, session: Session | None) -> CouponView:
        """The coupon as all sources see it now."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Every call may block: worker threads only. `ready` takes the home, `watched` keeps the list up to date."""

    engine: Engine
    people: People
    trail: Trail
    shop: Shop
    shortest_note: int
    look: Look
    ready: Callable[[], None]
    watched: Callable[[Observer], Observer]

    def put_right(
        self,
        code: CouponCode,
        kind: Kind,
        session: Session,
        note: str,
        on_change: Observer = ignore,
        *,
        wait_seconds: float = 0.0,
    ) -> Reconciled:
        """Put one difference of a coupon right. Safe to repeat, whatever became of the last attempt.

        Raises NotPermitted, NoteTooShort, NotPutRight, RemoteError, OperationOpen, StorageError.
        """
        self.people.authorise(session, Right.RECONCILE, code.masked)
        note = checked_note(note, self.shortest_note)
        self.ready()
        view = self.look(code, session)
        operation = self._repair(view, _found(view, kind), session, note, self.watched(on_change), wait_seconds)
        return Reconciled(self.look(code, session), operation)

    def _repair(
        self,
        view: CouponView,
        difference: Difference,
        session: Session,
        note: str,
        observer: Observer,
        wait_seconds: float,
    ) -> Operation | None:
        engine, operation = self.engine, difference.operation or ""
        match difference.repair:
            case Repair.GO_ON:
                return engine.go_on(operation, observer)
            case Repair.SWITCH_OFF:
                steps = (StepName.INVALIDATE,)
            case Repair.WRITE_RECORD | Repair.LET_GO:
                steps = (StepName.UPDATE_RECORD,)
            case Repair.TAKE_AWAY:
                request = CancelRequest(view.code, OperationKind.INVALIDATE, Reason.RETURNED_BEFORE, note)
                return engine.submit(request, session, observer, wait_seconds=wait_seconds)
            case _:
                record = view.evidence.record
                if isinstance(record, RecordSeen):
                    note_use(self.shop, self.trail, view.evidence, record, session, note)
                return None
        return engine.take_up_again(operation, steps, session, note, observer, wait_seconds=wait_seconds)


def _found(view: CouponView, kind: Kind) -> Difference:
    """The difference as it is now, with its repair. Raises NotPutRight."""
    same = [one for one in view.differences if one.kind is kind]
    silent = view.evidence.silences
    if not same:
        if silent:
            raise SourceSilent(silent[0].why, msg("Try again when it answers."))
        raise NotPutRight(msg("This difference is no longer there."), msg("Look at the coupon again."))
    found = next((one for one in same if one.repair is not None), None)
    if found is None:
        raise NotPutRight(msg("This is nothing that Coupon Desk could surely put right."), same[0].todo)
    if silent and found.repair is not Repair.GO_ON:
        raise SourceSilent(silent[0].why, msg("Try again when it answers."))
    return found
