"""Whether somebody who is signed in still is who they were then: not disabled, of the same role, in one of their stores."""

from __future__ import annotations

from coupon_desk.errors import NotPermitted, RemoteError
from coupon_desk.people import register
from coupon_desk.people.changing import refused
from coupon_desk.people.mirror import Mirror
from coupon_desk.people.operators import Operator, Session
from coupon_desk.people.roles import Right
from coupon_desk.people.scope import may_work_in, why_not_here
from coupon_desk.people.witness import Witness, note_refusal
from coupon_desk.storage.database import Database
from coupon_desk.words import Message, msg


class Standing:
    """Looks operators up before they do something; each refusal is in the trail. Safe to use from any thread."""

    def __init__(
        self, database: Database, witness: Witness, mirror: Mirror, store: str | None, *, centre_required: bool
    ) -> None:
        self._database = database
        self._witness = witness
        self._mirror = mirror
        self._store = store
        self._centre_required = centre_required

    def look_up(self, login: str) -> NotPermitted | None:
        """Bring an operator up to date from the centre. Tells why nobody may go on without it; None where one may."""
        silent = self._mirror.refresh(login)
        if silent is None or not self._centre_required:
            return None
        return refused(_required(silent), todo=silent.todo)

    def require(self, session: Session, about: str, right: Right | None = None) -> Operator:
        """The operator as they are now. Raises NotPermitted. Who only reads (`Right.changes_data`) is looked up here alone."""
        if right is None or right.changes_data:
            silent = self.look_up(session.login)
            if silent is not None:
                self.note_refusal(session.operator, right, about, "centre_silent")
                raise silent
        operator = self._find(session.login)
        found = self._what_changed(operator, session)
        if found is not None:
            why, wrong = found
            self.note_refusal(session.operator if why == "disabled" else operator or session.operator, right, about, why)
            raise wrong
        return operator or session.operator

    def why_out(self, session: Session) -> Message | None:
        """Why somebody who is signed in may work no longer, as the centre knows it; None while they may."""
        self._mirror.refresh(session.login)
        found = self._what_changed(self._find(session.login), session)
        return found[1].what if found is not None else None

    def note_refusal(self, operator: Operator, right: Right | None, about: str, why: str) -> None:
        """Write down that a right was refused, and why."""
        note_refusal(self._witness, operator.login, operator.role, right, about, why)

    def _what_changed(self, operator: Operator | None, session: Session) -> tuple[str, NotPermitted] | None:
        if operator is None or operator.disabled:
            return "disabled", refused(msg("Your login was disabled."), todo=msg("Ask an administrator."))
        if operator.role is not session.operator.role:
            what = msg("Your role was changed to {role}.", role=operator.role.label)
            return "role_changed", refused(what, todo=msg("Sign in again."))
        if not may_work_in(operator.stores, self._store):
            return "store", refused(why_not_here(operator.stores, self._store), todo=msg("Ask an administrator."))
        return None

    def _find(self, login: str) -> Operator | None:
        with self._database.read() as connection:
            kept = register.find(connection, login)
        return kept.operator if kept else None


def _required(silent: RemoteError) -> Message:
    return msg("This desk works only while the central database answers: {why}", why=silent.what)
