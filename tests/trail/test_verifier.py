"""The verifier that an auditor uses without our program: accepts an honest export, and nothing else."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coupon_desk.app import trail_export
from coupon_desk.app.trail_export import ExportRequest, write_export
from coupon_desk.clock import VirtualClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.checkpoints import Checkpoints, key_in, look
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.export import ExportFormat
from coupon_desk.trail.manifest import ENDING
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.signing import DeskKey
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import Head
from tests.trail.attacker import Row, Rows, chained, hashed, numbered, rows_of, with_foreign_key, write
from tests.trail.test_proof import Keyring

VERIFIER = Path(__file__).parents[2] / "coupon_desk" / "resources" / "verifier" / "verify_trail.py"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """What the verifier said, and its exit status."""

    status: int
    text: str


@dataclass(slots=True)
class Desk:
    """A trail that was worked on, its keyring, and the exports of it."""

    trail: Trail
    database: Database
    keyring: Keyring
    clock: VirtualClock
    folder: Path
    told: list[tuple[int, int]] = field(default_factory=list)

    @property
    def key(self) -> str:
        key = look(self.keyring).key
        assert key is not None
        return key.hex

    def export(
        self,
        name: str = "trail.jsonl",
        form: ExportFormat = ExportFormat.JSONL,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        is_signed: bool = True,
    ) -> Path:
        anchor = look(self.keyring).anchor
        out = self.folder / name
        write_export(
            self.trail,
            key_in(self.keyring) if is_signed else None,
            Head(anchor.sequence, anchor.hash) if anchor else None,
            self.clock,
            ExportRequest(form, since, until, "auditor"),
            out,
            lambda done, of: self.told.append((done, of)),
        )
        return out

    def verify(self, out: Path, *keys: str) -> Said:
        return verify(out, *(keys or (self.key,)))


def verify(*words: object) -> Said:
    """The verifier as a process of its own, without our package: it could not import it if it tried."""
    named = [word for key in words[1:] for word in ("--key", str(key))]
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(words[0]), *named], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.stderr == ""
    return Said(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Forty entries and more in two days, with three checkpoints."""
    folder = tmp_path_factory.mktemp("desk")
    clock, keyring = VirtualClock(NOW), Keyring()
    database = Database.open(folder / "desk.sqlite3")
    database.migrate()
    trail = Trail(database, Surroundings("銀座-1"), clock)
    trail.record("signed_in", {"note": '取り消し ü \\ " \u2028'}, actor="mika")
    checkpoints = Checkpoints(trail, keyring, clock)
    checkpoints.begin()
    for _ in range(2):
        for number in range(20):
            clock.advance(3600)
            trail.append(NewEntry("step.done", {"n": number}, actor="mika", operation="op-1", code="70934-AB12CD-500"))
        checkpoints.make()
    clock.advance(3600)
    trail.record("signed_out", {}, actor="mika")
    yield Desk(trail, database, keyring, clock, folder)
    database.close()


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    return Desk(made.trail, made.database, made.keyring, made.clock, tmp_path)


def test_the_whole_trail_is_accepted_by_key_and_by_fingerprint(desk: Desk) -> None:
    out = desk.export()
    public = look(desk.keyring).key
    assert public is not None

    by_key = desk.verify(out)
    by_fingerprint = desk.verify(out, public.fingerprint.upper())

    assert by_key == by_fingerprint
    assert by_key.status == 0, by_key.text
    assert "This is the whole trail, entries 1 to 46: none changed, missing, added or moved." in by_key.text
    assert "Checkpoints inside: 3" in by_key.text
    assert "Entries 45 to 46 come after the last checkpoint inside: the manifest alone signs them." in by_key.text
    assert by_key.text.endswith("ACCEPTED.\n")


def test_a_part_of_the_trail_is_accepted_as_a_part(desk: Desk) -> None:
    out = desk.export(since=NOW + timedelta(hours=15), until=NOW + timedelta(hours=30))
    said = desk.verify(out)
    assert said.status == 0, said.text
    assert "This is a part of the trail, entries 18 to 33" in said.text
    assert "Checkpoints inside: 1" in said.text
    nothing = desk.export("nothing.jsonl", until=NOW - timedelta(days=1))
    assert (desk.verify(nothing).status, "holds no entry" in desk.verify(nothing).text) == (0, True)


@pytest.mark.parametrize("form", [ExportFormat.CSV, ExportFormat.XLSX])
def test_tables_are_accepted_as_files(desk: Desk, form: ExportFormat) -> None:
    out = desk.export(f"trail.{form}", form)
    said = desk.verify(out)
    assert said.status == 0, said.text
    assert "ask for the export as JSON lines" in said.text
    out.write_bytes(out.read_bytes()[:-1] + b"?")
    assert desk.verify(out).status == 1


