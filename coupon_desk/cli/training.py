"""`training serve`: the training shop alone, as servers on loopback."""

from __future__ import annotations

import click

from coupon_desk.cli.options import everywhere
from coupon_desk.errors import ExitStatus


@click.group(short_help="The training shop alone.")
def training() -> None:
    """The training shop: Shopify, point system and mailbox on this computer."""


@training.command()
@click.option(
    "--port", type=click.IntRange(0, 65532), default=0, help="Listen on this and the next three ports; 0 takes free ones."
)
@click.option("--coupons", type=click.IntRange(0, 5_000_000), default=300, show_default=True, help="How many coupons it has.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed makes the same shop.")
@click.option("--parent-watch", is_flag=True, hidden=True, help="End when standard input ends.")
@everywhere
def serve(port: int, coupons: int, seed: int, parent_watch: bool) -> int:
    """Serve until Ctrl+C; the first line of standard output is the addresses as JSON."""
    from coupon_desk.training.serve import serve as serve_shop

    serve_shop(port=port, coupons=coupons, seed=seed, parent_watch=parent_watch)
    return ExitStatus.DONE
