"""The lock files: everything pinned by hash, no place named, and the program's lock a part of the one that was tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
LOCKS = ["lock.txt", "lock-dev.txt"]


def pins(name: str) -> dict[str, str]:
    """Each package with its version and hashes; for which platforms differs, since the tools need some packages everywhere."""
    entries = re.split(r"\n(?=\S)", (PACKAGING / name).read_text(encoding="utf-8").strip())
    return {entry.split("==")[0]: re.sub(r" ; .*(?= \\)", "", entry) for entry in entries}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_that_packages_come_from(name: str) -> None:
    text = (PACKAGING / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-{1,2}(i|f|index-url|extra-index-url|find-links|trusted-host)\b", text, re.MULTILINE)
    assert not re.search(r"[a-z0-9-]+\.(com|org|net|io|dev|local|internal)\b", text)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    for package, entry in pins(name).items():
        assert re.match(r"[a-z0-9-]+==[0-9]", entry), package
        assert "--hash=sha256:" in entry, package


def test_the_program_runs_on_exactly_what_was_tested() -> None:
    tested = pins("lock-dev.txt")
    for package, entry in pins("lock.txt").items():
        assert tested[package] == entry


def test_the_lock_holds_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    names = {re.split(r"[<>=\[ ]", requirement)[0].lower() for requirement in asked}
    assert names <= set(pins("lock.txt"))


def test_qt_is_older_than_the_version_that_aborts_on_python_3_11() -> None:
    version = re.match(r"pyside6-essentials==(\d+)\.(\d+)", pins("lock.txt")["pyside6-essentials"])
    assert version is not None
    assert (int(version[1]), int(version[2])) < (6, 12)
