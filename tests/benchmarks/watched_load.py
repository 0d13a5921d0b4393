"""A window under load that tells how long its event loop was deaf: `python -m tests.benchmarks.watched_load desk|bare …`.

`desk HOME ADDRESSES LOGIN PIN CODE…` is the program's own window: it signs in, waits for the first rows, then brings the whole
list up to date while it cancels all the codes at once, each on a thread of its own. `bare` is a window with a table and nothing
else; it listens until its standard input ends, beside the other. Both print one JSON document.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.addresses import Addresses
from tests.benchmarks.bare_window import bare_window
from tests.benchmarks.watched_window import run

BEAT_MS = 4
PATIENCE_SECONDS = 60.0


class Pulse(QObject):
    """Beats as often as an event could come, and keeps how much too late each beat was."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._last = 0.0
        self.late_ms: list[float] = []

    def begin(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def end(self, **more: Any) -> None:
        """Stop, and tell."""
        self._timer.stop()
        late = sorted(self.late_ms)
        rare = late[min(len(late) - 1, int(len(late) * 0.999))]
        print(json.dumps({"longest_ms": late[-1], "rare_ms": rare, "median_ms": late[len(late) // 2], **more}), flush=True)

    def _beat(self) -> None:
        now = time.perf_counter()
        late_ms = (now - self._last) * 1000 - BEAT_MS
        self._last = now
        self.late_ms.append(max(0.0, late_ms))
        # What would have come while the loop was deaf had waited, too, each a little less.
        while late_ms > BEAT_MS:
            late_ms -= BEAT_MS
            self.late_ms.append(late_ms)


class Load(QObject):
    """The sync and the cancellations, and the way back to the window's thread."""

    over = Signal()

    def __init__(self, window: Window, codes: list[str]) -> None:
        super().__init__(window)
        assert window.desk is not None
        assert window.work_page is not None
        self._window, self._desk, self._page = window, window.desk, window.work_page
        self._codes = codes
        self._pulse = Pulse(self)
        self._told: dict[str, Any] = {}
        self._collecting = Collecting()
        self.over.connect(self._end)

    def begin(self) -> None:
        self._pulse.begin()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        started, stop = time.perf_counter(), threading.Event()
        with ThreadPoolExecutor(len(self._codes) + 1) as pool:
            syncing = pool.submit(keep_syncing, self._desk, stop)
            states = list(pool.map(lambda code: cancelled(self._desk, self._page, code), self._codes))
            self._told["seconds"] = time.perf_counter() - started
            stop.set()
            self._told["rows"] = syncing.result()
        self._told["states"] = {state: states.count(state) for state in set(states)}
        self.over.emit()

    def _end(self) -> None:
        self._pulse.end(longest_collection_ms=self._collecting.longest_ms, **self._told)
        self._window.window().close()


class Collecting:
    """How long Python's garbage collection held everything up."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._began = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, _told: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - self._began) * 1000)


def keep_syncing(desk: CouponDesk, stop: threading.Event) -> int:
    """Bring the list up to date, all of it first, until the cancellations are over; how many rows came."""
    rows, is_first = 0, True
    while not stop.is_set():
        rows += desk.sync(full=is_first, stop=stop).seen
        is_first = False
    return rows


def cancelled(desk: CouponDesk, page: WorkPage, code: str) -> str:
    """The state in which a cancellation ended; each snapshot goes to the window, as if it was begun there."""
    request = CancelRequest(CouponCode.parse(code), OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "benchmark")
    return str(desk.cancel(request, page.session, on_change=page.work.changed.emit, wait_seconds=PATIENCE_SECONDS).state)


def bare() -> None:
    application, window = bare_window()
    pulse = Pulse(window)
    pulse.begin()

    class Over(QObject):
        told = Signal()

    over = Over(window)
    over.told.connect(application.exit)

    def listen() -> None:
        sys.stdin.read()
        over.told.emit()

    threading.Thread(target=listen, daemon=True).start()
    application.exec()
    pulse.end()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare"]:
            bare()
        case ["desk", home, addresses, login, pin, *codes]:
            run(Path(home), Addresses.from_json(addresses), login, pin, lambda window: Load(window, codes).begin())
