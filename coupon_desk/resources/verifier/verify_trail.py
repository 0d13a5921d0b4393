#!/usr/bin/env python3
"""Verify an export of Coupon Desk's trail without Coupon Desk: standard library and `cryptography`, nothing else.

    python verify_trail.py trail.jsonl --key KEY [--key OLDER_KEY] [--manifest FILE]

KEY is the desk's public key (64 hex digits) or its fingerprint (40). Get it from the shop's owner by another way than this
export: `coupon-desk audit key` prints it, and it stands on the owner's summary. Whoever hands you the export must not be the
only one who tells you the key.

Exit status: 0 accepted, 1 not accepted, 2 wrongly called. What is verified, in this order:

1. the manifest (FILE.manifest.json) is byte for byte in its one form, and signed by a key that you named;
2. for JSON lines: each entry's hash is that of its text, its place and the hash before it; none is missing, added or moved;
   first, last and number of entries are those of the manifest, and an export of the whole trail begins at its beginning;
3. each checkpoint inside signs the entry right before it, by a key that you named. A trail that was rewritten and hashed anew
   before it was exported fails here;
4. the export is byte for byte the file that the manifest describes (length and SHA-256).

A CSV or a workbook holds no entry in the form that was hashed: for those only 1 and 4 can be verified.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KIND = "Coupon Desk trail export"
GENESIS = "0" * 64
HASH = re.compile("[0-9a-f]{64}")
SIGNATURE = re.compile("[0-9a-f]{128}")
SIGNED_BY_CHECKPOINT = ("at", "desk", "hash", "public_key", "sequence")
SIGNED_BY_KEY = ("at", "desk", "public_key", "replaces")
TO_BE_ASKED = {
    "trail.key": "From entry {n} on another key signs. Ask why: a new computer, a restored home, a lost keyring?",
    "trail.database_restored": "At entry {n} the desk found its database put back to an earlier state. Ask why.",
    "trail.database_replaced": "At entry {n} the desk found another database in place of its own. Ask why.",
}


class NotAccepted(Exception):
    """One sentence that says what is wrong."""


def main() -> int:
    """Verify what the command line names, and say what was found."""
    parser = argparse.ArgumentParser(description="Verify an export of Coupon Desk's trail without Coupon Desk.")
    parser.add_argument("export", type=Path, help="the exported file")
    parser.add_argument(
        "--key", action="append", required=True, type=named_key, help="public key or fingerprint; again for each"
    )
    parser.add_argument("--manifest", type=Path, help="else the export's name with .manifest.json at its end")
    asked = parser.parse_args()
    manifest = asked.manifest or asked.export.with_name(asked.export.name + ".manifest.json")
    try:
        for sentence in verified(asked.export, manifest, asked.key):
            say(sentence)
    except (NotAccepted, OSError) as wrong:
        say(f"NOT ACCEPTED. {wrong}")
        return 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        say(f"NOT ACCEPTED. Something is not in the form of an export ({type(wrong).__name__}: {wrong}).")
        return 1
    say("ACCEPTED.")
    return 0


def verified(export: Path, manifest_file: Path, keys: list[str]) -> Iterator[str]:
    """Sentences on what was verified. Raises NotAccepted at the first thing that is wrong."""
    manifest = read_manifest(manifest_file.read_bytes(), keys)
    yield (
        f"The manifest is signed by {manifest['public_key']}: {manifest['entries']} entries, "
        f"exported on desk {manifest['desk']} at {manifest['exported_at']} by {manifest['exported_by']}."
    )
    if manifest["format"] == "jsonl":
        # First what is inside, so that the first bad entry is named and not only the file.
        chain = Chain(keys, manifest["anchor"])
        for line in lines_of(export):
            chain.add(*line)
        yield from chain.compared_with(manifest)
    verify_file(export, manifest)
    yield "The file is byte for byte the one that the manifest describes."
    if manifest["format"] != "jsonl":
        yield "Its entries cannot be verified one by one: ask for the export as JSON lines."


def read_manifest(text: bytes, keys: list[str]) -> dict[str, Any]:
    """The manifest, if it is signed by a key that was named."""
    try:
        manifest = json.loads(text.decode("utf-8"))
    except ValueError:
        raise NotAccepted("The manifest is not readable.") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND or manifest.get("version") != 1:
        raise NotAccepted("This is no manifest of a trail export that this verifier knows.")
    if (json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode() != text:
        raise NotAccepted("The manifest was changed: it is not in its one form.")
    if manifest.get("signature") is None:
        raise NotAccepted("The manifest is not signed: the desk had no key when this was exported.")
    if manifest["anchor"] and manifest["head"]["sequence"] < manifest["anchor"]["sequence"]:
        ends, signed = manifest["head"]["sequence"], manifest["anchor"]["sequence"]
        raise NotAccepted(f"The trail ended with entry {ends}, and the desk had signed entry {signed}: its end is missing.")
    statement = {name: value for name, value in manifest.items() if name != "signature"}
    verify_signature(statement, manifest["signature"], keys, "The manifest")
    return manifest


class Chain:
    """The entries of an export, verified one after the other."""

    def __init__(self, keys: list[str], anchor: dict[str, Any] | None) -> None:
        self.keys = keys
        self.anchor = anchor  # the checkpoint that the desk's keyring knew when it exported
        self.count = 0
        self.first = (0, GENESIS)  # place of the first entry, and the hash before it
        self.head = (0, GENESIS)  # place and hash of the last entry
        self.checkpoints = 0
        self.signed_until = 0
        self.to_be_asked: list[str] = []

    def add(self, here: int, version: int, previous: str, said: str, text: str) -> None:
        """Verify that this entry is what was written, and follows the one before."""
        sequence, digest = self.head
        if self.count == 0:
            self.first = (here, previous)
        elif here != sequence + 1:
            raise NotAccepted(f"Entry {sequence + 1} is missing or moved: entry {here} follows entry {sequence}.")
        elif previous != digest:
            raise NotAccepted(f"Entry {here} is not chained to the one before: something was put in, taken out or rewritten.")
        if said != hash_of(here, version, previous, text):
            raise NotAccepted(f"Entry {here} was changed: its hash is not that of its text.")
        if self.anchor and here == self.anchor["sequence"] and said != self.anchor["hash"]:
            raise NotAccepted(f"Entry {here} is not the checkpoint that the desk had signed there: the trail was rewritten.")
        entry = json.loads(text)
        if entry["action"] == "trail.checkpoint":
            self.add_checkpoint(entry["body"], here, previous)
        elif entry["action"] == "trail.key":
            statement = {name: entry["body"][name] for name in SIGNED_BY_KEY}
            verify_signature(statement, entry["body"]["signature"], self.keys, f"The key at entry {here}")
        if entry["action"] in TO_BE_ASKED and (entry["action"] != "trail.key" or entry["body"]["replaces"] is not None):
            self.to_be_asked.append(TO_BE_ASKED[entry["action"]].format(n=here))
        self.count, self.head = self.count + 1, (here, said)

    def add_checkpoint(self, body: dict[str, Any], here: int, previous: str) -> None:
        """A checkpoint signs the entry right before it."""
        statement = {name: body[name] for name in SIGNED_BY_CHECKPOINT}
        verify_signature(statement, body["signature"], self.keys, f"The checkpoint at entry {here}")
        if (body["sequence"], body["hash"]) != (here - 1, previous):
            raise NotAccepted(f"The checkpoint at entry {here} signs another trail: something before it was rewritten.")
        self.checkpoints, self.signed_until = self.checkpoints + 1, here - 1

    def compared_with(self, manifest: dict[str, Any]) -> Iterator[str]:
        """What the entries are, where that is what the manifest says."""
        begins, ends = self.first[0], self.head[0]
        if self.count != manifest["entries"]:
            raise NotAccepted(f"The export holds {self.count} entries, the manifest says {manifest['entries']}.")
        if self.count == 0:
            yield "The export holds no entry."
            return
        if self.first != (manifest["first"]["sequence"], manifest["first"]["previous"]):
            raise NotAccepted(f"The export begins with entry {begins}, which is not what the manifest says.")
        if self.head != (manifest["last"]["sequence"], manifest["last"]["hash"]):
            raise NotAccepted(f"The export ends with entry {ends}, which is not what the manifest says.")
        is_whole = manifest["filters"] == {"since": None, "until": None}
        head = (manifest["head"]["sequence"], manifest["head"]["hash"])
        if is_whole and (self.first != (1, GENESIS) or self.head != head):
            raise NotAccepted("The manifest says that this is the whole trail, and it is not.")
        what = "This is the whole trail, entries" if is_whole else "This is a part of the trail, entries"
        yield f"{what} {begins} to {ends}: none changed, missing, added or moved."
        if self.checkpoints:
            yield f"Checkpoints inside: {self.checkpoints}, signed by a key that you named, up to entry {self.signed_until}."
        if self.signed_until < ends:
            alone = max(self.signed_until + 1, begins)
            yield f"Entries {alone} to {ends} come after the last checkpoint inside: the manifest alone signs them."
        yield from self.to_be_asked


def lines_of(export: Path) -> Iterator[tuple[int, int, str, str, str]]:
    """Of each line: place, version, hash of the entry before, hash, and the entry's exact text."""
    with export.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = json.loads(raw.decode("utf-8"))
                told = (line["sequence"], line["version"], line["previous"], line["hash"], line["entry"])
            except (ValueError, KeyError, TypeError):
                raise NotAccepted(f"Line {number} is not an entry in the form of an export.") from None
            kinds = tuple(type(one) for one in told)
            if kinds != (int, int, str, str, str) or told[1] not in (1, 2) or not HASH.fullmatch(told[2]):
                raise NotAccepted(f"Line {number} is not an entry in the form of an export.")
            yield told


