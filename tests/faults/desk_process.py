"""One desk as a process of its own: opens its home, does what people do there, and ends."""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import signal
import sys
import traceback
from typing import Final, NoReturn

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.errors import DeskError
from tests.faults import mutants
from tests.faults.errand import CRASH_FILE, CRASHED, NO_MUTANT, STACKS_FILE, Errand
from tests.faults.mishaps import Mishaps
from tests.faults.shared_time import DeskClock, SharedTime
from tests.faults.shift import Shift

INTERRUPTED: Final = 130


def end_with(errand: Errand, true_time: SharedTime) -> NoReturn:
    """Do the errand and end this process with its exit status."""
    status = NO_MUTANT
    stacks = (errand.folder / STACKS_FILE).open("w", encoding="utf-8")
    faulthandler.register(signal.SIGUSR1, stacks)
    try:
        if errand.mutant:
            mutants.SAFEGUARDS[errand.mutant]()
        status = CRASHED
        status = do(errand, true_time)
    except BaseException:
        _, most_bytes = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))  # its disk may have been full
        (errand.folder / CRASH_FILE).write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        sys.stdout.flush()
        os._exit(int(status))


def do(errand: Errand, true_time: SharedTime) -> int:
    """Do the errand; the exit status of what became of it."""
    random.seed(errand.plan.jitter(errand.desk, errand.process))
    skew = errand.plan.skew_seconds(errand.desk, errand.process) if errand.in_trouble else 0.0
    clock = DeskClock(true_time, skew)
    mishaps = Mishaps(errand, clock)
    try:
        if errand.in_trouble:
            mishaps.befall()
        desk = CouponDesk.open(errand.folder, secrets=training_vault(errand.shop), clock=clock)
        mishaps.cut_reads, mishaps.close_desk = desk.abort_reads, desk.close
        status = Shift(desk, errand).work()
        desk.close()
    except DeskError as wrong:
        return wrong.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except RuntimeError:
        if not mishaps.was_closed:
            raise
        return INTERRUPTED
    return status
