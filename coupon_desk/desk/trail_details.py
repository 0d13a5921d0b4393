"""One entry of the trail in full: all its fields, what changed, what it says where that can still be read, and its hashes."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QFrame, QPushButton, QTextBrowser, QWidget

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.desk.colours import Colours, Tone
from coupon_desk.desk.controls import Banner, button, column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import MONOSPACED, families
from coupon_desk.desk.trail_body import Fact, said
from coupon_desk.desk.trail_facts import as_text, facts
from coupon_desk.desk.trail_words import happened
from coupon_desk.words import Language, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.trail_reading import TrailLine

WIDTH_PX: Final = 384
NAMES_PX: Final = 124
LINK_PX: Final = 6
"""Around the words of a link, for the frame of its focus: it stands so much further left than the words above it."""


class TrailDetails(QFrame):
    """`search_asked` wants all entries of the same operation, coupon or customer."""

    search_asked = Signal(object)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._line: TrailLine | None = None
        self._groups: tuple[tuple[Fact, ...], ...] = ()
        self.setProperty("role", "pane")
        self.setFixedWidth(WIDTH_PX)
        self._empty = self._make_empty()
        self.title = label(stage, role="heading", wraps=True)
        self.copy = button(stage, msg("Copy this entry"), "icon", "copy", "muted")
        self.copy.setObjectName("copy-entry")
        self.copy.clicked.connect(self._copy)
        self.unreadable = Banner(stage)
        self.text = QTextBrowser()
        self.text.setProperty("role", "details")
        self.text.setOpenLinks(False)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.document().setDocumentMargin(0)
        stage.speech.tell(self.text, msg("Details of the entry"), "setAccessibleName")
        self.same_operation = self._link("same-operation", msg("Operation"), msg("Same operation"))
        self.same_operation.clicked.connect(self._ask_operation)
        self.same_coupon = self._link("same-coupon", msg("Coupon"), msg("Same coupon"))
        self.same_coupon.clicked.connect(self._ask_coupon)
        self.same_customer = self._link("same-customer", msg("Customer"), msg("Same customer"))
        self.same_customer.clicked.connect(self._ask_customer)
        self._links = QWidget()
        beginning = row(label(stage, msg("All entries of the same"), "small"), margins=(LINK_PX, 0, 0, 0))
        links = row(self.same_operation, self.same_coupon, self.same_customer, 0, spacing=0)
        self._links.setLayout(column(beginning, links, spacing=0))
        head = row(self.title, self.copy, spacing=8, margins=(LINK_PX, 0, 0, 0))
        head.setStretchFactor(self.title, 1)
        head.setAlignment(self.copy, Qt.AlignmentFlag.AlignTop)
        above = column(head, self._links, self.unreadable, spacing=6, margins=(20 - LINK_PX, 14, 14, 0))
        texts = row(self.text, margins=(18, 0, 0, 0))
        self._content = QWidget()
        whole = column(above, texts, spacing=8)
        whole.setStretchFactor(texts, 1)
        self._content.setLayout(whole)
        self.setLayout(column(self._empty, self._content, spacing=0))
        self._content.hide()
        stage.theme.changed.connect(self._draw)
        stage.speech.changed.connect(self._draw)

    @property
    def shown(self) -> TrailLine | None:
        """The entry that is shown."""
        return self._line

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All that is said of it, in the order of the page."""
        return tuple(fact for group in self._groups for fact in group)

    def show_line(self, shown: TrailLine | None) -> None:
        """Show this entry; None for none."""
        self._line = shown
        self._draw()

    def _draw(self) -> None:
        self._empty.setVisible(self._line is None)
        self._content.setVisible(self._line is not None)
        if self._line is None:
            return
        entry, speech = self._line.entry, self._stage.speech
        speech.tell(self.title, happened(entry))
        self._show_state()
        links = {
            self.same_operation: entry.operation,
            self.same_coupon: self._line.code,
            self.same_customer: entry.fields.customer,
        }
        for link, leads_to in links.items():
            link.setVisible(leads_to is not None)
        self._links.setVisible(any(links.values()))
        # What it says comes last: the evidence of a coupon is long.
        self._groups = (*facts(self._line, speech), said(entry, speech))
        self.text.setHtml(page_of(self._groups, self._stage.theme.colours, speech.language))

    def _show_state(self) -> None:
        entry = self._line.entry if self._line else None
        self.unreadable.hide()
        if entry is None or (entry.canonical_body is not None or entry.fields.sealed is None):
            return
        if entry.is_erased:
            self.unreadable.show_message(
                Tone.NEUTRAL,
                msg("What this entry said was erased."),
                msg("The customer's personal data was erased for good. Who did what, when and with which result still stands."),
                "info",
            )
        else:
            self.unreadable.show_message(
                Tone.DANGER, msg("What this entry says cannot be opened: it was altered."), msg("Verify the trail.")
            )

    def _make_empty(self) -> QWidget:
        picture = icon_label(self._stage, "trail", "line_strong", 44)
        title = label(self._stage, msg("No entry selected"), "heading")
        text = label(self._stage, msg("Choose an entry in the list to see all that it says."), "muted", wraps=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made = QWidget()
        layout = column(0, picture, title, text, 0, spacing=10, margins=(28, 0, 28, 0))
        for item in (picture, title):
            layout.setAlignment(item, Qt.AlignmentFlag.AlignHCenter)
        made.setLayout(layout)
        return made

    def _link(self, object_name: str, text: Message, spoken: Message) -> QPushButton:
        made = button(self._stage, text, "link")
        made.setObjectName(object_name)
        self._stage.speech.tell(made, spoken, "setAccessibleName")
        return made

    def _ask_operation(self) -> None:
        if self._line is not None and self._line.entry.operation is not None:
            self.search_asked.emit(TrailSearch(operation=self._line.entry.operation))

    def _ask_coupon(self) -> None:
        if self._line is not None and self._line.code is not None:
            self.search_asked.emit(TrailSearch(code=self._line.code))

    def _ask_customer(self) -> None:
        if self._line is not None and self._line.entry.fields.customer is not None:
            self.search_asked.emit(TrailSearch(customer=f"#{self._line.entry.fields.customer}"))

    def _copy(self) -> None:
        if self._line is not None:
            QGuiApplication.clipboard().setText(as_text(self._line, self._stage.speech))


def page_of(groups: Iterable[tuple[Fact, ...]], colours: Colours, language: Language) -> str:
    """Names at the left, values at the right, a hairline between the groups."""
    monospaced = ", ".join(f"'{name}'" for name in (*MONOSPACED, *families(language)))
    rows = []
    for group in groups:
        for place, fact in enumerate(group):
            above = 9 if place == 0 else 2
            line = f"border-top: 1px solid {colours.line};" if place == 0 else ""
            line += f"padding-bottom: {9 if place == len(group) - 1 else 2}px;"
            look = f"font-family: {monospaced}; font-size: 12px;" if fact.is_exact else ""
            lower = 0 if fact.is_exact else 2
            # The smaller letters of a name stand on the line of its value.
            name = f"{line} padding-top: {above + lower}px; padding-right: 8px; color: {colours.muted}; font-size: 12px;"
            value = f"{line} padding-top: {above}px; padding-right: 10px; {look}"
            rows.append(f'<tr><td width="{NAMES_PX}" style="{name}">{_written(fact.name)}</td>')
            rows.append(f'<td style="{value}">{_written(fact.value)}</td></tr>')
    return f'<table width="100%" cellspacing="0" cellpadding="0" style="border-collapse: collapse;">{"".join(rows)}</table>'


def _written(text: str) -> str:
    """A text as it is, whatever a remote system wrote into it."""
    return escape(text).replace("  ", "&nbsp;&nbsp;").replace("\n", "<br>")
