"""`demo`: the desk on the built-in training shop; without a display the same work, with pictures to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cli.audit_documents import proof_document
from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import operation_document
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.cli.telling import tell_operation
from coupon_desk.computer import has_display
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ExitStatus
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

EXAMPLE: Final = CouponCode("70934-AB12CD-500")
OPERATOR: Final = "manager"


@click.command(short_help="Open the desk on the built-in training shop.")
@click.option("--headless", is_flag=True, help="Do the work without a window, also where there is a display.")
@for_scripts
@click.pass_obj
def demo(call: Call, headless: bool) -> int:
    """Open the desk on the built-in training shop: nothing to configure, nothing real.

    Without a display one coupon is cancelled end to end, and pictures of the window and the receipt are kept.
    """
    home = _home(call)
    call.home_asked = home

    def open_shop() -> CouponDesk:
        from coupon_desk.app.training import open_training

        return open_training(home)

    if not headless and has_display():
        call.log()
        return call.window.open(open_shop)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    call.output.say(
        msg("There is no display: one coupon is cancelled here, and pictures are kept.") if not headless else _BEGIN
    )
    call.desk = open_shop()
    call.log()
    return _without_window(call, call.desk)


_BEGIN: Final = msg("One coupon is cancelled in the training shop, and pictures are kept.")


def _home(call: Call) -> Path:
    """A home of its own beside the real one, unless the caller names one."""
    if call.home_asked is not None or os.environ.get("COUPON_DESK_HOME"):
        return call.home
    return call.home / "training"


def _without_window(call: Call, desk: CouponDesk) -> int:
    from coupon_desk.app.training import TRAINING_PEOPLE

    pin = next(person.pin for person in TRAINING_PEOPLE if person.login == OPERATOR)
    folder = desk.home / "pictures"
    output = call.output
    operation, files = call.window.cancel_and_picture(desk, OPERATOR, pin, EXAMPLE, folder, output.progress)
    tell_operation(output, operation)
    found = desk.verify_trail()
    if found.is_intact:
        output.say(msg("The trail is intact: {count} entries.", count=found.checked), Colour.GOOD)
    else:
        output.say(msg("The trail is broken."), Colour.BAD)
    output.say(msg("Pictures and receipt:"))
    for file in files:
        output.line(f"  {file}")
    if output.as_json:
        output.document(
            {
                "operations": [operation_document(operation, output.language, _receipt(files))],
                "trail": proof_document(found, output.language),
                "files": [str(file) for file in files],
            }
        )
    return int(operation.exit_status) if found.is_intact else ExitStatus.NEEDS_A_PERSON


def _receipt(files: tuple[Path, ...]) -> str | None:
    return next((str(file) for file in files if file.suffix == ".pdf"), None)
