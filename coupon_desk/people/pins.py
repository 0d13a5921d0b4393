"""PINs: kept as Argon2id hashes only, and refused when anybody could guess them."""

from __future__ import annotations

import base64
import unicodedata
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from coupon_desk.errors import ConfigurationError
from coupon_desk.words import Message, msg

SHORTEST_PIN: Final = 6
LONGEST_PIN: Final = 64

_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 16
_LONGEST_PATTERN: Final = 3
_KEYBOARD: Final = ("qwerty", "azerty", "asdfgh", "zxcvbn", "147258", "258369", "password", "passwort")
_RUNS: Final = ("0123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class PinCost:
    """How dear one guess is. The default takes 50 to 100 ms of one core and 32 MiB (RFC 9106 asks for m >= 19 MiB at t = 2)."""

    time_cost: int = 3
    memory_kib: int = 32 * 1024
    lanes: int = 1


class Pins:
    """Makes and checks PIN hashes. Safe to use from any thread."""

    def __init__(self, cost: PinCost | None = None) -> None:
        self._cost = cost or PinCost()
        self._hasher = PasswordHasher(
            self._cost.time_cost, self._cost.memory_kib, self._cost.lanes, _HASH_BYTES, _SALT_BYTES, type=Type.ID
        )

    def hash(self, pin: str) -> str:
        """The hash to keep for a PIN."""
        return self._hasher.hash(_plain(pin))

    def verify(self, kept: str | None, pin: str) -> bool:
        """Whether the PIN is the one that `kept` was made of.

        Without a kept hash (an unknown login) the same work is done and the answer is no, so that the time tells nothing.
        """
        try:
            return self._hasher.verify(kept or self._nobodys_hash(), _plain(pin)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made at another cost than today's and should be made again."""
        return self._hasher.check_needs_rehash(kept)

    def _nobodys_hash(self) -> str:
        """A hash of today's cost that no PIN is known to have."""
        salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES))
        cost = self._cost
        return f"$argon2id$v=19$m={cost.memory_kib},t={cost.time_cost},p={cost.lanes}${salt}${digest}"


def refuse_weak(pin: str, login: str) -> None:
    """Refuse a PIN that is too short, too long, or among the first that anybody would try. Raises ConfigurationError."""
    plain = _plain(pin)
    if len(plain) < SHORTEST_PIN:
        raise _weak(msg("The PIN is too short: it needs at least {count} characters.", count=SHORTEST_PIN))
    if len(plain) > LONGEST_PIN:
        raise _weak(msg("The PIN is too long: it may have up to {count} characters.", count=LONGEST_PIN))
    if _is_trivial(plain.lower()):
        raise _weak(msg("The PIN is too easy to guess: no repetitions and no runs such as 000000, 121212 or 123456."))
    if login and (login in plain.lower() or plain.lower() in login):
        raise _weak(msg("The PIN must not contain the login."))


def _plain(pin: str) -> str:
    """A PIN that was typed with a Japanese input method is the same PIN."""
    return unicodedata.normalize("NFKC", pin)


def _is_trivial(pin: str) -> bool:
    repeats = any(pin == (pin[:size] * len(pin))[: len(pin)] for size in range(1, _LONGEST_PATTERN + 1))
    runs = any(pin in run or pin in run[::-1] for run in _RUNS)
    return repeats or runs or pin in _KEYBOARD or len(set(pin)) <= 2


def _weak(what: Message) -> ConfigurationError:
    return ConfigurationError(what, done=msg("Nothing was changed."), todo=msg("Choose another PIN."))
