"""The company's account in the window: the button, the browser, breaking off, and a second person who signs in the same way."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.desk.company_sign_in import CompanySignIn
from coupon_desk.desk.sign_in_page import SignInForm, SignInPage
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.openid.attempt import Attempt
from coupon_desk.people.operators import Session
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.openid.hostile_provider import CLIENT, Hostile, hostile_provider


@pytest.fixture
def provider() -> Iterator[Hostile]:
    with hostile_provider(time.time) as provider:
        yield provider


@pytest.fixture
def kind() -> str:
    return "both"


@pytest.fixture
def company_desk(filled_home: Path, shop: TrainingShop, provider: Hostile, kind: str, tmp_path: Path) -> Iterator[CouponDesk]:
    home = tmp_path / "home"
    shutil.copytree(filled_home, home)
    with (home / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[sign_in]\nkind = "{kind}"\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\n')
        config.write('[sign_in.roles]\n"shopping-managers" = "manager"\n')
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses))
    yield opened
    opened.close()


@pytest.fixture
def company_stage(stage: Stage, provider: Hostile) -> Stage:
    """A stage whose browser goes to the provider and comes back at once."""

    def browse(url: str) -> bool:
        told = provider.authorise(url)
        provider.spent.clear()
        redirect = httpx.URL(url).params["redirect_uri"]
        return httpx.get(redirect, params=told).status_code == 200

    return replace(stage, open_page=browse)


def open_window(stage: Stage, desk: CouponDesk) -> tuple[Window, SignInForm, CompanySignIn]:
    window = Window(stage, lambda: desk, closes_desk=False)
    window.show()
    window.open_desk()
    assert window.sign_in_page is not None
    form = window.sign_in_page.form
    assert form.company is not None
    return window, form, form.company


def close(window: Window) -> None:
    window.close()
    window.close()


def test_one_press_and_the_browser_signs_in(company_stage: Stage, company_desk: CouponDesk) -> None:
    window, _, company = open_window(company_stage, company_desk)
    company.start.click()
    assert window.work_page is not None
    assert (window.work_page.session.login, window.work_page.session.operator.role) == ("mika", Role.MANAGER)
    window.lock()
    page = window.work_page
    company.start.click()
    assert window.page is page
    close(window)


def test_a_refusal_is_told_and_the_button_is_there_again(
    company_stage: Stage, company_desk: CouponDesk, provider: Hostile
) -> None:
    provider.claims = lambda claims: {**claims, "groups": ["kitchen"]}
    window, form, company = open_window(company_stage, company_desk)
    company.start.click()
    assert window.work_page is None
    assert form.problem.title.text() == "Your company account has no role in Coupon Desk."
    assert company.start.isVisible()
    close(window)


def test_without_a_browser_the_window_says_so(stage: Stage, company_desk: CouponDesk) -> None:
    window, form, company = open_window(replace(stage, open_page=lambda _url: False), company_desk)
    company.start.click()
    assert form.problem.title.text() == "No browser could be opened."
    close(window)


def test_breaking_off_ends_the_waiting(pooled: Stage, company_desk: CouponDesk, qtbot: QtBot) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return True

    window = Window(replace(pooled, open_page=browse), lambda: company_desk, closes_desk=False)
    window.show()
    window.open_desk()
    qtbot.waitUntil(lambda: isinstance(window.page, SignInPage))
    assert window.sign_in_page is not None
    company = window.sign_in_page.form.company
    assert company is not None
    company.start.click()
    qtbot.waitUntil(lambda: bool(opened))
    assert company.is_waiting
    company.break_off.click()
    assert company.start.isVisible()
    company.start.click()  # at once again: the end of the first is not taken for that of the second
    qtbot.waitUntil(lambda: len(opened) == 2)
    first = httpx.URL(opened[0]).params["redirect_uri"]
    qtbot.waitUntil(lambda: not is_open(first))
    assert company.is_waiting
    company.break_off.click()
    redirect = httpx.URL(opened[1]).params["redirect_uri"]
    qtbot.waitUntil(lambda: not is_open(redirect))
    assert window.work_page is None
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)


def is_open(redirect: str) -> bool:
    with socket.socket() as browser:
        return browser.connect_ex(("127.0.0.1", httpx.URL(redirect).port or 0)) == 0


def test_a_second_person_signs_in_the_same_way(company_stage: Stage, company_desk: CouponDesk, qtbot: QtBot) -> None:
    form = SignInForm(company_stage, company_desk)
    qtbot.addWidget(form)
    form.show()
    arrived: list[Session] = []
    form.signed_in.connect(arrived.append)
    assert form.company is not None
    form.company.start.click()
    assert [session.login for session in arrived] == ["mika"]


@pytest.mark.parametrize("kind", ["oidc"])
def test_where_only_the_company_account_counts_the_window_asks_for_no_pin(
    company_stage: Stage, company_desk: CouponDesk
) -> None:
    window, form, company = open_window(company_stage, company_desk)
    assert not form.pin.isVisible()
    assert not form.submit_button.isVisible()
    company.start.click()
    assert window.work_page is not None
    close(window)


@pytest.mark.parametrize("language", list(Language))
def test_nothing_of_it_is_cut_off(
    company_stage: Stage, company_desk: CouponDesk, in_view: Callable[[QWidget], list[str]], language: Language
) -> None:
    company_stage.speech.switch(language)
    window, form, _ = open_window(company_stage, company_desk)
    assert in_view(form) == []
    close(window)


def test_an_attempt_that_nobody_finishes_is_closed_with_the_desk(company_desk: CouponDesk) -> None:
    attempt: Attempt = company_desk.company.begin(Language.EN)
    company_desk.abort_reads()
    with pytest.raises(Exception, match="broken off"):
        company_desk.company.finish(attempt)
