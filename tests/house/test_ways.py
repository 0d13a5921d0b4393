"""The ways into the house: the targets that the documentation promises, and a repository that names no machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.surroundings.tool import tool

REPOSITORY = Path(__file__).parents[2]
# Folders of one computer and hosts that only it can reach.
MACHINE = re.compile(r"(?<![\w.~-])/(?:root|home/[a-z]+|work|srv|mnt)/|\bfile:///|\.internal\b|\bindex-url\s*=")


def committed() -> list[Path]:
    listed = subprocess.run(
        [tool("git"), "-c", "safe.directory=*", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return [REPOSITORY / name for name in listed.stdout.split("\0") if name]


PROMISED = {"demo", "test", "bench", "lock", "lint", "schema", "clean"}


@pytest.mark.parametrize("target", sorted(PROMISED))
def test_make_knows_the_target(target: str) -> None:
    asked = subprocess.run([tool("make"), "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()


def test_make_alone_says_what_there_is() -> None:
    told = subprocess.run([tool("make")], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in told.splitlines()} >= PROMISED


def test_nothing_committed_names_a_machine() -> None:
    ours = Path(__file__).resolve()
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in committed()
        if path.is_file() and path.resolve() != ours and b"\0" not in (content := path.read_bytes())[:8000]
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert found == []


LINK = re.compile(r"\]\((?!\w+:)([^)#]+)(?:#[^)]*)?\)")


def test_every_link_of_the_documentation_leads_to_something_committed() -> None:
    files = committed()
    there = {path.resolve() for path in files} | {folder.resolve() for path in files for folder in path.parents}
    links = [(path, link) for path in files if path.suffix == ".md" for link in LINK.findall(path.read_text("utf-8"))]
    assert len(links) > 30
    missing = [f"{path.name}: {link}" for path, link in links if (path.parent / link).resolve() not in there]
    assert missing == []
