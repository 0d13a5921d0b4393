"""What breaks in one run, drawn from its seed: the same seed breaks the same things at the same places.

Chance is asked by what it is about (the third `add`, the fifth durable write of the second process), never in the order of
events: threads and processes may come in any order, and a run is replayed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.coupons.reasons import Reason
from coupon_desk.training.faults import Fault, FaultKind
from tests.faults.fair import kinds_of

SETTLE_SECONDS: Final = 5.0
MOST_LAG_SECONDS: Final = 55.0
"""A point history that lags by a minute or more cannot be told from points that were never added."""


class Event(StrEnum):
    """What others do at a moment of the run."""

    REDEEM = "redeem"
    PAYMENT_BEGINS = "payment begins"
    RETURN_BY_HAND = "return by hand"
    OTHER_POINTS = "other points"
    RECORD_EDITED = "record edited"
    ORDER_CANCELLED = "order cancelled"
    MORE_REFUNDED = "more refunded"
    REVIVED = "switched on again"
    USED_AGAIN = "switched on again and used"


class Place(StrEnum):
    """Where a process is killed, seen from a durable write or a remote call."""

    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


class Mishap(StrEnum):
    """What befalls a desk at a durable write, besides being killed."""

    DISK_FULL = "disk full"
    LOCKED_BRIEFLY = "database locked briefly"
    LOCKED_LONG = "database locked for long"
    READS_CUT = "reads cut"
    CLOSED = "desk closed in the middle"
    INTERRUPTED = "interrupted"
    CLOCK_JUMP = "clock jump"


class MoneyBack(StrEnum):
    """What a customer gets back of an order that is cancelled."""

    ALL = "all"
    PART = "part"
    NOTHING = "nothing"


class CentreUse(StrEnum):
    """Whether the desks share a central database."""

    NONE = "none"
    WANTED = "wanted"
    REQUIRED = "required"


class Decision(StrEnum):
    """What becomes of a request that waits for a second person."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LEFT = "left waiting"


@dataclass(frozen=True, slots=True)
class Moment:
    """When the so-manieth call of this name reaches the shop."""

    call: str
    nth: int
    event: Event


@dataclass(frozen=True, slots=True)
class Breaks:
    """The so-manieth call of this name breaks like this."""

    call: str
    nth: int
    kind: FaultKind


