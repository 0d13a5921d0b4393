"""`audit export` and `audit summary`: the trail on its way out of the program."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cli.audit_documents import summary_document
from coupon_desk.cli.call import Call
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.spans import first_moment, last_moment, span_options
from coupon_desk.cli.tables import Cell, Colour
from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.trail_export import ExportRequest
    from coupon_desk.people.operators import Session
    from coupon_desk.trail.entry import Entry
    from coupon_desk.trail.summary_words import SummaryWords

FORMATS: Final = ("csv", "jsonl", "xlsx")

MANY: Final = 10_000
"""An export of more entries tells how far it is."""


@click.command(short_help="Hand the trail out.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="What to write; else what the name of --out says, else csv.")
@span_options
@click.option("--clear", is_flag=True, help="With the texts that are sealed in the trail: notes, names, e-mails.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write into this file.")
@for_scripts
@click.pass_obj
def export(call: Call, form: str | None, since: str | None, until: str | None, clear: bool, out: Path | None) -> int:
    """Hand the trail out as CSV, JSON lines or a workbook; a day is a day on this computer's clock.

    Beside FILE stands FILE.manifest.json, signed by this desk: with it, JSON lines are verified by anybody (“audit verifier”).
    Personal texts stay sealed unless --clear is given; what was handed out clear can never be erased.
    """
    from coupon_desk.app.trail_export import ExportRequest
    from coupon_desk.trail.export import ExportFormat, export_entries

    chosen = ExportFormat(form or _format_of(out))
    after, before = first_moment(since), last_moment(until)
    if chosen is ExportFormat.XLSX and out is None and not call.output.as_json and sys.stdout.isatty():
        raise ConfigurationError(
            msg("A workbook cannot be shown in a terminal."),
            done=msg("Nothing was done."),
            todo=msg("Name a file with --out FILE."),
        )
    desk, session = call.reader()
    request = ExportRequest(chosen, after, before, session.login if session else None, clear)
    if out is not None:
        return _into_file(call, desk, session, request, out)
    desk.proofs.record_export(request, session)
    entries = request.shown(desk.trail.between(after, before))
    if call.output.as_json:
        return _as_document(call, entries)
    try:
        export_entries(entries, chosen, call.output.binary())
        call.output.binary().flush()
    except BrokenPipeError:
        call.output.close_stdout()
        return ExitStatus.FAILED
    return ExitStatus.DONE


@click.command(short_help="Sum the trail up for the owner.")
@span_options
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it as .pdf or .html.")
@for_scripts
@click.pass_obj
def summary(call: Call, since: str | None, until: str | None, out: Path | None) -> int:
    """Sum the trail up for the owner: returns by operator, reason and day, refusals, approvals, alarms, head and key."""
    from coupon_desk.trail.summary_page import summary_page
    from coupon_desk.trail.summary_words import words_of

    after, before = first_moment(since), last_moment(until)
    if out is not None and out.suffix.lower() not in {".pdf", ".html"}:
        raise ConfigurationError(
            msg("A summary is written as PDF or HTML."),
            done=msg("Nothing was done."),
            todo=msg("Name a file that ends with .pdf or .html."),
        )
    glance = call.open().proofs.glance()
    desk, session = call.reader()
    found = desk.proofs.proof(glance)
    summed = desk.proofs.summary(after, before, session)
    about, language = desk.proofs.about(found, session), call.output.language
    if out is not None:
        _write_page(call, summary_page(summed, about, language), out)
        call.output.say(msg("The summary is in {file}.", file=str(out)))
    if call.output.as_json:
        call.output.document(summary_document(summed, found, str(out) if out else None))
    elif out is None:
        _tell_summary(call, words_of(summed, about, language))
    return ExitStatus.DONE


def _into_file(call: Call, desk: CouponDesk, session: Session | None, request: ExportRequest, out: Path) -> int:
    """The export and its manifest as files, with progress for a large one."""
    from coupon_desk.trail.manifest import ENDING

    def progress(done: int, of: int) -> None:
        if of > MANY and done < of:
            call.output.progress(call.output.words(msg("{done} of {of} entries", done=done, of=of)))

    exported, is_signed = desk.proofs.export(request, session, out, progress)
    manifest = out.with_name(out.name + ENDING)
    call.output.say(msg("{count} entries were written to {file}.", count=exported.entries, file=str(out)))
    call.output.say(msg("The manifest is in {file}.", file=str(manifest)))
    if not is_signed:
        call.output.say(msg("It is not signed: this desk's key is out of reach."), Colour.WARNING)
    if call.output.as_json:
        call.output.document(
            {
                "file": str(out),
                "format": exported.form,
                "entries": exported.entries,
                "manifest": str(manifest),
                "signed": is_signed,
                "sha256": exported.sha256,
            }
        )
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


def _format_of(out: Path | None) -> str:
    ending = out.suffix.lower().lstrip(".") if out is not None else ""
    return ending if ending in FORMATS else "csv"


def _write_page(call: Call, html: str, out: Path) -> None:
    from coupon_desk.app.trail_export import written_whole
    from coupon_desk.receipts.layout import ReceiptWidth

    if out.suffix.lower() == ".html":
        with written_whole(out) as file:
            file.write(html.encode("utf-8"))
        return
    with tempfile.TemporaryDirectory(prefix="coupon-desk-") as folder:
        page = Path(folder) / "summary.pdf"
        call.window.write_pdf(html, ReceiptWidth.A4, call.output.language, page, out.stem)
        with written_whole(out) as file:
            file.write(page.read_bytes())


def _tell_summary(call: Call, words: SummaryWords) -> None:
    """The summary for a terminal: figures, tables, alarms, proof."""
    output = call.output
    output.line(words.title, Colour.BOLD)
    output.line(words.span)
    output.line()
    output.table(((figure.number, figure.label) for figure in words.figures), right=frozenset({0}))
    for table in words.tables:
        output.line()
        output.line(table.title, Colour.BOLD)
        if not table.lines:
            output.line(table.nothing)
            continue
        has_points = len(table.head) > 2
        heads = [tuple(Cell(head, Colour.FAINT) for head in table.head)]
        rows = [(line.label, line.count, line.points) if has_points else (line.label, line.count) for line in table.lines]
        output.table([*heads, *rows], right=frozenset({1, 2}))
    output.line()
    output.line(words.alarms_title, Colour.BOLD)
    for alarm in words.alarms or (words.no_alarms,):
        output.line(alarm)
    output.line()
    output.line(words.proof_title, Colour.BOLD)
    output.table((proof.label, proof.value) for proof in words.proofs)
    output.line(words.verdict, Colour.GOOD if words.is_well else Colour.BAD)
    for sentence in words.sentences:
        output.line(sentence)
