"""A queue of this computer: takes a receipt, and is watched until it is printed or a person has to do something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.service import JobState, NoSuchQueue, NotAccepting, PrintService, QueueState, ServiceAway

PDF: Final = "application/pdf"
AS_IT_IS: Final = "application/vnd.cups-raw"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a job is watched: for a fault to stay, for the whole job, and between two looks, in seconds."""

    fault_seconds: float = 1.5
    job_seconds: float = 12.0
    look_seconds: float = 0.1


class Queue:
    """One queue of the print service. Its calls block: make them on a worker."""

    def __init__(self, name: str, service: PrintService, clock: Clock, patience: Patience = Patience()) -> None:
        self.name = name
        self._service = service
        self._clock = clock
        self._patience = patience

    def look(self) -> None:
        """See whether the queue would take a receipt. Raises PrinterFault."""
        try:
            state = self._service.state(self.name)
        except (NoSuchQueue, ServiceAway) as wrong:
            raise self._fault(_kind_of(wrong), wrong) from wrong
        # What the printer itself has is not asked before: a queue goes on saying what it had at the last job.
        kind = _standstill(state)
        if kind is not None:
            raise self._fault(kind, state.told)

    def print_document(self, document: bytes, title: str, kind: str = PDF) -> None:
        """Print a document, and see that it is printed. Raises PrinterFault."""
        self.look()
        try:
            job = self._service.submit(self.name, document, kind, title)
        except (NoSuchQueue, NotAccepting, ServiceAway) as wrong:
            raise self._fault(_kind_of(wrong), wrong) from wrong
        try:
            self._follow(job)
        except (NoSuchQueue, ServiceAway) as wrong:
            raise self._fault(_kind_of(wrong), wrong, waits=True) from wrong

    def _follow(self, job: int) -> None:
        began = self._clock.monotonic()
        faulty_since: float | None = None
        while True:
            reached = self._service.job(self.name, job)
            if reached is JobState.COMPLETED:
                return
            if reached.is_over:
                raise self._fault(FaultKind.FAILED, reached.name, is_handed_over=True)
            state = self._service.state(self.name)
            kind = _standstill(state) or _fault_of_printer(state)
            now = self._clock.monotonic()
            faulty_since = None if kind is None else now if faulty_since is None else faulty_since
            if kind is not None and faulty_since is not None and now - faulty_since >= self._patience.fault_seconds:
                raise self._fault(kind, state.told, waits=True)
            if now - began >= self._patience.job_seconds:
                raise self._fault(FaultKind.SLOW, state.told, waits=True)
            self._clock.sleep(self._patience.look_seconds)

    def _fault(self, kind: FaultKind, why: object, *, is_handed_over: bool = False, waits: bool = False) -> PrinterFault:
        return PrinterFault(kind, self.name, is_handed_over=is_handed_over, waits=waits, detail=str(why))


def _kind_of(wrong: Exception) -> FaultKind:
    match wrong:
        case NoSuchQueue():
            return FaultKind.UNKNOWN
        case NotAccepting():
            return FaultKind.REJECTING
        case _:
            return FaultKind.NO_SERVICE


def _standstill(state: QueueState) -> FaultKind | None:
    """What somebody has set, or what CUPS does to a queue after a failure: no job gets on."""
    if not state.is_accepting:
        return FaultKind.REJECTING
    return FaultKind.PAUSED if state.is_stopped else None


def _fault_of_printer(state: QueueState) -> FaultKind | None:
    """What the printer says that it has. Warnings such as `media-low` are none of it."""
    reasons = {reason.removesuffix("-error").removesuffix("-report") for reason in state.reasons}
    return next((kind for reason, kind in _REASONS if reason in reasons), None)


_REASONS: Final = (
    ("media-empty", FaultKind.NO_PAPER),
    ("media-needed", FaultKind.NO_PAPER),
    ("media-jam", FaultKind.JAM),
    ("cover-open", FaultKind.COVER_OPEN),
    ("door-open", FaultKind.COVER_OPEN),
    ("interlock-open", FaultKind.COVER_OPEN),
    ("marker-supply-empty", FaultKind.NO_INK),
    ("toner-empty", FaultKind.NO_INK),
    ("offline", FaultKind.OFFLINE),
    ("shutdown", FaultKind.OFFLINE),
    ("timed-out", FaultKind.OFFLINE),
    ("paused", FaultKind.PAUSED),
    ("moving-to-paused", FaultKind.PAUSED),
)
