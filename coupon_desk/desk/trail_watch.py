"""Watches over the trail while somebody works: what has to be explained, and how far it is shipped to the central database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coupon_desk.desk.alarm_strip import Alarm
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.trail.proof import TrailProof
    from coupon_desk.trail.questions import Question
    from coupon_desk.trail.shipping_state import ShippingState

LOOK_EVERY_MS: Final = 5000


class TrailWatch(QObject):
    """Looks every few seconds, on a worker. `alarms_told` brings all that is wrong now, `central_told` a sentence and its tone.

    The sentence is None where no central database is configured.
    """

    alarms_told = Signal(object)
    central_told = Signal(object, object)

    def __init__(self, stage: Stage, desk: CouponDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._broken: tuple[Alarm, ...] = ()
        self._asked: tuple[Alarm, ...] = ()
        self._shipping: tuple[Alarm, ...] = ()
        self._every = QTimer(self)
        self._every.setInterval(LOOK_EVERY_MS)
        self._every.timeout.connect(self.look)

    def begin(self) -> None:
        """Look now, and again and again."""
        self.look()
        self._every.start()

    def end(self) -> None:
        """Look no more."""
        self._every.stop()

    def look(self) -> None:
        """Ask how it stands; this machine answers, no network is asked."""
        desk = self._desk
        self._stage.runner.read(
            self, "trail-watch", lambda: (desk.trail_alarms(), desk.shipping_state()), self._looked, self._not_looked
        )

    def take_proof(self, proof: TrailProof) -> None:
        """The trail was proved: whether it is broken is known now."""
        broken = () if proof.bad is None else (Alarm(proof.bad.message, _BROKEN),)
        # What the keyring lacks has no entry yet, and so nothing that could be explained.
        of_keyring = (Alarm(question.message, _RESTART) for question in proof.open_questions if question.at is None)
        self._broken = (*broken, *of_keyring)
        self._tell()

    def _looked(self, found: tuple[tuple[Question, ...], ShippingState | None]) -> None:
        questions, shipping = found
        self._asked = tuple(Alarm(question.message, _EXPLAIN, question.sequence) for question in questions)
        self._shipping = () if shipping is None or shipping.alarm is None else (Alarm(shipping.alarm, shipping.todo),)
        self._tell()
        self.central_told.emit(*(central_in_words(shipping) if shipping is not None else (None, Tone.NEUTRAL)))

    def _not_looked(self, error: DeskError) -> None:
        """The database is busy or gone; whoever works hears of it there. What was known stands."""

    def _tell(self) -> None:
        self.alarms_told.emit((*self._broken, *self._asked, *self._shipping))


def central_in_words(state: ShippingState) -> tuple[Message, Tone]:
    """How far the trail is in the central database, in a line, and how bad that is."""
    match state.state.value:
        case "alarm":
            return msg("Central: alarm, nothing is sent"), Tone.DANGER
        case "out_of_reach":
            return _waiting(state, msg("out of reach")), Tone.WARN
        case "up_to_date":
            return msg("Central: up to date"), Tone.SUCCESS
        case "sending":
            waiting = msgn("Central: sending {count} entry", "Central: sending {count} entries", count=state.behind)
            return waiting, Tone.NEUTRAL
        case _:
            return _waiting(state), Tone.NEUTRAL


def _waiting(state: ShippingState, why: Message | None = None) -> Message:
    since = state.oldest_unshipped_at
    if not state.behind or since is None:
        return msg("Central: {why}", why=why) if why else msg("Central: nothing waits")
    waits = msgn("{count} entry waits since {since}", "{count} entries wait since {since}", count=state.behind, since=since)
    return msg("Central: {why}, {waits}", why=why, waits=waits) if why else msg("Central: {waits}", waits=waits)


_BROKEN: Final = msg("Cancel nothing. Keep the home as it is, and call the administrator: a backup is restored beside it.")
_EXPLAIN: Final = msg("Work can go on. An administrator finds out what was behind it, and explains it here.")
_RESTART: Final = msg("Start the program again: it makes a new key, says so in the trail, and an administrator explains it.")
