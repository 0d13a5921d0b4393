"""The engine: opens an operation, takes it through its steps, and finishes what was left, by any process on any day."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable

from coupon_desk.cancellation.approving import Approving
from coupon_desk.cancellation.calling_off import Brake, call_off, never
from coupon_desk.cancellation.clear_fields import opening_entry, operation_entry
from coupon_desk.cancellation.given import refusal
from coupon_desk.cancellation.operation import (
    BEFORE_THE_END,
    LATE_STEPS,
    CancelRequest,
    Operation,
    OperationState,
    Rules,
    Step,
    StepName,
    StepState,
)
from coupon_desk.cancellation.other_desks import OtherDesks
from coupon_desk.cancellation.own_work import story_of
from coupon_desk.cancellation.packing import opening, pack_findings
from coupon_desk.cancellation.permission import Grant, Permission
from coupon_desk.cancellation.putting_back import put_back
from coupon_desk.cancellation.reopening import REPEATABLE, may_be_reopened
from coupon_desk.cancellation.steps import STEPS
from coupon_desk.cancellation.story import Story, after
from coupon_desk.cancellation.turns import Turns
from coupon_desk.cancellation.work import Observer, Systems, Work, tell
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.shared_request import Decision, Verdict
from coupon_desk.errors import DeskError, NotPermitted, RemoteError
from coupon_desk.people.operators import Session
from coupon_desk.people.roles import Right
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg

_log = logging.getLogger(__name__)


def ignore(_: Operation) -> None:
    """An observer for those who only want the result."""


def _each(ids: Iterable[str], work_on: Callable[[str], Operation]) -> tuple[Operation, ...]:
    done, failed = [], []
    for operation_id in ids:
        try:
            done.append(work_on(operation_id))
        except DeskError as wrong:
            failed.append(wrong)
    if failed:
        raise failed[0]
    return tuple(done)


class Engine:
    """Cancels coupons. Safe to use from several threads: one operation is worked on by one thread at a time.

    One process per home: the home's lock is the caller's to hold. Engines that reach the same systems by other ways share
    their `turns`.
    """

    def __init__(
        self,
        trail: Trail,
        index: OperationIndex,
        systems: Systems,
        permission: Permission,
        rules: Rules,
        turns: Turns | None = None,
    ) -> None:
        self._trail = trail
        self._index = index
        self._systems = systems
        self._permission = permission
        self._rules = rules
        self._approving = Approving(trail, systems, permission)
        self._others = OtherDesks(systems)
        self._turns = turns or Turns()

    def submit(
        self,
        request: CancelRequest,
        session: Session,
        observer: Observer = ignore,
        *,
        wait_seconds: float = 0.0,
        brake: Brake = never,
    ) -> Operation:
        """Cancel one coupon and give its points back, exactly once.

        Returns the operation as the trail tells it, also when it was refused or is not finished; waits up to `wait_seconds` for
        what goes on by itself. `brake` may stop it before the pivot. Raises NotPermitted, NoteTooShort, OperationOpen before
        anything is written but the refusal. Safe to call again after a crash: see `resume`.
        """
        grant = self._permission.ask(session, request)
        operation_id = str(uuid.uuid4())
        with self._turns.working_on(operation_id):
            work = self._begin(operation_id, grant, observer)
            return self._run(work, wait_seconds, brake=brake)

    def go_on(self, operation_id: str, observer: Observer = ignore, *, brake: Brake = never) -> Operation:
        """Go on with one operation now, whose time may not have come. Raises as `resume`."""
        return self._take_up(operation_id, observer, 0.0, on_demand=True, brake=brake)

    def approve(
        self, operation_id: str, session: Session, note: str, observer: Observer = ignore, *, wait_seconds: float = 0.0
    ) -> Operation:
        """A second person approves exactly what was asked; all is verified anew. Raises NotPermitted, RemoteError."""
        with self._turns.working_on(operation_id):
            story = self.story(operation_id)
            person = self._permission.may_approve(session, story.operation)
            return self._go_on_approved(self._approving.approve(story, person, note), observer, wait_seconds)

    def reject(self, operation_id: str, session: Session, note: str, observer: Observer = ignore) -> Operation:
        """A second person says no: the operation is over, nothing was done. Raises NotPermitted."""
        with self._turns.working_on(operation_id):
            story = self.story(operation_id)
            person = self._permission.may_approve(session, story.operation)
            return self._over(self._approving.reject(story, person, note), observer)

    def withdraw(self, operation_id: str, session: Session, note: str, observer: Observer = ignore) -> Operation:
        """The one who asked, or who may approve, takes back a request of which nothing was done yet. Raises NotPermitted."""
        with self._turns.working_on(operation_id):
            story = self.story(operation_id)
            operation = story.operation
            is_own = session.login == operation.operator.login
            self._permission.people.authorise(session, Right.ASK if is_own else Right.APPROVE, operation.code.masked)
            begun = operation.step(StepName.VERIFY).state is StepState.DONE
            if begun or operation.state not in {OperationState.RUNNING, OperationState.AWAITING_APPROVAL}:
                raise NotPermitted(
                    msg("This operation can no longer be withdrawn."),
                    done=msg("Nothing was changed."),
                    todo=msg("“coupon-desk operations {operation}” shows how it stands.", operation=operation_id),
                )
            why = msg("Withdrawn by {by}: {note}", by=session.operator.name, note=note)
            body: dict[str, object] = {"findings": pack_findings([refusal(Rule.WITHDRAWN, why)])}
            return self._over(self._append(story, "operation.refused", body, session), observer)

    def answer(self, operation_id: str, session: Session, note: str, observer: Observer = ignore) -> Operation:
        """A person has looked after what needed one; what is left is finished. Raises NotPermitted.

        See `story` for what an answer means before, at and after the pivot.
        """
        with self._turns.working_on(operation_id):
            story = self.story(operation_id)
            operation = story.operation
            self._permission.people.authorise(session, Right.APPROVE, operation.code.masked)
            leftover = operation.ended_at is not None and operation.has_open_work
            if operation.state is not OperationState.NEEDS_ATTENTION and not leftover:
                raise NotPermitted(msg("This operation does not wait for an answer."), done=msg("Nothing was done."))
            body: dict[str, object] = {"note": note}
            if story.reopened is not None:
                body["ends_as"] = story.reopened.state.value
            return self._run(self._go_on(self._append(story, "operation.answered", body, session), observer), 0.0)

    def take_up_again(
        self,
        operation_id: str,
        steps: Collection[StepName],
        session: Session,
        note: str,
        observer: Observer = ignore,
        *,
        wait_seconds: float = 0.0,
    ) -> Operation:
        """Do steps of an operation that is over once more, because a remote system no longer says what they brought about.

        Only what looks before it acts and moves no points (`reopening.REPEATABLE`). The result stays as it was. Raises
        NotPermitted, OperationOpen while another one works on the coupon. Safe to call again after a crash: see `resume`.
        """
        if not steps or not set(steps) <= set(REPEATABLE):
            raise ValueError("only the record and the switching off are ever done once more")
        with self._turns.working_on(operation_id):
            story = self.story(operation_id)
            operation = story.operation
            self._permission.people.authorise(session, Right.RECONCILE, operation.code.masked)
            if not operation.state.is_over:
                raise NotPermitted(msg("This operation is not over."), done=msg("Nothing was done."))
            if not may_be_reopened(operation, steps):
                raise NotPermitted(msg("Nothing of this operation could be done once more."), done=msg("Nothing was done."))
            body: dict[str, object] = {"steps": sorted(steps), "note": note}
            again = self._go_on(self._append(story, "operation.reopened", body, session), observer)
            return self._run(again, wait_seconds)

    def resume(self, observer: Observer = ignore, *, wait_seconds: float = 0.0) -> tuple[Operation, ...]:
        """Take up every unfinished operation at once, also those that waited for a person who may have mended the cause.

        Each step looks before it acts, so that nothing is repeated. Alarms stay until they are answered. An operation that
        cannot be worked on does not keep the others waiting; its error is raised at the end.
        """
        self._others.let_go_of_leftovers()
        self.catch_up(observer)
        ids = [row.id for row in self._index.open_ones()]
        return _each(ids, lambda one: self._take_up(one, observer, wait_seconds, on_demand=True))

    def run_due(self, observer: Observer = ignore) -> tuple[Operation, ...]:
        """Go on with everything whose time has come, also with what other desks decided. Errors as in `resume`."""
        self.catch_up(observer)
        due = self._index.due(self._systems.clock.now())
        free = [row.id for row in due if not self._turns.is_at_work(row.id)]
        return _each(free, lambda one: self._take_up(one, observer, 0.0, on_demand=False))

    def catch_up(self, observer: Observer = ignore) -> tuple[Operation, ...]:
        """Take over what other desks decided, and tell them what they could not be told before. Those that went on.

        Asks the centre only where something waits for it. Errors as in `resume`, but a silent centre is none.
        """
        if self._systems.centre is None:
            return ()
        if self._index.unreported():
            self._others.report_missing()
        waiting = [row.id for row in self._index.open_ones() if row.state == OperationState.AWAITING_APPROVAL]
        if not waiting:
            return ()
        decided = [one for one in self._others.decisions() if not self._turns.is_at_work(one.operation)]
        by_operation = {one.operation: one for one in decided}
        went_on = _each(by_operation, lambda one: self._take_over(by_operation[one], observer))
        for operation_id in waiting:
            story = self._systems.story_of(operation_id)
            if story is not None:
                self._others.ask(story)
        return went_on

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is begun."""
        return self._turns.is_closing

    def stop(self) -> None:
        """Begin nothing more, and wait until what is under way has come to the end of its step. See `Turns.stop`."""
        self._turns.stop()

    def operation(self, operation_id: str) -> Operation:
        """One operation as the trail tells it. Raises ConfigurationError for an unknown id."""
        return self.story(operation_id).operation

    def story(self, operation_id: str) -> Story:
        """The whole story of one operation. Raises ConfigurationError for an unknown id."""
        return story_of(self._trail, operation_id)

    def _take_up(
        self, operation_id: str, observer: Observer, wait_seconds: float, *, on_demand: bool, brake: Brake = never
    ) -> Operation:
        with self._turns.working_on(operation_id):
            story = self.story(operation_id)
            work = Work(story, self._trail, self._systems, observer)
            waits = story.operation.state is OperationState.NEEDS_ATTENTION
            if waits and on_demand and story.operation.ended_at is None:
                work.resumed()
            return self._run(work, wait_seconds, on_demand=on_demand, brake=brake)

    def _run(self, work: Work, wait_seconds: float, *, on_demand: bool = False, brake: Brake = never) -> Operation:
        """Step after step, until the operation is over, waits for a person, or waits longer than the caller does.

        `on_demand`: somebody asks for it now, so that the first step does not wait for its time. `brake` is asked before each.
        """
        until = self._systems.clock.monotonic() + wait_seconds
        held_code = work.story.row.holds_code
        while True:
            if held_code and not work.story.row.holds_code:
                held_code = False
                self._others.let_go(work.story)
            if self._turns.is_closing:
                return work.operation
            if (why := brake()) is not None:
                call_off(work, why)
            action = self._next(work.operation, on_demand=on_demand)
            on_demand = False
            if action is not None:
                action(work)
                continue
            self._others.ask(work.story)
            pause = self._pause_before_next(work.operation)
            if pause is None or self._systems.clock.monotonic() + pause > until:
                return work.operation
            self._systems.clock.sleep(pause)

    def _next(self, operation: Operation, *, on_demand: bool) -> Callable[[Work], None] | None:
        """What comes next for an operation that stands so; None where it has to wait or is over."""
        if operation.state is OperationState.RUNNING:
            if operation.is_stopping:
                return put_back if on_demand or self._is_time(operation.step(StepName.UPDATE_RECORD)) else None
            step = next((step for step in operation.steps if not step.state.is_settled), None)
            if step is None or step.name not in BEFORE_THE_END:
                return Work.completed
            return STEPS[step.name] if on_demand or self._is_time(step) else None
        if operation.state is OperationState.AWAITING_APPROVAL:
            has_expired = operation.expires_at is not None and operation.expires_at <= self._systems.clock.now()
            return Work.expired if has_expired else None
        if operation.ended_at is None or operation.state is OperationState.REFUSED:
            return None
        mail, discount = map(operation.step, LATE_STEPS)
        if mail.goes_on and (on_demand or self._is_time(mail)):
            return STEPS[StepName.NOTIFY]
        if mail.state is StepState.REFUSED and on_demand:
            return STEPS[StepName.NOTIFY]
        return STEPS[StepName.RETIRE] if discount.goes_on and self._is_time(discount) else None

    def _is_time(self, step: Step) -> bool:
        return step.due_at is None or step.due_at <= self._systems.clock.now()

    def _pause_before_next(self, operation: Operation) -> float | None:
        """Seconds until the result can go on; None where a person, nothing, a late step or a source out of reach is waited for.

        While nothing was done yet nobody is kept waiting: they hear at once that a source is out of reach.
        """
        if operation.state is not OperationState.RUNNING or operation.due_at is None:
            return None
        if operation.step(StepName.VERIFY).state is StepState.DELAYED:
            return None
        return max(0.0, (operation.due_at - self._systems.clock.now()).total_seconds())

    def _begin(self, operation_id: str, grant: Grant, observer: Observer) -> Work:
        body = opening(
            grant.request,
            grant.operator,
            self._rules,
            key=str(uuid.uuid4()),
            language=self._systems.shop_language,
            approval_needed=grant.approval_needed,
        )
        with self._trail.writing() as pen:
            story = after(None, pen.append(opening_entry(operation_id, grant.request.code, body)))
            pen.index(story.row)
        return self._go_on(story, observer)

    def _append(self, story: Story, action: str, body: dict[str, object], session: Session) -> Story:
        with self._trail.writing() as pen:
            new = operation_entry(story.operation, action, body, session.login, session.operator.role.value)
            story = after(story, pen.append(new))
            pen.index(story.row)
        return story

    def _go_on(self, story: Story, observer: Observer) -> Work:
        tell(observer, story.operation)
        return Work(story, self._trail, self._systems, observer)

    def _go_on_approved(self, story: Story, observer: Observer, wait_seconds: float) -> Operation:
        self._others.withdraw_request(story.operation.id)
        return self._run(self._go_on(story, observer), wait_seconds)

    def _over(self, story: Story, observer: Observer) -> Operation:
        self._others.let_go(story)
        tell(observer, story.operation)
        return story.operation

    def _take_over(self, decision: Decision, observer: Observer) -> Operation:
        """Another desk's decision, held against who may here; the trail records one that does not count."""
        with self._turns.working_on(decision.operation):
            story = self.story(decision.operation)
            is_asked = story.operation.state is OperationState.AWAITING_APPROVAL
            if not is_asked or decision.request_hash != story.asked_hash:
                self._others.withdraw_request(decision.operation)
                return story.operation
            try:
                person = self._permission.known(decision.approver, story.operation)
                if decision.verdict is Verdict.REJECT:
                    return self._over(self._approving.reject(story, person, decision.note, desk=decision.desk), observer)
                story = self._approving.approve(story, person, decision.note, desk=decision.desk)
            except NotPermitted as refused:
                _log.info("a decision of desk %s does not count: %s", decision.desk, refused)
                self._others.withdraw_request(decision.operation)
                return story.operation
            except RemoteError as silent:
                _log.info("a decision of desk %s waits: %s", decision.desk, silent)
                return story.operation
            return self._go_on_approved(story, observer, 0.0)
