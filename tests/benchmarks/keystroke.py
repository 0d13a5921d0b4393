"""From the key to the painted rows: the real page in a real window, on its own threads, over the whole catalogue.

Each key is one measurement, from the event until the list has painted what is found; the next key comes after that, except for
a scanner, which does not wait. The reference is the bare SQL that knew what was typed, on the same file, and a bare table that
paints what it found: nothing of ours is in it, and no thread.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QEventLoop, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QTableView

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.catalogue.folding import fold, gram_word
from coupon_desk.desk.application import make_application
from coupon_desk.desk.continuation import Continuation
from coupon_desk.desk.garbage import WindowGarbage
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.desk.threads import PoolRunner
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.benchmarks.figures import Figure, Limit, at_most
from tests.benchmarks.population import GIVEN, LATIN, SURNAMES, catalogue_file
from tests.benchmarks.scale import Scale
from tests.benchmarks.search import ANYWHERE, CUSTOMER, EXACT, IN_NAMES, PREFIX, Sample

FRAME, SEARCH = at_most(16.0), at_most(50.0)
"""Milliseconds: a frame for what an index answers, a blink for a search anywhere."""

SIZE_PX = (1280, 800)
PIN = "482915"
PATIENCE_MS = 20_000
SHORTEST_PHRASE = 3
CODE_LETTERS = 15
TEXTS_IN_A_RUN = 8

Found = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Kind:
    """One way to type: the strokes (several letters in one where they come at once), and what the bare SQL is for each."""

    name: str
    text: Callable[[], str]
    strokes: Callable[[str], list[str]]
    sql: Callable[[str], tuple[str, str]]
    limit: Limit
    waits: bool = True


def figures(scale: Scale) -> Iterator[Figure]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    file = scale.copy(catalogue_file(scale), "desk.sqlite3")
    rounds = min(TEXTS_IN_A_RUN, scale.coupons // 500)
    with closing(sqlite3.connect(file)) as database, page_on(file.parent) as page:
        database.execute("PRAGMA mmap_size=268435456")
        typist, bare = Typist(page), BareTable(database)
        for kind in kinds(Sample(database)):
            runs = tuple(_run(typist, bare, kind, rounds) for _ in range(scale.runs + 1))[1:]
            against = "bare SQL and a bare table, painted"
            yield Figure.of_runs(f"key to painted rows: {kind.name}, p99", runs, "ms", against, kind.limit)
        bare.close()


def kinds(sample: Sample) -> list[Kind]:
    def whole(text: str) -> list[str]:
        return [text]

    def by_code(text: str) -> tuple[str, str]:
        folded = fold(text)
        return (EXACT if len(folded) > CODE_LETTERS else PREFIX), folded

    def anywhere(text: str) -> tuple[str, str]:
        folded = fold(text)
        return (ANYWHERE, f'"{folded}"') if len(folded) >= SHORTEST_PHRASE else (PREFIX, folded)

    def by_name(text: str) -> tuple[str, str]:
        folded = fold(text)
        return (ANYWHERE, f'"{folded}"') if len(folded) >= SHORTEST_PHRASE else (IN_NAMES, gram_word(folded))

    return [
        Kind("a code, letter by letter", sample.code, list, by_code, FRAME),
        Kind("a scanned code, from its last letter", sample.code, list, by_code, FRAME, waits=False),
        Kind("a customer's number, pasted", sample.number, whole, lambda text: (CUSTOMER, text[::-1]), FRAME),
        Kind("the end of a number, pasted", lambda: sample.number()[-7:], whole, lambda text: (CUSTOMER, text[::-1]), FRAME),
        Kind("a customer's number, digit by digit", sample.number, list, anywhere, SEARCH),
        Kind("an e-mail, letter by letter", lambda: sample.email()[:12], list, anywhere, SEARCH),
        Kind("a Latin name, letter by letter", lambda: sample.of(LATIN), list, anywhere, SEARCH),
        Kind("a Japanese name", lambda: sample.of(SURNAMES) + sample.of(GIVEN), list, by_name, SEARCH),
        Kind("the middle of a code, pasted", lambda: sample.code().split("-")[1], whole, anywhere, SEARCH),
    ]


@contextmanager
def page_on(home: Path) -> Iterator[WorkPage]:
    """The page of an operator in a window on this home, with the real threads; nothing else goes on there."""
    make_application()
    garbage = WindowGarbage()
    stage = Stage(PoolRunner(), Speech(Language.EN), Theme(Scheme.LIGHT))
    stage.theme.apply(Language.EN)
    with TrainingShop.start(coupons=1, seed=7) as shop:
        (home / "config.toml").write_text(training_config(shop.addresses), encoding="utf-8")
        desk = CouponDesk.open(home, secrets=training_vault(shop.addresses))
        desk.people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, PIN), None)
        session = desk.people.sign_in("owner", PIN)
        window = QMainWindow()
        window.resize(*SIZE_PX)
        page = WorkPage(stage, desk, session, Continuation(stage, desk, window))
        stage.theme.clothe(window)
        window.setCentralWidget(page)
        window.show()
        page.search.focus()
        page.rows.show(page.search.query)
        wait_until(lambda: page.rows.rowCount() > 0)
        yield page
        page.leave()
        over: list[bool] = []
        stage.runner.finish(lambda: over.append(True))
        wait_until(lambda: bool(over))
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        desk.close()
    garbage.release()


class Typist(QObject):
    """Types into the search and looks when the list has painted what was found."""

    def __init__(self, page: WorkPage) -> None:
        super().__init__(page)
        self._page = page
        self._is_found = False
        self._loop = QEventLoop()
        page.rows.begun.connect(self._note)
        page.table.viewport().installEventFilter(self)
        page.list.nothing.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is painted now is on the screen when the event loop turns again."""
        if event.type() is QEvent.Type.Paint and self._is_found:
            self._is_found = False
            QTimer.singleShot(0, self._loop.quit)
        return super().eventFilter(watched, event)

    def milliseconds(self, strokes: list[str], *, waits: bool) -> list[float]:
        """How long each stroke took, or the last one of those that did not wait."""
        self._page.search.clear()
        self._await()
        if not waits:
            for letter in strokes[:-1]:
                self._type(letter)
            strokes = strokes[-1:]
        taken = []
        for stroke in strokes:
            start = time.perf_counter()
            self._type(stroke)
            self._await()
            taken.append((time.perf_counter() - start) * 1000)
        return taken

    def _await(self) -> None:
        if self._page.rows.is_fetching or self._is_found:
            impatient = QTimer()
            impatient.setSingleShot(True)
            impatient.timeout.connect(lambda: self._loop.exit(1))
            impatient.start(PATIENCE_MS)
            if self._loop.exec():
                raise TimeoutError(self._page.search.query.text)

    def _type(self, stroke: str) -> None:
        field = self._page.search.text
        if len(stroke) == 1 and stroke.isascii():
            QTest.keyClicks(field, stroke)
        else:
            event = QInputMethodEvent("", [])
            event.setCommitString(stroke)
            QApplication.sendEvent(field, event)

    def _note(self, _before: object, _query: object) -> None:
        self._is_found = not self._page.rows.is_fetching
        if self._is_found:  # where nothing is found again, Qt would have nothing to paint
            self._page.table.viewport().update()
            self._page.list.nothing.update()


