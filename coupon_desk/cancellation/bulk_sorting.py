"""What a bulk cancellation would come to: every coupon of a list looked up anew at all sources, and nothing written.

An outlook and no decision: each coupon is looked at again when its turn comes.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.cancellation.bulk_list import BulkList, ListedRow
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.cancellation.permission import why_second_person
from coupon_desk.clock import Clock
from coupon_desk.coupons.allowance import Spent, Sum
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule, Verdict, Weight, judge
from coupon_desk.coupons.evidence import Evidence, OwnWork
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.limits import HouseLimits, over_limits
from coupon_desk.people.operators import Operator
from coupon_desk.trail.allowances import AllowanceRow
from coupon_desk.trail.index import OperationIndex
from coupon_desk.words import Message, msg


class Sorting(StrEnum):
    """Where a line belongs. `unread`: a source did not answer, so that nobody can tell now."""

    CAN = "can"
    NEEDS_APPROVAL = "needs_approval"
    CANT = "cant"
    UNREAD = "unread"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    Sorting.CAN: msg("Can be cancelled"),
    Sorting.NEEDS_APPROVAL: msg("Needs approval"),
    Sorting.CANT: msg("Can't be cancelled"),
    Sorting.UNREAD: msg("Could not be read"),
}


@dataclass(frozen=True, slots=True)
class SortedRow:
    """One line, where it belongs and why. `points` are those that a cancellation would return now."""

    line: int
    typed: str
    code: CouponCode | None
    sorting: Sorting
    why: tuple[Message, ...] = ()
    rule: str | None = None
    points: int = 0
    reason: Reason | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """Every line of a list in its order, as it was when looking began."""

    rows: tuple[SortedRow, ...]
    looked_at: datetime

    def of(self, sorting: Sorting) -> tuple[SortedRow, ...]:
        """The lines that belong there."""
        return tuple(row for row in self.rows if row.sorting is sorting)

    def points(self, *sortings: Sorting) -> int:
        """The points that these lines would return; of what can be done, or asked for, unless told."""
        wanted = sortings or (Sorting.CAN, Sorting.NEEDS_APPROVAL)
        return sum(row.points for row in self.rows if row.sorting in wanted)

    @property
    def summary(self) -> Message:
        """All of it in one sentence."""
        return msg(
            "{can} can be cancelled, {approval} need approval, {cant} can't, {unread} could not be read: {points} points.",
            can=len(self.of(Sorting.CAN)),
            approval=len(self.of(Sorting.NEEDS_APPROVAL)),
            cant=len(self.of(Sorting.CANT)),
            unread=len(self.of(Sorting.UNREAD)),
            points=self.points(),
        )


NOT_REACHED: Final = msg("It was not looked up any more.")


@dataclass(frozen=True, slots=True)
class Sorter:
    """Looks coupons up, many at a time. `learn` is handed all evidence, for the list in the window."""

    gatherer: Gatherer
    own_work: Callable[[CouponCode, str], OwnWork | None]
    index: OperationIndex
    house: HouseLimits
    clock: Clock
    learn: Callable[[Iterable[Evidence]], None]
    workers: int

    def sort(
        self,
        rows: BulkList,
        person: Operator,
        kind: OperationKind,
        reason: Reason,
        on_progress: Callable[[int, int], None],
        stop: threading.Event,
    ) -> Sorted:
        """Sort every line. What is not looked up when `stop` is set counts as not read."""
        looked_at, good = self.clock.now(), rows.good
        seen: dict[int, tuple[Evidence, Verdict]] = {}
        done = threading.Lock()

        def look(row: ListedRow) -> None:
            if stop.is_set() or row.code is None:
                return
            evidence = self.gatherer.gather(row.code, own=self.own_work(row.code, ""), operator_contacts=person.contacts)
            asked = _request(row, kind, reason)
            verdict = judge(evidence, returns_points=asked.kind is OperationKind.CANCEL)
            with done:
                seen[row.line] = (evidence, verdict)
                on_progress(len(seen), len(good))

        with ThreadPoolExecutor(self.workers, thread_name_prefix="sorting") as pool:
            for future in [pool.submit(look, row) for row in good]:
                future.result()
        self.learn(evidence for evidence, _ in seen.values())
        counted = _Counting(self.index, self.house, person, looked_at)
        return Sorted(tuple(_sorted(row, seen.get(row.line), person, kind, reason, counted) for row in rows.rows), looked_at)


@dataclass(slots=True)
class _Counting:
    """What the lines before one would take of the limits, beside what was spent already at this desk."""

    index: OperationIndex
    house: HouseLimits
    person: Operator
    now: datetime
    points: int = 0
    cancellations: int = 0
    of_customer: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _spent: dict[str, Spent] = field(default_factory=dict)

    def over(self, code: CouponCode, customer_id: str, points: int) -> tuple[Message, ...]:
        """Which limits it would break; then it counts for the lines behind it."""
        before = self._before(code, customer_id)
        spent = Spent(
            self._more(before.day),
            self._more(before.week),
            self._more(before.month),
            before.customer_cancellations + self.of_customer[customer_id],
        )
        self.points += points
        self.cancellations += 1
        self.of_customer[customer_id] += 1
        return over_limits(points, spent, self.house.of(self.person.role), self.house.policy)

    def _before(self, code: CouponCode, customer_id: str) -> Spent:
        if customer_id not in self._spent:
            row = AllowanceRow("", _BEHIND_ALL, self.person.login, 0, counts=False, counted_at=None)
            windows = self.house.windows(self.now)
            self._spent[customer_id] = self.index.spent_before(row, customer_id, code.customer_digits, windows)
        return self._spent[customer_id]

    def _more(self, before: Sum) -> Sum:
        return Sum(before.points + self.points, before.cancellations + self.cancellations)


_BEHIND_ALL: Final = 2**62


def _sorted(
    row: ListedRow,
    seen: tuple[Evidence, Verdict] | None,
    person: Operator,
    kind: OperationKind,
    reason: Reason,
    counted: _Counting,
) -> SortedRow:
    told = SortedRow(row.line, row.typed, row.code, Sorting.CANT, reason=row.reason, note=row.note)
    if row.flaw is not None or row.code is None:
        return replace(told, why=(row.flaw,) if row.flaw else (), rule=row.rule)
    if seen is None:
        return replace(told, sorting=Sorting.UNREAD, why=(NOT_REACHED,), rule=Rule.NOT_ANSWERED.value)
    evidence, verdict = seen
    if verdict.refusals:
        only_silence = {finding.rule for finding in verdict.refusals} == {Rule.NOT_ANSWERED}
        why = tuple(dict.fromkeys(finding.message for finding in verdict.refusals))
        sorting = Sorting.UNREAD if only_silence else Sorting.CANT
        return replace(told, sorting=sorting, why=why, rule=verdict.refusals[0].rule.value)
    request, points = _request(row, kind, reason), int(verdict.points_to_return)
    customer_id = evidence.customer.id if evidence.customer else ""
    doubts = {finding.message: finding.rule for finding in verdict.findings if finding.weight is Weight.APPROVAL}
    over = counted.over(row.code, customer_id, points) if request.kind.returns_points else ()
    why = (*dict.fromkeys((*why_second_person(person, request), *doubts, *over)),)
    rule = next((one.value for one in doubts.values()), Rule.OVER_LIMIT.value if over else None)
    return replace(told, sorting=Sorting.NEEDS_APPROVAL if why else Sorting.CAN, why=why, rule=rule, points=points)


def _request(row: ListedRow, kind: OperationKind, reason: Reason) -> CancelRequest:
    """What would be asked for: suspected fraud returns nothing, whatever was asked for."""
    assert row.code is not None
    chosen = row.reason or reason
    invalidates = kind is OperationKind.CANCEL and not chosen.returns_points
    return CancelRequest(row.code, OperationKind.INVALIDATE if invalidates else kind, chosen, "")


def left_out_by(found: Sorted, *keep: Sorting) -> Mapping[int, Message]:
    """The lines that are not to be begun when only these are: each with what was found of it."""
    return {
        row.line: row.why[0] if row.why else row.sorting.label
        for row in found.rows
        if row.sorting not in keep and row.code is not None
    }
