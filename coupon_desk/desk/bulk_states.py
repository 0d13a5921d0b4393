"""How a line of a bulk cancellation looks: what a dry run found of it, or what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from coupon_desk.cancellation.bulk_job import RowState
from coupon_desk.desk.bulk_lines import Line
from coupon_desk.desk.colours import Tone

if TYPE_CHECKING:
    from coupon_desk.cancellation.bulk_job import BulkRow
    from coupon_desk.cancellation.bulk_sorting import SortedRow


def sorted_line(row: SortedRow) -> Line:
    """What the dry run found of a line."""
    tone, icon = _SORTED[row.sorting.value]
    code = row.code.text if row.code is not None else row.typed
    points = row.points if row.sorting.value != "cant" else None
    return Line(row.line, code, row.sorting.value, row.sorting.label, tone, icon, row.why, points)


def job_line(row: BulkRow) -> Line:
    """What became of a line."""
    tone, icon = STATES[row.state]
    code = row.code.text if row.code is not None else row.typed
    points = row.points_returned if row.state is RowState.DONE else None
    return Line(row.line, code, row.state.value, row.state.label, tone, icon, row.why, points, row.operation)


STATES: Final[Mapping[RowState, tuple[Tone, str]]] = {
    RowState.WAITING: (Tone.NEUTRAL, "expired"),
    RowState.RUNNING: (Tone.ACCENT, "cancelling"),
    RowState.DONE: (Tone.SUCCESS, "used"),
    RowState.REFUSED: (Tone.DANGER, "refused"),
    RowState.NEEDS_APPROVAL: (Tone.WARN, "people"),
    RowState.UNKNOWN: (Tone.WARN, "question"),
    RowState.SKIPPED: (Tone.NEUTRAL, "skipped"),
}
_SORTED: Final[Mapping[str, tuple[Tone, str]]] = {
    "can": (Tone.SUCCESS, "used"),
    "needs_approval": (Tone.WARN, "people"),
    "cant": (Tone.DANGER, "refused"),
    "unread": (Tone.NEUTRAL, "offline"),
}
