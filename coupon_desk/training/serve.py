"""`training serve`: the training shop alone, in the foreground, for other processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Final, TextIO

from coupon_desk.training.options import Options
from coupon_desk.training.shop import TrainingShop

_LOOK_SECONDS: Final = 0.5

_PRACTICE: Final = Options(bucket_points=20_000, restore_points_per_second=1000)
"""A shop on Shopify's Plus plan (facts: Shopify §4): those who practise should not wait for the cost bucket."""


def serve(
    *, coupons: int = 300, seed: int = 7, port: int = 0, parent_watch: bool = False, output: TextIO | None = None
) -> None:
    """Print the addresses as one line of JSON, then serve until SIGTERM or SIGINT.

    With `parent_watch` also until standard input ends, which it does when the process that started this one dies, however it
    dies. To be called on the main thread. Raises PortTaken.
    """
    told = output or sys.stdout
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with TrainingShop.start(coupons=coupons, seed=seed, port=port, options=_PRACTICE) as shop:
            told.write(shop.addresses.to_json() + "\n")
            told.flush()
            if parent_watch:
                threading.Thread(target=_watch_input, args=(ended,), daemon=True, name="training-parent").start()
            while not ended.wait(_LOOK_SECONDS):
                pass  # a wait without end is not interrupted by Ctrl+C on Windows
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_input(ended: threading.Event) -> None:
    # Read past Python's buffers: a thread that waits inside them would hold their lock when the interpreter ends.
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    ended.set()
