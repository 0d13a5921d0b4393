"""How a call begins and ends, whatever it does: no error leaves it, everything it opened is closed."""

from __future__ import annotations

from collections.abc import Callable

import click

from coupon_desk.cli.call import Call, language_of_surroundings
from coupon_desk.cli.failures import INTERRUPTED, interrupted, told, unexpected, wrongly_called
from coupon_desk.cli.output import Output, prepare_streams
from coupon_desk.cli.window import Window
from coupon_desk.errors import DeskError


def begin_call(window: Window) -> Call:
    """A call that speaks the language of the surroundings, with streams that can say anything."""
    prepare_streams()
    output = Output()
    output.language = language_of_surroundings()
    return Call(output, window)


def conclude(call: Call, work: Callable[[], int]) -> int:
    """Do the work of a call, tell what went wrong, and close; the exit status of INTERFACE.md §2."""
    try:
        status = _ended(call, work)
        call.close()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as failure:
        status = unexpected(call, failure)
    call.output.finish()
    return int(status)


def _ended(call: Call, work: Callable[[], int]) -> int:
    try:
        return work()
    except click.ClickException as wrong:
        return wrongly_called(call, wrong)
    except DeskError as error:
        return told(call, error)
    except (click.Abort, KeyboardInterrupt):
        return interrupted(call)
    except Exception as failure:
        return unexpected(call, failure)
