"""Which page of the manual belongs to which screen, and which pages there are."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from PySide6.QtWidgets import QWidget

from coupon_desk.words import Language

PAGES: Final = ("first-steps", "cancelling", "what-to-do-when", "many-coupons", "review-and-trail", "settings", "keys")
"""In the order in which they are offered."""

FIRST: Final = PAGES[0]

TOPICS: Final = {
    "FirstRunPage": "first-steps",
    "FirstAdminPage": "first-steps",
    "SignInPage": "first-steps",
    "OpeningPage": "first-steps",
    "ProblemPage": "what-to-do-when",
    "AssistantPage": "settings",
    "WorkPage": "cancelling",
    "CancelDialog": "cancelling",
    "CustomerDialog": "cancelling",
    "MailPreview": "cancelling",
    "ReceiptDialog": "cancelling",
    "ReceiptPreview": "cancelling",
    "ViewNameDialog": "cancelling",
    "WorkPanel": "what-to-do-when",
    "OperationDialog": "what-to-do-when",
    "ReconcileDialog": "what-to-do-when",
    "ExplainDialog": "what-to-do-when",
    "BulkWindow": "many-coupons",
    "ReminderWindow": "many-coupons",
    "ReviewWindow": "review-and-trail",
    "SecondPersonDialog": "review-and-trail",
    "TrailWindow": "review-and-trail",
    "ExportDialog": "review-and-trail",
    "SummaryDialog": "review-and-trail",
    "PeopleDialog": "review-and-trail",
    "AddPersonDialog": "review-and-trail",
    "PinDialog": "review-and-trail",
    "SettingsWindow": "settings",
    "DiagnosticsDialog": "settings",
}
"""By the name of the page's or dialog's class; a part of one belongs to what it stands in."""


def topic_of(widget: QWidget | None) -> str:
    """The page for what somebody looks at."""
    while widget is not None:
        if (topic := TOPICS.get(type(widget).__name__)) is not None:
            return topic
        widget = widget.parentWidget()
    return FIRST


def text_of(page: str, language: Language) -> str:
    """The page in Markdown."""
    return (files("coupon_desk") / "resources" / "manual" / language / f"{page}.md").read_text(encoding="utf-8")


def title_of(page: str, language: Language) -> str:
    """What stands above the page."""
    return text_of(page, language).splitlines()[0].removeprefix("# ")