def hash_of(sequence: int, version: int, previous: str, text: str) -> str:
    """The hash of an entry. Version 1 holds its place and the hash before it in its own text."""
    if version == 1:
        entry = json.loads(text)
        if (entry["sequence"], entry["previous"]) != (sequence, previous):
            raise NotAccepted(f"Entry {sequence} was moved here from another place.")
        return hashlib.sha256(text.encode()).hexdigest()
    return hashlib.sha256(b'["%b",%d,%b]' % (previous.encode(), sequence, text.encode())).hexdigest()


def verify_signature(statement: dict[str, Any], signature: object, keys: list[str], what: str) -> None:
    """The signature is that of the key in the statement, and that key was named."""
    key = str(statement["public_key"])
    if not HASH.fullmatch(key) or not SIGNATURE.fullmatch(str(signature)):
        raise NotAccepted(f"{what} is not signed in a form that this verifier knows.")
    if key not in keys and hashlib.sha256(bytes.fromhex(key)).hexdigest()[:40] not in keys:
        raise NotAccepted(f"{what} is signed by the key {key}, which you did not name. Name it only if you know whose it is.")
    # Canonical JSON (RFC 8785): for texts, whole numbers and null this is what json.dumps writes.
    canonical = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(str(signature)), canonical)
    except InvalidSignature:
        raise NotAccepted(f"{what} has a false signature: it was changed after it was signed.") from None


def verify_file(export: Path, manifest: dict[str, Any]) -> None:
    """The file is the one that the manifest describes."""
    digest, length = hashlib.sha256(), 0
    with export.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            length += len(chunk)
    if length != manifest["bytes"] or digest.hexdigest() != manifest["sha256"]:
        raise NotAccepted("The file is not the one that the manifest describes: one of the two was changed or exchanged.")


def named_key(typed: str) -> str:
    """A public key or a fingerprint as it was typed: groups and capitals do no harm."""
    key = re.sub(r"[\s:-]", "", typed).lower()
    if not re.fullmatch("[0-9a-f]{64}|[0-9a-f]{40}", key):
        raise argparse.ArgumentTypeError("a key has 64 hex digits, a fingerprint 40")
    return key


def say(sentence: str) -> None:
    """Tell it to whoever reads standard output."""
    sys.stdout.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
