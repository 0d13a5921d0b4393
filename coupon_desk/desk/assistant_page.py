"""The first-run assistant: the shop, its connections one by one, then a look at all of them, and the desk opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from coupon_desk.app.setup import Found, Setup, needed_secrets
from coupon_desk.desk.assistant_end import AssistantEnd
from coupon_desk.desk.assistant_steps import AssistantSteps
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, row
from coupon_desk.desk.header import corner
from coupon_desk.desk.setting_fields import ASSISTANT
from coupon_desk.desk.setting_form import SettingForm
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.settings import WrongSetting
from coupon_desk.words import Message, msg

_AFTERWARDS: Final = msg("First administrator")


class AssistantPage(QWidget):
    """One step after the other. What is typed as a secret goes into the keyring when its page is left, and nowhere else.

    `left` leads back to where one came from; `finished` comes when the configuration is written.
    """

    left = Signal()
    finished = Signal()

    def __init__(self, stage: Stage, setup: Setup, found: Found, text: str = "") -> None:
        """`text` is another desk's configuration that is taken over; "" begins anew."""
        super().__init__()
        self._stage = stage
        self._setup = setup
        self._found = found
        self._text = text
        self._stored = found.stored
        values: Mapping[str, Any] = setup.file.values(text) if text else _beginning(stage)
        self.forms = tuple(SettingForm(stage, page, setup) for page in ASSISTANT)
        for form in self.forms:
            form.show_values(values, found.stored)
        self.end = AssistantEnd(stage, setup)
        self.pages = QStackedWidget()
        for page in (*self.forms, self.end):
            self.pages.addWidget(page)
        titles = (*(form.page.title for form in self.forms), msg("Look at everything"), _AFTERWARDS)
        self.steps = AssistantSteps(stage, titles)
        self.problem = Banner(stage)
        self.problem.setObjectName("assistant-problem")
        self.back = button(stage, msg("Back"), key="B")
        self.back.setObjectName("back")
        self.back.clicked.connect(self.go_back)
        self.next = button(stage, msg("Next"), "primary", key="N")
        self.next.setObjectName("next")
        self.next.clicked.connect(self.go_on)
        bottom = frame("footer-in-card", row(0, self.back, self.next, spacing=10, margins=(36, 14, 28, 14)))
        telling = column(self.problem, margins=(36, 18, 36, 0))
        right = column(telling, self.pages, bottom, spacing=0)
        right.setStretchFactor(self.pages, 1)
        inside = row(self.steps, right, spacing=0)
        inside.setStretchFactor(right, 1)
        card = frame("card", inside)
        card.setFixedWidth(980)
        middle = row(0, card, 0, margins=(0, 4, 0, 28))
        whole = column(corner(stage), middle, spacing=0)
        whole.setStretchFactor(middle, 1)
        self.setLayout(whole)
        self._warn_of_keyring()
        self._show(0)

    def showEvent(self, event: QShowEvent) -> None:
        """Ready to type."""
        super().showEvent(event)
        self._focus()

    @property
    def place(self) -> int:
        """Which step is shown."""
        return self.pages.currentIndex()

    def values(self) -> dict[str, Any]:
        """Everything that is set on all pages."""
        return {key: value for form in self.forms for key, value in form.values().items()}

    def go_back(self) -> None:
        """The step before; from the first one where one came from."""
        if self.place == 0:
            self.left.emit()
        else:
            self._show(self.place - 1)

    def go_on(self) -> None:
        """Look at what stands here, keep its secrets, and go to the next step; at the end write everything and finish."""
        if not self.next.isEnabled():
            return
        self.problem.hide()
        if self.place < len(self.forms):
            self._leave_form(self.forms[self.place])
        else:
            self._save()

    def _leave_form(self, form: SettingForm) -> None:
        if not self._is_sound(form):
            return
        typed = form.typed()
        if not typed:
            self._show(self.place + 1)
            return

        def kept(_nothing: None) -> None:
            self._stored |= set(typed)
            form.show_values({}, self._stored)
            self.next.setEnabled(True)
            self._show(self.place + 1)

        self.next.setEnabled(False)
        self._stage.runner.write(self, lambda _tell: self._setup.keep(typed, None), kept, self._fail)

    def _is_sound(self, form: SettingForm) -> bool:
        try:
            self._setup.validate(form.values())
        except WrongSetting as wrong:
            correction = form.correct(wrong)
            self.problem.show_message(Tone.WARN, correction.what, correction.todo)
            return False
        return True

    def _save(self) -> None:
        text, values = self._text, self.values()
        self.next.setEnabled(False)
        self._stage.runner.write(
            self,
            lambda _tell: self._setup.save(self._found.text, values, None, base=text),
            lambda _change: self.finished.emit(),
            self._fail,
        )

    def _fail(self, error: DeskError) -> None:
        self.next.setEnabled(True)
        self.problem.show_message(Tone.DANGER, error.what, error.todo)

    def _show(self, place: int) -> None:
        self.pages.setCurrentIndex(place)
        self.steps.show_step(place)
        is_end = place == len(self.forms)
        self._stage.speech.tell(self.next, msg("Save and open the desk") if is_end else msg("Next"))
        if is_end:
            self.end.look(self.values(), self._missing())
        self._focus()

    def _focus(self) -> None:
        if self.place < len(self.forms):
            self.forms[self.place].focus()
        else:
            self.next.setFocus()

    def _missing(self) -> tuple[Message, ...]:
        """The names of the secrets that are needed and not there yet."""
        names = {field.secret: field.label for form in self.forms for field in form.page.fields}
        needed = needed_secrets(self._setup.validate(self.values()))
        return tuple(names[name] for name in needed if name not in self._stored)

    def _warn_of_keyring(self) -> None:
        keyring = self._found.keyring
        if not keyring.is_well:
            self.problem.show_message(Tone.DANGER, keyring.found, keyring.mend, "lock")


def _beginning(stage: Stage) -> dict[str, Any]:
    """What an empty form begins with."""
    return {
        "shop.language": stage.speech.language.value,
        "shop.currency": "JPY",
        "shop.points_per_unit": 1,
        "shopify.auth": "token",
        "shopify.api_version": "2026-10",
        "shopify.coupon_metafield": "loyalty.coupons",
        "mail.port": 587,
        "mail.security": "starttls",
    }
