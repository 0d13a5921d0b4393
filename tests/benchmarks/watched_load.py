"""A window under load that tells how long its event loop was deaf: `python -m tests.benchmarks.watched_load desk|bare …`.

`desk HOME ADDRESSES LOGIN PIN CODE…` is the program's own window: it signs in, waits for the first rows, then brings the whole
list up to date while it cancels all the codes at once, each on a thread of its own. `bare` is a window with a table and nothing
else; it listens until its standard input ends, beside the other. Both print one JSON document.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QTableView, QWidget

BEAT_MS = 4


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
        self.late_ms.clear()
        self._last = time.perf_counter()
        self._timer.start()

    def end(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        late_ms = (now - self._last) * 1000 - BEAT_MS
        self._last = now
        self.late_ms.append(max(0.0, late_ms))
        # What would have come while the loop was deaf had waited, too, each a little less.
        while late_ms > BEAT_MS:
            late_ms -= BEAT_MS
            self.late_ms.append(late_ms)


def told(pulse: Pulse, **more: Any) -> None:
    late = sorted(pulse.late_ms)
    rare = late[min(len(late) - 1, int(len(late) * 0.999))]
    print(json.dumps({"longest_ms": late[-1], "rare_ms": rare, "median_ms": late[len(late) // 2], "beats": len(late), **more}))


def bare() -> None:
    application = QApplication([])
    window = QMainWindow()
    window.setCentralWidget(QTableView())
    window.show()
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
    told(pulse)


def desk(home: Path, addresses_json: str, login: str, pin: str, codes: list[str]) -> None:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.training import training_vault
    from coupon_desk.desk import application, first_sight
    from coupon_desk.desk.window import Window
    from coupon_desk.training.addresses import Addresses

    addresses = Addresses.from_json(addresses_json)
    ended: dict[str, Any] = {}

    class Load(QObject):
        """The sync and the cancellations, and the way back to the window's thread."""

        over = Signal()

        def __init__(self, window: Window, then: Callable[[], None]) -> None:
            super().__init__(window)
            self._window = window
            self.pulse = Pulse(self)
            self.over.connect(then)
            self._threads = threading.Thread(target=self._work, daemon=True)

        def begin(self) -> None:
            self.pulse.begin()
            self._threads.start()

        def _work(self) -> None:
            desk, page = self._window.desk, self._window.work_page
            assert desk is not None
            assert page is not None
            started = time.perf_counter()
            with ThreadPoolExecutor(len(codes) + 1) as pool:
                stop = threading.Event()
                syncing = pool.submit(keep_syncing, desk, stop)
                states = list(pool.map(lambda code: cancelled(desk, page, code), codes))
                stop.set()
                ended["rows"] = syncing.result()
            ended["states"] = {state: states.count(state) for state in set(states)}
            ended["seconds"] = time.perf_counter() - started
            self.over.emit()

    def keep_syncing(desk: CouponDesk, stop: threading.Event) -> int:
        """Bring the list up to date, all of it first, until the cancellations are over; how many rows came."""
        rows, is_first = 0, True
        while not stop.is_set():
            rows += desk.sync(full=is_first, stop=stop).seen
            is_first = False
        return rows

    def cancelled(desk: CouponDesk, page: Any, code: str) -> str:
        from coupon_desk.cancellation.operation import CancelRequest, OperationKind
        from coupon_desk.coupons.code import CouponCode
        from coupon_desk.coupons.reasons import Reason

        request = CancelRequest(CouponCode.parse(code), OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "benchmark")
        # Each snapshot goes to the window, as those of an operation that was begun there do.
        return str(desk.cancel(request, page.session, on_change=page.work.changed.emit, wait_seconds=30.0).state)

    class Watched(first_sight.Frame):
        def furnish(self, inside: QWidget) -> None:
            super().furnish(inside)
            assert isinstance(inside, Window)
            self._window = inside
            inside.opened.connect(lambda _desk: QTimer.singleShot(0, self, self.sign_in))

        def sign_in(self) -> None:
            page = self._window.sign_in_page
            assert page is not None
            page.form.choose(login)
            page.form.pin.setText(pin)
            self._window.pages.currentChanged.connect(self.wait_for_rows)
            page.form.submit()

        def wait_for_rows(self) -> None:
            page = self._window.work_page
            if page is not None:
                self._load = Load(self._window, self.finish)
                page.rows.arrived.connect(self._load.begin, Qt.ConnectionType.SingleShotConnection)

        def finish(self) -> None:
            self._load.pulse.end()
            told(self._load.pulse, **ended)
            self.close()

    vars(application)["Frame"] = Watched
    sys.exit(application.run(lambda: CouponDesk.open(home, secrets=training_vault(addresses)), config=home / "config.toml"))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare"]:
            bare()
        case ["desk", home, addresses, login, pin, *codes]:
            desk(Path(home), addresses, login, pin, codes)
