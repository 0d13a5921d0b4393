"""Chance that is the same every time: numbers that follow from a seed and from what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1


def roll(seed: int, salt: int, index: int = 0) -> int:
    """A 64-bit number that only depends on the arguments (splitmix64)."""
    mixed = (seed * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7 + 0x632BE59BD9B4E019) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


def below(limit: int, seed: int, salt: int, index: int = 0) -> int:
    """A whole number from 0 up to but not including `limit`."""
    return roll(seed, salt, index) % limit


def share(seed: int, salt: int, index: int = 0) -> float:
    """A number from 0 up to but not including 1."""
    return roll(seed, salt, index) / (1 << 64)


def pick(choices: Sequence[T], seed: int, salt: int, index: int = 0) -> T:
    """One of the choices."""
    return choices[roll(seed, salt, index) % len(choices)]
