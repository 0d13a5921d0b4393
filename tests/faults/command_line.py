"""The real command line on a home of the campaign, with a real keyring: `python -m coupon_desk`, as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from coupon_desk.training.addresses import Addresses
from tests.faults.errand import MANAGER, PINS
from tests.surroundings.keyring_session import keyring_session

PROJECT: Final = Path(__file__).parents[2]
CALL_SECONDS: Final = 120
_STORE: Final = (
    "import json, pathlib, sys; from coupon_desk.vault import KeyringVault, Secret, SecretName;"
    "vault = KeyringVault(pathlib.Path(sys.argv[1]));"
    "[vault.set(SecretName(name), Secret(value)) for name, value in json.load(sys.stdin).items()]"
)


def cancelling(code: str) -> tuple[str, ...]:
    """The words of a cancellation that does not wait and answers in JSON."""
    return ("cancel", code, "--reason", "customer_request", "--note", "Changed her mind", "--no-wait", "--json")


def untrue_answers(out: str, err: str, credited: int) -> Iterator[str]:
    """What a cancellation said at its end that was not so, where points were credited so many times."""
    if "Traceback" in out + err or not out:
        yield f"the command line crashed: {out} {err}"
        return
    said = [(one["state"], one["points_returned"]) for one in json.loads(out)["operations"]]
    if any(state == "completed" or points for state, points in said) and credited != 1:
        yield f"the command line says {said}, and points were credited {credited} times"


class CommandLine:
    """Opens a keyring at the first call and keeps it until it is closed."""

    def __init__(self, folder: Path, addresses: Addresses) -> None:
        self._folder = folder
        self._secrets = {"shopify.token": addresses.token, "pos.token": addresses.pos_token}
        self._open = ExitStack()
        self._environment: dict[str, str] = {}

    def start(self, home: Path, *words: str) -> subprocess.Popen[str]:
        """A call that runs by itself."""
        if not self._environment:
            self._begin(home)
        return subprocess.Popen(
            [sys.executable, "-m", "coupon_desk", "--home", str(home), "--operator", MANAGER, *words],
            env={**self._environment, "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8", "COUPON_DESK_PIN": PINS[MANAGER]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=home.parent,
        )

    def ask(self, home: Path, *words: str) -> Any:
        """A call that is waited for; its JSON document."""
        out, _ = self.start(home, *words, "--json").communicate(timeout=CALL_SECONDS)
        return json.loads(out)

    def close(self) -> None:
        """Lock the keyring up."""
        self._open.close()

    def _begin(self, home: Path) -> None:
        keyring = self._folder / "keyring"
        keyring.mkdir()
        self._environment = self._open.enter_context(keyring_session(keyring)).environment
        subprocess.run(
            [sys.executable, "-c", _STORE, str(home)],
            env={**self._environment, "PYTHONPATH": str(PROJECT)},
            input=json.dumps(self._secrets),
            text=True,
            check=True,
        )
