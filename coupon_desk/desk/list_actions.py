"""What can be done with the rows of the list as text and as a whole: copy them, and select all that match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.columns import Column
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.coupon_words import Row, in_words
from coupon_desk.desk.selection import MOST_SELECTED
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.coupon_reading import CouponReading
    from coupon_desk.people.operators import Session

PAGE: Final = 1000


class ListActions(QObject):
    """`told` says what was done, `failed` what could not be read."""

    told = Signal(object)
    failed = Signal(object)

    def __init__(
        self, stage: Stage, coupons: CouponReading, session: Session, rows: CouponRows, table: CouponTable, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._coupons = coupons
        self._session = session
        self._rows = rows
        self._table = table
        self.menu = QMenu(table)
        self.menu.setObjectName("row-menu")
        for name, words, act in (
            ("copy-rows", msg("Copy the rows (Ctrl+C)"), self.copy_rows),
            ("copy-row-codes", msg("Copy the codes (Ctrl+Shift+C)"), self.copy_codes),
            ("copy-cell", msg("Copy this cell"), self.copy_cell),
            ("select-all", msg("Select all that match (Ctrl+A)"), self.select_all),
        ):
            action = self.menu.addAction("")
            action.setObjectName(name)
            stage.speech.tell(action, words)
            action.triggered.connect(lambda _on=False, act=act: act())
        table.menu_asked.connect(self._open_menu)
        table.all_asked.connect(self.select_all)
        table.copy_asked.connect(lambda codes_only: self.copy_codes() if codes_only else self.copy_rows())

    def select_all(self) -> None:
        """Select all coupons that the query finds, read or not, but not more than MOST_SELECTED."""
        query, rows, coupons, session = self._rows.query, self._rows, self._coupons, self._session
        if query is None or rows.is_fetching:
            return
        if not rows.has_more:
            self._table.selection.choose(rows.codes(0, rows.rowCount() - 1))
            return
        self.told.emit(msg("Selecting all that match…"))

        def collect() -> tuple[CouponCode, ...]:
            found: list[CouponCode] = []
            page = coupons.search(replace(query, after=None, limit=PAGE), session)
            found.extend(coupon.code for coupon in page.rows)
            while page.next is not None and len(found) <= MOST_SELECTED:
                page = coupons.search(replace(query, after=page.next, limit=PAGE), session)
                found.extend(coupon.code for coupon in page.rows)
            return tuple(dict.fromkeys(found))

        def choose(codes: tuple[CouponCode, ...]) -> None:
            if rows.query == query:
                self.told.emit(None)
                self._table.selection.choose(codes)

        self._stage.runner.read(self, "all", collect, choose, self.failed.emit)

    def copy_codes(self) -> None:
        """The codes of the selected coupons, one a line."""
        codes = self._codes()
        if codes:
            self._put("\n".join(code.text for code in codes), len(codes))

    def copy_cell(self) -> None:
        """The text where the keyboard or the mouse is."""
        row, column = self._rows.row_at(self._table.currentIndex().row()), self._table.currentIndex().column()
        if self._table.currentIndex().isValid() and row is not None:
            QGuiApplication.clipboard().setText(row.texts[column])
            self.told.emit(msg("Copied: {text}", text=row.texts[column]))

    def copy_rows(self) -> None:
        """The rows of the selected coupons as they are shown, cells between tabs; a spreadsheet takes them as they are."""
        codes = self._codes()
        columns = self._table.head.visible()
        coupons, session, language = self._coupons, self._session, self._stage.speech.language
        hides = self._rows.hides_customer
        known = {row.coupon.code: row for row in self._rows.resident()}
        missing = [code for code in codes if code not in known]

        def read() -> str:
            found = coupons.known(missing, session) if missing else {}
            there = {**known, **{code: in_words(one, language, hides_customer=hides) for code, one in found.items()}}
            return as_text([there[code] for code in codes if code in there], columns)

        if codes:
            self._stage.runner.read(self, "copy", read, lambda text: self._put(text, len(codes)), self.failed.emit)

    def _codes(self) -> tuple[CouponCode, ...]:
        selected = self._table.selection.selected.codes
        current = self._table.current()
        return selected or (() if current is None else (current.code,))

    def _put(self, text: str, count: int) -> None:
        QGuiApplication.clipboard().setText(text)
        self.told.emit(copied(count))

    def _open_menu(self, corner: QPoint) -> None:
        for action in self.menu.actions():
            action.setEnabled(bool(self._codes()) or action.objectName() == "select-all")
        self.menu.popup(corner)


def as_text(rows: list[Row], columns: tuple[Column, ...]) -> str:
    """Rows as lines, cells between tabs. No text of a customer's becomes another cell, or a formula where it is pasted."""
    from coupon_desk.trail.export import harmless

    return "\n".join("\t".join(harmless(" ".join(row.texts[column].split())) for column in columns) for row in rows)


def copied(count: int) -> Message:
    """What is said when coupons were copied."""
    return msgn("{count} coupon copied", "{count} coupons copied", count=count)
