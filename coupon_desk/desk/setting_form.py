"""The settings of one subject as a form, with the connection tried out below it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QScrollArea, QWidget

from coupon_desk.app.setup import Setup
from coupon_desk.desk.connection_part import ConnectionPart
from coupon_desk.desk.controls import button, column, frame, label, row
from coupon_desk.desk.setting_fields import Field, Page
from coupon_desk.desk.setting_input import SettingInput
from coupon_desk.desk.stage import Stage
from coupon_desk.settings import WrongSetting
from coupon_desk.vault import Secret, SecretName
from coupon_desk.words import Message, msg

WIDTH_PX = 560


@dataclass(frozen=True, slots=True)
class Correction:
    """What cannot be right, and what belongs there."""

    what: Message
    todo: Message | None


class SettingForm(QWidget):
    """Draws a page of settings. `changed` comes with everything that is typed or chosen."""

    changed = Signal()

    def __init__(self, stage: Stage, page: Page, setup: Setup) -> None:
        super().__init__()
        self._stage = stage
        self._setup = setup
        self.page = page
        self.inputs = tuple(SettingInput(stage, field) for field in page.fields)
        for each in self.inputs:
            each.changed.connect(self._changed)
        self.more = button(stage, msg("More settings"), "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_more)
        self.more.setVisible(any(field.is_more for field in page.fields))
        self.connection = ConnectionPart(stage)
        self.connection.setVisible(page.connection is not None)
        self.connection.asked.connect(self.try_out)
        self.connection.told_something.connect(self._show_news)
        self._has_news = False
        plain = [each for each in self.inputs if not each.field.is_more]
        further = [each for each in self.inputs if each.field.is_more]
        parts: list[QWidget] = [label(stage, page.title, "title"), label(stage, page.intro, "muted", wraps=True)]
        if page.to_copy:
            parts.append(_to_copy(stage, page.to_copy))
        body = column(*parts, *plain, row(self.more, 0), *further, self.connection, 0, spacing=14, margins=(36, 28, 36, 24))
        inside = QWidget()
        inside.setLayout(body)
        inside.setMaximumWidth(WIDTH_PX + 72)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self._scroll = scroll
        scroll.verticalScrollBar().rangeChanged.connect(lambda _least, _most: self._show_end())
        self.setLayout(column(scroll))
        self._arrange()

    def show_values(self, values: Mapping[str, Any], stored: Collection[SecretName]) -> None:
        """Show what is set, and of which secrets the keyring keeps one."""
        for each in self.inputs:
            if each.field.secret is not None:
                each.show_stored(is_stored=each.field.secret in stored)
            elif each.field.key in values:
                each.show_value(values[each.field.key])
        self._arrange()

    def values(self) -> dict[str, Any]:
        """What is set here, by key. A subject that is left out has no setting at all."""
        found = {each.field.key: each.value if self._applies(each.field) else None for each in self._settings()}
        is_left_out = self.page.optional is not None and found[self.page.optional] is None
        return dict.fromkeys(found) if is_left_out else found

    def typed(self) -> dict[SecretName, Secret]:
        """The secrets that were typed and belong to what is chosen."""
        return {
            each.field.secret: Secret(each.typed)
            for each in self.inputs
            if each.field.secret is not None and each.typed and self._applies(each.field)
        }

    def correct(self, wrong: WrongSetting) -> Correction:
        """Show the field that has to be corrected, and say what belongs there."""
        for each in self.inputs:
            # Where a whole subject is missing, its first field is.
            if f"{each.field.key}.".startswith(f"{wrong.key}."):
                self.more.setChecked(self.more.isChecked() or each.field.is_more)
                each.mark(is_wrong=True)
                self._scroll.ensureWidgetVisible(each)
                return Correction(msg("{setting}: this cannot be right.", setting=each.field.label), each.field.expects)
        return Correction(wrong.what, wrong.todo)

    def try_out(self) -> None:
        """Connect with what stands here, in the background; nothing is saved."""
        connection, values, typed = self.page.connection, self.values(), self.typed()
        if connection is None:
            return
        try:
            self._setup.validate(values)
        except WrongSetting as wrong:
            correction = self.correct(wrong)
            self.connection.show_problem(correction.what, correction.todo)
            return
        self.connection.begin()
        self._stage.runner.read(
            self,
            "try",
            lambda: self._setup.try_out(connection, values, typed),
            self.connection.show_checks,
            lambda error: self.connection.show_problem(error.what, error.todo),
        )

    def focus(self) -> None:
        """Ready to type: in the first field."""
        first = next((each.control for each in self.inputs if isinstance(each.control, QLineEdit)), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def allow(self, *, may_change: bool) -> None:
        """Whether anything may be changed here."""
        for each in self.inputs:
            each.setEnabled(may_change)
        self.connection.setEnabled(may_change)

    def _show_more(self, is_on: bool) -> None:
        self._has_news = False
        self._stage.speech.tell(self.more, msg("Fewer settings") if is_on else msg("More settings"))
        self._arrange()

    def _show_news(self) -> None:
        """What was found stands at the end, which may be out of view, also when its lines get their height only later."""
        self._has_news = True
        self._show_end()

    def _show_end(self) -> None:
        if self._has_news:
            bar = self._scroll.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _changed(self) -> None:
        self._has_news = False
        self.connection.clear()
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        """Show the fields that belong to what is chosen."""
        for each in self.inputs:
            each.setVisible(self._applies(each.field) and (self.more.isChecked() or not each.field.is_more))

    def _applies(self, field: Field) -> bool:
        if field.only_if is None:
            return True
        key, wanted = field.only_if
        return next(each.typed for each in self.inputs if each.field.key == key) == wanted

    def _settings(self) -> tuple[SettingInput, ...]:
        return tuple(each for each in self.inputs if each.field.secret is None)


def _to_copy(stage: Stage, text: str) -> QWidget:
    """A text that belongs into another program, and a button that copies it."""
    shown = label(stage, role="mono", wraps=True)
    shown.setText(text)
    copy = button(stage, msg("Copy the permissions"), "link", "copy", "accent")
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
    inside = column(shown, row(copy, 0), spacing=6, margins=(16, 12, 16, 10))
    return frame("well", inside)
