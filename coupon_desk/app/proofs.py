"""What an auditor asks of an open home: prove the trail, sign it, hand it out, sum it up. Each asking stands in the trail too.

Every call may block on disk and keyring: worker threads only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from coupon_desk.app.home import HomeBusy
from coupon_desk.app.trail_export import ExportRequest, Progress, write_export
from coupon_desk.clock import Clock
from coupon_desk.errors import ConfigurationError, DeskError, NotPermitted
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.trail.anchor import Comparison, compare
from coupon_desk.trail.checkpoints import Checkpoints, key_in, look
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.manifest import Exported
from coupon_desk.trail.proof import Kept, TrailProof, proved
from coupon_desk.trail.questions import EXPLAINED, TELLING, Question, Told, questions_of
from coupon_desk.trail.signing import DeskKey, KeyStore, PublicKey
from coupon_desk.trail.summary import Summary, summarised
from coupon_desk.trail.summary_words import About
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import ChainRow, Head
from coupon_desk.words import msg


def _untold(_done: int, _of: int) -> None:
    """Nobody wants to know how far an export is."""


@dataclass(frozen=True, slots=True)
class Glance:
    """How the database stood to the anchor before this program wrote into it."""

    kept: Kept
    found: tuple[Comparison, Head] | None


class TrailProofs:
    """The auditor's side of an open home. `hold` takes the home's lock."""

    def __init__(
        self,
        trail: Trail,
        people: People,
        store: KeyStore,
        checkpoints: Checkpoints,
        clock: Clock,
        shop_name: str,
        hold: Callable[[], None],
    ) -> None:
        self._trail = trail
        self._people = people
        self._store = store
        self._checkpoints = checkpoints
        self._clock = clock
        self._shop_name = shop_name
        self._hold = hold

    def glance(self) -> Glance:
        """Compare the database with the anchor, before a sign-in is added to its end. Raises StorageError."""
        kept, head = look(self._store), self._trail.head()
        if kept.anchor is None:
            return Glance(kept, None)
        return Glance(kept, (compare(kept.anchor, head.sequence, self._trail.hash_at), head))

    def verify(self, session: Session | None, glance: Glance | None = None) -> TrailProof:
        """Prove the trail: chain, signatures, anchor. Raises NotPermitted, StorageError."""
        self._permit(session, Right.READ_TRAIL, "trail.verified")
        proof = self.proof(glance)
        figures = {
            "checked": proof.checked,
            "head": proof.head.hash,
            "signatures": proof.checkpoints,
            "signed_until": proof.signed_until,
            "bad": proof.bad.sequence if proof.bad else None,
            "open_questions": [question.sequence for question in proof.open_questions],
        }
        self._record("trail.verified", figures, session, proof.bad.why.value if proof.bad else "intact")
        return proof

    def proof(self, glance: Glance | None = None) -> TrailProof:
        """The same for the program itself: no right is asked for, and the trail does not say so. Raises StorageError."""
        seen = glance or Glance(look(self._store), None)
        notable: list[ChainRow] = []
        chain = self._trail.verify(notable=notable.append)
        return proved(chain, notable, seen.kept, self._trail.hash_at, seen.found)

    def checkpoint(self, session: Session | None) -> Entry:
        """Sign the trail now. Raises NotPermitted, HomeBusy, Unsigned, StorageError."""
        self._permit(session, Right.READ_TRAIL, "trail.checkpoint")
        self._hold()
        return self._checkpoints.make()

    def alarms(self) -> tuple[Question, ...]:
        """What nobody has explained yet: another key, a database that was put back or replaced. Cheap."""
        return tuple(question for question in self._questions() if question.is_open)

    def explain(self, sequence: int, note: str, session: Session) -> Question:
        """An administrator explains what entry `sequence` asks. Raises NotPermitted, ConfigurationError."""
        self._permit(session, Right.SETTINGS, "trail.explained")
        if not any(question.sequence == sequence for question in self.alarms()):
            raise ConfigurationError(
                msg("Entry {sequence} asks for no explanation.", sequence=sequence),
                done=msg("Nothing was done."),
                todo=msg("“coupon-desk audit verify” names the entries that do."),
            )
        if not note.strip():
            raise ConfigurationError(msg("The explanation is empty."), done=msg("Nothing was done."))
        self._record(EXPLAINED, {"sequence": sequence, "note": note.strip()}, session, "explained")
        return next(question for question in self._questions() if question.sequence == sequence)

    def read(self, what: Mapping[str, object], session: Session | None) -> None:
        """Somebody reads the trail: `what` says which part of it. Raises NotPermitted."""
        self._permit(session, Right.READ_TRAIL, "trail.read")
        self._record("trail.read", what, session, "read")

    def seen(self, operation: str, session: Session | None) -> None:
        """Somebody sees one operation with its entries, for which the right to see is enough. Raises StorageError."""
        self._record("trail.read", {"operation": operation}, session, "read")

    def key(self, session: Session | None) -> PublicKey:
        """The public key of this desk, made where there was none yet. Raises NotPermitted, VaultError, HomeBusy."""
        self._permit(session, Right.READ_TRAIL, "trail.key")
        key = self._key()
        if key is None:
            self._hold()
            key = self._key()
        if key is None:
            raise DeskError(msg("This desk has no key."), done=msg("Nothing was done."), todo=msg("See “coupon-desk doctor”."))
        return key.public

    def record_export(self, request: ExportRequest, session: Session | None) -> None:
        """Say in the trail what is about to be handed out. Raises NotPermitted, StorageError."""
        self._permit(session, Right.EXPORT, "trail_exported")
        body = {"format": request.form.value, **request.filters, "clear": request.clear}
        self._record("trail_exported", body, session, "begun")

    def export(
        self, request: ExportRequest, session: Session | None, out: Path, progress: Progress = _untold
    ) -> tuple[Exported, bool]:
        """Write the trail and its manifest; whether the manifest is signed. Raises NotPermitted, StorageError."""
        self.record_export(request, session)
        key = self._signing_key()
        kept = look(self._store)
        anchor = Head(kept.anchor.sequence, kept.anchor.hash) if kept.anchor else None
        return write_export(self._trail, key, anchor, self._clock, request, out, progress), key is not None

    def summary(self, since: datetime | None, until: datetime | None, session: Session | None) -> Summary:
        """Sum a time span up. Raises NotPermitted, StorageError."""
        self._permit(session, Right.READ_TRAIL, "trail.summarised")
        body = {"since": since.isoformat() if since else None, "until": until.isoformat() if until else None}
        self._record("trail.summarised", body, session, "read")
        entries = self._trail.between(since, until)
        return summarised(entries, self._opening_of, since=since, until=until)

    def about(self, proof: TrailProof, session: Session | None) -> About:
        """What stands on a summary besides its numbers, with what verifying found."""
        names = {operator.login: operator.name for operator in self._people.list()}
        return About(
            shop_name=self._shop_name,
            made_at=self._clock.now(),
            made_by=session.login if session else "",
            desk=self._trail.desk,
            name_of=names.get,
            head=(proof.head.sequence, proof.head.hash),
            fingerprint=proof.kept.key.fingerprint if proof.kept.key else None,
            verdict=proof.verdict,
            is_well=proof.is_intact and not proof.open_questions,
            found=(*(question.message for question in proof.open_questions), *proof.sentences()),
        )

    def _signing_key(self) -> DeskKey | None:
        """The key; where there is none yet, it is made if nobody else works here. None where none can be had."""
        with suppress(DeskError):
            key = self._key()
            if key is None:
                with suppress(HomeBusy):
                    self._hold()
                key = self._key()
            return key
        return None

    def _key(self) -> DeskKey | None:
        return key_in(self._store)

    def _questions(self) -> tuple[Question, ...]:
        return questions_of(
            Told(entry.sequence, entry.action, entry.actor, entry.at, entry.body) for entry in self._trail.of_actions(*TELLING)
        )

    def _opening_of(self, operation: str) -> Entry | None:
        return next(iter(self._trail.of_operation(operation)), None)

    def _permit(self, session: Session | None, right: Right, about: str) -> None:
        """Nobody signs in where there is no operator yet."""
        if session is not None:
            self._people.authorise(session, right, about)
        elif not self._people.is_empty():
            raise NotPermitted(msg("Sign in to read the trail."), done=msg("Nothing was done."))

    def _record(self, action: str, body: Mapping[str, object], session: Session | None, result: str) -> None:
        role = session.operator.role.value if session else None
        self._trail.record(action, body, actor=session.login if session else None, role=role, result=result)