def test_how_far_an_export_is_can_be_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_export, "ENTRIES_BETWEEN_TELLING", 20)
    desk.export()
    assert desk.told == [(20, 46), (40, 46), (46, 46)]


def test_a_key_that_nobody_named_is_not_accepted(desk: Desk) -> None:
    said = desk.verify(desk.export(), DeskKey.made().public.hex)
    assert said.status == 1
    assert "which you did not name" in said.text


def test_an_export_without_signature_is_not_accepted(desk: Desk) -> None:
    said = desk.verify(desk.export(is_signed=False))
    assert (said.status, "not signed" in said.text) == (1, True)


@pytest.mark.parametrize("which", ["export", "manifest"])
def test_no_byte_can_be_changed(desk: Desk, which: str) -> None:
    """Each byte of the manifest and a sample of the export's, flipped in one bit of eight."""
    honest = desk.export()
    file = honest if which == "export" else honest.with_name(honest.name + ENDING)
    content, dice = file.read_bytes(), random.Random(20261123)
    places = range(len(content)) if which == "manifest" else sorted(dice.sample(range(len(content)), 400))
    accepted = []
    module = imported()
    for place in places:
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << dice.randrange(8)
        file.write_bytes(spoilt)
        if module(honest, desk.key) == 0:
            accepted.append(place)
    assert accepted == []
    file.write_bytes(content)
    assert module(honest, desk.key) == 0


def imported() -> Callable[[Path, str], int]:
    """The verifier in this process, for the hundreds of times that a process each would take minutes for."""
    import contextlib
    import importlib.util
    import io

    spec = importlib.util.spec_from_file_location("verify_trail", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(export: Path, key: str) -> int:
        told = io.StringIO()
        with contextlib.redirect_stdout(told), pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "argv", ["verify_trail.py", str(export), "--key", key])
            status = int(module.main())
        assert told.getvalue().endswith("ACCEPTED.\n") == (status == 0)
        return status

    return call


Lines = list[str]


def shifted(lines: Lines, place: int) -> Lines:
    """The entry before, once more, with the number of the next."""
    copy = json.loads(lines[place - 2]) | {"sequence": place}
    return [*lines[: place - 1], json.dumps(copy, separators=(",", ":")), *lines[place - 1 :]]


