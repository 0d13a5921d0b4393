"""Who may have what done, and when a second person has to look first: decided once, up front, below every window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, Operator
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.limits import HouseLimits, over_approvable, over_approved_today
from coupon_desk.people.operators import Operator as Person
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right, Role, refusal
from coupon_desk.people.witness import Witness, note_refusal
from coupon_desk.words import Message, msg


class NoteTooShort(ConfigurationError):
    """The note does not say enough; nothing was done."""


class NoteUnreadable(ConfigurationError):
    """The note holds bytes that are no text, as a terminal in the wrong encoding gives; nothing was done."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why somebody may not: a stable word for the trail, and what they are told."""

    rule: str
    what: Message
    todo: Message


@dataclass(frozen=True, slots=True)
class Grant:
    """A request that is permitted, as it will be done, by whom, and why a second person has to look (empty: need not)."""

    request: CancelRequest
    operator: Operator
    approval_needed: tuple[Message, ...]


RIGHTS: Final[Mapping[OperationKind, Right]] = MappingProxyType(
    {
        OperationKind.CANCEL: Right.CANCEL,
        OperationKind.INVALIDATE: Right.INVALIDATE,
        OperationKind.ORDER_REFUND: Right.REFUND_ORDER,
        OperationKind.RELEASE: Right.INVESTIGATE,
    }
)
"""What it takes to have each kind done: of whoever asks, or else of the second person."""

ALWAYS_APPROVED: Final[Mapping[OperationKind, Message]] = MappingProxyType(
    {
        OperationKind.ORDER_REFUND: msg("Returning points for a used coupon always needs a second person."),
        OperationKind.RELEASE: msg("Releasing points that were withheld always needs a second person."),
    }
)
"""The kinds that nobody has done alone."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The house's rules on who may. Limits are not asked here but counted in `verify`, where all doubts are decided."""

    people: People
    house: HouseLimits
    witness: Witness

    def ask(self, session: Session, request: CancelRequest) -> Grant:
        """Permit the request, or raise NotPermitted (which the trail records), NoteTooShort."""
        request = _as_it_will_be_done(request)
        right = RIGHTS[request.kind]
        # Whoever may ask may have a second person decide; only on suspected fraud nobody else has a say at all.
        asks = request.kind is not OperationKind.RELEASE and session.may(Right.ASK)
        person = self.people.authorise(session, Right.ASK if asks else right, request.code.masked)
        note = checked_note(request.note, self.house.policy.minimum_note_length)
        return Grant(
            replace(request, note=note),
            Operator(person.login, person.name, person.role.value),
            tuple(why_second_person(person, request)),
        )

    def ask_for_many(self, session: Session, kind: OperationKind, note: str) -> str:
        """Permit a bulk cancellation as such, each of whose coupons is asked for again; the note as it is kept. As `ask`."""
        self.people.authorise(session, Right.ASK if session.may(Right.ASK) else RIGHTS[kind], MANY)
        return checked_note(note, self.house.policy.minimum_note_length)

    def may_approve(self, session: Session, asked: Operation) -> Person:
        """The second person of this desk, as they are now. Raises NotPermitted, which the trail records."""
        person = self.people.authorise(session, Right.APPROVE, asked.code.masked)
        if (why := self.why_not_approve(person, asked.kind, asked.operator.login, None)) is not None:
            raise self.refused(person, asked.code.masked, why)
        return person

    def known(self, login: str, asked: Operation) -> Person:
        """Somebody who decided at another desk, as the directory knows them now.

        Raises NotPermitted, which the trail records; RemoteError where the directory does not answer.
        """
        if (silent := self.people.refresh(login)) is not None:
            raise silent
        person = self.people.get(login)
        if person is None:
            note_refusal(self.witness, login, None, Right.APPROVE, asked.code.masked, "unknown")
            raise NotPermitted(msg("This desk does not know the operator “{login}”.", login=login))
        if not self.people.may_work_here(person):
            raise self.refused(person, asked.code.masked, _NOT_THIS_STORE)
        return person

    def why_not_approve(self, person: Person, kind: OperationKind, requester: str, points: int | None) -> WhyNot | None:
        """Why this person is not the second one for such a request; None where they may be.

        They have the right to approve, and to have this done themselves; they did not ask for it; with `points`, their own
        limit allows it. What they approved today is counted when they approve.
        """
        if person.disabled:
            return WhyNot("disabled", msg("This login was disabled."), msg("Ask an administrator."))
        for right in (Right.APPROVE, RIGHTS[kind]):
            if not person.role.may(right):
                told = refusal(person.role, right)
                return WhyNot("missing", told.what, told.todo or msg("Ask an administrator."))
        if person.login == requester:
            return WhyNot(
                "own_request",
                msg("You cannot approve your own request."),
                msg("Ask another manager to sign in and approve it."),
            )
        if points is not None and (over := over_approvable(points, self.house.of(person.role))) is not None:
            return WhyNot("over_limit", over, self._who_may(person.role, kind, points))
        return None

    def why_not_today(self, person: Person, points: int, before: int) -> WhyNot | None:
        """Why this person may not approve these points as well, having approved `before` today."""
        over = over_approved_today(points, before, self.house.of(person.role))
        return WhyNot("over_limit", over, msg("Ask somebody else to approve it, or wait until tomorrow.")) if over else None

    def refused(self, person: Person, about: str, why: WhyNot) -> NotPermitted:
        """What to raise, after it was written to the trail."""
        note_refusal(self.witness, person.login, person.role, Right.APPROVE, about, why.rule)
        return NotPermitted(why.what, done=msg("Nothing was done."), todo=why.todo)

    def _who_may(self, but: Role, kind: OperationKind, points: int) -> Message:
        for role in (Role.MANAGER, Role.ADMIN):
            able = role.may(Right.APPROVE) and role.may(RIGHTS[kind]) and over_approvable(points, self.house.of(role)) is None
            if role is not but and able:
                return msg("Somebody with the role “{role}” may approve it.", role=role.label)
        return msg("Nobody here may approve so many points: reject it, or have an administrator change the limit.")


_NOT_THIS_STORE: Final = WhyNot(
    "store",
    msg("This operator does not work in this store."),
    msg("Ask an administrator to change the operator's stores."),
)


MANY: Final = "bulk"
"""What the trail says a right was asked for, where it is many coupons."""


def why_second_person(person: Person, request: CancelRequest) -> Iterator[Message]:
    """Why a second person has to look, whatever is found of the coupon."""
    request = _as_it_will_be_done(request)
    if not person.role.may(RIGHTS[request.kind]):
        yield msg("The operator's role may ask, but a second person has to approve.")
    if request.kind in ALWAYS_APPROVED:
        yield ALWAYS_APPROVED[request.kind]
    if request.reason.needs_second_person:
        yield msg("Goodwill always needs a second person.")


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
