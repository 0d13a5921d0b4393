"""Notices that who is signed in may work no longer: disabled, or given another role or store, at whichever desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Message

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

LOOK_EVERY_MS: Final = 30_000


class SessionWatch(QObject):
    """`out` says why. What the operator would do meanwhile is refused below the window anyway."""

    out = Signal(object)

    def __init__(self, stage: Stage, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk: CouponDesk | None = None
        self._session: Session | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)

    def begin(self, desk: CouponDesk, session: Session) -> None:
        """Watch over this session from now on."""
        self._desk, self._session = desk, session
        self._timer.start()

    def end(self) -> None:
        """Watch no longer."""
        self._session = None
        self._timer.stop()

    def look(self) -> None:
        """Look now."""
        desk, session = self._desk, self._session
        if desk is not None and session is not None:
            self._stage.runner.read(
                self, "standing", lambda: desk.people.why_out(session), lambda why: self._tell(session, why), _look_again
            )

    def _tell(self, session: Session, why: Message | None) -> None:
        if why is not None and session is self._session:
            self.out.emit(why)


def _look_again(_error: DeskError) -> None:
    """The database of this home did not answer; the next look will tell."""
