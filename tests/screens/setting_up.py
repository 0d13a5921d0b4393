"""The screens of setting a shop up: the assistant's pages, and the settings of an open desk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QWidget

from coupon_desk.app.setup import Setup
from coupon_desk.app.training import training_vault
from coupon_desk.desk.assistant_page import AssistantPage
from coupon_desk.desk.settings_window import SettingsWindow
from coupon_desk.training.options import ALL_SCOPES
from tests.screens.place import Place


@contextmanager
def assistant(place: Place) -> Iterator[AssistantPage]:
    """The assistant in an empty home, with this shop's configuration taken over."""
    addresses = place.shop.addresses
    with tempfile.TemporaryDirectory() as home:
        setup = Setup(Path(home), training_vault(addresses), place.desk.clock)
        text = (place.desk.home / "config.toml").read_text("utf-8")
        page = AssistantPage(place.stage, setup, setup.look(), text)
        yield page


def steps(place: Place, page: AssistantPage) -> Iterator[str]:
    """Goes through the assistant, and names each step; one of Shopify's permissions is missing at first."""
    yield "assistant-shop"
    page.go_on()
    place.shop.configure(scopes=ALL_SCOPES - {"write_discounts"})
    page.forms[page.place].try_out()
    yield "assistant-permission-missing"
    place.shop.configure(scopes=ALL_SCOPES)
    for form in page.forms[1:]:
        yield f"assistant-{form.page.name}"
        page.go_on()
    yield "assistant-end"


def settings(place: Place) -> Iterator[tuple[str, SettingsWindow]]:
    """The settings, as an administrator sees them."""
    work = place.window.work_page
    assert work is not None
    dialog = work.dialogs.settings()
    for at, form in enumerate(dialog.forms):
        dialog.turn_to(at)
        form.more.setChecked(True)
        yield f"settings-{form.page.name}", dialog
    dialog.reject()


def helping(place: Place) -> Iterator[tuple[str, QWidget]]:
    """The manual, and the diagnostics."""
    window = place.window
    shown = window.help_desk.show_help(window, "what-to-do-when")
    yield "help", shown
    shown.close()
    diagnostics = window.help_desk.show_diagnostics(window)
    assert diagnostics is not None
    yield "diagnostics", diagnostics
    diagnostics.reject()
