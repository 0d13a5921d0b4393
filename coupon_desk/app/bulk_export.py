"""What became of every line of a bulk cancellation, as a file: a table for spreadsheets, or one document for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from coupon_desk.cancellation.bulk_job import BulkJob, BulkRow, RowState
from coupon_desk.clock import to_text
from coupon_desk.trail.export import harmless
from coupon_desk.words import Language, Message, say

COLUMNS: Final = (
    *("line", "typed", "code", "state", "why", "rule", "points_returned", "balance_after"),
    *("reason", "note", "operation", "reference", "updated_at"),
)
"""The keys of a line, in their order; they are added to, never renamed."""


class BulkExport(StrEnum):
    """What the lines can be written as."""

    CSV = "csv"
    JSON = "json"


def written(job: BulkJob, rows: Iterable[BulkRow], form: BulkExport, language: Language) -> bytes:
    """The file. CSV is RFC 4180 in UTF-8 with a byte order mark, and nothing in it is taken for a formula."""
    if form is BulkExport.JSON:
        document = {"bulk": job_document(job, language), "rows": [row_document(job, row, language) for row in rows]}
        return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        told = row_document(job, row, language)
        writer.writerow([_cell(told[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig", "replace")


def job_document(job: BulkJob, language: Language) -> dict[str, Any]:
    """The whole, as scripts read it."""
    return {
        "id": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "reason": job.reason.value,
        "note": job.note,
        "operator": job.operator,
        "opened_at": to_text(job.opened_at),
        "updated_at": to_text(job.updated_at),
        "ended_at": to_text(job.ended_at) if job.ended_at else None,
        "total": job.total,
        "counts": {state.value: job.counts[state] for state in RowState},
        "points_asked": job.points_asked,
        "points_returned": job.points_returned,
        "waits_for": _said(job.waits_for, language),
        "retry_at": to_text(job.retry_at) if job.retry_at else None,
        "paused_because": _said(job.paused_because, language),
        "exit_status": int(job.exit_status),
    }


def row_document(job: BulkJob, row: BulkRow, language: Language) -> dict[str, Any]:
    """One line, as scripts read it; `reason` and `note` are those that hold for it."""
    return {
        "line": row.line,
        "typed": row.typed,
        "code": row.code.text if row.code else None,
        "state": row.state.value,
        "why": [say(why, language) for why in row.why],
        "rule": row.rule,
        "points_returned": row.points_returned,
        "balance_after": row.balance_after,
        "reason": (row.reason or job.reason).value,
        "note": job.note if row.note is None else row.note,
        "operation": row.operation,
        "reference": row.code.reference if row.code else None,
        "updated_at": to_text(row.updated_at) if row.updated_at else None,
    }


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(value)
    return harmless(value) if isinstance(value, str) else value


def _said(message: Message | None, language: Language) -> str | None:
    return say(message, language) if message is not None else None
