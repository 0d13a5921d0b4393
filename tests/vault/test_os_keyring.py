"""The vault against a real keyring daemon, and against the keyrings that it must refuse."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import keyring.backend
import keyring.core
import pytest
from keyring.backends import chainer
from keyring.core import load_keyring
from keyring.errors import InitError, KeyringError, PasswordDeleteError, PasswordSetError

from coupon_desk.errors import ExitStatus
from coupon_desk.vault import (
    SERVICE,
    InsecureKeyring,
    KeyringFailed,
    KeyringIsLocked,
    KeyringNotOpened,
    KeyringVault,
    NoKeyring,
    RoundTripFailed,
    Secret,
    SecretName,
    SecretNotDeleted,
    SecretNotStored,
    VaultError,
    os_keyring,
)
from tests.surroundings.keyring_session import KeyringSession, bus_environment, keyring_session

TOKEN = "shpat_0123456789abcdef"

# What another process sees: the name of the failure, or what `check` returned.
CHECK = """
import sys
from pathlib import Path
from coupon_desk.vault import KeyringVault, VaultError
try:
    print(KeyringVault(Path(sys.argv[1])).check())
except VaultError as failure:
    print(type(failure).__name__, failure, failure.todo)
"""


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring at the wire: what the operating system's would keep, with failures on demand."""

    priority = -1.0  # the library knows every class that is defined; it must not choose this one

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.failure is not None:
            raise self.failure
        del self.kept[service, username]


