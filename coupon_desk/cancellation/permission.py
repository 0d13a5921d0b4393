"""Who may have what done, and when a second person has to look first: decided once, up front, below every window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from coupon_desk.cancellation.operation import CancelRequest, OperationKind, Operator
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.limits import why_second_person
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.settings import Policy
from coupon_desk.words import Message, msg


class NoteTooShort(ConfigurationError):
    """The note does not say enough; nothing was done."""


class NoteUnreadable(ConfigurationError):
    """The note holds bytes that are no text, as a terminal in the wrong encoding gives; nothing was done."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A request that is permitted, as it will be done, by whom, and why a second person has to look (empty: need not)."""

    request: CancelRequest
    operator: Operator
    approval_needed: tuple[Message, ...]


_RIGHTS = {
    OperationKind.CANCEL: Right.CANCEL,
    OperationKind.INVALIDATE: Right.INVALIDATE,
    OperationKind.ORDER_REFUND: Right.REFUND_ORDER,
    OperationKind.RELEASE: Right.INVESTIGATE,
}


@dataclass(frozen=True, slots=True)
class Permission:
    """The house's rules on who may. `points_today` tells an operator's points of today, running and unknown ones included."""

    people: People
    policy: Policy
    points_today: Callable[[str], int]

    def ask(self, session: Session, request: CancelRequest) -> Grant:
        """Permit the request, or raise NotPermitted (which the trail records), NoteTooShort."""
        request = _as_it_will_be_done(request)
        right = _RIGHTS[request.kind]
        # Whoever may ask may have a second person decide; only on suspected fraud nobody else has a say at all.
        asks = request.kind is not OperationKind.RELEASE and session.may(Right.ASK)
        person = self.people.authorise(session, Right.ASK if asks else right, request.code.masked)
        note = checked_note(request.note, self.policy.minimum_note_length)
        return Grant(
            replace(request, note=note),
            Operator(person.login, person.name, person.role.value),
            tuple(self._why_second_person(request, person.login, may=person.role.may(right))),
        )

    def may_approve(self, session: Session, requester: str, about: str) -> None:
        """Permit the second person. Raises NotPermitted, also for one who approves their own request."""
        self.people.authorise(session, Right.APPROVE, about)
        if session.login == requester:
            raise NotPermitted(
                msg("You cannot approve your own request."),
                done=msg("Nothing was done."),
                todo=msg("Ask another manager to sign in and approve it."),
            )

    def _why_second_person(self, request: CancelRequest, login: str, *, may: bool) -> list[Message]:
        why: list[Message] = []
        if not may:
            why.append(msg("The operator's role may ask, but a second person has to approve."))
        if request.kind is OperationKind.ORDER_REFUND:
            why.append(msg("Returning points for a used coupon always needs a second person."))
        if request.kind is OperationKind.RELEASE:
            why.append(msg("Releasing points that were withheld always needs a second person."))
        if request.kind is not OperationKind.INVALIDATE:
            why.extend(
                why_second_person(
                    request.code.points,
                    self.points_today(login),
                    approval_above_points=self.policy.approval_above_points,
                    daily_points_per_operator=self.policy.daily_points_per_operator,
                )
            )
        if request.reason.needs_second_person:
            why.append(msg("Goodwill always needs a second person."))
        return why


def checked_note(typed: str, shortest: int) -> str:
    """The note as it is kept. Raises NoteTooShort, NoteUnreadable."""
    note = typed.strip()
    if any("\ud800" <= character <= "\udfff" for character in note):
        raise NoteUnreadable(msg("The note is not readable text."), done=msg("Nothing was done."))
    if len(note) < shortest:
        raise NoteTooShort(
            msg("The note is too short."),
            done=msg("Nothing was done."),
            todo=msg("Say in at least {count} characters what happened.", count=shortest),
        )
    return note


def _as_it_will_be_done(request: CancelRequest) -> CancelRequest:
    """Suspected fraud returns nothing, whatever was asked for; what is released has one reason."""
    if request.kind is OperationKind.RELEASE:
        return replace(request, reason=Reason.RELEASED)
    if request.kind is OperationKind.CANCEL and request.reason is Reason.SUSPECTED_FRAUD:
        return replace(request, kind=OperationKind.INVALIDATE)
    return request
