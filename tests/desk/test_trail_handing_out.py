"""The trail proved and handed out from its window: sentences for a person, files for an auditor."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.trail_search import EntryKind, TrailSearch
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.export_dialog import ExportDialog
from coupon_desk.desk.trail_window import TrailWindow
from coupon_desk.desk.window import Window
from coupon_desk.trail.entry import NewEntry
from tests.desk.conftest import SignIn
from tests.screens.place import PEOPLE
from tests.trail.conftest import tamper


@pytest.fixture
def trail(sign_in: SignIn, desk: CouponDesk) -> TrailWindow:
    """The owner has opened the trail; there is a long day in it."""
    page = sign_in("owner")
    with desk.trail.writing() as pen:
        for number in range(300):
            pen.append(NewEntry("looked", {"number": number}, actor="manager"))
    page.header.trail.click()
    (window,) = page.dialogs.open
    assert isinstance(window, TrailWindow)
    return window


def newest(desk: CouponDesk, action: str) -> dict[str, object]:
    """What the newest entry of an action says."""
    owner = desk.people.sign_in("owner", PEOPLE[0].pin)
    lines = desk.reading.page(TrailSearch(kind=EntryKind.TRAIL), owner)
    return next(line.entry.body for line in lines if line.entry.action == action)


def sentences(trail: TrailWindow) -> list[str]:
    return [label.text() for label in trail.proof.sentences.findChildren(QLabel) if label.text()]


def test_verifying_says_what_was_looked_at_and_what_was_not(trail: TrailWindow, desk: CouponDesk) -> None:
    trail.bar.verify.click()
    assert trail.proof.isVisible()
    assert trail.proof.property("tone") == Tone.SUCCESS.value
    assert trail.proof.title.text().startswith("The trail is intact")
    assert sentences(trail)[0].endswith("in its place, chained to the one before.")
    assert any("signature" in sentence for sentence in sentences(trail))
    assert any("keyring" in sentence for sentence in sentences(trail))
    assert trail.bar.verify.isEnabled()
    assert newest(desk, "trail.verified")["checked"]
    trail.proof.close_button.click()
    assert not trail.proof.isVisible()


def test_the_first_entry_that_was_tampered_with_is_named_and_shown(trail: TrailWindow, desk: CouponDesk) -> None:
    change = """UPDATE entries SET entry = replace(entry, '"manager"', '"clerk"') WHERE sequence = 16"""
    tamper(desk.home / "desk.sqlite3", change)
    trail.bar.verify.click()
    assert trail.proof.property("tone") == Tone.DANGER.value
    assert trail.proof.title.text() == "The trail is broken at entry 16: it was changed after it was written."
    trail.proof.show_entry.click()
    shown = trail.details.shown
    assert shown is not None
    assert shown.entry.sequence == 16
    assert trail.table.selected() == shown
    assert trail.bar.everything.isVisible()
    trail.bar.everything.click()
    first = trail.rows.line_at(trail.rows.index(0, 0))
    assert first is not None
    assert first.entry.sequence == desk.trail.head().sequence


def test_a_manager_may_verify_but_not_export_and_is_told_why(sign_in: SignIn) -> None:
    page = sign_in("manager")
    page.header.trail.click()
    (trail,) = page.dialogs.open
    assert isinstance(trail, TrailWindow)
    assert trail.bar.verify.isEnabled()
    assert trail.bar.export.isVisible()
    assert not trail.bar.export.isEnabled()
    why = "Your role (manager) may not export the trail."
    assert (trail.bar.export.toolTip(), trail.bar.export.accessibleDescription()) == (why, why)


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_an_export_is_written_with_its_manifest_and_stands_in_the_trail(
    trail: TrailWindow, desk: CouponDesk, tmp_path: Path, form: str
) -> None:
    dialog = trail.export()
    dialog.forms.choose(form)
    out = tmp_path / f"trail.{form}"
    dialog.export_to(out)
    assert dialog.told.isVisible()
    assert dialog.told.property("tone") == Tone.SUCCESS.value
    manifest = json.loads((tmp_path / f"trail.{form}.manifest.json").read_text(encoding="utf-8"))
    count = entries_in(out)
    assert count > 300
    assert f"{count} entries were written to {out}" in dialog.told.title.text()
    assert str(count) in json.dumps(manifest)
    assert newest(desk, "trail_exported") == {"format": form, "since": None, "until": None, "clear": False}
    dialog.reject()


def entries_in(out: Path) -> int:
    """How many entries a file holds."""
    match out.suffix:
        case ".csv":
            with out.open(encoding="utf-8-sig", newline="") as file:
                return sum(1 for _ in csv.DictReader(file))
        case ".jsonl":
            return len([json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()])
        case _:
            listing = subprocess.run(["unzip", "-p", str(out), "xl/worksheets/sheet1.xml"], capture_output=True, check=True)
            return listing.stdout.count(b"<row ") - 1


def test_the_days_of_the_filters_are_those_of_the_export(trail: TrailWindow, desk: CouponDesk, tmp_path: Path) -> None:
    trail.filters.since.setText("2030-01-01")
    dialog = trail.export()
    assert dialog.span.since.text() == "2030-01-01"
    dialog.span.until.setText("2029-01-01")
    assert not dialog.start.isEnabled()
    dialog.span.until.setText("2030-12-31")
    assert dialog.start.isEnabled()
    dialog.forms.choose("jsonl")
    dialog.export_to(tmp_path / "none.jsonl")
    assert (tmp_path / "none.jsonl").read_bytes() == b""
    assert newest(desk, "trail_exported")["since"] is not None
    dialog.reject()


def test_an_export_that_cannot_be_written_says_so_and_leaves_nothing(trail: TrailWindow, tmp_path: Path) -> None:
    dialog = trail.export()
    dialog.export_to(tmp_path / "missing" / "trail.csv")
    assert dialog.told.property("tone") == Tone.WARN.value
    assert "could not be written" in dialog.told.title.text()
    assert list(tmp_path.glob("missing*")) == []
    dialog.reject()


def test_an_export_can_be_ended_and_then_there_is_no_file(
    pooled_window: Window, desk: CouponDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = export_dialog(pooled_window, desk, qtbot)
    dialog.forms.choose("csv")
    out = tmp_path / "out"
    out.mkdir()
    dialog.export_to(out / "trail.csv")
    dialog.stop.click()
    qtbot.waitUntil(dialog.told.isVisible)
    assert dialog.told.title.text() == "The export was ended."
    assert list(out.iterdir()) == []
    assert dialog.start.isVisible()
    dialog.reject()


def test_progress_is_shown_while_it_is_written(pooled_window: Window, desk: CouponDesk, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = export_dialog(pooled_window, desk, qtbot)
    dialog.forms.choose("xlsx")
    dialog.export_to(tmp_path / "trail.xlsx")
    assert dialog.stop.isVisible()
    assert not dialog.forms.isEnabled()
    qtbot.waitUntil(dialog.told.isVisible, timeout=60_000)
    assert dialog.told.property("tone") == Tone.SUCCESS.value
    assert dialog.forms.isEnabled()
    dialog.reject()


def export_dialog(window: Window, desk: CouponDesk, qtbot: QtBot) -> ExportDialog:
    """The owner at the export of a trail that takes a while, with the real threads."""
    with desk.trail.writing() as pen:
        for number in range(2500):
            pen.append(NewEntry("looked", {"number": number}))
    sign_in = window.sign_in_page
    assert sign_in is not None
    sign_in.form.choose("owner")
    sign_in.form.pin.setText(PEOPLE[0].pin)
    sign_in.form.submit()
    qtbot.waitUntil(lambda: window.work_page is not None)
    page = window.work_page
    assert page is not None
    qtbot.waitUntil(page.header.trail.isEnabled)
    page.header.trail.click()
    (trail,) = page.dialogs.open
    assert isinstance(trail, TrailWindow)
    qtbot.waitUntil(lambda: trail.rows.rowCount() > 0)
    return trail.export()


def test_the_owners_summary_is_a_pdf_in_the_language_of_the_window(
    trail: TrailWindow, desk: CouponDesk, tmp_path: Path
) -> None:
    dialog = trail.summarise()
    today = desk.clock.now().astimezone().date()
    assert (dialog.span.since.day, dialog.span.until.day) == (today.replace(day=1), today)
    out = tmp_path / "summary.pdf"
    dialog.save(out)
    assert dialog.told.property("tone") == Tone.SUCCESS.value
    assert dialog.open_file.isVisible()
    text = subprocess.run(["pdftotext", str(out), "-"], capture_output=True, text=True, check=True).stdout
    assert "Returns by operator" in text
    assert newest(desk, "trail.summarised")
    dialog.reject()