class ForgetfulKeyring(MemoryKeyring):
    """Accepts everything and keeps nothing."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


class StickyKeyring(MemoryKeyring):
    """Says that it deleted, and did not."""

    def delete_password(self, service: str, username: str) -> None:
        return None


@pytest.fixture
def vault(keyring_daemon: KeyringSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> KeyringVault:
    keyring_daemon.join(monkeypatch)
    return KeyringVault(tmp_path)


def trust(backend: keyring.backend.KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(backend)
    monkeypatch.setattr(os_keyring, "_detect", lambda: backend)
    monkeypatch.setattr(os_keyring, "_SECURE", frozenset({f"{kind.__module__}.{kind.__qualname__}"}))


def checked_elsewhere(environment: dict[str, str], home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(home)],
        env=environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_a_real_keyring_gives_back_what_it_was_given(vault: KeyringVault) -> None:
    assert vault.names() == ()
    vault.set(SecretName.SHOPIFY_TOKEN, Secret("old"))
    vault.set(SecretName.SHOPIFY_TOKEN, Secret("新しい🔑 " + TOKEN))
    vault.set(SecretName.MAIL_PASSWORD, Secret("pw"))
    assert vault.names() == (SecretName.SHOPIFY_TOKEN, SecretName.MAIL_PASSWORD)
    assert vault.get(SecretName.SHOPIFY_TOKEN) == Secret("新しい🔑 " + TOKEN)
    assert vault.delete(SecretName.SHOPIFY_TOKEN)
    assert vault.get(SecretName.SHOPIFY_TOKEN) is None
    assert vault.names() == (SecretName.MAIL_PASSWORD,)


def test_deleting_what_is_not_there_says_so(vault: KeyringVault) -> None:
    assert not vault.delete(SecretName.DESK_KEY)


def test_two_homes_do_not_see_each_others_secrets(vault: KeyringVault, tmp_path: Path) -> None:
    vault.set(SecretName.POS_TOKEN, Secret(TOKEN))
    assert KeyringVault(tmp_path / "other").get(SecretName.POS_TOKEN) is None
    assert KeyringVault(tmp_path / "other" / "..").get(SecretName.POS_TOKEN) == Secret(TOKEN)


def test_the_entry_bears_our_service_the_name_and_the_home(vault: KeyringVault, tmp_path: Path) -> None:
    vault.set(SecretName.POS_TOKEN, Secret(TOKEN))
    assert keyring.core.get_keyring().get_password(SERVICE, f"pos.token@{tmp_path}") == TOKEN


def test_the_check_names_the_keyring_and_leaves_nothing(vault: KeyringVault, keyring_daemon: KeyringSession) -> None:
    assert vault.check() == "keyring.backends.SecretService.Keyring"
    assert vault.names() == ()
    [kept] = Path(keyring_daemon.environment["XDG_DATA_HOME"], "keyrings").glob("login.keyring")
    assert b"trial-" not in kept.read_bytes()


def test_the_keyring_file_shows_no_secret(vault: KeyringVault, keyring_daemon: KeyringSession) -> None:
    vault.set(SecretName.POS_TOKEN, Secret(TOKEN))
    kept = list(Path(keyring_daemon.environment["XDG_DATA_HOME"], "keyrings").glob("*.keyring"))
    assert kept
    assert all(TOKEN.encode() not in file.read_bytes() for file in kept)


def test_each_value_that_passes_is_told_to_who_masks_the_log(vault: KeyringVault, tmp_path: Path) -> None:
    told: list[str] = []
    masked = KeyringVault(tmp_path, revealed=told.append)
    vault.set(SecretName.POS_TOKEN, Secret("read"))
    masked.get(SecretName.POS_TOKEN)
    masked.set(SecretName.DESK_KEY, Secret("written"))
    assert told == ["read", "written"]


def test_another_process_in_the_same_session_can_use_the_keyring(keyring_daemon: KeyringSession, tmp_path: Path) -> None:
    assert checked_elsewhere(keyring_daemon.environment, tmp_path) == "keyring.backends.SecretService.Keyring"


def test_a_computer_without_a_session_bus_has_no_keyring(tmp_path: Path) -> None:
    told = checked_elsewhere(bus_environment(tmp_path), tmp_path)
    assert told.startswith("NoKeyring This computer has no running keyring")


def test_a_locked_keyring_is_told_from_a_missing_one(tmp_path: Path) -> None:
    with keyring_session(tmp_path, "first") as session:
        assert "SecretService" in checked_elsewhere(session.environment, tmp_path)
    with keyring_session(tmp_path, "second") as session:
        told = checked_elsewhere(session.environment, tmp_path)
    assert told.startswith("KeyringIsLocked The keyring is locked. Unlock it")


@pytest.mark.parametrize(
    "backend", ["keyring.backends.null.Keyring", "not_there.at_all.Keyring", "keyring.backends.fail.Nothing", "nonsense"]
)
def test_an_insecure_or_impossible_backend_in_the_environment_is_refused(
    vault: KeyringVault, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    with pytest.raises(InsecureKeyring) as refused:
        vault.set(SecretName.POS_TOKEN, Secret(TOKEN))
    assert refused.value.exit_status is ExitStatus.USAGE
    assert refused.value.todo is not None
    assert "PYTHON_KEYRING_BACKEND" in str(refused.value.todo)


def test_a_plain_text_keyring_is_refused_and_writes_nothing(
    vault: KeyringVault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = tmp_path / "passwords.txt"
    (tmp_path / "plain_text_keyring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Keyring(KeyringBackend):\n"
        "    priority = -1.0\n"
        "    def get_password(self, service, username): return None\n"
        "    def set_password(self, service, username, password):\n"
        f"        open({str(written)!r}, 'w').write(password)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "plain_text_keyring.Keyring")
    with pytest.raises(InsecureKeyring, match=r"plain_text_keyring\.Keyring"):
        vault.set(SecretName.POS_TOKEN, Secret(TOKEN))
    assert not written.exists()


def test_a_chain_is_refused_for_its_one_insecure_member(vault: KeyringVault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.check()
    secure = keyring.core.get_keyring()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [secure, load_keyring("keyring.backends.null.Keyring")])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.chainer.ChainerBackend")
    with pytest.raises(InsecureKeyring, match=r"keyring\.backends\.null\.Keyring"):
        KeyringVault(Path()).check()


def test_a_chain_of_secure_keyrings_is_used(vault: KeyringVault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.check()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [keyring.core.get_keyring()])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.chainer.ChainerBackend")
    assert KeyringVault(Path()).check() == "keyring.backends.chainer.ChainerBackend"


@pytest.mark.parametrize("members", [[], ["keyring.backends.fail.Keyring"]])
def test_an_empty_chain_is_no_keyring(vault: KeyringVault, monkeypatch: pytest.MonkeyPatch, members: list[str]) -> None:
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [load_keyring(member) for member in members])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.chainer.ChainerBackend")
    with pytest.raises(NoKeyring):
        vault.check()


def test_a_keyring_that_starts_later_is_found_without_a_restart(
    keyring_daemon: KeyringSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keyring_daemon.join(monkeypatch)
    vault = KeyringVault(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    with pytest.raises(NoKeyring):
        vault.check()
    keyring_daemon.join(monkeypatch)
    assert vault.check() == "keyring.backends.SecretService.Keyring"


@pytest.mark.parametrize("kind", [ForgetfulKeyring, StickyKeyring])
def test_a_keyring_that_keeps_nothing_or_deletes_nothing_fails_the_check(
    kind: type[MemoryKeyring], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trust(kind(), monkeypatch)
    with pytest.raises(RoundTripFailed, match=kind.__name__):
        KeyringVault(tmp_path).check()


class LockedException(Exception):
    """As SecretStorage names it."""


class PromptDismissedException(Exception):
    """As SecretStorage names it."""


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (InitError(TOKEN), KeyringNotOpened),
        (PasswordSetError(TOKEN), SecretNotStored),
        (PasswordDeleteError(TOKEN), SecretNotDeleted),
        (KeyringError(TOKEN), KeyringFailed),
        (LockedException(TOKEN), KeyringIsLocked),
        (PromptDismissedException(TOKEN), KeyringNotOpened),
        (OSError(TOKEN), KeyringFailed),
    ],
)
def test_each_failure_of_a_keyring_has_its_name_and_no_secret(
    failure: Exception, name: type[VaultError], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trust(MemoryKeyring(failure), monkeypatch)
    with pytest.raises(name) as told:
        KeyringVault(tmp_path).set(SecretName.POS_TOKEN, Secret(TOKEN))
    assert TOKEN not in f"{told.value} {told.value.todo} {told.value.detail}"
    assert told.value.exit_status is ExitStatus.USAGE
    assert told.value.todo is not None


def test_a_secret_that_cannot_be_deleted_is_said_to_be_still_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    backend = MemoryKeyring()
    trust(backend, monkeypatch)
    vault = KeyringVault(tmp_path)
    vault.set(SecretName.POS_TOKEN, Secret(TOKEN))
    backend.failure = PasswordDeleteError()
    with pytest.raises(SecretNotDeleted, match=r"did not delete the secret pos\.token; it is still there"):
        vault.delete(SecretName.POS_TOKEN)


def test_the_thread_of_the_window_must_not_wait_for_a_keyring(vault: KeyringVault, tmp_path: Path) -> None:
    guarded = KeyringVault(tmp_path, forbidden_thread=threading.get_ident())
    for call in (guarded.check, guarded.names, lambda: guarded.get(SecretName.DESK_KEY)):
        with pytest.raises(RuntimeError, match="must not be used on this thread"):
            call()
    told: list[str] = []
    worker = threading.Thread(target=lambda: told.append(guarded.check()))
    worker.start()
    worker.join()
    assert told == ["keyring.backends.SecretService.Keyring"]


def test_the_keyring_library_is_loaded_only_when_it_is_used(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import coupon_desk.vault as v; v.KeyringVault(Path());"
        "print('keyring' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