class BareTable:
    """A table of Qt's with nothing of ours in it, filled by bare SQL."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._rows = _BareRows()
        self._view = QTableView()
        self._view.setModel(self._rows)
        self._view.verticalHeader().setDefaultSectionSize(44)
        self._view.resize(840, 500)
        self._view.show()

    def milliseconds(self, sql: str, given: str) -> float:
        start = time.perf_counter()
        self._rows.show(self._database.execute(sql, {"text": given}).fetchall())
        self._view.viewport().repaint()
        return (time.perf_counter() - start) * 1000

    def close(self) -> None:
        self._view.close()
        self._view.deleteLater()


class _BareRows(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.found: Found = []

    def show(self, found: Found) -> None:
        self.beginResetModel()
        self.found = found
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(self.found)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 7

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return str(self.found[index.row()][index.column()]) if role == Qt.ItemDataRole.DisplayRole else None


def _run(typist: Typist, bare: BareTable, kind: Kind, rounds: int) -> tuple[float, float]:
    ours: list[float] = []
    raw: list[float] = []
    for _ in range(rounds):
        text = kind.text()
        strokes = kind.strokes(text)
        ours += typist.milliseconds(strokes, waits=kind.waits)
        typed = ["".join(strokes[: number + 1]) for number in range(len(strokes))]
        raw += [bare.milliseconds(*kind.sql(one)) for one in (typed if kind.waits else typed[-1:])]
    return _p99(ours), _p99(raw)


def _p99(taken: list[float]) -> float:
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * 0.99))]


def wait_until(is_so: Callable[[], bool]) -> None:
    loop, until = QEventLoop(), time.monotonic() + PATIENCE_MS / 1000
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError
        QTimer.singleShot(2, loop.quit)
        loop.exec()
