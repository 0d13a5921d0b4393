"""Signing in with the company's account at a real OpenID Connect provider, from the desk down to the trail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from coupon_desk.app.company_accounts import CompanyAccounts, identity_of
from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.doctor import examine_company
from coupon_desk.errors import NotPermitted
from coupon_desk.openid.refusals import ProviderRefused
from coupon_desk.people.operators import NewOperator, Session, Source
from coupon_desk.people.people import SignInRefused
from coupon_desk.people.roles import Right, Role
from coupon_desk.settings import SignIn
from coupon_desk.vault import MemoryVault
from coupon_desk.words import Language
from tests.surroundings.company_provider import CompanyProvider, browse, company_provider

CONFIG = """
[shop]
name = "Ginza store"
{shop}
[shopify]
domain = "example.myshopify.com"
[pos]
endpoint = "https://pos.example.com/api"
[mail]
host = "smtp.example.com"
sender = "points@example.com"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[CompanyProvider]:
    with company_provider() as provider:
        yield provider


@pytest.fixture
def desk(provider: CompanyProvider, tmp_path: Path) -> Iterator[CouponDesk]:
    (tmp_path / "config.toml").write_text(CONFIG.format(shop="") + provider.settings(), encoding="utf-8")
    desk = CouponDesk.open(tmp_path, secrets=MemoryVault())
    yield desk
    desk.close()


def sign_in(desk: CouponDesk, login: str) -> Session:
    """The whole way: the desk begins, somebody signs in in the browser, the desk finishes."""
    attempt = desk.company.begin(Language.EN)
    page = browse(attempt.url, login)
    assert "go back to Coupon Desk" in page.text
    return desk.company.finish(attempt)


def test_who_signs_in_at_the_company_becomes_an_operator_with_the_role_of_their_group(desk: CouponDesk) -> None:
    kenji = sign_in(desk, "kenji")
    assert (kenji.login, kenji.operator.name, kenji.operator.role) == ("kenji", "Kenji Watanabe", Role.ADMIN)
    mika = sign_in(desk, "mika")
    assert mika.operator.role is Role.MANAGER
    assert (mika.operator.source, mika.operator.contacts) == (Source.COMPANY, ("mika@company.example",))
    assert desk.people.authorise(mika, Right.CANCEL, "x")
    again = sign_in(desk, "mika")
    assert again.login == "mika"
    actions = [(entry.action, entry.actor) for entry in desk.trail.between()]
    assert actions == [
        ("operator_added", "kenji"),
        ("signed_in", "kenji"),
        ("operator_added", "mika"),
        ("signed_in", "mika"),
        ("signed_in", "mika"),
    ]
    with pytest.raises(SignInRefused, match="login or the PIN is wrong"):
        desk.people.sign_in("mika", "")


def test_the_role_is_read_again_each_time_and_whoever_was_disabled_here_stays_out(desk: CouponDesk) -> None:
    kenji = sign_in(desk, "kenji")
    sign_in(desk, "mika")
    desk.people.change_role("mika", Role.VIEWER, kenji)
    assert sign_in(desk, "mika").operator.role is Role.MANAGER
    desk.people.disable("mika", kenji)
    with pytest.raises(SignInRefused, match="This login was disabled"):
        sign_in(desk, "mika")


def test_nobody_comes_in_without_a_group_that_has_a_role(desk: CouponDesk) -> None:
    with pytest.raises(SignInRefused, match="has no role in Coupon Desk"):
        sign_in(desk, "temp")
    assert desk.people.is_empty()
    refused = desk.trail.newest("sign_in_refused")
    assert refused is not None
    assert refused.fields.reason == "company"


def test_the_first_of_a_home_must_be_an_administrator_here_too(desk: CouponDesk) -> None:
    with pytest.raises(SignInRefused, match="first operator must be an administrator"):
        sign_in(desk, "mika")
    assert desk.people.is_empty()


def test_a_login_of_an_operator_with_a_pin_is_not_taken_over_until_an_administrator_links_it(desk: CouponDesk) -> None:
    desk.people.add(NewOperator("boss", "Boss", Role.ADMIN, "meadow71"), None)
    boss = desk.people.sign_in("boss", "meadow71")
    desk.people.add(NewOperator("kenji", "Another Kenji", Role.CLERK, "meadow71"), boss)
    with pytest.raises(SignInRefused, match="belongs to an operator who signs in with a PIN"):
        sign_in(desk, "kenji")
    desk.people.link("kenji", boss)
    assert sign_in(desk, "kenji").operator.role is Role.ADMIN
    assert desk.people.sign_in("kenji", "meadow71")


