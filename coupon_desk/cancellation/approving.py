"""The second person: whether they may, and their word in the trail. What they approve is verified anew afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_desk.cancellation.clear_fields import operation_entry
from coupon_desk.cancellation.counting import report
from coupon_desk.cancellation.given import refusal
from coupon_desk.cancellation.operation import OperationState
from coupon_desk.cancellation.own_work import suspected_by
from coupon_desk.cancellation.packing import pack_findings
from coupon_desk.cancellation.permission import Permission, WhyNot
from coupon_desk.cancellation.story import Story, after
from coupon_desk.cancellation.work import Systems
from coupon_desk.clock import to_text
from coupon_desk.coupons.contacts import is_same_person
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import RecordSeen
from coupon_desk.errors import NotPermitted, RemoteError, RemoteUnavailable
from coupon_desk.people.operators import Operator as Person
from coupon_desk.trail.allowances import approved_since
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.fields import canonical
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg


@dataclass(frozen=True, slots=True)
class Approving:
    """Takes the decisions of second persons, of this desk and of others. Each method writes one entry before it returns."""

    trail: Trail
    systems: Systems
    permission: Permission

    def approve(self, story: Story, person: Person, note: str, *, desk: str | None = None) -> Story:
        """Exactly what was asked is approved by this person, at another `desk` where one is named.

        Their own limit is looked at in the transaction that writes it down, so that two approvals cannot both take the last of
        it; at all desks the centre sees to that. Raises NotPermitted, which the trail records; RemoteError where the centre is
        required and silent.
        """
        self._must_wait(story)
        operation = story.operation
        asked = self.trail.of_operation(operation.id)
        doubts = next(entry.body for entry in reversed(asked) if entry.action == "operation.approval_needed")
        points = int(doubts["points"])
        if (why := self.why_not(story, person, points)) is not None:
            raise self.permission.refused(person, operation.code.masked, why)
        at = self.trail.best_moment().moment
        day_start = self.systems.house.windows(at).day
        is_alone = not self._approve_in_the_centre(story, person, points, day_start)
        bound = hashlib.sha256(canonical(asked[0].body).encode()).hexdigest()
        body: dict[str, Any] = {
            "note": note,
            "rules": doubts["rules"],
            "points": points,
            "request": bound,
            "counted_at": to_text(at),
            "is_counted_alone": is_alone,
        }
        if desk is not None:
            body["desk"] = desk
        with self.trail.writing() as pen:
            before = approved_since(pen.connection, person.login, day_start, operation.id)
            over = self.permission.why_not_today(person, points, before) if operation.kind.returns_points else None
            if over is None:
                story = after(story, pen.append(self._entry(story, "operation.approved", body, person)))
                pen.index(story.row)
        if over is not None:
            raise self.permission.refused(person, operation.code.masked, over)
        return story

    def reject(self, story: Story, person: Person, note: str, *, desk: str | None = None) -> Story:
        """The operation is over; nothing was done. Raises NotPermitted, which the trail records."""
        self._must_wait(story)
        operation = story.operation
        why_not = self.permission.why_not_approve(person, operation.kind, operation.operator.login, None)
        if why_not is not None:
            raise self.permission.refused(person, operation.code.masked, why_not)
        why = msg("{by} did not approve: {note}", by=person.name, note=note)
        body: dict[str, Any] = {"findings": pack_findings([refusal(Rule.REJECTED, why)])}
        if desk is not None:
            body["desk"] = desk
        with self.trail.writing() as pen:
            story = after(story, pen.append(self._entry(story, "operation.refused", body, person)))
            pen.index(story.row)
        return story

    def why_not(self, story: Story, person: Person, points: int) -> WhyNot | None:
        """Why this person is not the second one here; None where they may be, but for what they approved today."""
        operation = story.operation
        why = self.permission.why_not_approve(person, operation.kind, operation.operator.login, points)
        if why is not None:
            return why
        if person.login == suspected_by(self.trail, operation):
            return _OWN_SUSPICION
        if self._is_customer(story, person):
            return _THE_CUSTOMER
        # Last: by now Shopify has told the time.
        if self._has_expired(story):
            return WhyNot(
                "expired",
                msg("The time to approve this was over on {at}.", at=operation.expires_at),
                msg("If it is still wanted, ask for it again."),
            )
        return None

    def _must_wait(self, story: Story) -> None:
        if story.operation.state is not OperationState.AWAITING_APPROVAL:
            raise NotPermitted(msg("This operation does not wait for approval."), done=msg("Nothing was done."))

    def _has_expired(self, story: Story) -> bool:
        """By this computer's clock, or by what remote clocks and the trail tell: one that was set back gives no more time."""
        expires_at = story.operation.expires_at
        return expires_at is not None and expires_at <= max(self.systems.clock.now(), self.trail.best_moment().moment)

    def _is_customer(self, story: Story, person: Person) -> bool:
        """Whether the approver is the customer. Where Shopify does not answer now, verifying finds it out afterwards.

        Asked of everybody: its answer tells the time, too, by which the approver's day is counted.
        """
        if story.asked_customer is None:
            return False
        try:
            record = self.systems.shop.read_record(story.asked_customer, story.operation.code)
        except RemoteUnavailable:
            return False
        return isinstance(record, RecordSeen) and is_same_person(
            (record.customer.email, record.customer.phone), self.systems.contacts_of(person.login)
        )

    def _approve_in_the_centre(self, story: Story, person: Person, points: int, day_start: datetime) -> bool:
        """Whether the centre knows now, or need not. Raises NotPermitted; RemoteError where it is silent and required."""
        centre, operation = self.systems.centre, story.operation
        if centre is None or centre.allowances is None or not operation.kind.returns_points:
            return True
        limit = self.systems.house.of(person.role).approved_points_per_day
        try:
            report(centre, story, self.systems)  # what was asked while the centre was silent, or not there yet
            before = centre.allowances.approve(operation.id, person.login, points, day_start, at_most=limit)
        except RemoteError:
            if centre.is_required:
                raise
            return False
        if (over := self.permission.why_not_today(person, points, before)) is not None:
            raise self.permission.refused(person, operation.code.masked, over)
        return True

    def _entry(self, story: Story, action: str, body: dict[str, Any], person: Person) -> NewEntry:
        return operation_entry(story.operation, action, body, person.login, person.role.value)


_THE_CUSTOMER = WhyNot(
    "own_coupon",
    msg("You cannot approve this: the coupon is your own."),
    msg("Ask another manager to sign in and approve it."),
)
_OWN_SUSPICION = WhyNot(
    "own_suspicion",
    msg("You cannot approve this: the points were withheld on your own suspicion."),
    msg("Ask another manager to sign in and approve it."),
)
