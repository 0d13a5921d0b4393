"""Writes entries: gives each its place in the chain, its fields and its hash, and seals what it says of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select

from coupon_desk import VERSION as APP_VERSION
from coupon_desk.clock import Clock, to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.storage.tables.trail import entries
from coupon_desk.trail.entry import BodyState, Entry, NewEntry
from coupon_desk.trail.fields import VERSION, Canonical, canonical, entry_text, fields_in
from coupon_desk.trail.index import OperationRow, put_row
from coupon_desk.trail.moments import BestMoment, best_moment
from coupon_desk.trail.sealing import KeyedHash, key_of, seal
from coupon_desk.trail.verification import GENESIS, Head, entry_hash


def _unknown() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where entries are written: the desk's name, who is signed in to its system, and which version of the program writes.

    `clock_offset` tells how many seconds a remote clock was ahead of ours when it was last heard; None where nobody knows.
    """

    desk: str
    os_user: str | None = None
    app_version: str = APP_VERSION
    clock_offset: Callable[[], float | None] = _unknown


class Pen:
    """Appends entries within one transaction: all of them are on disk when it ends, or none."""

    def __init__(self, connection: Connection, surroundings: Surroundings, clock: Clock, keyed: KeyedHash) -> None:
        self.connection = connection
        self.keyed = keyed
        self._surroundings = surroundings
        self._clock = clock

    def head(self) -> Head:
        """The newest entry's place and hash, those included that this transaction wrote."""
        return head_of(self.connection)

    def append(self, new: NewEntry) -> Entry:
        """Append one entry. Raises StorageError; ValueError for what JSON cannot hold exactly."""
        head = self.head()
        text, body = self._text_of(new)
        sequence = head.sequence + 1
        digest = entry_hash(VERSION, sequence, head.hash.encode(), text.encode()).decode()
        row = (sequence, VERSION, head.hash, text, digest)
        self.connection.execute(_PUT, dict(zip(_COLUMNS, row, strict=True)))
        return Entry(*row, fields_in(text), BodyState.OPEN, body)

    def record(
        self,
        action: str,
        body: Mapping[str, object],
        *,
        actor: str | None = None,
        role: str | None = None,
        result: str | None = None,
        reason: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> Entry:
        """Append one entry that belongs to no operation: a sign-in, a refusal, a look. It is not sealed: nothing personal."""
        new = NewEntry(action, body, actor, role=role, result=result, reason=reason, before=before, after=after)
        return self.append(new)

    def index(self, row: OperationRow) -> None:
        """Bring the index of operations up to date with what was appended. Raises OperationOpen; then nothing is written."""
        put_row(self.connection, self.keyed, row)

    def best_moment(self) -> BestMoment:
        """Which moment it is, as far as remote clocks and the trail can tell."""
        return best_moment(self.connection, self._clock.now(), self._surroundings.clock_offset())

    def _text_of(self, new: NewEntry) -> tuple[str, str]:
        """The exact text of the entry, and that of its body."""
        now = self._clock.now()
        code = CouponCode(new.code) if new.code is not None else None
        coupon = self.keyed.coupon(code) if code else None
        customer = self.keyed.customer(new.customer) if new.customer else None
        body, sealed = canonical(new.body), None
        about = new.operation or new.subject
        if about is not None:
            subject = coupon or self.keyed.operation(about)
            key_id, key = key_of(self.connection, subject, customer, now)
            sealed = seal(body, key_id, key, self._surroundings.desk, new.operation or "", new.action)
        offset = self._surroundings.clock_offset()
        text = entry_text(
            {
                "v": VERSION,
                "action": new.action,
                "actor": new.actor,
                "role": new.role,
                "approver": new.approver,
                "at": to_text(new.at or now),
                "logged_at": to_text(now),
                "clock_offset": None if offset is None else round(offset, 3),
                "desk": self._surroundings.desk,
                "os_user": self._surroundings.os_user,
                "app": self._surroundings.app_version,
                "operation": new.operation,
                "step": new.step,
                "code": code.masked if code else None,
                "coupon": coupon,
                "customer": customer,
                "result": new.result,
                "reason": new.reason,
                "before": new.before,
                "after": new.after,
                "points": new.points,
                "request_ids": new.request_ids,
                "body": None if sealed else Canonical(body),
                "sealed": {"key": sealed.key, "data": sealed.data} if sealed else None,
            }
        )
        return text, body


def head_of(connection: Connection) -> Head:
    """The newest entry's place and hash."""
    last = connection.execute(_LAST).first()
    return Head(last.sequence, last.hash) if last else Head(0, GENESIS)


_COLUMNS: Final = ("sequence", "version", "previous", "entry", "hash")
_PUT: Final = insert(entries)
_LAST: Final = select(entries.c.sequence, entries.c.hash).order_by(entries.c.sequence.desc()).limit(1)
