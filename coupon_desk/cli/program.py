"""The program as one command with its subcommands, and what becomes of every way in which a call can end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from coupon_desk import VERSION
from coupon_desk.cli.approvals import approvals
from coupon_desk.cli.audit import audit
from coupon_desk.cli.bulk import bulk
from coupon_desk.cli.call import Call
from coupon_desk.cli.cancelling import cancel, refund_order
from coupon_desk.cli.central import central
from coupon_desk.cli.configuration import config
from coupon_desk.cli.coupons import search, show
from coupon_desk.cli.demo import demo
from coupon_desk.cli.diagnostics import diagnostics
from coupon_desk.cli.doctor import doctor
from coupon_desk.cli.ending import begin_call, conclude
from coupon_desk.cli.inbox import inbox
from coupon_desk.cli.investigations import investigations
from coupon_desk.cli.operations import operations, resume
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.people import people
from coupon_desk.cli.receipts import receipt
from coupon_desk.cli.reconciling import reconcile
from coupon_desk.cli.reminders import reminders
from coupon_desk.cli.secrets import secrets
from coupon_desk.cli.signals import signals
from coupon_desk.cli.sync import sync
from coupon_desk.cli.training import training
from coupon_desk.cli.window import Window, open_window
from coupon_desk.errors import ExitStatus

NAME: Final = "coupon-desk"


class InThisOrder(click.Group):
    """Lists its commands in the order in which they were added, which is that of INTERFACE.md."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        del ctx
        return list(self.commands)


@click.group(name=NAME, cls=InThisOrder, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name=NAME)
@for_scripts
@click.pass_context
def program(context: click.Context) -> int:
    """Cancel loyalty coupons and give the points back: exactly once, with proof.

    Without a command the desk's window opens on the configured shop.
    """
    if context.invoked_subcommand is not None:
        return ExitStatus.DONE
    return open_window(context.ensure_object(Call))


for command in (
    demo,
    search,
    show,
    cancel,
    bulk,
    refund_order,
    inbox,
    approvals,
    investigations,
    operations,
    resume,
    reconcile,
    receipt,
    sync,
    reminders,
    audit,
    signals,
    people,
    secrets,
    config,
    central,
    doctor,
    diagnostics,
    training,
):
    program.add_command(command)


def run(arguments: Sequence[str], window: Window) -> int:
    """Do what the arguments say; `window` draws what has to be drawn.

    Returns the exit status of INTERFACE.md §2; no error leaves this function.
    """
    call = begin_call(window)
    # A call that cannot be understood is told as JSON too, to those who wanted JSON.
    call.output.as_json = "--json" in arguments

    def work() -> int:
        answer = program.main(list(arguments), prog_name=NAME, obj=call, standalone_mode=False)
        return int(answer or ExitStatus.DONE)

    return conclude(call, work)
