"""What a dry run found: which coupons can be cancelled, which need a second person, which cannot be and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QProgressBar, QPushButton, QStackedWidget, QWidget

from coupon_desk.desk.bulk_kinds import ALL, BulkKinds
from coupon_desk.desk.bulk_lines import BulkLines
from coupon_desk.desk.bulk_states import sorted_line
from coupon_desk.desk.bulk_table import BulkCard
from coupon_desk.desk.controls import Spinner, button, column, frame, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import font
from coupon_desk.desk.typed_count import TypedCount
from coupon_desk.words import Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.cancellation.bulk_sorting import Sorted, SortedRow

LEFT_OUT_APPROVAL: Final = msg("Left out: it needs approval.")
LEFT_OUT_UNREAD: Final = msg("Left out: it could not be read.")
CHOICE_MARGINS_PX: Final = 28


class BulkSorted(QWidget):
    """First how far the looking is, then what was found. `changed` tells that more or fewer coupons would be cancelled."""

    changed = Signal()
    stopped = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.found: Sorted | None = None
        self._confirm_above = 0
        self.lines = BulkLines(stage, self)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._looking())
        self._pages.addWidget(self._result())
        self.setLayout(column(self._pages))
        stage.theme.changed.connect(self._fit_choices)

    @property
    def chosen(self) -> tuple[SortedRow, ...]:
        """What would be begun."""
        from coupon_desk.cancellation.bulk_sorting import Sorting

        if self.found is None:
            return ()
        wanted = {Sorting.CAN}
        wanted |= {Sorting.NEEDS_APPROVAL} if self.with_approval.isChecked() else set()
        wanted |= {Sorting.UNREAD} if self.with_unread.isChecked() else set()
        return tuple(one for one in self.found.rows if one.sorting in wanted)

    @property
    def left_out(self) -> dict[int, Message]:
        """Which lines are not begun, and why."""
        from coupon_desk.cancellation.bulk_sorting import Sorting

        if self.found is None:
            return {}
        chosen = {one.line for one in self.chosen}
        words = {Sorting.NEEDS_APPROVAL: LEFT_OUT_APPROVAL, Sorting.UNREAD: LEFT_OUT_UNREAD}
        return {one.line: words.get(one.sorting) or _first(one) for one in self.found.rows if one.line not in chosen}

    def what_is_missing(self) -> Message | None:
        """Why nothing can be begun yet."""
        count = len(self.chosen)
        if self.found is None:
            return msg("The coupons are being looked at.")
        if not count:
            return msg("None of these coupons can be cancelled.")
        return self.typed.missing

    def begin(self, confirm_above: int) -> None:
        """The looking has begun."""
        self.found = None
        self._confirm_above = confirm_above
        self.typed.field.clear()
        self._pages.setCurrentIndex(0)
        self.bar.setRange(0, 0)
        self._stage.speech.tell(self.how_far, msg("Looking at the coupons…"))
        self.stop.setEnabled(True)
        self.stop.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def show_progress(self, done: int, of: int) -> None:
        """How far the looking is."""
        if of:
            self.bar.setRange(0, of)
            self.bar.setValue(done)
            self._stage.speech.tell(self.how_far, msg("{count} of {all} coupons looked at", count=done, all=of))

    def show_found(self, found: Sorted) -> None:
        """What was found."""
        from coupon_desk.cancellation.bulk_sorting import Sorting

        self.found = found
        self.lines.show(sorted_line(one) for one in found.rows)
        self.kinds.show_counts(self.lines.counts)
        self.kinds.pick(ALL)
        for choice, sorting, words in (
            (self.with_approval, Sorting.NEEDS_APPROVAL, _ask_for_approval),
            (self.with_unread, Sorting.UNREAD, _try_unread),
        ):
            count = len(found.of(sorting))
            choice.setVisible(count > 0)
            choice.setChecked(count > 0)
            self._stage.speech.tell(choice, words(count))
            self._fit(choice)
        self._pages.setCurrentIndex(1)
        self._say()
        self.focus()

    def focus(self) -> None:
        """Where one goes on."""
        if self.found is not None and self.typed.is_asked:
            self.typed.field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _looking(self) -> QWidget:
        stage = self._stage
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        stage.speech.tell(self.bar, msg("How many coupons were looked at"), "setAccessibleName")
        self.how_far = label(stage, role="muted")
        self.stop = button(stage, msg("End the looking"), key="E")
        self.stop.setObjectName("stop-looking")
        self.stop.clicked.connect(self._stop)
        title = label(stage, msg("Each coupon is looked at in all sources. Nothing is changed."), "heading", wraps=True)
        inside = column(
            row(Spinner(stage, 22), title, spacing=12),
            self.bar,
            row(self.how_far, 0, self.stop, spacing=12),
            spacing=16,
            margins=(28, 26, 28, 24),
        )
        card = frame("card", inside)
        card.setMaximumWidth(620)
        return _centred(card)

    def _result(self) -> QWidget:
        stage = self._stage
        self.figure = label(stage, role="title", wraps=True)
        self.consequence = label(stage, role="muted", wraps=True)
        self.kinds = BulkKinds(stage, _kinds())
        self.kinds.picked.connect(lambda key: self.lines.narrow(key or None))
        spoken = msg("What was found of each coupon")
        card = BulkCard(stage, self.lines, "sorted-table", spoken)
        self.table = card.table
        self.with_approval = self._choice("with-approval")
        self.with_unread = self._choice("with-unread")
        self.typed = TypedCount(stage)
        self.typed.changed.connect(self.changed)
        whole = column(
            column(self.figure, self.consequence, spacing=4),
            row(self.kinds, 0),
            card,
            row(self.with_approval, self.with_unread, 0, self.typed, spacing=10),
            spacing=14,
            margins=(24, 18, 24, 14),
        )
        whole.setStretchFactor(card, 1)
        page = QWidget()
        page.setLayout(whole)
        return page

    def _choice(self, name: str) -> QPushButton:
        made = button(self._stage, msg("{count}", count=0), "toggle")
        made.setObjectName(name)
        made.setCheckable(True)
        made.toggled.connect(lambda _on: self._say())
        return made

    def _fit(self, choice: QPushButton) -> None:
        """What is chosen is bold; Qt does not count on that."""
        metrics = QFontMetrics(font(self._stage.speech.language, is_bold=True))
        choice.setMinimumWidth(metrics.horizontalAdvance(choice.text().replace("&", "")) + CHOICE_MARGINS_PX)

    def _fit_choices(self) -> None:
        for choice in (self.with_approval, self.with_unread):
            self._fit(choice)

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.stopped.emit()

    def _say(self) -> None:
        if self.found is None:
            return
        chosen = self.chosen
        count, points = len(chosen), sum(one.points for one in chosen)
        speech = self._stage.speech
        if count:
            speech.tell(self.figure, msgn("{count} coupon will be cancelled", "{count} coupons will be cancelled", count=count))
            speech.tell(self.consequence, _consequence(self.found, points, is_asked=self.with_approval.isChecked()))
        else:
            speech.tell(self.figure, msg("Nothing will be cancelled"))
            speech.tell(self.consequence, msg("Each line says why."))
        self.typed.ask(count, above=self._confirm_above)
        self.changed.emit()


def _kinds() -> tuple[tuple[str, Message], ...]:
    return (
        ("can", msg("Can be cancelled")),
        ("needs_approval", msg("Needs approval")),
        ("cant", msg("Can't be cancelled")),
        ("unread", msg("Could not be read")),
    )


def _consequence(found: Sorted, points: int, *, is_asked: bool) -> Message:
    from coupon_desk.cancellation.bulk_sorting import Sorting

    back = msg("{points} points go back to the customers. Each coupon is looked at once more first.", points=points)
    waiting = len(found.of(Sorting.NEEDS_APPROVAL)) if is_asked else 0
    if not waiting:
        return back
    asked = msgn("{count} of them waits for a second person.", "{count} of them wait for a second person.", count=waiting)
    return msg("{first} {second}", first=back, second=asked)


def _ask_for_approval(count: int) -> Message:
    return msgn("Ask for the approval of {count} coupon", "Ask for the approval of {count} coupons", count=count)


def _try_unread(count: int) -> Message:
    return msgn("Try the {count} that did not answer", "Try the {count} that did not answer", count=count)


def _first(row: SortedRow) -> Message:
    return row.why[0] if row.why else row.sorting.label


def _centred(part: QWidget) -> QWidget:
    page = QWidget()
    page.setLayout(column(0, row(0, part, 0), 0, margins=(24, 24, 24, 24)))
    return page