@dataclass(frozen=True, slots=True)
class Kills:
    """A desk (None: either) dies when the so-manieth call of this name reaches the shop, or was carried out."""

    call: str
    nth: int
    place: Place
    desk: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: what is told, and what comes by chance.

    Shares are chances from 0 to 1: per remote call, per durable write, per process. `centre_down_from`: the central database is
    out of reach for so many seconds from the so-manieth claim that is asked for. `takes_over`: the first desk begins alone and
    dies, at the latest at a durable write, or stalls after a step; the other takes over. The first is back in some rounds, or
    comes back for good.
    """

    seed: int
    coupon: str = "example"
    kind: OperationKind = OperationKind.CANCEL
    reason: Reason = Reason.CONVERTED_BY_MISTAKE
    asked_by: str = "manager"
    approval_above_points: int = 5000
    points_per_day: int = 50_000
    nobody_decides: bool = False
    answers: bool = False
    stays_open: bool = False
    looks_first: bool = False
    order_is_cancelled: bool = False
    money_back: MoneyBack = MoneyBack.ALL
    retire: str = "delete-now"
    recheck_minutes: tuple[int, ...] = (15,)
    desks: int = 1
    processes_in_trouble: int = 1
    command_line: bool = False
    fault_share: float = 0.0
    kill_at_write_share: float = 0.0
    kill_at_call_share: float = 0.0
    kill_after_ms: float | None = None
    mishap_share: float = 0.0
    skew_share: float = 0.0
    moments: tuple[Moment, ...] = ()
    breaks: tuple[Breaks, ...] = ()
    kills: tuple[Kills, ...] = ()
    payment_seconds: float = 1.0
    settle_seconds: float = SETTLE_SECONDS
    usage_lag_seconds: float = 0.0
    search_lag_seconds: float = 0.0
    history_lag_seconds: float = 0.0
    latency_seconds: float = 0.0
    job_seconds: float = 0.0
    key_handling: str = "ignored"
    error_style: str = "error"
    mail_down_hours: float = 0.0
    centre: CentreUse = CentreUse.NONE
    centre_down_from: int = 0
    centre_down_seconds: float = 0.0
    takes_over: bool = False
    dies_at_write: int = 0
    back_in: tuple[int, ...] = ()
    comes_back: bool = False
    stalls_after: StepName | None = None

    def fault(self, call: str, nth: int) -> Fault | None:
        """What breaks the so-manieth call of this name."""
        for told in self.breaks:
            if (told.call, told.nth) == (call, nth):
                return Fault(call, told.kind)
        chance = self._chance("fault", call, nth)
        share = self.fault_share * (2 if call in WRITES else 1)
        if chance.random() >= share:
            return None
        kinds = kinds_of(call)
        kind = chance.choices(tuple(kinds), tuple(kinds.values()))[0]
        status = 451 if call.startswith("mail.") else chance.choice((402, 403, 423, 430, 503, 504))
        # A slow call takes real time; a program that stays open leaps over virtual minutes meanwhile, as no minute passes.
        slow_seconds = chance.choice((0.02, 0.02 if self.stays_open else 0.7))
        seconds = slow_seconds if kind is FaultKind.SLOW else 1.5
        return Fault(call, kind, seconds=seconds, status=status)

    def kill_at_call(self, call: str, nth: int) -> Place | None:
        """Whether a desk is killed when this call reaches the shop, or when the shop has carried it out."""
        for told in self.kills:
            if (told.call, told.nth) == (call, nth):
                return told.place
        chance = self._chance("kill at call", call, nth)
        return chance.choice((Place.BEFORE, Place.AFTER)) if chance.random() < self.kill_at_call_share else None

    def kill_at_write(self, desk: int, process: int, nth: int) -> Place | None:
        """Whether the so-manieth durable write of a process is its last moment."""
        if self.dies_at_write and (desk, process, nth) == (0, 1, self.dies_at_write):
            return Place.AFTER
        chance = self._chance("kill at write", desk, process, nth)
        return chance.choice(tuple(Place)) if chance.random() < self.kill_at_write_share else None

    def mishap(self, desk: int, process: int, nth: int) -> Mishap | None:
        """What befalls the so-manieth durable write of a process."""
        chance = self._chance("mishap", desk, process, nth)
        return chance.choice(tuple(Mishap)) if chance.random() < self.mishap_share else None

    def jump_seconds(self, desk: int, process: int, nth: int) -> float:
        """By how much a clock is set."""
        return self._chance("jump", desk, process, nth).choice(_JUMPS)

    def skew_seconds(self, desk: int, process: int) -> float:
        """By how much the clock of a process is wrong from its start."""
        chance = self._chance("skew", desk, process)
        return chance.choice(_JUMPS) if chance.random() < self.skew_share else 0.0

    def pause_seconds(self, process: int) -> float:
        """How much time passes between two processes."""
        return self._chance("pause", process).choice((0.5, 20.0, 75.0, 400.0, 4000.0))

    def victim(self, call: str, nth: int) -> int:
        """Which desk a kill at a call hits."""
        told = [told.desk for told in self.kills if (told.call, told.nth) == (call, nth) and told.desk is not None]
        if told:
            return told[0]
        return self._chance("victim", call, nth).randrange(self.desks)

    def decision(self, desk: int, process: int, nth: int) -> Decision:
        """What people do with a request that waits for a second person."""
        if self.nobody_decides:
            return Decision.LEFT
        return self._chance("decision", desk, process, nth).choices(tuple(Decision), (70, 10, 10, 10))[0]

    def tries_alone(self, desk: int, process: int) -> bool:
        """Whether whoever asked tries to approve it too."""
        return self._chance("alone", desk, process).random() < 0.3

    def interrupted(self, desk: int, process: int, nth: int) -> Place:
        """Where in a durable write a program is interrupted."""
        return self._chance("interrupted", desk, process, nth).choice(tuple(Place))

    @property
    def stall_stops_clock(self) -> bool:
        """A machine that is suspended with its clock: only a fence in a database that must be asked holds it up then."""
        return self.centre is CentreUse.REQUIRED

    def jitter(self, desk: int, process: int) -> str:
        """The seed of a process's own chance."""
        return f"{self.seed} jitter {desk} {process}"

    def _chance(self, *about: str | int) -> Random:
        return Random(f"{self.seed} {about}")


WRITES: Final = frozenset(
    {"WriteRecord", "DeactivateDiscount", "RemoveCode", "DeleteDiscount", "add", "mail.content", "central.take"}
)
_JUMPS: Final = (-7200.0, -90.0, -5.0, 5.0, 45.0, 90.0, 86400.0)
