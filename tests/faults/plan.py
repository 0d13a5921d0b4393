"""What breaks in one run, drawn from its seed: the same seed breaks the same things at the same places.

Chance is asked by what it is about (the third `add`, the fifth durable write of the second process), never in the order of
events: threads and processes may come in any order, and a run is replayed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final

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
    CLOSING = "window closed"
    CLOCK_JUMP = "clock jump"


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
    """A desk dies when the so-manieth call of this name reaches the shop, or was carried out."""

    call: str
    nth: int
    place: Place


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: what is told, and what comes by chance.

    Shares are chances from 0 to 1: per remote call, per durable write, per process.
    """

    seed: int
    coupon: str = "example"
    invalidate: bool = False
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
        seconds = chance.choice((0.02, 0.7)) if kind is FaultKind.SLOW else 1.5
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
        return self._chance("victim", call, nth).randrange(self.desks)

    def jitter(self, desk: int, process: int) -> str:
        """The seed of a process's own chance."""
        return f"{self.seed} jitter {desk} {process}"

    def _chance(self, *about: str | int) -> Random:
        return Random(f"{self.seed} {about}")


WRITES: Final = frozenset({"WriteRecord", "DeactivateDiscount", "RemoveCode", "DeleteDiscount", "add", "mail.content"})
_JUMPS: Final = (-7200.0, -90.0, -5.0, 5.0, 45.0, 90.0, 86400.0)
_BEFORE_THE_PIVOT: Final = (
    ("DiscountByCode", 1),
    ("CustomerRecord", 1),
    ("OrdersOfCoupon", 1),
    ("history", 1),
    ("WriteRecord", 1),
    ("DeactivateDiscount", 1),
    ("RemoveCode", 1),
    ("DiscountById", 1),
    ("OrdersOfCoupon", 2),
    ("CustomerRecord", 2),
)
_BEFORE_A_LOOK: Final = (
    ("WriteRecord", 1),
    ("DeactivateDiscount", 1),
    ("balance", 2),
    ("history", 2),
    ("history", 3),
    ("history", 4),
)
"""After the first look at the history, and before another: between the last look and the sending nobody can know."""
_COUPONS: Final = (
    *("example",) * 12,
    *("several_codes", "free_shipping", "percentage", "scheduled", "mapped_pos_id"),
    *("record_wrapped", "record_list", "no_email", "english_customer", "expiring_soon", "buy_x_get_y"),
)
_COMMAND_LINE_SHARE: Final = 0.01


def drawn(seed: int) -> Plan:
    """The plan of a seed."""
    chance = Random(f"plan {seed}")
    desks = 2 if chance.random() < 0.2 else 1
    by_hand = desks == 1 and chance.random() < 0.05
    retire = chance.choice(("keep", "delete-now", "delete-now", "delete-after-check"))
    rechecks: tuple[int, ...] = chance.choice(((15,), (15,), (15, 1440)))
    coupon = chance.choice(_COUPONS)
    through_command_line = chance.random() < _COMMAND_LINE_SHARE and desks == 1
    plan = Plan(
        seed=seed,
        coupon=coupon,
        invalidate=chance.random() < 0.04 and not by_hand,
        retire=retire,
        recheck_minutes=rechecks,
        desks=desks,
        processes_in_trouble=chance.choice((1, 2, 2, 3)),
        fault_share=chance.choice((0.0, 0.02, 0.02, 0.06, 0.06, 0.15)),
        kill_at_write_share=chance.choice((0.0, 0.0, 0.03, 0.08)),
        kill_at_call_share=chance.choice((0.0, 0.0, 0.03, 0.08)),
        kill_after_ms=chance.uniform(0, 200) if chance.random() < 0.08 else None,
        mishap_share=chance.choice((0.0, 0.0, 0.02)),
        skew_share=chance.choice((0.0, 0.0, 0.3)),
        moments=tuple(_moments(chance, by_hand=by_hand)),
        payment_seconds=chance.uniform(0.1, SETTLE_SECONDS - 0.5) if chance.random() < 0.75 else chance.uniform(60, 7200),
        usage_lag_seconds=chance.choice((0.0, 0.0, 30.0, 3600.0)),
        search_lag_seconds=chance.choice((0.0, 0.0, 30.0, 3600.0)),
        history_lag_seconds=chance.choice((0.0, 0.0, chance.uniform(1, MOST_LAG_SECONDS))) if not by_hand else 0.0,
        latency_seconds=0.004 if desks == 2 else 0.0,
        job_seconds=chance.choice((0.0, 3.0)) if coupon == "several_codes" else 0.0,
        key_handling=chance.choice(("ignored", "ignored", "replayed", "refused")),
        error_style=chance.choice(("error", "problem")),
        mail_down_hours=24.0 if chance.random() < 0.06 else 0.0,
    )
    return _through_command_line(plan, chance) if through_command_line else plan


def _through_command_line(plan: Plan, chance: Random) -> Plan:
    """The same in real time, where settling is short and a payment cannot be planned to the second."""
    moments = tuple(moment for moment in plan.moments if moment.event is not Event.PAYMENT_BEGINS)
    kill_after_ms = chance.uniform(500, 2500) if plan.kill_after_ms is not None else None
    return replace(plan, command_line=True, settle_seconds=0.2, moments=moments, kill_after_ms=kill_after_ms)


def _moments(chance: Random, *, by_hand: bool) -> list[Moment]:
    moments: list[Moment] = []
    if chance.random() < 0.15:
        moments.append(Moment(*chance.choice(_BEFORE_THE_PIVOT), Event.REDEEM))
    elif chance.random() < 0.1:
        moments.extend(Moment(call, 1, Event.PAYMENT_BEGINS) for call in ("DeactivateDiscount", "RemoveCode"))
    if by_hand:
        moments.append(Moment(*chance.choice(_BEFORE_A_LOOK), Event.RETURN_BY_HAND))
    if chance.random() < 0.06:
        moments.append(Moment(*chance.choice(_BEFORE_THE_PIVOT), Event.OTHER_POINTS))
    if chance.random() < 0.12:
        moments.append(Moment("WriteRecord", chance.choice((1, 2)), Event.RECORD_EDITED))
    return moments
