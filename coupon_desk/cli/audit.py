"""`audit`: proves the trail, signs it, hands it out, sums it up."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cli.audit_documents import proof_document, question_document
from coupon_desk.cli.audit_out import export, summary
from coupon_desk.cli.call import Call
from coupon_desk.cli.erasing import erase
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.trail.proof import TrailProof

VERIFIER: Final = "verify_trail.py"


@click.group(short_help="Prove the trail, or hand it out.")
def audit() -> None:
    """The trail of everything that was done: verify it, sign it, export it, sum it up, erase what it says of a customer."""


@audit.command(short_help="Prove the trail.")
@click.option("--head", "heads", multiple=True, metavar="ENTRY:HASH", help="Compare what a receipt bears with the trail, too.")
@for_scripts
@click.pass_obj
def verify(call: Call, heads: tuple[str, ...]) -> int:
    """Prove that every entry is what was written, in its place, and that this is the trail that was signed last."""
    printed = [_printed(head) for head in heads]
    # Before the sign-in adds an entry to the end of what may have been cut off.
    glance = call.open().proofs.glance()
    desk, session = call.reader()
    found = desk.proofs.verify(session, glance)
    tell_proof(call, found)
    told = [(sequence, (desk.trail.hash_at(sequence) or "").startswith(begins)) for sequence, begins in printed]
    for sequence, fits in told:
        if fits:
            call.output.say(msg("Entry {sequence} is the one on the receipt.", sequence=sequence), Colour.GOOD)
        else:
            call.output.say(msg("Entry {sequence} is not the one on the receipt.", sequence=sequence), Colour.BAD)
    if call.output.as_json:
        receipts = [{"sequence": sequence, "fits": fits} for sequence, fits in told]
        call.output.document({**proof_document(found, call.output.language), "receipts": receipts})
    is_well = found.is_intact and not found.open_questions and all(fits for _, fits in told)
    return ExitStatus.DONE if is_well else ExitStatus.NEEDS_A_PERSON


@audit.command(short_help="Sign the trail now.")
@for_scripts
@click.pass_obj
def checkpoint(call: Call) -> int:
    """Sign the trail as it stands now."""
    desk, session = call.worker()
    made = desk.proofs.checkpoint(session)
    call.output.say(msg("Everything up to entry {sequence} is signed.", sequence=made.sequence - 1))
    call.output.say(msg("Head: {hash}", hash=made.hash))
    if call.output.as_json:
        call.output.document({"checkpoint": {"sequence": made.sequence, "hash": made.hash, **made.body}})
    return ExitStatus.DONE


@audit.command(short_help="Show this desk's public key.")
@for_scripts
@click.pass_obj
def key(call: Call) -> int:
    """Show this desk's public key, for auditors: they need it from you, and not from an export."""
    desk, session = call.reader()
    public = desk.proofs.key(session)
    call.output.say(msg("Public key: {key}", key=public.hex))
    call.output.say(msg("Fingerprint: {fingerprint}", fingerprint=public.fingerprint))
    if call.output.as_json:
        call.output.document({"desk": desk.trail.desk, "public_key": public.hex, "fingerprint": public.fingerprint})
    return ExitStatus.DONE


@audit.command(short_help="Explain what verifying asks about an entry.")
@click.argument("sequence", type=click.IntRange(1), metavar="ENTRY")
@click.option("--note", required=True, metavar="TEXT", help="How it came about: a new computer, a backup that was put back.")
@for_scripts
@click.pass_obj
def explain(call: Call, sequence: int, note: str) -> int:
    """Explain what “audit verify” asks about an entry; it stands in the trail with your name."""
    desk, session = call.worker()
    explained = desk.proofs.explain(sequence, note, session)
    call.output.say(msg("Entry {sequence} is explained.", sequence=sequence))
    if call.output.as_json:
        call.output.document({"question": question_document(explained, call.output.language)})
    return ExitStatus.DONE


@audit.command(short_help="Write out the auditor's own verifier.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it into this file.")
@click.pass_obj
def verifier(call: Call, out: Path | None) -> int:
    """Write out the program with which an auditor verifies an export without Coupon Desk: one small file, made to be read."""
    from coupon_desk.app.trail_export import written_whole

    text = files("coupon_desk").joinpath("resources", "verifier", VERIFIER).read_bytes()
    if out is None:
        call.output.raw(text)
        return ExitStatus.DONE
    with written_whole(out) as file:
        file.write(text)
    call.output.say(msg("The verifier is in {file}. Called with --help it says how it is used.", file=str(out)))
    return ExitStatus.DONE


audit.add_command(export)
audit.add_command(summary)
audit.add_command(erase)


def _printed(head: str) -> tuple[int, str]:
    """The entry and the beginning of its hash, as a receipt bears them. Raises ConfigurationError."""
    sequence, _, digest = head.partition(":")
    begins = "".join(digest.split()).lower()
    if not sequence.strip().isdecimal() or not re.fullmatch("[0-9a-f]{8,64}", begins):
        raise ConfigurationError(
            msg("“{typed}” is not what a receipt bears.", typed=head[:80]),
            done=msg("Nothing was done."),
            todo=msg("Type the number of the entry and at least the first group of its hash: --head 286:36863eda."),
        )
    return int(sequence), begins


def tell_proof(call: Call, found: TrailProof) -> None:
    """What was found, what was looked at and what could not be, and what somebody has to explain."""
    output, questions = call.output, found.open_questions
    colour = Colour.BAD if found.bad is not None else Colour.WARNING if questions else Colour.GOOD
    output.say(found.verdict, colour)
    if found.bad is not None:
        if found.since is not None:
            output.say(msg("The entries up to {sequence} are under a signature that holds.", sequence=found.since))
        output.say(msg("Keep the home as it is, and restore a backup beside it."))
    for sentence in found.sentences():
        output.say(sentence)
    for question in found.questions:
        if question.explanation is None:
            output.say(question.message, Colour.WARNING)
            if question.at is not None:
                todo = msg("Explain it with “coupon-desk audit explain {sequence} --note TEXT”.", sequence=question.sequence)
                output.say(todo)
        else:
            output.say(question.message)
            by, at, note = question.explanation.by, question.explanation.at, question.explanation.note
            output.say(msg("Explained by {by} at {at}: {note}", by=by, at=at, note=note))
    output.say(msg("Head: {hash}", hash=found.head.hash))
