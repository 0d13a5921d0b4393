"""The top of the window: which shop, whether it is only practice, who is signed in, and how the desk looks and speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton

from coupon_desk.desk.controls import allow, button, column, icon_label, label, row
from coupon_desk.desk.help_desk import ask_for_diagnostics, ask_for_help
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, Message, msg

if TYPE_CHECKING:
    from coupon_desk.people.operators import Operator

LANGUAGE_NAMES = {Language.EN: "English", Language.JA: "日本語"}


class TrainingStrip(QFrame):
    """Says over the whole width that this is not the shop. Nobody may mistake one for the other."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.setProperty("role", "training")
        self.setFixedHeight(30)
        picture = icon_label(stage, "training", "on_training", 18)
        text = label(stage, msg("Training shop: nothing here is real, every button may be tried"))
        self.setLayout(row(0, picture, text, 0, spacing=8))


class Header(QFrame):
    """The shop's name at the left, the operator at the right."""

    lock_asked = Signal()
    switch_asked = Signal()
    review_asked = Signal()
    trail_asked = Signal()
    bulk_asked = Signal()
    reminders_asked = Signal()
    pin_asked = Signal()
    people_asked = Signal()
    settings_asked = Signal()

    def __init__(self, stage: Stage, shop_name: str, operator: Operator) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "header")
        self.setFixedHeight(64)
        shop = label(stage, role="heading")
        shop.setText(shop_name)
        titles = column(0, shop, label(stage, msg("Coupon Desk"), "small"), 0, spacing=0)
        self.many = self._many_button()
        self.review = button(stage, msg("Review"), "plain", "people", "muted", key="V")
        self.review.setObjectName("review")
        self.review.clicked.connect(self.review_asked)
        self.trail = button(stage, msg("Trail"), "plain", "trail", "muted", key="T")
        self.trail.setObjectName("trail")
        self.trail.clicked.connect(self.trail_asked)
        self.look = look_button(stage)
        self.lock = button(stage, msg("Lock (Ctrl+L)"), "icon", "lock", "muted")
        self.lock.setObjectName("lock")
        self.lock.setShortcut(QKeySequence("Ctrl+L"))
        self.lock.clicked.connect(self.lock_asked)
        self.operator = self._operator_button(operator)
        inside = row(
            icon_label(stage, "ticket", "accent", 28),
            titles,
            0,
            self.many,
            self.review,
            self.trail,
            help_button(stage),
            self.look,
            self.lock,
            self.operator,
            spacing=10,
            margins=(20, 0, 16, 0),
        )
        self.setLayout(inside)
        QShortcut(QKeySequence("Ctrl+T"), self, self.trail.click)
        QShortcut(QKeySequence("Ctrl+R"), self, self.review.click)
        stage.speech.tell(self.review, msg("Ctrl+R"), "setToolTip")

    def _many_button(self) -> QPushButton:
        """What is done with many coupons at once."""
        made = button(self._stage, msg("Many coupons"), "plain", "ticket", "muted", key="M")
        made.setObjectName("many")
        menu = QMenu(made)
        self.bulk = _entry(self._stage, menu, msg("Cancel many coupons…"))
        self.bulk.setShortcut(QKeySequence("Ctrl+B"))
        self.bulk.triggered.connect(self.bulk_asked)
        self.reminders = _entry(self._stage, menu, msg("Expiring soon: remind customers…"))
        self.reminders.setShortcut(QKeySequence("Ctrl+E"))
        self.reminders.triggered.connect(self.reminders_asked)
        self.addActions([self.bulk, self.reminders])
        made.setMenu(menu)
        return made

    def show_waiting(self, count: int) -> None:
        """How much waits for this operator to look at."""
        message = msg("Review ({count})", count=count) if count else msg("Review")
        self._stage.speech.tell(self.review, message)
        self._stage.theme.dress(self.review, "people", "warn" if count else "muted")

    def show_rights(self, rights: Mapping[Right, Message | None]) -> None:
        """What this operator may do; what may not be done stays in view and says why."""
        allow(self._stage, self.trail, rights.get(Right.READ_TRAIL), msg("Ctrl+T"))

    def _operator_button(self, operator: Operator) -> QPushButton:
        made = QPushButton(f"{operator.name}")
        made.setProperty("kind", "plain")
        made.setObjectName("operator")
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        self._stage.theme.dress(made, "person", "accent")
        self._stage.speech.tell(
            made, msg("{name}, {role}: lock or switch", name=operator.name, role=operator.role.label), "setAccessibleName"
        )
        menu = QMenu(made)
        role = _entry(self._stage, menu, operator.role.label)
        role.setEnabled(False)
        menu.addSeparator()
        _entry(self._stage, menu, msg("Lock")).triggered.connect(self.lock_asked)
        _entry(self._stage, menu, msg("Switch operator (F9)")).triggered.connect(self.switch_asked)
        menu.addSeparator()
        _entry(self._stage, menu, msg("Change your PIN…")).triggered.connect(self.pin_asked)
        _entry(self._stage, menu, msg("Operators…")).triggered.connect(self.people_asked)
        settings = _entry(self._stage, menu, msg("Settings…"))
        settings.setShortcut(QKeySequence("Ctrl+,"))
        settings.triggered.connect(self.settings_asked)
        self.addAction(settings)
        made.setMenu(menu)
        return made


