"""What waits for a second person, at this desk and at others, and their decisions: `desk.approvals`.

Another desk tells the masked code, and a digest of it: who has the coupon in the own catalogue sees which one it is. A decision
about it is told to the centre; the desk that asks holds it against who may, verifies everything anew, and goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from coupon_desk.cancellation.engine import Engine, ignore
from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.cancellation.permission import Permission, WhyNot
from coupon_desk.cancellation.ports import CentralRequests
from coupon_desk.cancellation.work import Observer
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.query import MOST_ROWS, CouponQuery
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.shared_request import SharedRequest, Verdict
from coupon_desk.errors import ConfigurationError, DeskError, NotPermitted, RemoteError
from coupon_desk.people.operators import Operator, Session
from coupon_desk.people.roles import Right
from coupon_desk.people.scope import may_work_in, why_not_here
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message, msg

_log = logging.getLogger(__name__)

DECIDED: Final = "request.decided"
"""The entry about a decision on another desk's request; written before it is told to the centre."""

FAILED: Final = "request.decision_failed"
"""The decision did not come to stand: it came too late, or the centre was silent."""


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that waits for a second person.

    `code` is None where another desk asks and this one's catalogue does not have the coupon; `shown_as` is then the masked
    text. `desk` and `store` say where it was asked; `own` is the whole operation where that was here. `why_not` tells why the
    reader may not decide, as far as it can be told before they try; None where they may.
    """

    operation: str
    code: CouponCode | None
    shown_as: str
    kind: OperationKind
    reason: Reason
    note: str
    requester: str
    requester_name: str | None
    desk: str
    store: str | None
    points: int
    why: tuple[Message, ...]
    asked_at: datetime
    expires_at: datetime | None
    is_elsewhere: bool
    why_not: Message | None
    own: Operation | None = None


class Approvals:
    """Reads and decides. Every call may block: worker threads only."""

    def __init__(
        self,
        engine: Engine,
        permission: Permission,
        index: OperationIndex,
        catalogue: Catalogue,
        trail: Trail,
        requests: CentralRequests | None,
        *,
        shop: str,
        store: str | None,
        ready: Callable[[], None],
        watched: Callable[[Observer], Observer],
    ) -> None:
        """`ready` takes the home and looks for its secrets; `watched` lets the catalogue learn from an operation."""
        self._engine = engine
        self._permission = permission
        self._index = index
        self._catalogue = catalogue
        self._trail = trail
        self._requests = requests
        self._shop = shop
        self._store = store
        self._ready = ready
        self._watched = watched

    def waiting(self, session: Session) -> tuple[WaitingRequest, ...]:
        """All that wait, this desk's first, then those of others where the centre tells; oldest first.

        Raises NotPermitted.
        """
        reader = self._permission.people.authorise(session, Right.SEE, "approvals")
        own = [self._engine.story(row.id) for row in self._index.open_ones() if row.state == OperationState.AWAITING_APPROVAL]
        here = [self._of_own(story.operation, story.points, reader) for story in own]
        return (*sorted(here, key=lambda one: one.asked_at), *(self._of_other(one, reader) for one in self._elsewhere()))

    def approve(
        self,
        operation_id: str,
        session: Session,
        note: str = "",
        on_change: Observer = ignore,
        *,
        wait_seconds: float = 0.0,
    ) -> Operation | None:
        """The second person says yes. None for another desk's request: it goes on there.

        Raises NotPermitted, ConfigurationError where nothing of this id waits, RemoteError.
        """
        self._ready()
        if self._is_own(operation_id):
            return self._engine.approve(operation_id, session, note, self._watched(on_change), wait_seconds=wait_seconds)
        self._decide(operation_id, session, Verdict.APPROVE, note)
        return None

    def reject(self, operation_id: str, session: Session, note: str) -> Operation | None:
        """The second person says no. None for another desk's request. Raises as `approve`."""
        self._ready()
        if self._is_own(operation_id):
            return self._engine.reject(operation_id, session, note, self._watched(ignore))
        self._decide(operation_id, session, Verdict.REJECT, note)
        return None

    def catch_up(self, on_change: Observer = ignore) -> tuple[Operation, ...]:
        """Take over what other desks decided, and tell them what they could not be told before. Those that went on.

        For the window, from time to time; `resume` and `run_due` do it by themselves. See `Engine.catch_up`.
        """
        self._ready()
        return self._engine.catch_up(self._watched(on_change))

    def find(self, typed: str, session: Session) -> WaitingRequest | None:
        """What waits under this id, or an id that begins so; None where nothing does, or more than one. Raises NotPermitted."""
        wanted = typed.strip().lower()
        found = [one for one in self.waiting(session) if wanted and one.operation.startswith(wanted)]
        return found[0] if len(found) == 1 else None

    def _is_own(self, operation_id: str) -> bool:
        return bool(self._index.codes_of([operation_id]))

    def _elsewhere(self) -> tuple[SharedRequest, ...]:
        if self._requests is None:
            return ()
        try:
            return self._requests.waiting()
        except RemoteError as silent:
            _log.info("requests of other desks could not be read: %s", silent)
            return ()

    def _of_own(self, operation: Operation, points: int, reader: Operator) -> WaitingRequest:
        why_not = self._permission.why_not_approve(reader, operation.kind, operation.operator.login, points)
        return WaitingRequest(
            operation=operation.id,
            code=operation.code,
            shown_as=operation.code.text,
            kind=operation.kind,
            reason=operation.request.reason,
            note=operation.request.note,
            requester=operation.operator.login,
            requester_name=operation.operator.name,
            desk=self._trail.desk,
            store=self._store,
            points=points,
            why=operation.approval_needed,
            asked_at=operation.opened_at,
            expires_at=operation.expires_at,
            is_elsewhere=False,
            why_not=why_not.what if why_not else None,
            own=operation,
        )

    def _of_other(self, request: SharedRequest, reader: Operator) -> WaitingRequest:
        code = self._code_of(request)
        known = self._permission.people.get(request.requester)
        why_not = self._why_not(request, reader)
        return WaitingRequest(
            operation=request.operation,
            code=code,
            shown_as=code.text if code else request.shown_as,
            kind=OperationKind(request.kind),
            reason=Reason(request.reason),
            note=request.note,
            requester=request.requester,
            requester_name=known.name if known else None,
            desk=request.desk,
            store=request.store,
            points=request.points,
            why=tuple(map(Message, request.why)),
            asked_at=request.posted_at,
            expires_at=request.expires_at,
            is_elsewhere=True,
            why_not=why_not.what if why_not else None,
        )

    def _code_of(self, request: SharedRequest) -> CouponCode | None:
        """The coupon, where this desk's catalogue has it: by the digits that the mask leaves, then by the digest."""
        digits = request.shown_as.split("-")[0]
        page = self._catalogue.search(CouponQuery(f"{digits}-", limit=MOST_ROWS, by_person=False))
        return next((one.code for one in page.rows if request.is_of(self._shop, one.code)), None)

    def _why_not(self, request: SharedRequest, person: Operator) -> WhyNot | None:
        if not may_work_in(person.stores, request.store):
            told = why_not_here(person.stores, request.store)
            return WhyNot("store", told, msg("Ask an administrator to change the operator's stores."))
        return self._permission.why_not_approve(person, OperationKind(request.kind), request.requester, request.points)

    def _decide(self, operation_id: str, session: Session, verdict: Verdict, note: str) -> None:
        """Tell the centre. Written to the trail first: the coupon is masked there, the note stays with the request."""
        request = next((one for one in self._elsewhere() if one.operation == operation_id), None)
        if request is None or self._requests is None:
            raise ConfigurationError(
                msg("No request {operation} waits for approval.", operation=operation_id),
                done=msg("Nothing was done."),
                todo=msg("“coupon-desk approvals” lists those that do."),
            )
        person = self._permission.people.authorise(session, Right.APPROVE, request.shown_as)
        if (why := self._why_not(request, person)) is not None:
            raise self._permission.refused(person, request.shown_as, why)
        body = {
            "request": request.operation,
            "request_hash": request.request_hash,
            "desk": request.desk,
            "code": request.shown_as,
            "requester": request.requester,
            "points": request.points,
            "verdict": verdict.value,
        }
        actor, role = person.login, person.role.value
        self._trail.record(DECIDED, body, actor=actor, role=role, result=verdict.value)
        try:
            stands = self._requests.decide(request, actor, verdict, note)
            if (stands.approver, stands.verdict) != (actor, verdict):
                raise NotPermitted(
                    msg("{by} has decided it already, at desk {desk}.", by=stands.approver, desk=stands.desk),
                    done=msg("Nothing was done."),
                )
        except DeskError as wrong:
            self._trail.record(FAILED, body, actor=actor, role=role, result="failed", reason=type(wrong).__name__)
            raise
