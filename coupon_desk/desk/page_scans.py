"""A scan while one works at the page: it is searched for and selected, wherever the focus was."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from coupon_desk.coupons.code import is_code
from coupon_desk.desk.scanner_pace import ScannerKeys
from coupon_desk.desk.scanner_watch import ScannerWatch
from coupon_desk.desk.search_bar import SearchBar


class PageScans(QObject):
    """Puts what was scanned into the search, and takes it back from the field that got its first keys."""

    def __init__(self, page: QWidget, search: SearchBar, keys: ScannerKeys) -> None:
        super().__init__(page)
        self._search = search
        self._before: tuple[QLineEdit, str] | None = None
        ScannerWatch(page, keys, self._mark, self._take)

    def _mark(self) -> None:
        field = QApplication.focusWidget()
        self._before = (field, field.text()) if isinstance(field, QLineEdit) else None

    def _take(self, text: str) -> bool:
        """Only a code is a scan here: anything else may be a name that was sent by another program."""
        if not is_code(text):
            return False
        if self._before is not None:
            field, before = self._before
            field.setText(before)
        self._search.enter(text)
        return True