EDITS: dict[str, Callable[[Lines], Lines]] = {
    "deleted": lambda lines: [*lines[:9], *lines[10:]],
    "the first deleted": lambda lines: lines[1:],
    "the last deleted": lambda lines: lines[:-1],
    "half of a line deleted": lambda lines: [*lines[:9], lines[9][:200], *lines[10:]],
    "everything deleted": lambda _: [],
    "inserted": lambda lines: shifted(lines, 10),
    "reordered": lambda lines: [*lines[:9], lines[10], lines[9], *lines[11:]],
    "appended": lambda lines: shifted(lines, len(lines) + 1),
    "no JSON": lambda lines: [*lines[:9], "not a line", *lines[10:]],
    "another kind of line": lambda lines: [*lines[:9], "[1, 2]", *lines[10:]],
    "an opened text exchanged": lambda lines: [*lines[:9], lines[9].replace('"opened":null', '"opened":{"n":7}'), *lines[10:]],
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_a_file_that_was_edited_is_not_accepted(desk: Desk, edit: Callable[[Lines], Lines]) -> None:
    out = desk.export()
    lines = out.read_text(encoding="utf-8").split("\n")[:-1]

    out.write_text("".join(f"{line}\n" for line in edit(lines)), encoding="utf-8")

    said = desk.verify(out)
    assert said.status == 1
    assert said.text.splitlines()[-1].startswith("NOT ACCEPTED. ")
    assert "Traceback" not in said.text


def changed(rows: Rows) -> Rows:
    return [row.saying(actor="somebody") if row.sequence == 7 else row for row in rows]


def inserted(rows: Rows) -> Rows:
    own: Row = rows[7].saying(actor="somebody")
    return [*rows[:7], own, *rows[7:]]


def exchanged(rows: Rows) -> Rows:
    return [*rows[:6], rows[7], rows[6], *rows[8:]]


FOREIGN = DeskKey.made()

REWRITINGS: dict[str, Callable[[Rows], Rows]] = {
    "changed": changed,
    "changed, with its own hash": lambda rows: [hashed(row) if row.sequence == 7 else row for row in changed(rows)],
    "changed and chained anew": lambda rows: chained(changed(rows)),
    "changed, chained anew, checkpoints repaired": lambda rows: chained(changed(rows), repairs=True),
    "deleted and chained anew": lambda rows: chained([*rows[:6], *rows[7:]]),
    "inserted": lambda rows: numbered(inserted(rows)),
    "inserted and chained anew": lambda rows: chained(inserted(rows)),
    "reordered and chained anew": lambda rows: chained(exchanged(rows)),
    "signed by a foreign key": lambda rows: chained(changed(rows), signer=FOREIGN),
    "rewritten under a foreign key": lambda rows: with_foreign_key(changed(rows), FOREIGN),
    "every signature taken out": lambda rows: chained([row for row in changed(rows) if not row.action.startswith("trail.")]),
}


@pytest.mark.parametrize("how", REWRITINGS.values(), ids=REWRITINGS.keys())
def test_a_database_that_was_rewritten_before_our_own_program_exported_it_is_not_accepted(
    desk: Desk, tmp_path: Path, how: Callable[[Rows], Rows]
) -> None:
    """The worst case: the desk's own key signs the manifest of a rewritten trail, and the keyring's anchor is in it."""
    file = tmp_path / "desk.sqlite3"
    with sqlite_copy(desk, file):
        write(file, how(rows_of(file)))
    database = Database.open(file)
    rewritten = Desk(Trail(database, Surroundings("銀座-1"), desk.clock), database, desk.keyring, desk.clock, tmp_path)
    try:
        out = rewritten.export()
    finally:
        database.close()

    said = desk.verify(out)

    assert said.status == 1, said.text


def test_a_whole_trail_under_a_foreign_key_is_not_accepted(desk: Desk, tmp_path: Path) -> None:
    """The attacker has no desk: trail, checkpoints and manifest are all signed by a key of their own."""
    file = tmp_path / "desk.sqlite3"
    with sqlite_copy(desk, file):
        write(file, with_foreign_key(changed(rows_of(file)), FOREIGN))
    keyring = Keyring()
    keyring.keep_key(FOREIGN.to_keep())
    database = Database.open(file)
    attacker = Desk(Trail(database, Surroundings("銀座-1"), desk.clock), database, keyring, desk.clock, tmp_path)
    try:
        out = attacker.export()
    finally:
        database.close()

    assert desk.verify(out).status == 1
    assert desk.verify(out, FOREIGN.public.hex).status == 0


def test_the_manifest_of_another_export_is_not_accepted(desk: Desk) -> None:
    whole, part = desk.export(), desk.export("part.jsonl", since=NOW + timedelta(hours=15))
    shutil.copy(whole.with_name(whole.name + ENDING), part.with_name(part.name + ENDING))
    said = desk.verify(part)
    assert said.status == 1
    assert "NOT ACCEPTED" in said.text


def test_what_is_missing_is_said_in_a_sentence(desk: Desk, tmp_path: Path) -> None:
    assert desk.verify(tmp_path / "nowhere.jsonl").status == 1
    out = desk.export()
    out.with_name(out.name + ENDING).write_text("[]\n", encoding="utf-8")
    said = desk.verify(out)
    assert (said.status, "no manifest" in said.text) == (1, True)


def test_another_key_since_a_new_computer_has_to_be_named_and_asked_about(made: Desk, tmp_path: Path) -> None:
    file = tmp_path / "desk.sqlite3"
    with sqlite_copy(made, file):
        pass
    database, keyring = Database.open(file), Keyring()
    trail = Trail(database, Surroundings("銀座-1"), made.clock)
    Checkpoints(trail, keyring, made.clock).begin()
    moved = Desk(trail, database, keyring, made.clock, tmp_path)
    try:
        out = moved.export()
    finally:
        database.close()

    new_alone, both = moved.verify(out), moved.verify(out, moved.key, made.key)

    assert (new_alone.status, "which you did not name" in new_alone.text) == (1, True)
    assert both.status == 0, both.text
    assert "From entry 47 on another key signs. Ask why" in both.text


def test_the_verifier_needs_nothing_of_ours() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    roots = {name.split(".")[0] for name in imported}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}
    assert len(VERIFIER.read_text(encoding="utf-8").splitlines()) < 260


class sqlite_copy:  # noqa: N801 - reads as a verb
    """A copy of a desk's database, complete without its journal."""

    def __init__(self, desk: Desk, file: Path) -> None:
        self.desk, self.file = desk, file

    def __enter__(self) -> None:
        import sqlite3

        source, target = sqlite3.connect(self.desk.database.engine.url.database or ""), sqlite3.connect(self.file)
        source.backup(target)
        source.close()
        target.close()

    def __exit__(self, *_: object) -> None:
        return None
