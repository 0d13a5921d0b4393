"""The training shop of the campaign: it breaks by a plan, knows when it is idle, and can be asked what others did."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Final

from coupon_desk.training.loopback import HOST, Asked, Line, LoopbackServer, Reply
from coupon_desk.training.options import ErrorStyle, KeyHandling, Options
from coupon_desk.training.premises import Premises
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.things import Discount
from tests.faults.plan import Plan
from tests.faults.shared_time import SharedTime
from tests.faults.troubles import AttentiveJournal, Troubles

COUPONS: Final = 40
SEED: Final = 7
IDLE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.0005


class NotIdle(Exception):
    """The shop still works on something long after everybody has gone."""


class CountingServer(LoopbackServer):
    """A door of the shop that counts the requests being worked on."""

    def __init__(self, now: Callable[[], datetime], count: Callable[[int], None]) -> None:
        super().__init__(0, now)
        self._count = count

    def serve(self, answer: Callable[[Asked, Line], Reply]) -> None:
        """Begin to answer."""

        def counted(asked: Asked, line: Line) -> Reply:
            self._count(1)
            try:
                return answer(asked, line)
            finally:
                self._count(-1)

        super().serve(counted)

    def wait_until_idle(self) -> None:
        """Until every connection that was ever begun is gone. Raises NotIdle."""
        with socket.create_connection((HOST, self.port)) as last:
            # Connections are accepted in their order: when this one is answered, all that came before it are known.
            last.sendall(b"GET /idle HTTP/1.1\r\nHost: idle\r\nConnection: close\r\n\r\n")
            while last.recv(4096):
                pass
        wait_until(lambda: not self._server._open, "a door of the shop is idle")


class BrokenShop(TrainingShop):
    """A training shop on the shared time, whose faults follow a plan."""

    def __init__(self, true_time: SharedTime) -> None:
        self.true_time = true_time
        self.troubles = Troubles(SEED)
        self._doors: list[CountingServer] = []
        self._busy = 0
        self._counting = threading.Lock()
        premises = Premises(true_time, COUPONS, SEED, Options())
        premises.faults = self.troubles
        premises.journal = AttentiveJournal(true_time, self.troubles)
        self.premises = premises
        super().__init__(premises, 0)

    def prepare(self, plan: Plan) -> None:
        """As freshly opened, behaving as the plan wants it."""
        self.troubles.end()
        self.configure(
            usage_lag_seconds=plan.usage_lag_seconds,
            search_lag_seconds=plan.search_lag_seconds,
            history_lag_seconds=plan.history_lag_seconds,
            latency_seconds=plan.latency_seconds,
            job_seconds=plan.job_seconds,
            key_handling=KeyHandling(plan.key_handling),
            error_style=ErrorStyle(plan.error_style),
        )
        self.reset()

    def count(self, change: int) -> None:
        """So many more (or fewer) requests are being worked on."""
        with self._counting:
            self._busy += change
            self.true_time.busy(self._busy)

    def wait_until_idle(self) -> None:
        """Until everything that was sent to the shop has been worked on, also what nobody waits for any more."""
        for door in self._doors:
            door.wait_until_idle()
        try:
            wait_until(lambda: not self.mailbox._lines, "the mailbox is idle")
        except NotIdle:
            # A process that was killed while it connected leaves a line on which nobody will ever speak.
            self.mailbox.hang_up()
            wait_until(lambda: not self.mailbox._lines, "the mailbox is idle")

    def take_order(self, code: str, as_it_was: Discount) -> str:
        """A payment that began while the code worked arrives, whatever became of the code since; the order's name."""
        with self.premises.working():
            world = self.premises.world
            now = world.discounts.get(as_it_was.number)
            world.put_discount(as_it_was)
            order = self.redeem(code)
            if now is None:
                world.drop_discount(as_it_was.number)
                return order.name
            paid = world.discounts.get(as_it_was.number)
            uses = {one.number: one.uses for one in paid.codes} if paid is not None else {}
            codes = tuple(replace(one, uses=uses.get(one.number, one.uses)) for one in now.codes)
            world.put_discount(replace(now, codes=codes))
        return order.name

    def _listen(self, opening: ExitStack, port: int, place: int) -> LoopbackServer:
        door = CountingServer(self.true_time.now, self.count)
        opening.callback(door.stop)
        self._doors.append(door)
        return door


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + IDLE_SECONDS
    while not is_true():
        if time.monotonic() > until:
            raise NotIdle(what)
        time.sleep(_LOOK_SECONDS)
