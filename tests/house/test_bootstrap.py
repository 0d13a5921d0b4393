"""The set-up of a machine, with a system of stand-ins: what it asks for, what it installs, and that it does it once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# What the script may use of a bare system; nothing else is on its PATH.
SYSTEM_TOOLS = ("sh", "cat", "cut", "dirname", "basename", "sed", "tr", "sha256sum", "rm", "env", "mkdir", "chmod", "cp")
DEBIAN_12 = {"libglib2.0-0", "libcups2", "libegl1", "xvfb", "python3.11-venv"}
DEBIAN_13 = {"libglib2.0-0t64", "libcups2t64", "libegl1", "xvfb", "python3.13-venv"}

# A Python that says what it is asked to do, and makes environments by copying itself once its venv package is there.
PYTHON = """#!/bin/sh
root={root}
case "$*" in
    -V) echo "Python 3.11.2" ;;
    *"import ensurepip"*) [ -f "$root/installed/python3.11-venv" ] || [ -f "$root/installed/python3.13-venv" ] ;;
    *version_info\\[:2\\]\\)*) echo 3.11 ;;
    "-m venv "*) echo "python $*" >>"$root/log"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    -c*) exit 0 ;;
    *) echo "python $*" >>"$root/log" ;;
esac
"""
TOOLS = {
    "id": "#!/bin/sh\necho {user}\n",
    "dpkg-query": "#!/bin/sh\nfor name; do :; done\n[ -f {root}/installed/$name ] && printf installed\n",
    "apt-cache": "#!/bin/sh\nfor name; do :; done\n[ -f {root}/known/$name ]\n",
    "apt-get": """#!/bin/sh
echo "apt-get $*" >>{root}/log
case "$*" in *update*) exit 0 ;; esac
found=no
for name; do
    if [ $found = yes ]; then : >{root}/installed/$name; fi
    if [ "$name" = --no-install-recommends ]; then found=yes; fi
done
""",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder that plays a machine with a fresh clone on it."""

    root: Path

    def bootstrap(self, purpose: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.root / "clone" / "packaging" / "bootstrap.sh"), purpose],
            env={"PATH": str(self.root / "bin"), "HOME": str(self.root), "PYTHON": "python3"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def done(self) -> list[str]:
        log = self.root / "log"
        return log.read_text().splitlines() if log.exists() else []

    def forget(self) -> None:
        (self.root / "log").unlink()

    def installed(self) -> set[str]:
        return {path.name for path in (self.root / "installed").iterdir()}


def machine(root: Path, *, known: Iterable[str] = (), user: int = 0, debian: bool = True) -> Machine:
    for folder in ("bin", "known", "installed", "clone/packaging"):
        (root / folder).mkdir(parents=True)
    for name in ("packaging/bootstrap.sh", "packaging/lock.txt", "packaging/lock-dev.txt", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root / "clone" / name)
    for name in SYSTEM_TOOLS:
        found = shutil.which(name)
        assert found is not None
        (root / "bin" / name).symlink_to(found)
    for name in known:
        (root / "known" / name).touch()
    for name, text in {**(TOOLS if debian else {"id": TOOLS["id"]}), "python3": PYTHON}.items():
        (root / "bin" / name).write_text(text.replace("{root}", str(root)).replace("{user}", str(user)))
        (root / "bin" / name).chmod(0o755)
    return Machine(root)


def installs(lines: list[str], lock: str) -> bool:
    return any("pip install" in line and "--require-hashes" in line and line.endswith(f"-r packaging/{lock}") for line in lines)


@pytest.mark.parametrize(("known", "expected"), [(DEBIAN_12, "libglib2.0-0"), (DEBIAN_13, "libglib2.0-0t64")])
def test_a_bare_debian_gets_the_libraries_by_the_names_it_knows(tmp_path: Path, known: set[str], expected: str) -> None:
    bare = machine(tmp_path, known={*known, "python3.11-venv"})
    done = bare.bootstrap("demo")
    assert done.returncode == 0, done.stderr
    assert expected in bare.installed()
    assert len(bare.installed() & {"libglib2.0-0", "libglib2.0-0t64"}) == 1
    assert {"fonts-noto-cjk", "libxcb-cursor0", "python3.11-venv"} <= bare.installed()
    assert "xvfb" not in bare.installed()
    assert installs(bare.done(), "lock.txt")
    assert any("--no-deps --no-build-isolation --editable ." in line for line in bare.done())


def test_the_tests_get_their_surroundings_and_their_own_lock(tmp_path: Path) -> None:
    bare = machine(tmp_path, known=DEBIAN_12)
    assert bare.bootstrap("test").returncode == 0
    assert {"dbus", "gnome-keyring", "openbox", "poppler-utils", "postgresql", "xdotool", "xvfb"} <= bare.installed()
    assert installs(bare.done(), "lock-dev.txt")


def test_a_second_time_nothing_is_touched(tmp_path: Path) -> None:
    ready = machine(tmp_path, known=DEBIAN_12)
    ready.bootstrap("demo")
    ready.forget()
    assert ready.bootstrap("demo").returncode == 0
    assert ready.done() == []


def test_what_is_made_for_the_tests_serves_the_demo_but_not_the_other_way_round(tmp_path: Path) -> None:
    ready = machine(tmp_path, known=DEBIAN_12)
    ready.bootstrap("demo")
    ready.forget()
    ready.bootstrap("test")
    assert installs(ready.done(), "lock-dev.txt")
    assert not any("-m venv" in line for line in ready.done())
    ready.forget()
    ready.bootstrap("demo")
    assert ready.done() == []


def test_a_changed_lock_is_installed_again(tmp_path: Path) -> None:
    ready = machine(tmp_path, known=DEBIAN_12)
    ready.bootstrap("demo")
    ready.forget()
    with (tmp_path / "clone" / "packaging" / "lock.txt").open("a") as lock:
        lock.write("# another\n")
    ready.bootstrap("demo")
    assert installs(ready.done(), "lock.txt")


def test_a_system_that_is_not_debian_is_told_what_it_needs_and_goes_on(tmp_path: Path) -> None:
    other = machine(tmp_path, debian=False)
    (tmp_path / "installed" / "python3.11-venv").touch()
    done = other.bootstrap("demo")
    assert done.returncode == 0, done.stderr
    assert "libxcb-cursor0" in done.stderr
    assert installs(other.done(), "lock.txt")


def test_who_is_not_root_is_told_the_command_and_goes_on(tmp_path: Path) -> None:
    plain = machine(tmp_path, known=DEBIAN_12, user=1000)
    (tmp_path / "installed" / "python3.11-venv").touch()
    done = plain.bootstrap("demo")
    assert done.returncode == 0, done.stderr
    assert "apt-get install --no-install-recommends libglib2.0-0 " in done.stderr
    assert plain.installed() == {"python3.11-venv"}


def test_without_a_suitable_python_it_says_which_one_it_wants(tmp_path: Path) -> None:
    bare = machine(tmp_path, known=DEBIAN_12)
    (tmp_path / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")
    done = bare.bootstrap("demo")
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr


@pytest.mark.parametrize(
    "script", sorted([*REPOSITORY.glob("packaging/*.sh"), REPOSITORY / ".ci" / "run"]), ids=lambda p: p.name
)
def test_each_script_is_one_that_a_shell_can_read(script: Path) -> None:
    shell = "bash" if script.read_text().startswith("#!/usr/bin/env bash") else "sh"
    read = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    assert script.stat().st_mode & 0o100
