"""How much is measured: everything that was promised, or so little that the test suite can afford it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CACHE = Path(__file__).parents[2] / ".cache" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of one measurement, and where to put things: `folder` is this subject's own and empty, `cache` stays."""

    coupons: int
    bulk: int
    parallel: int
    runs: int
    folder: Path
    cache: Path = CACHE

    @classmethod
    def whole(cls, folder: Path, coupons: int = 1_000_000, runs: int = 5) -> Self:
        """What the program promises."""
        return cls(coupons, bulk=1_000, parallel=100, runs=runs, folder=folder)

    @classmethod
    def smoke(cls, folder: Path) -> Self:
        """Shows that the measuring works; its figures mean nothing."""
        return cls(coupons=500, bulk=30, parallel=4, runs=1, folder=folder, cache=folder / "cache")

    @property
    def customers(self) -> int:
        return self.coupons * 3 // 10

    def kept(self, name: str, build: Callable[[Path], object]) -> Path:
        """The file of that name for this many coupons: built when it isn't there, else used again. Don't write to it.

        `build` gets the path to write to. Put a version into the name where what is built changes.
        """
        stem, dot, suffix = name.partition(".")
        file = self.cache / f"{stem}-{self.coupons}{dot}{suffix}"
        if not file.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            begun = file.with_name(f"{os.getpid()}-{file.name}")
            build(begun)
            begun.replace(file)
        return file

    def copy(self, file: Path, name: str | None = None) -> Path:
        """A copy that may be written to."""
        return Path(shutil.copy(file, self.folder / (name or file.name)))