def test_a_wrong_password_brings_nobody_back_and_giving_up_ends_the_waiting(desk: CouponDesk) -> None:
    attempt = desk.company.begin(Language.EN)
    page = browse(attempt.url, "mika", password="wrong")
    assert "Coupon Desk</h1>" not in page.text
    desk.abort_reads()
    with pytest.raises(ProviderRefused) as refused:
        desk.company.finish(attempt)
    assert refused.value.why == "given_up"
    with pytest.raises(httpx.ConnectError):
        httpx.get(attempt.redirect_uri)


def test_a_code_that_was_used_is_worth_nothing(desk: CouponDesk, provider: CompanyProvider) -> None:
    attempt = desk.company.begin(Language.EN)
    page = browse(attempt.url, "kenji")
    code = parse_qs(urlsplit(str(page.url)).query)["code"][0]
    desk.company.finish(attempt)
    form = {"grant_type": "authorization_code", "code": code, "client_id": "coupon-desk", "redirect_uri": attempt.redirect_uri}
    assert httpx.post(f"{provider.issuer}/oauth/token", data=form).status_code == 400


def test_no_token_is_kept_anywhere_in_the_home(desk: CouponDesk, tmp_path: Path) -> None:
    sign_in(desk, "kenji")
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and file.name != "config.toml")
    assert b"eyJ" not in kept
    assert b"id_token" not in kept


def test_the_doctor_looks_whether_the_provider_answers_and_says_what_is_wrong(desk: CouponDesk) -> None:
    assert examine_company(desk.company).is_well
    elsewhere = SignIn(kind="oidc", issuer="http://127.0.0.1:9", client_id="x", roles={"x": "admin"})
    check = examine_company(CompanyAccounts(elsewhere, desk.people, desk.clock))
    assert (check.is_well, str(check.found)) == (False, "The company's provider does not answer.")


def test_an_account_of_another_store_is_refused_and_says_why(provider: CompanyProvider, tmp_path: Path) -> None:
    settings = provider.settings().replace("login_claim", 'stores_claim = "given_name"\nlogin_claim')
    (tmp_path / "config.toml").write_text(CONFIG.format(shop='store = "Kenji"') + settings, encoding="utf-8")
    desk = CouponDesk.open(tmp_path, secrets=MemoryVault())
    try:
        assert sign_in(desk, "kenji").operator.stores == ("Kenji",)
        with pytest.raises(SignInRefused, match="Your login is for Mika only; this desk belongs to Kenji"):
            sign_in(desk, "mika")
    finally:
        desk.close()


SETTINGS = SignIn(
    kind="oidc",
    issuer="https://id.example.com",
    client_id="x",
    role_claim="realm_access.roles",
    roles={"boss": "admin", "shift": "manager"},
)
CLAIMS = {"iss": "https://id.example.com", "sub": "1", "preferred_username": "Anna@company.example", "name": " Anna \n Sato "}


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ({"realm_access": {"roles": ["shift", "boss"]}}, Role.ADMIN),
        ({"realm_access": {"roles": "shift"}}, Role.MANAGER),
        ({"realm_access.roles": ["shift"]}, Role.MANAGER),
        ({"realm_access": {"roles": ["other", 7]}}, None),
        ({"realm_access": ["boss"]}, None),
        ({}, None),
    ],
)
def test_a_role_is_found_by_its_path_and_the_first_of_the_table_counts(claim: dict[str, object], role: Role | None) -> None:
    identity = identity_of({**CLAIMS, **claim}, SETTINGS)
    assert (identity.login, identity.name, identity.role) == ("Anna", "Anna Sato", role)


def test_a_login_that_changed_hands_at_the_company_opens_nothing_of_its_former_owner(desk: CouponDesk) -> None:
    first = identity_of({**CLAIMS, "realm_access": {"roles": ["boss"]}}, SETTINGS)
    assert desk.people.sign_in_from_company(first).login == "anna"
    other = identity_of({**CLAIMS, "sub": "2", "realm_access": {"roles": ["boss"]}}, SETTINGS)
    with pytest.raises(NotPermitted, match="belongs to another company account"):
        desk.people.sign_in_from_company(other)
