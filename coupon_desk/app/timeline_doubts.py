"""Which events of a coupon's life a difference puts in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from coupon_desk.app.timeline_event import EventKind, TimelineEvent
from coupon_desk.cancellation.differences import Difference, Kind

_ENDS: Final = frozenset({EventKind.COUPON_CANCELLED, EventKind.END})
_USES: Final = frozenset({EventKind.USE, EventKind.ORDER})
_RETURNS: Final = frozenset({EventKind.RETURN})
_ISSUE: Final = frozenset({EventKind.ISSUED})
_BEGUN: Final = frozenset({EventKind.REQUEST})

DOUBTED: Final[Mapping[Kind, frozenset[EventKind]]] = {
    Kind.UNFINISHED: _BEGUN,
    Kind.CLAIM_LEFT: frozenset({EventKind.REFUSAL}),
    Kind.CLAIMED_ELSEWHERE: frozenset(),
    Kind.RECORD_BEHIND: _ENDS,
    Kind.CODE_WORKS: _ENDS | {EventKind.SWITCHED_OFF},
    Kind.USED_AFTERWARDS: _USES,
    Kind.RETURNED_TWICE: _RETURNS,
    Kind.RETURN_MISSING: _ENDS,
    Kind.RETURN_DIFFERS: _RETURNS,
    Kind.WITHHELD_RETURNED: _RETURNS,
    Kind.RETURNED_NOT_CANCELLED: _RETURNS,
    Kind.RETURNED_AND_USED: _RETURNS | _USES,
    Kind.USE_NOT_RECORDED: _USES,
    Kind.USE_ONLY_RECORDED: _USES,
    Kind.CODE_GONE: _ISSUE,
    Kind.ENDED_EARLY: _ISSUE,
    Kind.NOT_RECORDED: _ISSUE,
    Kind.NO_CONVERSION: _ISSUE,
    Kind.CONVERSION_DIFFERS: frozenset({EventKind.CONVERSION}),
    Kind.UNKNOWN_AT_POS: frozenset(),
}
"""By what contradicts."""

_OF_ONE_OPERATION: Final = frozenset({*_ENDS, *_BEGUN, EventKind.REFUSAL, EventKind.SWITCHED_OFF})


def is_doubtful(event: TimelineEvent, differences: Iterable[Difference]) -> bool:
    """Whether a difference is about this event; of several operations only the one that it names."""
    for one in differences:
        if event.kind not in DOUBTED[one.kind]:
            continue
        if one.operation is None or event.kind not in _OF_ONE_OPERATION or event.reference == one.operation:
            return True
    return False
