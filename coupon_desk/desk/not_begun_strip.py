"""Says that a cancellation was confirmed and held, and never begun: the window was left before the time was over."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import button, column, label, restyle, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg, msgn

SHOWN = 3


class NotBegunStrip(QFrame):
    """Hidden where there is nothing to say. `show_asked` brings the first code, to be cancelled after all."""

    show_asked = Signal(str)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._codes: tuple[CouponCode, ...] = ()
        self.setProperty("role", "banner")
        restyle(self, "tone", Tone.WARN.value)
        self.title = label(stage, role="tone", wraps=True)
        self.text = label(stage, msg("Nothing was sent. What you wrote is there when you cancel it again."), wraps=True)
        self.show_coupon = button(stage, msg("Show the coupon"), "link")
        self.show_coupon.setObjectName("show-not-begun")
        self.show_coupon.clicked.connect(self._show_first)
        self.dismiss = button(stage, msg("Dismiss"), "icon", "close", "muted")
        self.dismiss.clicked.connect(self.hide)
        texts = column(self.title, self.text, spacing=2)
        whole = row(texts, self.show_coupon, self.dismiss, spacing=8, margins=(14, 8, 8, 8))
        whole.setStretchFactor(texts, 1)
        self.setLayout(whole)
        self.hide()

    def show_codes(self, codes: tuple[CouponCode, ...]) -> None:
        """These were not begun."""
        self._codes = codes
        self.setVisible(bool(codes))
        if codes:
            named = ", ".join(code.text for code in codes[:SHOWN])
            self._stage.speech.tell(
                self.title,
                msgn(
                    "The cancellation of {codes} was not begun: the window was left while it could still be stopped.",
                    "{count} cancellations were not begun ({codes}): the window was left while they could still be stopped.",
                    count=len(codes),
                    codes=named,
                ),
            )

    def _show_first(self) -> None:
        self.hide()
        self.show_asked.emit(self._codes[0].text)