def look_button(stage: Stage) -> QPushButton:
    """A button with the languages and the themes; also on the pages before anybody is signed in."""
    made = button(stage, msg("Language and theme"), "icon", "theme", "muted")
    made.setObjectName("look")
    menu = QMenu(made)
    languages = QActionGroup(menu)
    for language, name in LANGUAGE_NAMES.items():
        action = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(stage.speech.language is language)
        action.setActionGroup(languages)
        action.triggered.connect(lambda _on=False, chosen=language: _speak(stage, chosen))
    menu.aboutToShow.connect(lambda: _tick(languages, LANGUAGE_NAMES[stage.speech.language]))
    menu.addSeparator()
    schemes = QActionGroup(menu)
    for scheme in Scheme:
        action = _entry(stage, menu, scheme.label)
        action.setCheckable(True)
        action.setChecked(stage.theme.scheme is scheme)
        action.setActionGroup(schemes)
        action.triggered.connect(lambda _on=False, chosen=scheme: stage.theme.apply(scheme=chosen))
    made.setMenu(menu)
    return made


def corner(stage: Stage) -> QHBoxLayout:
    """What stands in the upper corner of the pages before anybody is signed in."""
    return row(0, help_button(stage), look_button(stage), spacing=4, margins=(0, 12, 16, 0))


def help_button(stage: Stage) -> QPushButton:
    """A button with the manual, the keys, and what to hand to whoever helps."""
    made = button(stage, msg("Help (F1)"), "icon", "question", "muted")
    made.setObjectName("help")
    menu = QMenu(made)
    _entry(stage, menu, msg("Help for what is shown (F1)")).triggered.connect(lambda: ask_for_help(made))
    _entry(stage, menu, msg("What to do when…")).triggered.connect(lambda: ask_for_help(made, "what-to-do-when"))
    _entry(stage, menu, msg("All keys")).triggered.connect(lambda: ask_for_help(made, "keys"))
    menu.addSeparator()
    _entry(stage, menu, msg("Diagnostics for whoever helps…")).triggered.connect(lambda: ask_for_diagnostics(made))
    made.setMenu(menu)
    return made


def _speak(stage: Stage, language: Language) -> None:
    stage.speech.switch(language)
    stage.theme.apply(language)


def _tick(group: QActionGroup, text: str) -> None:
    for action in group.actions():
        action.setChecked(action.text() == text)


def _entry(stage: Stage, menu: QMenu, message: Message) -> QAction:
    action = menu.addAction("")
    stage.speech.tell(action, message)
    return action
