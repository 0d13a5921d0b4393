"""Where the coupons of a bulk cancellation are named: pasted, typed, scanned, taken from the selection, or read from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from coupon_desk.cancellation.bulk_list import MOST_BYTES, BulkList, ListUnreadable, read_file, read_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.bulk_why import BulkWhy, CommandText
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Elided, button, column, frame, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import font
from coupon_desk.errors import ConfigurationError, DeskError
from coupon_desk.words import Message, msg, msgn

READ_AFTER_MS: Final = 150
WHY_WIDTH_PX: Final = 416
TOLD_FLAWS: Final = 3
"""So many lines that cannot be taken are told one by one; the dry run tells all of them."""

EMPTY: Final = BulkList(())


class BulkInput(QWidget):
    """`changed` tells that the list, the reason or the note is another."""

    changed = Signal()

    def __init__(self, stage: Stage, minimum_note_length: int) -> None:
        super().__init__()
        self._stage = stage
        self.listed = EMPTY
        self._file: Path | None = None
        self._taken = ""
        self._is_reading = False
        self.why = BulkWhy(stage, minimum_note_length)
        self.codes = CommandText()
        self.codes.setObjectName("codes")
        self.codes.setTabChangesFocus(True)
        self.codes.setAcceptDrops(False)
        stage.speech.tell(self.codes, _PROMPT, "setPlaceholderText")
        stage.speech.tell(self.codes, msg("Codes, one a line"), "setAccessibleName")
        self.browse = button(stage, msg("Open a file…"), icon="document", colour="muted", key="O")
        self.browse.setObjectName("open-file")
        self.browse.clicked.connect(self._ask_for_file)
        self.empty = button(stage, msg("Begin anew"), "plain", key="B")
        self.empty.setObjectName("begin-anew")
        self.empty.clicked.connect(self.clear)
        self.count = label(stage, role="strong")
        self.flaws = Banner(stage)
        self.flaws.setObjectName("flaws")
        self._sources = QStackedWidget()
        self._sources.addWidget(self.codes)
        self._sources.addWidget(self._file_card())
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(READ_AFTER_MS)
        self._reading.timeout.connect(self._read_text)
        left = column(
            row(label(stage, msg("Coupons"), "section"), 0, self.empty, self.browse, spacing=8),
            self._sources,
            row(self.count, 0),
            self.flaws,
            spacing=10,
            margins=(24, 18, 20, 18),
        )
        left.setStretchFactor(self._sources, 1)
        right = frame("pane", column(self.why, margins=(22, 18, 24, 18)))
        right.setFixedWidth(WHY_WIDTH_PX)
        whole = row(left, right, spacing=0)
        whole.setStretchFactor(left, 1)
        self.setLayout(whole)
        self.codes.textChanged.connect(self._text_changed)
        self.why.changed.connect(self.changed)
        stage.theme.changed.connect(self._dress)
        self._dress()
        self._show_list()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was named yet."""
        return self._file is None and not self.codes.toPlainText().strip()

    def take(self, codes: tuple[CouponCode, ...]) -> None:
        """Name these coupons, one a line: in the place of an earlier selection, but behind what somebody typed."""
        selection = "".join(f"{code.text}\n" for code in codes)
        if self._file is None and self.codes.toPlainText() not in {"", self._taken}:
            self.add_text(selection)
            return
        self._taken = selection
        self._show_text()
        self.codes.setPlainText(selection)
        self.read_now()

    def add_text(self, text: str) -> None:
        """Put a dropped or pasted text behind what stands here."""
        self._show_text()
        before = self.codes.toPlainText()
        self.codes.setPlainText(f"{before}\n{text}" if before.strip() else text)
        self.read_now()

    def open_file(self, file: Path) -> None:
        """Read the list in a file, on a worker; what stood here before is gone."""
        self._is_reading = True
        self._stage.speech.tell(self.count, msg("Reading {file}…", file=file.name))
        self._stage.runner.read(self, "list", lambda: _list_in(file), lambda found: self._show_file(file, found), self._fail)

    def clear(self) -> None:
        """Forget what was named."""
        self._show_text()
        self.codes.clear()
        self.read_now()
        self.focus()

    def read_now(self) -> None:
        """Read what was typed without waiting for more."""
        self._reading.stop()
        self._read_text()

    def end(self) -> None:
        """Nobody looks any more."""
        self._reading.stop()

    @property
    def is_reading(self) -> bool:
        """Whether what was named is not read to its end yet."""
        return self._reading.isActive() or self._is_reading

    def what_is_missing(self) -> Message | None:
        """What must still be filled in before the coupons can be looked at."""
        if self.is_reading:
            return msg("The list is being read.")
        if not self.listed.good:
            return msg("Name at least one coupon.")
        return self.why.what_is_missing()

    def mark_missing(self) -> None:
        """Go where something is missing."""
        if not self.listed.good:
            self.focus()
        else:
            self.why.mark_missing()

    def focus(self) -> None:
        """Where one goes on: the codes, and then the reason."""
        if self.listed.good and self.why.reason is None:
            self.why.reasons.focus()
        elif self.listed.good:
            self.why.note.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            (self.codes if self._file is None else self.browse).setFocus(Qt.FocusReason.OtherFocusReason)

    def _file_card(self) -> QWidget:
        stage = self._stage
        self._name = Elided("heading")
        self._lines = label(stage, role="muted")
        texts = column(0, self._name, self._lines, 0, spacing=4)
        inside = row(icon_label(stage, "document", "accent", 32), texts, spacing=16, margins=(24, 24, 24, 24))
        inside.setStretchFactor(texts, 1)
        return frame("well", inside)

    def _ask_for_file(self) -> None:
        title = self._stage.speech.say(msg("Open a list of coupons"))
        kinds = self._stage.speech.say(msg("Lists (*.csv *.txt *.tsv);;All files (*)"))
        chosen, _ = QFileDialog.getOpenFileName(self, title, "", kinds)
        if chosen:
            self.open_file(Path(chosen))

    def _text_changed(self) -> None:
        if self._file is None:
            self._reading.start()
            self.changed.emit()

    def _read_text(self) -> None:
        if self._file is None:
            text = self.codes.toPlainText()
            self._is_reading = True
            self._stage.runner.read(self, "list", lambda: read_text(text), self._show_found, self._fail)

    def _show_found(self, found: BulkList) -> None:
        self._is_reading = False
        self.listed = found
        self._show_list()
        self.changed.emit()

    def _show_file(self, file: Path, found: BulkList) -> None:
        self._file = file
        self._name.say(file.name)
        self._stage.speech.tell(
            self._lines, msgn("{count} line with a coupon", "{count} lines with a coupon", count=len(found.rows))
        )
        self._sources.setCurrentIndex(1)
        self._show_found(found)
        self.focus()

    def _show_text(self) -> None:
        self._file = None
        self._sources.setCurrentIndex(0)

    def _show_list(self) -> None:
        self._stage.speech.tell(self.count, _told(self.listed))
        self.empty.setVisible(not self.is_empty)
        flawed = self.listed.flawed
        if not flawed:
            self.flaws.hide()
            return
        told = [msg("Line {line} (“{typed}”): {why}", line=one.line, typed=one.typed, why=one.flaw) for one in flawed]
        if len(told) > TOLD_FLAWS:
            told = [*told[:TOLD_FLAWS], msg("The next page shows them all.")]
        title = msgn("{count} line is not taken", "{count} lines are not taken", count=len(flawed))
        self.flaws.show_message(Tone.WARN, title, joined(told))

    def _fail(self, error: DeskError) -> None:
        self._is_reading = False
        if self._file is None and not isinstance(error, ListUnreadable):
            self._stage.speech.tell(self.count, _told(self.listed))
        else:
            self.listed = EMPTY
            self._show_list()
        self.flaws.show_message(Tone.DANGER, error.what, error.todo)
        self.changed.emit()

    def _dress(self) -> None:
        self.codes.setFont(font(self._stage.speech.language, 15, is_monospaced=True))


def joined(messages: list[Message]) -> Message:
    """Several sentences as one text, each on a line of its own."""
    whole = messages[0]
    for message in messages[1:]:
        whole = msg("{first}\n{second}", first=whole, second=message)
    return whole


def _told(listed: BulkList) -> Message:
    count = len(listed.good)
    if not count:
        return msg("No coupon yet")
    return msgn("{count} coupon · {points} points", "{count} coupons · {points} points", count=count, points=listed.points)


def _list_in(file: Path) -> BulkList:
    """The list in a file. Raises ListUnreadable, ConfigurationError."""
    try:
        with file.open("rb") as opened:
            return read_file(opened.read(MOST_BYTES + 1))
    except OSError as wrong:
        raise ConfigurationError(
            msg("The file {file} cannot be read.", file=file.name),
            done=msg("Nothing was done."),
            todo=msg("Check whether it is still there and whether you may read it."),
            detail=str(wrong),
        ) from wrong


_PROMPT: Final = msg(
    "Scan, type or paste codes here, one a line.\nOr drop a file anywhere in this window: one code a line, or a CSV table whose"
    " first line is code,reason,note."
)
