"""What people do at a desk while its program runs: ask, approve what others asked, answer what needs a person."""

from __future__ import annotations

from dataclasses import replace

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus, NotPermitted
from coupon_desk.people.operators import Session
from tests.faults.errand import MANAGER, OWNER, PINS, Errand
from tests.faults.plan import Decision

WAIT_SECONDS = 900.0
MOST_DECISIONS = 4
MOST_DUE = 10


class ApprovedAlone(Exception):
    """Whoever asked could approve it too."""


class Shift:
    """One process's worth of work at a desk."""

    def __init__(self, desk: CouponDesk, errand: Errand) -> None:
        self._desk = desk
        self._errand = errand
        self._plan = errand.plan

    def work(self) -> int:
        """Everything that this process is sent for; its exit status."""
        status = self._begin_or_go_on()
        if self._errand.decides:
            self._decide()
        if self._errand.answers:
            self._answer()
        if self._plan.stays_open:
            self._stay_open()
        return status

    def _begin_or_go_on(self) -> int:
        desk, errand, plan = self._desk, self._errand, self._plan
        if desk.index.open_ones() or not errand.may_cancel:
            touched = desk.resume(wait_seconds=WAIT_SECONDS)
            return max((one.exit_status for one in touched), default=ExitStatus.DONE)
        code = CouponCode.parse(errand.code)
        before = desk.operations(code=code)
        if _is_settled(before, plan.kind):
            return ExitStatus.DONE
        request = CancelRequest(code, plan.kind, plan.reason, "Wrong customer at the till", errand.order, errand.takes_over)
        if plan.kind is OperationKind.RELEASE and errand.takes_over is None:
            request = _about_suspicion(request, before)
        session = self._sign_in(plan.asked_by)
        if plan.looks_first:
            desk.look(code, session)  # and decides on what is shown
        return desk.cancel(request, session, wait_seconds=WAIT_SECONDS).exit_status

    def _decide(self) -> None:
        """Second persons go through what waits for them; after an approval new doubts may make it wait again."""
        errand, plan = self._errand, self._plan
        for nth in range(MOST_DECISIONS):
            waiting = self._desk.awaiting_approval()
            # In the end somebody agrees to a take-over: until then nobody but the desk that is gone can do anything.
            agrees = plan.takes_over and not errand.in_trouble
            decision = Decision.APPROVED if agrees else plan.decision(errand.desk, errand.process, nth)
            if not waiting or decision is Decision.LEFT:
                return
            if plan.tries_alone(errand.desk, errand.process):
                self._try_alone(waiting[0])
            match decision:
                case Decision.APPROVED:
                    approver = self._sign_in(OWNER if waiting[0].operator.login == MANAGER else MANAGER)
                    self._desk.approve(waiting[0].id, approver, "Looked at it", wait_seconds=WAIT_SECONDS)
                case Decision.REJECTED:
                    self._desk.reject(waiting[0].id, self._sign_in(OWNER), "The customer wants to keep it")
                case Decision.WITHDRAWN:
                    self._desk.withdraw(waiting[0].id, self._sign_in(waiting[0].operator.login), "Asked by mistake")

    def _try_alone(self, waiting: Operation) -> None:
        login = waiting.operator.login
        try:
            self._desk.approve(waiting.id, self._sign_in(login), "It is fine")
        except NotPermitted:
            return
        raise ApprovedAlone(f"{login} approved what {login} had asked for")

    def _answer(self) -> None:
        for waiting in self._desk.operations(open_only=True):
            leftover = waiting.ended_at is not None and waiting.due_at is None
            if waiting.state is OperationState.NEEDS_ATTENTION or leftover:
                self._desk.answer(waiting.id, self._sign_in(OWNER), "Seen to it")

    def _stay_open(self) -> None:
        """A window that stays open goes on with everything when its time has come."""
        desk = self._desk
        for _ in range(MOST_DUE):
            due_at = desk.next_due()
            if due_at is None:
                return
            desk.clock.sleep((due_at - desk.clock.now()).total_seconds())
            desk.run_due()

    def _sign_in(self, login: str) -> Session:
        return self._desk.people.sign_in(login, PINS[login])


def _is_settled(operations: tuple[Operation, ...], asked: OperationKind) -> bool:
    suspicion = {OperationKind.INVALIDATE} if asked is OperationKind.RELEASE else set()
    return any(one.state is OperationState.COMPLETED and one.kind not in suspicion for one in operations)


def _about_suspicion(request: CancelRequest, before: tuple[Operation, ...]) -> CancelRequest:
    """The points that this desk withheld; a desk that knows nothing of that cancels the coupon as any other."""
    suspected = next((one.id for one in before if one.kind is OperationKind.INVALIDATE), None)
    if suspected is None:
        return replace(request, kind=OperationKind.CANCEL, reason=Reason.CONVERTED_BY_MISTAKE)
    return replace(request, releases=suspected)
