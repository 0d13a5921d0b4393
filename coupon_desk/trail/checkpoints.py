"""Signs the trail of a home that is worked in: knows its key, makes checkpoints, keeps the anchor, and notices a database that
is not the one that was signed last.

Where no key can be had the trail goes on unsigned: a warning in the log, and `verify` says so. No work waits for it.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.errors import DeskError
from coupon_desk.trail.anchor import Anchor, Comparison, Damaged, Standing, compare, pack
from coupon_desk.trail.checkpoint import CHECKPOINT, KEY, checkpoint_body, key_body
from coupon_desk.trail.entry import Entry, NewEntry
from coupon_desk.trail.pen import Pen
from coupon_desk.trail.proof import Kept
from coupon_desk.trail.questions import REPLACED, RESTORED
from coupon_desk.trail.signing import DeskKey, KeyStore
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import Head
from coupon_desk.words import msg

_log = logging.getLogger(__name__)

ENTRIES_BETWEEN: Final = 1000
"""After so many entries the next checkpoint is made."""


class Unsigned(DeskError):
    """The trail cannot be signed now; it goes on without."""


class Checkpoints:
    """Signs one trail. Safe to use from any thread; the home must be held, so that one program signs at a time."""

    def __init__(self, trail: Trail, store: KeyStore, clock: Clock) -> None:
        self._trail = trail
        self._store = store
        self._clock = clock
        self._signing = threading.Lock()
        self._key: DeskKey | None = None
        self._anchor: Anchor | None = None
        self._last = 0
        self._why_not: DeskError | None = None

    @property
    def public_key(self) -> str | None:
        """The key that signs, in hex; None where none does, or not yet."""
        key = self._key
        return key.public.hex if key is not None else None

    def begin(self) -> None:
        """Take the key, made at the first need, and compare the database with the anchor. Raises StorageError and nothing else.

        What is not as it was signed last stands in the trail from here on, and is signed at once.
        """
        with self._signing:
            try:
                kept, anchored = self._store.key(), self._store.anchor()
                self._key = _key_of(kept) or self._new_key()
            except DeskError as away:
                self._go_on_without(away)
                return
            self._anchor = _anchor_of(anchored)
            key, head = self._key, self._trail.head()
            found = compare(self._anchor, head.sequence, self._trail.hash_at) if self._anchor else None
            last_key = self._trail.newest(KEY)
            signs_now = last_key.body["public_key"] if last_key else None
            is_new = signs_now != key.public.hex
            is_strange = found is not None and found.standing is not Standing.AGREES
            newest = self._trail.newest(CHECKPOINT)
            self._last = newest.sequence if newest is not None else 0
            if is_new or is_strange:
                with self._trail.writing() as pen:
                    if self._anchor is not None and found is not None and is_strange:
                        pen.append(_strange(self._anchor, found, head))
                    if is_new:
                        pen.append(NewEntry(KEY, key_body(key, self._trail.desk, self._clock.now(), signs_now)))
                    signed = self._sign(pen, key)
                if is_strange:
                    self._anchor = None
                self._keep(signed, key)

    def keep_up(self) -> None:
        """Make the next checkpoint where its time has come. Raises nothing: what was done stands."""
        with self._signing:
            if self._key is None:
                return
            try:
                if self._trail.head().sequence - self._last >= ENTRIES_BETWEEN:
                    self._make(self._key)
            except DeskError as wrong:
                _log.warning("no checkpoint was made: %s", wrong, extra={"detail": wrong.detail})

    def finish(self) -> None:
        """Sign what came since the last checkpoint. Raises nothing."""
        with self._signing:
            if self._key is None:
                return
            try:
                if self._trail.head().sequence > self._last:
                    self._make(self._key)
            except DeskError as wrong:
                _log.warning("no checkpoint was made: %s", wrong, extra={"detail": wrong.detail})

    def make(self) -> Entry:
        """Make a checkpoint now. Raises Unsigned, StorageError."""
        with self._signing:
            if self._key is None:
                raise Unsigned(
                    msg("The trail cannot be signed."),
                    done=msg("No checkpoint was made."),
                    todo=self._why_not.todo if self._why_not else None,
                    detail=str(self._why_not),
                )
            return self._make(self._key)

    def _make(self, key: DeskKey) -> Entry:
        with self._trail.writing() as pen:
            entry = self._sign(pen, key)
        self._keep(entry, key)
        return entry

    def _sign(self, pen: Pen, key: DeskKey) -> Entry:
        head = pen.head()
        body = checkpoint_body(key, self._trail.desk, self._clock.now(), head.sequence, head.hash)
        return pen.append(NewEntry(CHECKPOINT, body))

    def _keep(self, checkpoint: Entry, key: DeskKey) -> None:
        """Move the anchor; where the keyring does not take it, the older one stands."""
        self._last = checkpoint.sequence
        if self._anchor is None:
            first = self._trail.hash_at(1) or ""
            anchor = Anchor.first(checkpoint.sequence, checkpoint.hash, key.public.hex, first)
        else:
            anchor = self._anchor.moved(checkpoint.sequence, checkpoint.hash, key.public.hex)
        try:
            self._store.keep_anchor(anchor.to_keep())
        except DeskError as away:
            _log.warning("the anchor of the trail was not kept: %s", away, extra={"detail": away.detail})
            return
        self._anchor = anchor

    def _new_key(self) -> DeskKey:
        key = DeskKey.made()
        self._store.keep_key(key.to_keep())
        return key

    def _go_on_without(self, away: DeskError) -> None:
        self._key, self._why_not = None, away
        _log.warning("the trail goes on unsigned: %s", away, extra={"detail": away.detail})


def look(store: KeyStore) -> Kept:
    """What the keyring holds of the trail; where it is out of reach, why. Raises nothing."""
    try:
        key, anchor = key_in(store), _anchor_of(store.anchor())
    except DeskError as away:
        return Kept(None, None, away.what)
    return Kept(key.public if key else None, anchor)


def key_in(store: KeyStore) -> DeskKey | None:
    """The key that is kept, None where there is none. Raises DeskError."""
    return _key_of(store.key())


def _strange(anchor: Anchor, found: Comparison, head: Head) -> NewEntry:
    """The entry that says that this is not the database that was signed last."""
    return NewEntry(
        REPLACED if found.standing is Standing.STRANGE else RESTORED,
        {
            "signed": pack(anchor),
            "found": {"sequence": head.sequence, "hash": head.hash},
            "agrees_until": found.agrees_until,
        },
    )


def _key_of(kept: str | None) -> DeskKey | None:
    """The key, None where there is none or it is damaged: then a new one takes its place, and the trail says so."""
    if kept is None:
        return None
    try:
        return DeskKey.kept(kept)
    except ValueError:
        _log.warning("the desk's key in the keyring is damaged; a new one takes its place")
        return None


def _anchor_of(kept: str | None) -> Anchor | None:
    if kept is None:
        return None
    try:
        return Anchor.kept(kept)
    except Damaged:
        _log.warning("the trail's anchor in the keyring is damaged; a new one takes its place")
        return None
