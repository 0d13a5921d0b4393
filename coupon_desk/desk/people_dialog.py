"""The operators: who there is, as what, where; an administrator adds, changes and disables them here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from coupon_desk.desk.add_person_dialog import AddPersonDialog, names_in, role_box
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, allow, button, column, frame, label, line, row
from coupon_desk.desk.pin_dialog import PinDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.table_ways import behave_as_list, without_focus
from coupon_desk.errors import DeskError, RemoteError
from coupon_desk.people.roles import Right, Role, refusal
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Operator, Session

ROW_HEIGHT_PX = 40
INDENT = "\N{EN SPACE}"
SIDE_PX = 300
_HEADS = (msg("Operator"), msg("Role"), msg("Stores"), msg("Signs in with"), msg("State"))
_WIDTHS_PX = (0, 120, 120, 140, 90)


class PeopleDialog(QDialog):
    """The list at the left, what can be changed about one of them at the right. Whoever may change nothing reads why."""

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._people: tuple[Operator, ...] = ()
        self._is_busy = False
        self._why_not = None if session.may(Right.MANAGE_PEOPLE) else refusal(session.operator.role, Right.MANAGE_PEOPLE).what
        self.setModal(True)
        self.setMinimumSize(1100, 640)
        stage.speech.tell(self, msg("Operators"), "setWindowTitle")
        self.table = self._table()
        self.problem = Banner(stage)
        self.problem.setObjectName("people-problem")
        self.add = self._button(msg("Add an operator…"), "add-operator", self.ask_to_add, "primary")
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        top = row(label(stage, msg("Operators"), "title"), 0, self.add, margins=(26, 20, 26, 14))
        card = frame("card", column(self.table, margins=(1, 6, 1, 6)))
        left = column(self.problem, card, spacing=12, margins=(26, 0, 18, 18))
        left.setStretchFactor(card, 1)
        middle = row(left, self._side(), spacing=0, margins=(0, 0, 26, 0))
        middle.setStretchFactor(left, 1)
        hint = label(stage, msg("What is changed here holds at once, at every desk of the shop."), "muted", wraps=True)
        bottom = row(hint, close, spacing=10, margins=(26, 12, 24, 12))
        bottom.setStretchFactor(hint, 1)
        whole = column(top, middle, frame("footer", bottom), spacing=0)
        whole.setStretchFactor(middle, 1)
        self.setLayout(whole)
        stage.speech.changed.connect(self._show)
        self._allow()
        self.read()

    @property
    def chosen(self) -> Operator | None:
        """Who is selected."""
        place = self.table.currentRow()
        return self._people[place] if 0 <= place < len(self._people) else None

    def read(self) -> None:
        """Read the list anew, from the centre where there is one."""
        people = self._desk.people

        def read() -> tuple[tuple[Operator, ...], RemoteError | None]:
            silent = people.refresh()
            return people.list(), silent

        self._stage.runner.read(self, "people", read, self._take, self._fail)

    def choose(self, login: str) -> None:
        """Select somebody."""
        place = next((place for place, one in enumerate(self._people) if one.login == login), -1)
        self.table.setCurrentCell(place, 0)

    def ask_to_add(self) -> None:
        """Add somebody."""
        dialog = AddPersonDialog(self._stage, self._desk, self._session, self)
        dialog.added.connect(self._added)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def ask_for_pin(self) -> None:
        """Give the one who is selected a new PIN."""
        whose = self.chosen
        if whose is not None:
            dialog = PinDialog(self._stage, self._desk, self._session, self, whose=whose)
            dialog.changed.connect(lambda: self._say(msg("{name} has a new PIN, and may try again at once.", name=whose.name)))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def give_role(self) -> None:
        """Give the role that is picked."""
        role = Role(self.role.currentData())
        self._change(lambda login: self._desk.people.change_role(login, role, self._session))

    def give_stores(self) -> None:
        """Let them work in the stores that are named."""
        stores = names_in(self.stores.text())
        self._change(lambda login: self._desk.people.change_stores(login, stores, self._session))

    def disable_or_enable(self) -> None:
        """Let nobody sign in with this login any more, or let them again."""
        people, chosen = self._desk.people, self.chosen
        change = people.enable if chosen is not None and chosen.disabled else people.disable
        self._change(lambda login: change(login, self._session))

    def share(self) -> None:
        """Let all desks know somebody of this one."""
        self._change(lambda login: self._desk.people.share(login, self._session))

    def _side(self) -> QWidget:
        self.who = label(self._stage, role="heading", wraps=True)
        self.about = label(self._stage, role="muted", wraps=True)
        self.role = role_box(self._stage)
        self.stores = QLineEdit()
        self.stores.setObjectName("stores")
        self._stage.speech.tell(self.stores, msg("Stores"), "setAccessibleName")
        self._stage.speech.tell(self.stores, msg("all, or names: Ginza, Ueno"), "setPlaceholderText")
        self.give_role_button = self._button(msg("Give this role"), "give-role", self.give_role)
        self.give_stores_button = self._button(msg("Set the stores"), "give-stores", self.give_stores)
        self.new_pin = self._button(msg("New PIN…"), "new-pin-of", self.ask_for_pin)
        self.disable = self._button(msg("Disable"), "disable", self.disable_or_enable)
        self.shared = self._button(msg("Share with all desks"), "share", self.share)
        inside = column(
            self.who,
            self.about,
            line(),
            column(label(self._stage, msg("Role"), "section"), self.role, self.give_role_button, spacing=6),
            column(label(self._stage, msg("Stores"), "section"), self.stores, self.give_stores_button, spacing=6),
            line(),
            self.new_pin,
            self.shared,
            self.disable,
            0,
            spacing=12,
            margins=(20, 18, 20, 18),
        )
        made = frame("card", inside)
        made.setFixedWidth(SIDE_PX)
        holder = QWidget()
        holder.setLayout(column(made, margins=(0, 0, 0, 18)))
        return holder

    def _table(self) -> QTableWidget:
        made = QTableWidget(0, len(_HEADS))
        made.setObjectName("people")
        header = behave_as_list(made, ROW_HEIGHT_PX)
        made.setItemDelegate(_UnderItsTitle(made))
        header.setFixedHeight(36)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for place, width in enumerate(_WIDTHS_PX[1:], start=1):
            made.setColumnWidth(place, width)
        self._stage.speech.tell(made, msg("Operators"), "setAccessibleName")
        made.currentCellChanged.connect(lambda *_: self._allow())
        return made

    def _button(self, told: Message, name: str, pressed: Callable[[], None], kind: str = "normal") -> QPushButton:
        made = button(self._stage, told, kind)
        made.setObjectName(name)
        made.clicked.connect(lambda _on=False: pressed())
        return made

    def _take(self, found: tuple[tuple[Operator, ...], RemoteError | None]) -> None:
        self._people, silent = found
        self._show()
        if silent is not None:
            self.problem.show_message(Tone.WARN, msg("The list is as this desk knows it."), silent.what, "offline")

    def _show(self) -> None:
        chosen = self.chosen.login if self.chosen is not None else self._session.login
        say = self._stage.speech.say
        self.table.setHorizontalHeaderLabels([say(head) for head in _HEADS])
        self.table.setRowCount(len(self._people))
        for place, one in enumerate(self._people):
            texts = (
                f"{one.name} ({one.login})",
                say(one.role.label),
                ", ".join(one.stores) or say(msg("all")),
                say(one.source.label),
                say(msg("disabled") if one.disabled else msg("active")),
            )
            for at, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(place, at, item)
        self.choose(chosen)
        self._allow()

    def _allow(self) -> None:
        chosen, tell = self.chosen, self._stage.speech.tell
        is_there = chosen is not None and not self._is_busy
        why_not = self._why_not if is_there or self._why_not is not None else msg("Choose an operator first.")
        for each in (self.give_role_button, self.give_stores_button, self.new_pin, self.disable, self.shared):
            allow(self._stage, each, why_not)
        allow(self._stage, self.add, self._why_not)
        self.shared.setVisible(self._desk.settings.central is not None and chosen is not None and chosen.version == 0)
        if chosen is None:
            tell(self.who, msg("No operator is chosen"))
            tell(self.about, why_not or msg("Choose an operator first."))
            return
        self.who.setText(chosen.name)
        self._stage.speech.forget(self.who)
        tell(self.about, self._why_not or msg("Login: {login}", login=chosen.login))
        tell(self.disable, msg("Enable again") if chosen.disabled else msg("Disable"))
        self.role.setCurrentIndex(self.role.findData(chosen.role.value))
        self.stores.setText(", ".join(chosen.stores))

    def _change(self, change: Callable[[str], Operator]) -> None:
        chosen = self.chosen
        if chosen is None or self._is_busy:
            return
        self._is_busy = True
        self.problem.hide()
        self._allow()
        self._stage.runner.write(self, lambda _tell: change(chosen.login), self._changed, self._fail)

    def _added(self, operator: Operator) -> None:
        self._say(msg("{name} was added, and may sign in.", name=operator.name))
        self._people = tuple(sorted((*self._people, operator), key=lambda one: one.login))
        self._show()
        self.choose(operator.login)

    def _changed(self, operator: Operator) -> None:
        self._is_busy = False
        self._say(msg("{name} was changed; it stands in the trail.", name=operator.name))
        self._people = tuple(operator if one.login == operator.login else one for one in self._people)
        self._show()
        self.choose(operator.login)

    def _fail(self, error: DeskError) -> None:
        self._is_busy = False
        self.problem.show_message(Tone.DANGER, error.what, error.todo or error.done)
        self._allow()

    def _say(self, told: Message) -> None:
        self.problem.show_message(Tone.SUCCESS, told)


class _UnderItsTitle(QStyledItemDelegate):
    """The text begins where that of its column's title begins, and the row is marked as a whole."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        without_focus(option)
        option.text = INDENT + option.text
