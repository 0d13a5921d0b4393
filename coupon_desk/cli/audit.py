"""`audit`: proves the trail, or hands it out."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import verification_document
from coupon_desk.cli.erasing import erase
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.clock import to_text
from coupon_desk.errors import ConfigurationError, ExitStatus, StorageError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.trail.entry import Entry

FORMATS: Final = ("csv", "jsonl", "xlsx")


@click.group(short_help="Prove the trail, or hand it out.")
def audit() -> None:
    """The trail of everything that was done: verify it, export it, erase what it says of a customer."""


audit.add_command(erase)


@audit.command()
@for_scripts
@click.pass_obj
def verify(call: Call) -> int:
    """Prove that every entry of the trail is what was written, in its place."""
    desk, _ = call.reader(Right.READ_TRAIL, "audit verify")
    found = desk.verify_trail()
    if found.bad is None:
        call.output.say(msg("The trail is intact: {count} entries.", count=found.checked), Colour.GOOD)
        call.output.say(msg("Head: {hash}", hash=found.head.hash))
    else:
        call.output.say(found.bad.message, Colour.BAD)
        call.output.say(msg("Keep the home as it is, and restore a backup beside it."))
    if call.output.as_json:
        call.output.document(verification_document(found))
    return ExitStatus.DONE if found.is_intact else ExitStatus.NEEDS_A_PERSON


@audit.command()
@click.option("--format", "form", type=click.Choice(FORMATS), help="What to write; else what the name of --out says, else csv.")
@click.option("--since", metavar="DATE", help="From this day (2026-11-23) or moment (2026-11-23T09:00+09:00) on.")
@click.option("--until", metavar="DATE", help="To the end of this day, or before this moment.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write into this file.")
@for_scripts
@click.pass_obj
def export(call: Call, form: str | None, since: str | None, until: str | None, out: Path | None) -> int:
    """Hand the trail out as CSV, JSON lines or a workbook; a day is a day on this computer's clock."""
    from coupon_desk.trail.export import ExportFormat, export_entries

    chosen = ExportFormat(form or _format_of(out))
    after, before = _first_moment(since), _last_moment(until)
    if chosen is ExportFormat.XLSX and out is None and not call.output.as_json and _stdout_is_terminal():
        raise ConfigurationError(
            msg("A workbook cannot be shown in a terminal."),
            done=msg("Nothing was done."),
            todo=msg("Name a file with --out FILE."),
        )
    desk, session = call.reader(Right.EXPORT, "audit export")
    body = {"format": chosen.value, "since": to_text(after) if after else None, "until": to_text(before) if before else None}
    desk.trail.record("trail_exported", body, actor=session.login if session else None)
    entries = desk.trail.between(after, before)
    if out is not None:
        with _written_whole(out) as file:
            count = export_entries(entries, chosen, file)
        call.output.say(msg("{count} entries were written to {file}.", count=count, file=str(out)))
        if call.output.as_json:
            call.output.document({"file": str(out), "format": chosen.value, "entries": count})
        return ExitStatus.DONE
    if call.output.as_json:
        return _as_document(call, entries)
    try:
        export_entries(entries, chosen, call.output.binary())
        call.output.binary().flush()
    except BrokenPipeError:
        call.output.close_stdout()
        return ExitStatus.FAILED
    return ExitStatus.DONE


def _as_document(call: Call, entries: Iterator[Entry]) -> int:
    """The entries as one JSON document, written as they are read."""

    call.output.has_document = True
    before = b'{"entries": ['
    for entry in entries:
        line = json.dumps({**entry.columns, "body": entry.body}, ensure_ascii=False)
        call.output.raw(before + b"\n  " + line.encode("utf-8", "replace"))
        before = b","
    call.output.raw((before if before != b"," else b"") + b"\n]}\n")
    return ExitStatus.FAILED if call.output.stdout_is_gone else ExitStatus.DONE


@contextmanager
def _written_whole(out: Path) -> Iterator[IO[bytes]]:
    """A file that appears only when it is complete; an older one of that name stays until then. Raises StorageError."""
    unfinished = None
    try:
        with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
            unfinished = Path(file.name)
            yield file
        unfinished.replace(out)
    except OSError as wrong:
        raise StorageError(
            msg("{file} could not be written.", file=str(out)),
            done=msg("The export was not finished; nothing else was changed."),
            todo=msg("Check the folder, its rights and the room on the disk, and try again."),
            detail=str(wrong),
        ) from wrong
    finally:
        if unfinished is not None:
            with suppress(OSError):
                os.unlink(unfinished)


def _format_of(out: Path | None) -> str:
    ending = out.suffix.lower().lstrip(".") if out is not None else ""
    return ending if ending in FORMATS else "csv"


def _first_moment(typed: str | None) -> datetime | None:
    if typed is None:
        return None
    parsed = _parsed(typed)
    return parsed if isinstance(parsed, datetime) else _midnight(parsed)


def _last_moment(typed: str | None) -> datetime | None:
    if typed is None:
        return None
    parsed = _parsed(typed)
    return parsed if isinstance(parsed, datetime) else _midnight(parsed + timedelta(days=1))


def _parsed(typed: str) -> date | datetime:
    """A day, or a moment; a moment without a zone is one of this computer's clock. Raises ConfigurationError."""
    with suppress(ValueError):
        return date.fromisoformat(typed)
    try:
        return datetime.fromisoformat(typed).astimezone()
    except ValueError:
        raise ConfigurationError(
            msg("“{typed}” is neither a day nor a moment.", typed=typed[:60]),
            done=msg("Nothing was done."),
            todo=_HOW_DATES_ARE_WRITTEN,
        ) from None


_HOW_DATES_ARE_WRITTEN: Final[Message] = msg("Write a day as 2026-11-23 or a moment as 2026-11-23T09:00+09:00.")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()


def _stdout_is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()
