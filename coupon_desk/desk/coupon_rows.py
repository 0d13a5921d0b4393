"""The rows of the table: pages fetched from the catalogue as one scrolls, their texts made on a worker, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusRole
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Amount, Language, Message, day, money, msg, number, say

if TYPE_CHECKING:
    from coupon_desk.app.coupon_reading import CouponReading
    from coupon_desk.catalogue.query import CouponPage, CouponQuery, Cursor
    from coupon_desk.people.operators import Session

Index = QModelIndex | QPersistentModelIndex
CouponRole: Final = Qt.ItemDataRole.UserRole + 2
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
HIDDEN: Final = "•••"
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Column(IntEnum):
    """The columns, from left to right."""

    CODE = 0
    CUSTOMER = 1
    POINTS = 2
    AMOUNT = 3
    STATUS = 4
    ISSUED = 5
    EXPIRES = 6

    @property
    def title(self) -> Message:
        """What stands above the column."""
        return _TITLES[self]


_TITLES = {
    Column.CODE: msg("Code"),
    Column.CUSTOMER: msg("Customer"),
    Column.POINTS: msg("Points"),
    Column.AMOUNT: msg("Amount"),
    Column.STATUS: msg("Status"),
    Column.ISSUED: msg("Issued"),
    Column.EXPIRES: msg("Expires"),
}
_FIGURES: Final = {Column.POINTS, Column.AMOUNT}


@dataclass(frozen=True, slots=True)
class Row:
    """One coupon and its texts, made once and only read while the table is drawn."""

    coupon: Coupon
    texts: tuple[str, ...]
    spoken: str


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of rows, and where the next begins."""

    rows: tuple[Row, ...]
    after: Cursor | None


class CouponRows(QAbstractTableModel):
    """The coupons that a query finds, newest first."""

    arrived = Signal()
    failed = Signal(object)

    def __init__(self, stage: Stage, coupons: CouponReading, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._coupons = coupons
        self._session = session
        self._query: CouponQuery | None = None
        self._rows: list[Row] = []
        self._after: Cursor | None = None
        self._is_fetching = False
        stage.speech.changed.connect(self._say_again)

    @property
    def query(self) -> CouponQuery | None:
        """What is shown; None before the first query."""
        return self._query

    @property
    def has_more(self) -> bool:
        """Whether there are rows that were not fetched yet."""
        return self._after is not None

    @property
    def is_fetching(self) -> bool:
        """Whether rows are on their way."""
        return self._is_fetching

    def show(self, query: CouponQuery) -> None:
        """Show what this query finds; the rows that stand stay until the new ones are there."""
        self._query = query
        self._is_fetching = True
        self._fetch(replace(query, after=None), self._begin)

    def refresh(self) -> None:
        """Ask the same again, because something changed."""
        if self._query is not None:
            self.show(self._query)

    def coupon_at(self, index: Index) -> Coupon | None:
        """The coupon of a row."""
        return self._rows[index.row()].coupon if index.isValid() and index.row() < len(self._rows) else None

    def find(self, code: CouponCode) -> QModelIndex:
        """Where a code stands among the fetched rows; an invalid index where it does not."""
        for position, row in enumerate(self._rows):
            if row.coupon.code == code:
                return self.index(position, Column.CODE)
        return QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many rows were fetched."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One text or fact of a cell. Called some thousand times for each frame: makes nothing, looks up only."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self._rows[index.row()].texts[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() in _FIGURES else _LEFT
        if role == StatusRole:
            return self._rows[index.row()].coupon.status
        if role == CouponRole:
            return self._rows[index.row()].coupon
        if role == Qt.ItemDataRole.AccessibleTextRole:
            row = self._rows[index.row()]
            return row.spoken if index.column() == Column.CODE else row.texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == Column.CUSTOMER:
            return self._rows[index.row()].coupon.customer_name
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._stage.speech.say(Column(section).title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in _FIGURES else _LEFT
        return None

    def canFetchMore(self, parent: Index) -> bool:
        """Whether the end was not reached."""
        return not parent.isValid() and self._after is not None and not self._is_fetching

    def fetchMore(self, parent: Index) -> None:
        """Fetch the next page behind the last row."""
        if parent.isValid() or self._query is None or self._after is None or self._is_fetching:
            return
        self._is_fetching = True
        self._fetch(replace(self._query, after=self._after), self._append)

    def _fetch(self, query: CouponQuery, done: Callable[[Rows], None]) -> None:
        coupons, session, language = self._coupons, self._session, self._stage.speech.language
        hides = not session.may(Right.SEE_CUSTOMER)

        def fetch() -> Rows:
            page: CouponPage = coupons.search(query, session)
            return Rows(tuple(in_words(coupon, language, hides_customer=hides) for coupon in page.rows), page.next)

        self._stage.runner.read(self, "rows", fetch, done, self._fail)

    def _begin(self, page: Rows) -> None:
        self._is_fetching = False
        self.beginResetModel()
        self._rows, self._after = list(page.rows), page.after
        self.endResetModel()
        self.arrived.emit()

    def _append(self, page: Rows) -> None:
        self._is_fetching = False
        self._after = page.after
        if page.rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(page.rows) - 1)
            self._rows.extend(page.rows)
            self.endInsertRows()
        self.arrived.emit()

    def _fail(self, error: DeskError) -> None:
        self._is_fetching = False
        self.failed.emit(error)

    def _say_again(self) -> None:
        hides = not self._session.may(Right.SEE_CUSTOMER)
        self._rows = [in_words(row.coupon, self._stage.speech.language, hides_customer=hides) for row in self._rows]
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(Column) - 1))


def in_words(coupon: Coupon, language: Language, *, hides_customer: bool = False) -> Row:
    """The texts of one row. A customer who may not be seen is something else than one who is not known."""
    points = number(coupon.points, language)
    status = say(coupon.status.label, language)
    texts = (
        coupon.code.text,
        HIDDEN if hides_customer else coupon.customer_name or "–",
        points,
        "–" if coupon.amount is None else money(Amount(coupon.amount, coupon.currency), language),
        status,
        day(coupon.issued_at, language) if coupon.issued_at else "–",
        day(coupon.expires_at, language) if coupon.expires_at else "–",
    )
    spoken = msg(
        "{code}, {customer}, {points} points, {status}", code=texts[0], customer=texts[1], points=points, status=status
    )
    return Row(coupon, texts, say(spoken, language))
