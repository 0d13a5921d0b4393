"""Hands the trail out as a file with a signed manifest beside it. Both appear only when they are complete."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from coupon_desk import VERSION
from coupon_desk.clock import Clock, to_text
from coupon_desk.errors import StorageError
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.export import ExportFormat, export_entries
from coupon_desk.trail.manifest import ENDING, Exported, manifest_text
from coupon_desk.trail.signing import DeskKey
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import Head
from coupon_desk.words import msg

Progress = Callable[[int, int], None]
"""Hears how many entries are written, and how many there are."""

ENTRIES_BETWEEN_TELLING = 5000


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is handed out: the entries of a time span (`since` inside, `until` outside), as what, by whom.

    `clear`: with the texts that are sealed in the trail. What was handed out so can never be erased.
    """

    form: ExportFormat
    since: datetime | None
    until: datetime | None
    by: str | None
    clear: bool = False

    def shown(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they are handed out."""
        return (entry if self.clear else entry.closed for entry in entries)

    @property
    def filters(self) -> dict[str, str | None]:
        """The time span, as it stands in the trail and in the manifest."""
        return {
            "since": to_text(self.since) if self.since else None,
            "until": to_text(self.until) if self.until else None,
        }


def write_export(
    trail: Trail, key: DeskKey | None, anchor: Head | None, clock: Clock, request: ExportRequest, out: Path, progress: Progress
) -> Exported:
    """Write the file and its manifest. Raises StorageError; then the old files of these names, if any, are as they were."""
    head = trail.head()
    places = trail.places_between(request.since, request.until, head.sequence)
    passed = _Passed(places[1] - places[0] + 1 if places else 0, progress)
    with written_whole(out) as file:
        entries = trail.in_places(*places) if places else ()
        export_entries(request.shown(passed.entries(entries)), request.form, file)
    digest, length = _digest(out)
    exported = Exported(
        file=out.name,
        form=request.form.value,
        entries=passed.count,
        first=passed.first,
        last=passed.last,
        head=head,
        anchor=anchor,
        length=length,
        sha256=digest,
        filters=request.filters,
        by=request.by,
        at=to_text(clock.now()),
        app=VERSION,
        desk=trail.desk,
    )
    with written_whole(out.with_name(out.name + ENDING)) as file:
        file.write(manifest_text(exported, key).encode("utf-8"))
    return exported


@contextmanager
def written_whole(out: Path) -> Iterator[IO[bytes]]:
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


class _Passed:
    """Counts the entries that pass, and remembers the first and the last."""

    def __init__(self, expected: int, progress: Progress) -> None:
        self._expected = expected
        self._progress = progress
        self.count = 0
        self.first: Head | None = None
        self.last: Head | None = None

    def entries(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same entries."""
        for entry in entries:
            if self.first is None:
                self.first = Head(entry.sequence, entry.previous)
            self.count += 1
            self.last = Head(entry.sequence, entry.hash)
            if self.count % ENTRIES_BETWEEN_TELLING == 0:
                self._progress(self.count, self._expected)
            yield entry
        self._progress(self.count, self._expected)


def _digest(file: Path) -> tuple[str, int]:
    """SHA-256 and length of a file that was just written. Raises StorageError."""
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return digest, file.stat().st_size
    except OSError as wrong:
        raise StorageError(msg("{file} could not be read again.", file=str(file)), detail=str(wrong)) from wrong
