"""What the desks' homes say: their trails folded, and the index of operations held against them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from coupon_desk.cancellation.operation import Operation
from coupon_desk.cancellation.own_work import story_of
from coupon_desk.clock import Clock
from coupon_desk.storage.database import Database
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail


@dataclass(slots=True)
class Home:
    """What a home says at the end. `is_gone`: its desk died for good, and nobody goes on with its work there."""

    is_gone: bool = False
    operations: list[Operation] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)


def operations_of(database: Database, clock: Clock) -> list[Operation]:
    """What a home says while the run goes on. The database is let go of, and can be read again."""
    try:
        trail = Trail(database, Surroundings("campaign"), clock)
        return [story_of(trail, row.id).operation for row in OperationIndex(database).newest(100)]
    finally:
        database.close()


def read_home(database: Database, clock: Clock) -> Home:
    """Verify and fold the trail of a home, and hold its index against it. The database is let go of, and can be read again."""
    try:
        trail, index = Trail(database, Surroundings("campaign"), clock), OperationIndex(database)
        home = Home()
        verification = trail.verify()
        if not verification.is_intact:
            home.untrue.append(f"the trail does not verify: {verification.bad}")
        rows = index.newest(100)
        for row in rows:
            story = story_of(trail, row.id)
            home.operations.append(story.operation)
            if replace(story.row, allowance=None) != row:  # what it takes of limits is kept beside the index
                home.untrue.append(f"the index says {row} and the trail {story.row}")
        opened = {entry.operation for entry in trail.between() if entry.action == "operation.opened"}
        if opened != {row.id for row in rows}:
            home.untrue.append("the index and the trail know different operations")
        shown = {row.id for row in index.open_ones()}
        if shown != {one.id for one in home.operations if one.has_open_work}:
            home.untrue.append("the list of open operations is not what is open")
        return home
    finally:
        database.close()
