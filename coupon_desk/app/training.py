"""Opens the desk on the training shop: an own process on loopback, a home of its own, nothing configured, no keyring."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.errors import ConfigurationError, DeskError
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.roles import Role
from coupon_desk.training.addresses import Addresses
from coupon_desk.vault import MemoryVault, Secret, SecretName
from coupon_desk.words import msg

TRAINING_PEOPLE: Final = (
    NewOperator("owner", "Kenji Watanabe", Role.ADMIN, "739164"),
    NewOperator("manager", "Mika Tanaka", Role.MANAGER, "482915"),
    NewOperator("clerk", "Daniel Weber", Role.CLERK, "615273"),
)
"""Who works in the training shop, with their PINs; they open nothing else."""


def open_training(home: Path, *, coupons: int = 300, seed: int = 7) -> CouponDesk:
    """A desk on a fresh training shop; closing it ends the shop. Raises DeskError.

    The home is the training shop's own: what an earlier training left in it is removed, any other home is refused.
    """
    place = Home(home)
    _make_fresh(place)
    process, addresses = _start(coupons, seed)
    try:
        place.config.write_text(training_config(addresses), encoding="utf-8")
        desk = CouponDesk.open(home, secrets=training_vault(addresses), on_close=lambda: _stop(process))
    except BaseException:
        _stop(process)
        raise
    try:
        desk.hold()
        first = desk.people.add(TRAINING_PEOPLE[0], None)
        session = desk.people.sign_in(first.login, TRAINING_PEOPLE[0].pin)
        for person in TRAINING_PEOPLE[1:]:
            desk.people.add(person, session)
        desk.sync(full=True)
    except BaseException:
        desk.close()
        raise
    return desk


def training_config(addresses: Addresses) -> str:
    """The configuration of a home on a running training shop."""
    return (
        "# The training shop's: written anew at each start.\n"
        "[shop]\n"
        'name = "Ginza store"\n'
        'language = "ja"\n'
        'currency = "JPY"\n\n'
        "[shopify]\n"
        f'domain = "{addresses.shopify_domain}"\n'
        f'endpoint = "{addresses.shopify_endpoint}"\n\n'
        "[pos]\n"
        f'endpoint = "{addresses.pos_endpoint}"\n\n'
        "[mail]\n"
        f'host = "{addresses.smtp_host}"\n'
        f"port = {addresses.smtp_port}\n"
        f'security = "{addresses.smtp_security}"\n'
        'sender = "Ginza store <points@example.com>"\n\n'
        "[policy]\n"
        "settle_seconds = 1\n"
    )


def training_vault(addresses: Addresses) -> MemoryVault:
    """The training shop's secrets: its own, in memory."""
    return MemoryVault({SecretName.SHOPIFY_TOKEN: Secret(addresses.token), SecretName.POS_TOKEN: Secret(addresses.pos_token)})


def _make_fresh(place: Home) -> None:
    if place.config.exists() and not place.training_mark.exists():
        raise ConfigurationError(
            msg("{home} is the home of a real shop.", home=str(place.path)),
            done=msg("Nothing was changed."),
            todo=msg("Choose another folder for the training shop with --home."),
        )
    place.make()
    lock = place.lock()
    lock.take()
    for left in (place.database, place.database.with_name("desk.sqlite3-wal"), place.database.with_name("desk.sqlite3-shm")):
        left.unlink(missing_ok=True)
    shutil.rmtree(place.receipts, ignore_errors=True)
    place.training_mark.write_text(json.dumps({"training": True}), encoding="utf-8")
    lock.release()


def _start(coupons: int, seed: int) -> tuple[subprocess.Popen[str], Addresses]:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "coupon_desk"]
    command = [*program, "training", "serve", "--coupons", str(coupons), "--seed", str(seed), "--parent-watch"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    line = process.stdout.readline() if process.stdout else ""
    try:
        return process, Addresses.from_json(line)
    except (ValueError, TypeError) as wrong:
        _stop(process)
        raise DeskError(
            msg("The training shop did not start."),
            done=msg("Nothing was done."),
            todo=msg("Try “coupon-desk training serve” and read what it says."),
            detail=line[:200],
        ) from wrong


def _stop(process: subprocess.Popen[str]) -> None:
    """Closing its standard input ends it; it is killed where it does not listen."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
