"""One reminder: looked at anew, written down, marked in the customer's record for all desks, and sent once.

The order is what "once" rests on. Nothing is sent that is not in the trail and in the record before; what was lost on the way
to the mail server is never sent again, and what surely was not sent keeps its mark and may be tried again by this desk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from coupon_desk.app.freshening import row_of
from coupon_desk.app.reminder_trail import STARTED, TOLD_BEFORE, ReminderState, Told, ended, told
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import OwnWork
from coupon_desk.coupons.notice import ReminderNotice
from coupon_desk.coupons.record import MarkReminded
from coupon_desk.coupons.reminding import (
    Addressee,
    NoReminder,
    Objection,
    Remindable,
    addressee,
    objection_of_record,
    remindable,
)
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, StaleRecord
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.people.operators import Session
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.consent import read_consent
from coupon_desk.shopify.record import reminder_wish
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Language, Message

NOT_MARKED: Final = "record_not_marked"
"""The rule of a reminder that was not sent because the customer's record could not be marked."""

_TRIES: Final = 3
"""So often a record is read anew that somebody else keeps changing."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one coupon. `rule` is a short stable word for why, where there is a why; `at` is when it was sent."""

    state: ReminderState
    why: Message | None = None
    rule: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Due:
    """A coupon that may be reminded of, as it was just read. `is_marked`: its record bears this desk's mark already."""

    coupon: Remindable
    to: Addressee
    is_marked: bool


@dataclass(frozen=True, slots=True)
class ReminderSender:
    """Looks and sends, one coupon at a time. `own_work` is what our trail says of a coupon."""

    trail: Trail
    catalogue: Catalogue
    gatherer: Gatherer
    shop: ShopifyShop
    client: ShopifyClient
    mailer: SmtpMailer
    clock: Clock
    own_work: Callable[[CouponCode], OwnWork | None]
    shop_language: Language

    def look(self, code: CouponCode, days: int) -> Attempt:
        """What sending would come to now; nothing is written. Raises StorageError."""
        before = told(self.trail.of_code(code))
        if before is not None and before.state.is_over:
            return _before(before)
        found = self._read(code, days, before)
        return found if isinstance(found, Attempt) else Attempt(ReminderState.DUE)

    def send(self, code: CouponCode, days: int, session: Session) -> Attempt:
        """Remind the customer, if nothing speaks against it. Raises StorageError; then nothing more is sent."""
        before = told(self.trail.of_code(code))
        if before is not None and before.state.is_over:
            return _before(before)
        due = self._read(code, days, before)
        if isinstance(due, Attempt):
            return due
        begun = self._begin(code, due, session)
        if isinstance(begun, Attempt):
            return begun
        attempt = self._mark(due, code, begun, days) or self._mail(due, code, str(begun.body["reminder"]))
        self.trail.append(ended(attempt.state, begun, attempt.rule))
        return attempt

    def _read(self, code: CouponCode, days: int, before: Told | None) -> _Due | Attempt:
        """The coupon and its customer, fresh from all sources; or why it is not reminded of."""
        evidence = self.gatherer.gather(code, own=self.own_work(code), operator_contacts=())
        row = row_of(evidence)
        if row is not None:
            self.catalogue.upsert([row])
        coupon = remindable(evidence, days)
        if isinstance(coupon, Objection):
            return _objected(coupon)
        try:
            wish = reminder_wish(coupon.record.raw, code)
            objection = objection_of_record(wish, before.id if before else None)
            if objection is not None:
                return _objected(objection)
            to = addressee(read_consent(self.client, coupon.record.customer.id))
        except RemoteUnavailable as silent:
            return Attempt(ReminderState.DELAYED, silent.what, NoReminder.NOT_ANSWERED.value)
        except RemoteError as refused:
            return Attempt(ReminderState.SKIPPED, refused.what, NoReminder.NOT_ANSWERED.value)
        return _objected(to) if isinstance(to, Objection) else _Due(coupon, to, wish.mark is not None)

    def _begin(self, code: CouponCode, due: _Due, session: Session) -> NewEntry | Attempt:
        """Write down that it is about to be sent; of two that come here at once the second finds the first."""
        with self.trail.writing() as pen:
            before = told(self.trail.of_code(code))
            if before is not None and before.state.is_over:
                return _before(before)
            begun = NewEntry(
                STARTED,
                {"reminder": before.id if before else str(uuid4())},
                actor=session.login,
                role=session.operator.role.value,
                code=code.text,
                customer=due.coupon.record.customer.id,
                result="started",
            )
            pen.append(begun)
        return begun

    def _mark(self, due: _Due, code: CouponCode, begun: NewEntry, days: int) -> Attempt | None:
        """Mark the record, so that no other desk sends one; None where the mark stands. The mail is surely not sent yet."""
        own = Told(str(begun.body["reminder"]), ReminderState.DELAYED, self.clock.now())
        change = MarkReminded(own.id, own.at, self.trail.desk)
        stale: StaleRecord | None = None
        for _ in range(_TRIES):
            if stale is not None:
                # What changed may be the customer's wish, or another desk's mark: everything is looked at once more.
                again = self._read(code, days, own)
                if isinstance(again, Attempt):
                    return replace(again, state=ReminderState.DELAYED)
                due = again
            if due.is_marked:
                return None
            try:
                self.shop.send(self.shop.prepare_record(due.coupon.record, code, change))
            except StaleRecord as changed_meanwhile:
                stale = changed_meanwhile
            except (OutcomeUnknown, RemoteUnavailable) as silent:
                # If the mark was written after all, it bears our id: the next attempt finds it and goes on.
                return Attempt(ReminderState.DELAYED, silent.what, NOT_MARKED)
            except RemoteRefused as refused:
                return Attempt(ReminderState.REFUSED, refused.what, NOT_MARKED)
            else:
                return None
        return Attempt(ReminderState.DELAYED, stale.what if stale else None, NOT_MARKED)

    def _mail(self, due: _Due, code: CouponCode, reminder_id: str) -> Attempt:
        try:
            self.mailer.send(_notice(due, code, reminder_id, self.shop_language))
        except OutcomeUnknown as unknown:
            return Attempt(ReminderState.UNKNOWN, unknown.what, "no_answer")
        except RemoteUnavailable as surely_not:
            return Attempt(ReminderState.DELAYED, surely_not.what, "mail_unavailable")
        except RemoteRefused as refused:
            return Attempt(ReminderState.REFUSED, refused.what, "mail_refused")
        return Attempt(ReminderState.SENT, at=self.clock.now())


def _before(before: Told) -> Attempt:
    return Attempt(before.state, before.why, TOLD_BEFORE, before.at)


def _objected(objection: Objection) -> Attempt:
    state = ReminderState.DELAYED if objection.will_pass else ReminderState.SKIPPED
    return Attempt(state, objection.message, objection.rule.value)


def _notice(due: _Due, code: CouponCode, reminder_id: str, otherwise: Language) -> ReminderNotice:
    customer = due.coupon.record.customer
    return ReminderNotice(
        message_id=f"<reminder-{reminder_id}@coupon-desk.invalid>",
        email=due.to.email,
        customer_name=customer.name,
        code=code,
        worth=due.coupon.worth,
        expires_at=due.coupon.ends_at,
        language=Language.of(customer.locale, otherwise),
        unsubscribe_url=due.to.unsubscribe_url,
    )
