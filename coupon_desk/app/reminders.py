"""Coupons that expire soon, and the e-mail that reminds their customers: one for each coupon, ever, at all desks of the shop.

The catalogue says which coupons are looked at; whether one is reminded of is decided on what all sources say at that moment.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from coupon_desk.app.coupon_reading import CouponReading, without_customer
from coupon_desk.app.reminder_sending import ReminderSender
from coupon_desk.app.reminder_trail import RAN, TOLD_BEFORE, ReminderState, told
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.query import MOST_ROWS, CouponQuery, Sort, SortBy
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.errors import ExitStatus
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message

DAYS: Final = 7
"""Coupons that end within so many days are reminded of, unless told otherwise."""

MOST_DAYS: Final = 60

PATIENCE: Final = 3
"""After so many in a row that somebody did not answer for, the rest waits for another day."""

_SOONEST_FIRST: Final = Sort(SortBy.EXPIRES)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One coupon and how its reminder stands.

    `coupon` is what the list knows of it, without whose it is for those who may not see, None where it knows none. `why` says
    why it stands so, `rule` is its short stable word; `at` is when the reminder was sent, or may have been.
    """

    code: CouponCode
    coupon: Coupon | None
    state: ReminderState
    why: Message | None = None
    rule: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReminderRun:
    """What became of each coupon. `has_given_up`: somebody did not answer again and again, and the rest was not looked at."""

    reminders: tuple[Reminder, ...]
    days: int
    dry_run: bool
    has_given_up: bool = False
    was_stopped: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many stand how, by the state's word."""
        return dict(Counter(one.state.value for one in self.reminders))

    @property
    def sent(self) -> int:
        """How many were sent in this run, and not before."""
        return sum(one.state is ReminderState.SENT and one.rule != TOLD_BEFORE for one in self.reminders)

    @property
    def exit_status(self) -> ExitStatus:
        """The status with which a command ends: what needs a person, then what goes on later."""
        # One that was told of before asks for nobody again.
        news = {one.state for one in self.reminders if one.rule != TOLD_BEFORE}
        if news & {ReminderState.UNKNOWN, ReminderState.REFUSED}:
            return ExitStatus.NEEDS_A_PERSON
        return ExitStatus.NOT_FINISHED if ReminderState.DELAYED in news or self.has_given_up else ExitStatus.DONE


def _ignore(_: Reminder) -> None:
    return None


@dataclass(slots=True)
class Reminders:
    """Lists and sends. Every call may block: worker threads only. Safe to use from any thread."""

    trail: Trail
    catalogue: Catalogue
    people: People
    reading: CouponReading
    sender: ReminderSender
    ready: Callable[[], None]
    need_secrets: Callable[[], None]
    _one_run: threading.Lock = field(default_factory=threading.Lock)

    def list(self, session: Session | None, *, days: int = DAYS, limit: int = MOST_ROWS) -> tuple[Reminder, ...]:
        """What the catalogue and the trail say of the coupons that expire within so many days; no network.

        Raises NotPermitted, StorageError. Without a session only in a home that has no operators yet.
        """
        page = self.reading.search(CouponQuery(expiring_days=days, limit=limit, sort=_SOONEST_FIRST), session)
        return tuple(self._known(coupon) for coupon in page.rows)

    def send(
        self,
        session: Session,
        *,
        days: int = DAYS,
        codes: tuple[CouponCode, ...] | None = None,
        dry_run: bool = False,
        on_each: Callable[[Reminder], None] = _ignore,
        stop: threading.Event | None = None,
    ) -> ReminderRun:
        """Remind the customers of all coupons that expire within so many days, or of these.

        Each is looked at anew. A dry run only looks. `stop` ends it after the coupon that is being looked at. Raises
        NotPermitted, HomeBusy, StorageError; what was sent until then is in the trail.
        """
        self.people.authorise(session, Right.REMIND, "reminders")
        if dry_run:
            self.need_secrets()
        else:
            self.ready()
        sees_customers = session.may(Right.SEE_CUSTOMER)
        done: list[Reminder] = []
        in_a_row = 0
        with self._one_run:
            for code, coupon in self._coupons(days, codes):
                if (stop is not None and stop.is_set()) or in_a_row == PATIENCE:
                    break
                attempt = self.sender.look(code, days) if dry_run else self.sender.send(code, days, session)
                in_a_row = in_a_row + 1 if attempt.state is ReminderState.DELAYED else 0
                shown = coupon if coupon is None or sees_customers else without_customer(coupon)
                reminder = Reminder(code, shown, attempt.state, attempt.why, attempt.rule, attempt.at)
                done.append(reminder)
                on_each(reminder)
            stopped = stop is not None and stop.is_set()
            run = ReminderRun(tuple(done), days, dry_run, in_a_row == PATIENCE and not stopped, stopped)
            if not dry_run and done:
                self._record(run, session)
        return run

    def _coupons(self, days: int, codes: tuple[CouponCode, ...] | None) -> Iterator[tuple[CouponCode, Coupon | None]]:
        if codes is not None:
            for code in dict.fromkeys(codes):
                yield code, self.catalogue.get(code)
            return
        query = CouponQuery(expiring_days=days, limit=MOST_ROWS, sort=_SOONEST_FIRST)
        while True:
            page = self.catalogue.search(query)
            for coupon in page.rows:
                yield coupon.code, coupon
            if page.next is None:
                return
            query = replace(query, after=page.next)

    def _known(self, coupon: Coupon) -> Reminder:
        found = told(self.trail.of_code(coupon.code))
        if found is None:
            return Reminder(coupon.code, coupon, ReminderState.DUE)
        return Reminder(coupon.code, coupon, found.state, found.why, at=found.at)

    def _record(self, run: ReminderRun, session: Session) -> None:
        result = "given_up" if run.has_given_up else "stopped" if run.was_stopped else "done"
        body = {"days": run.days, "counts": run.counts, "sent": run.sent}
        self.trail.record(RAN, body, actor=session.login, role=session.operator.role.value, result=result)
        _log.info("reminders: %d sent of %d coupons", run.sent, len(run.reminders))
