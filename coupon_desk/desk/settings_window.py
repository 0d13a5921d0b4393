"""The settings: the assistant's pages and the rules of the house, for an open desk. Whoever may change nothing reads why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QFileDialog, QPushButton, QStackedWidget, QWidget

from coupon_desk.app.setup import Found
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, allow, button, column, frame, label, row
from coupon_desk.desk.setting_fields import SETTINGS
from coupon_desk.desk.setting_form import SettingForm
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right, refusal
from coupon_desk.settings import WrongSetting
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.configuration import Change
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

PROPOSED: Final = "coupon-desk-config.toml"
_TRAINING: Final = msg("The training shop's settings are made anew at each start.")


class SettingsWindow(QDialog):
    """The subjects at the left, one of them at the right. `reopen_asked` wants the desk opened anew with what was saved."""

    reopen_asked = Signal()

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._setup = desk.setup
        self._found: Found | None = None
        self._base = ""
        self._why_not = _why_not(desk, session)
        self.setModal(True)
        self.setMinimumSize(1020, 670)
        stage.speech.tell(self, msg("Settings"), "setWindowTitle")
        self.forms = tuple(SettingForm(stage, page, self._setup) for page in SETTINGS)
        self.pages = QStackedWidget()
        for form in self.forms:
            self.pages.addWidget(form)
        self.subjects = QButtonGroup(self)
        self.told = Banner(stage)
        self.told.setObjectName("settings-told")
        self.reopen = button(stage, msg("Open the desk anew"), "link", "refresh", "accent")
        self.reopen.setObjectName("reopen")
        self.reopen.clicked.connect(self._reopen)
        self.reopen.hide()
        telling = column(self.told, row(self.reopen, 0), spacing=6, margins=(36, 16, 36, 0))
        right = column(telling, self.pages, spacing=0)
        right.setStretchFactor(self.pages, 1)
        middle = row(self._side(), right, spacing=0)
        middle.setStretchFactor(right, 1)
        whole = column(middle, self._bottom(), spacing=0)
        whole.setStretchFactor(middle, 1)
        self.setLayout(whole)
        self._allow(is_busy=True)
        self._read()

    def save(self) -> None:
        """Look at all pages, keep the secrets, and write the file."""
        found = self._found
        if found is None or not self.save_button.isEnabled():
            return
        values: dict[str, Any] = {}
        for place, form in enumerate(self.forms):
            try:
                self._setup.validate(form.values())
            except WrongSetting as wrong:
                self.turn_to(place)
                correction = form.correct(wrong)
                self.told.show_message(Tone.WARN, correction.what, correction.todo)
                return
            values |= form.values()
        typed = {name: secret for form in self.forms for name, secret in form.typed().items()}
        setup, session, base = self._setup, self._session, self._base

        def write() -> Change:
            change = setup.save(found.text, values, session, base=base)
            setup.keep(typed, session)
            return change

        self._allow(is_busy=True)
        self._stage.runner.write(self, lambda _tell: write(), self._saved, self._fail)

    def turn_to(self, place: int) -> None:
        """Show another subject."""
        self.subjects.button(place).setChecked(True)
        self.pages.setCurrentIndex(place)

    def take_over(self, file: Path) -> None:
        """Show another desk's configuration on the pages; nothing is written before somebody saves."""

        def shown(text: str) -> None:
            self._base = text
            self._show(self._setup.file.values(text))
            self.told.show_message(
                Tone.ACCENT,
                msg("Taken over from {file}.", file=file.name),
                msg("Nothing is changed before you save."),
            )

        setup = self._setup
        self._stage.runner.read(self, "take-over", lambda: setup.take_over(file), shown, self._fail)

    def hand_out(self, file: Path) -> None:
        """Write the configuration for another desk, as it is saved, without secrets."""
        setup = self._setup
        told = msg("Saved as {file}", file=str(file))
        hint = msg("It holds no secrets; they are asked for at the other desk.")
        self._stage.runner.write(
            self,
            lambda _tell: setup.export_to(file),
            lambda _nothing: self.told.show_message(Tone.SUCCESS, told, hint),
            self._fail,
        )

    def _read(self) -> None:
        setup = self._setup
        self._stage.runner.read(self, "settings", setup.look, self._take, self._fail)

    def _take(self, found: Found) -> None:
        self._found, self._base = found, ""
        self._show(found.values)
        self._allow(is_busy=False)
        if self._why_not is not None:
            self.told.show_message(Tone.ACCENT, self._why_not, icon="lock")
        elif not found.keyring.is_well:
            self.told.show_message(Tone.DANGER, found.keyring.found, found.keyring.mend, "lock")

    def _show(self, values: dict[str, Any]) -> None:
        stored = self._found.stored if self._found is not None else frozenset()
        for form in self.forms:
            form.show_values(values, stored)

    def _saved(self, change: Change) -> None:
        self._read()
        self.reopen.setVisible(bool(change.after))
        if change.after:
            self.told.show_message(Tone.SUCCESS, msg("Saved. It holds when the desk is opened anew."))
        else:
            self.told.show_message(Tone.SUCCESS, msg("Saved."))

    def _fail(self, error: DeskError) -> None:
        self._allow(is_busy=False)
        self.told.show_message(Tone.DANGER, error.what, error.todo or error.done)

    def _allow(self, *, is_busy: bool) -> None:
        may_change = self._why_not is None and self._found is not None
        for form in self.forms:
            form.allow(may_change=may_change)
        for each in (self.save_button, self.import_button):
            allow(self._stage, each, self._why_not)
            each.setEnabled(may_change and not is_busy)
        self.export_button.setEnabled(self._found is not None and not is_busy)

    def _side(self) -> QWidget:
        lines = column(label(self._stage, msg("Settings"), "heading"), 10, spacing=4, margins=(18, 26, 18, 20))
        for place, form in enumerate(self.forms):
            subject = self._subject(form, place)
            self.subjects.addButton(subject, place)
            lines.addWidget(subject)
        lines.addStretch(1)
        file = label(
            self._stage,
            msg("Limits by role, company accounts and program logs are set in the file itself."),
            "small",
            wraps=True,
        )
        lines.addWidget(file)
        self.subjects.idClicked.connect(self.pages.setCurrentIndex)
        side = frame("steps", lines)
        side.setFixedWidth(272)
        return side

    def _subject(self, form: SettingForm, place: int) -> QPushButton:
        made = button(self._stage, form.page.title, "subject", form.page.icon, "muted")
        made.setObjectName(f"subject-{form.page.name}")
        made.setCheckable(True)
        made.setChecked(place == 0)
        return made

    def _bottom(self) -> QWidget:
        stage = self._stage
        self.export_button = button(stage, msg("Export for another desk…"), icon="export")
        self.export_button.setObjectName("export-settings")
        self.export_button.clicked.connect(self._ask_where)
        self.import_button = button(stage, msg("Import another desk's settings…"), icon="document")
        self.import_button.setObjectName("import-settings")
        self.import_button.clicked.connect(self._ask_which)
        self.save_button = button(stage, msg("Save"), "primary", key="S")
        self.save_button.setObjectName("save-settings")
        self.save_button.clicked.connect(self.save)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        return frame(
            "footer",
            row(self.export_button, self.import_button, 0, close, self.save_button, spacing=8, margins=(18, 12, 26, 14)),
        )

    def _ask_where(self) -> None:
        title = self._stage.speech.say(msg("Export for another desk"))
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / PROPOSED), "TOML (*.toml)")
        if chosen:
            self.hand_out(Path(chosen))

    def _ask_which(self) -> None:
        title = self._stage.speech.say(msg("Import another desk's settings"))
        chosen, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), "TOML (*.toml)")
        if chosen:
            self.take_over(Path(chosen))

    def _reopen(self) -> None:
        self.accept()
        self.reopen_asked.emit()


def _why_not(desk: CouponDesk, session: Session) -> Message | None:
    """Why nothing may be changed here; None where it may."""
    if not session.may(Right.SETTINGS):
        return refusal(session.operator.role, Right.SETTINGS).what
    return _TRAINING if desk.is_training else None
