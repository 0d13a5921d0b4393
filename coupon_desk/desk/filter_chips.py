"""The filters that are on while their fields are folded away: a chip for each, which takes it off again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from PySide6.QtWidgets import QHBoxLayout, QWidget

from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.desk.asked import Asked
from coupon_desk.desk.controls import button, clear, row
from coupon_desk.desk.query_days import first_day, last_day
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

Chip = tuple[Message, CouponQuery]


class FilterChips(QWidget):
    """Says in words what is left out; hidden where nothing is."""

    def __init__(self, stage: Stage, asked: Asked) -> None:
        super().__init__()
        self._stage = stage
        self._asked = asked
        self._is_wanted = True
        self._shown: tuple[Message, ...] = ()
        self._row: QHBoxLayout = row(spacing=6)
        self.setLayout(self._row)
        asked.changed.connect(lambda _query: self._draw())
        self._draw()

    def show_if(self, wanted: bool) -> None:
        """Whether the chips are wanted; the fields themselves say more."""
        self._is_wanted = wanted
        self._draw()

    def _draw(self) -> None:
        chips = tuple(chips_of(self._asked.query))
        self.setVisible(bool(chips) and self._is_wanted)
        words = tuple(words for words, _ in chips)
        if words == self._shown:
            return
        self._shown = words
        clear(self._row)
        for said, without in chips:
            chip = button(self._stage, said, "chip", "close", "accent")
            self._stage.speech.tell(chip, msg("{filter}: take this filter off", filter=said), "setAccessibleName")
            chip.clicked.connect(lambda _on=False, query=without: self._asked.put(query))
            self._row.addWidget(chip)
        self._row.addStretch(1)


def chips_of(query: CouponQuery) -> Iterator[Chip]:
    """Each filter in words, with the query without it; a single status has a button of its own."""
    if len(query.statuses) > 1:
        yield _either(query.statuses), replace(query, statuses=frozenset())
    elif StatusFilter.SCHEDULED in query.statuses:
        yield StatusFilter.SCHEDULED.label, replace(query, statuses=frozenset())
    if query.expiring_days is not None:
        yield msg("Ends within {days} days", days=query.expiring_days), replace(query, expiring_days=None)
    issued = _span(first_day(query.issued_from), last_day(query.issued_until))
    if issued is not None:
        yield msg("Issued {span}", span=issued), replace(query, issued_from=None, issued_until=None)
    expires = _span(first_day(query.expires_from), last_day(query.expires_until))
    if expires is not None:
        yield msg("Expires {span}", span=expires), replace(query, expires_from=None, expires_until=None)
    points = _points(query.points_from, query.points_until)
    if points is not None:
        yield points, replace(query, points_from=None, points_until=None)


def count_of(query: CouponQuery) -> int:
    """How many filters are on."""
    return sum(1 for _ in chips_of(query))


def _either(statuses: frozenset[StatusFilter]) -> Message:
    first, *others = (status for status in StatusFilter if status in statuses)
    said = first.label
    for status in others:
        said = msg("{one} or {other}", one=said, other=status.label)
    return said


def _span(begin: date | None, end: date | None) -> Message | None:
    if begin is not None and end is not None:
        return msg("{begin} – {end}", begin=begin, end=end)
    if begin is not None:
        return msg("from {begin}", begin=begin)
    return None if end is None else msg("until {end}", end=end)


def _points(least: int | None, most: int | None) -> Message | None:
    if least is not None and most is not None:
        return msg("{least} – {most} points", least=least, most=most)
    if least is not None:
        return msg("{least} points or more", least=least)
    return None if most is None else msg("{most} points or fewer", most=most)
