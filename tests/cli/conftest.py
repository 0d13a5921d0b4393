"""A home on a running training shop, and the command line as a real process in it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from coupon_desk.__main__ import DeskWindow
from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config
from coupon_desk.cli.program import run
from coupon_desk.desk.application import make_application
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.roles import Role
from coupon_desk.training.addresses import Addresses
from coupon_desk.training.shop import TrainingShop
from coupon_desk.vault import KeyringVault, MemoryVault, Secret, SecretName
from tests.surroundings import forked
from tests.surroundings.keyring_session import KeyringSession

PROJECT = Path(__file__).parents[2]
CALL_SECONDS = 60

PINS = {"owner": "739164", "manager": "482915", "clerk": "615273", "viewer": "870351", "auditor": "294607"}
"""The operators of every home, each with the role that their login says (the owner is the admin)."""


class WindowOfTests(DeskWindow):
    """Lays receipts out with the application that windows of other tests in this process use, too: Qt bears only one."""

    def _prepare(self) -> None:
        make_application()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output, which must be exactly one JSON document."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def operation(self) -> dict[str, Any]:
        """The only operation of the document."""
        (operation,) = self.document["operations"]
        assert isinstance(operation, dict)
        return operation


@dataclass(slots=True)
class CommandLine:
    """Calls `coupon-desk` on one home, as somebody."""

    home: Path
    environment: dict[str, str]
    operator: str | None = "manager"
    extra: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, operator: str | None = "", pin: str | None = None, stdin: str = "") -> Ended:
        """Run to the end, in its own process. `operator` is somebody else for this call, None nobody; `pin` a wrong one."""
        with tempfile.TemporaryDirectory() as name:
            streams = Path(name)
            (streams / "stdin").write_text(stdin, encoding="utf-8")
            status = forked.call(
                self.words(*words, operator=operator)[3:],
                self.surroundings(operator, pin),
                self.home.parent,
                streams,
                CALL_SECONDS,
            )
            ended = Ended(status, *((streams / stream).read_text(encoding="utf-8") for stream in ("stdout", "stderr")))
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    def cold(self, *words: str, prepare: Callable[[], None] | None = None) -> Ended:
        """The same from a cold start, as a shell does it; `prepare` is called in the new process."""
        done = subprocess.run(
            self.words(*words),
            env=self.surroundings(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=CALL_SECONDS,
            check=False,
            start_new_session=True,  # no terminal that a PIN could be asked at
            preexec_fn=prepare,
            cwd=self.home.parent,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def here(self, *words: str, operator: str | None = "", pin: str | None = None, stdin: str = "") -> Ended:
        """The same in this very process, where starting another one would prove nothing new."""
        out, err = io.BytesIO(), io.BytesIO()
        with (
            patch.dict(os.environ, self.surroundings(operator, pin)),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            io.TextIOWrapper(out, encoding="utf-8") as stdout,
            io.TextIOWrapper(err, encoding="utf-8") as stderr,
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            status = run(self.words(*words, operator=operator)[3:], WindowOfTests())
            ended = Ended(status, out.getvalue().decode(), err.getvalue().decode())
        assert "Traceback" not in ended.out + ended.err
        return ended

    def words(self, *words: str, operator: str | None = "") -> list[str]:
        """The words of a call, for those who start the process themselves."""
        who = self.operator if operator == "" else operator
        return [sys.executable, "-m", "coupon_desk", "--home", str(self.home), *(["--operator", who] if who else []), *words]

    def surroundings(self, operator: str | None = "", pin: str | None = None) -> dict[str, str]:
        """The environment of a call."""
        who = self.operator if operator == "" else operator
        known = {"COUPON_DESK_PIN": pin or PINS[who]} if who else {}
        return {**self.environment, "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8", **known, **self.extra}


@pytest.fixture
def shop() -> Iterator[TrainingShop]:
    """A training shop of its own for each test."""
    with TrainingShop.start(coupons=60) as running:
        yield running


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the operators and a full catalogue; its coupons are the same in every training shop of that size."""
    folder = tmp_path_factory.mktemp("filled") / "home"
    with TrainingShop.start(coupons=60) as running:
        addresses = running.addresses
        folder.mkdir()
        (folder / "config.toml").write_text(configuration(addresses), encoding="utf-8")
        vault = MemoryVault(
            {SecretName.SHOPIFY_TOKEN: Secret(addresses.token), SecretName.POS_TOKEN: Secret(addresses.pos_token)}
        )
        desk = CouponDesk.open(folder, secrets=vault)
        try:
            desk.people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, PINS["owner"]), None)
            session = desk.people.sign_in("owner", PINS["owner"])
            for login in ("manager", "clerk", "viewer", "auditor"):
                desk.people.add(NewOperator(login, f"{login.title()} Tanaka", Role(login), PINS[login]), session)
            desk.sync(full=True)
        finally:
            desk.close()
    return folder / "desk.sqlite3"


@pytest.fixture
def home(
    tmp_path: Path,
    shop: TrainingShop,
    filled_database: Path,
    keyring_daemon: KeyringSession,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A configured home with operators, catalogue and, in a real keyring, its secrets."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "config.toml").write_text(configuration(shop.addresses), encoding="utf-8")
    shutil.copy(filled_database, folder / "desk.sqlite3")
    keyring_daemon.join(monkeypatch)
    vault = KeyringVault(folder)
    vault.set(SecretName.SHOPIFY_TOKEN, Secret(shop.addresses.token))
    vault.set(SecretName.POS_TOKEN, Secret(shop.addresses.pos_token))
    return folder


@pytest.fixture
def cli(home: Path, keyring_daemon: KeyringSession) -> CommandLine:
    """The command line on the configured home, as the manager."""
    return CommandLine(home, {**keyring_daemon.environment, "PATH": os.environ["PATH"]})


@pytest.fixture
def empty_cli(tmp_path: Path, keyring_daemon: KeyringSession) -> CommandLine:
    """The command line on a home that is not there yet, as nobody."""
    return CommandLine(tmp_path / "empty home", {**keyring_daemon.environment, "PATH": os.environ["PATH"]}, operator=None)


def configuration(addresses: Addresses) -> str:
    """The training shop's configuration, without the wait before a code counts as dead."""
    return training_config(addresses).replace("settle_seconds = 1", "settle_seconds = 0")
