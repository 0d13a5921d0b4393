"""What other desks have to be told, and tell: requests for a second person, and that an operation is over.

The trail is written first and the centre is told second; a crash or a silence between the two is made up for by looking what
stands there. So each call may be made again, and none decides anything.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from coupon_desk.cancellation.counting import report_missing
from coupon_desk.cancellation.operation import OperationState
from coupon_desk.cancellation.story import Story
from coupon_desk.cancellation.work import Systems
from coupon_desk.coupons.shared_request import Decision, RequestToShare
from coupon_desk.errors import RemoteError

_log = logging.getLogger(__name__)

_LOOK_BACK: Final = timedelta(days=32)
"""What is older counts in no window any more."""


@dataclass(frozen=True, slots=True)
class OtherDesks:
    """The centre as the engine talks to it. Methods raise no RemoteError: what could not be said is said later."""

    systems: Systems

    def ask(self, story: Story) -> None:
        """Let other desks decide about what waits for a second person; nothing where they may already."""
        centre, operation = self.systems.centre, story.operation
        if centre is None or centre.requests is None or operation.state is not OperationState.AWAITING_APPROVAL:
            return
        patience = timedelta(hours=self.systems.house.policy.approval_hours)
        request = RequestToShare(
            operation=operation.id,
            requester=operation.operator.login,
            kind=operation.kind.value,
            code=operation.code,
            points=story.points,
            reason=operation.request.reason.value,
            why=tuple(str(why) for why in operation.approval_needed),
            note=operation.request.note,
            request_hash=story.asked_hash,
            store=self.systems.store,
            expires_at=operation.expires_at or self.systems.clock.now() + patience,
        )
        try:
            centre.requests.post(request)
        except RemoteError as silent:
            _log.info("operation %s is not shown to other desks yet: %s", operation.id, silent)

    def withdraw_request(self, operation_id: str) -> None:
        """Nobody elsewhere is waited for any more."""
        centre = self.systems.centre
        if centre is None or centre.requests is None:
            return
        try:
            centre.requests.close(operation_id)
        except RemoteError as silent:
            _log.info("the request of operation %s stays open elsewhere for now: %s", operation_id, silent)

    def let_go(self, story: Story) -> None:
        """The operation is over: others may have the coupon, and what was refused counts no more."""
        centre, operation = self.systems.centre, story.operation
        if centre is None:
            return
        try:
            centre.claims.release(operation.code, operation.id)
            if centre.allowances is not None and operation.state is OperationState.REFUSED:
                centre.allowances.release(operation.id)
        except RemoteError as silent:
            _log.info("what operation %s holds in the centre stays for now: %s", operation.id, silent)
        if story.asked_points is not None:
            self.withdraw_request(operation.id)

    def decisions(self) -> tuple[Decision, ...]:
        """What was decided elsewhere about requests of this desk."""
        centre = self.systems.centre
        if centre is None or centre.requests is None:
            return ()
        try:
            return centre.requests.decisions()
        except RemoteError as silent:
            _log.info("decisions of other desks could not be fetched: %s", silent)
            return ()

    def report_missing(self) -> None:
        """Tell the centre what was counted while it was silent."""
        centre = self.systems.centre
        if centre is None or centre.allowances is None:
            return
        try:
            report_missing(centre, self.systems)
        except RemoteError as silent:
            _log.info("the centre could not be told what was counted without it: %s", silent)

    def let_go_of_leftovers(self) -> None:
        """End in the centre what is over here: a crash or a silence kept it from being ended."""
        centre = self.systems.centre
        if centre is None:
            return
        try:
            for operation_id in centre.claims.open_ones():
                story = self.systems.story_of(operation_id)
                if story is not None and not story.row.holds_code:
                    centre.claims.release(story.operation.code, operation_id)
            if centre.allowances is not None:
                for one in centre.allowances.own_since(self.systems.clock.now() - _LOOK_BACK):
                    if not one.is_released and self._is(one.operation, OperationState.REFUSED):
                        centre.allowances.release(one.operation)
            if centre.requests is not None:
                for operation_id in centre.requests.open_ones():
                    story = self.systems.story_of(operation_id)
                    if story is not None and story.operation.state is not OperationState.AWAITING_APPROVAL:
                        centre.requests.close(operation_id)
        except RemoteError as silent:
            _log.info("what is left over in the centre could not be looked up: %s", silent)

    def _is(self, operation_id: str, state: OperationState) -> bool:
        story = self.systems.story_of(operation_id)
        return story is not None and story.operation.state is state
