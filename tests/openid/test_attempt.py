"""Signing in at a provider that lies, is slow or is silent: nobody is signed in by anything but a proof."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from coupon_desk.clock import SystemClock
from coupon_desk.openid.attempt import Asked, Attempt
from coupon_desk.openid.refusals import ProviderRefused
from coupon_desk.words import Language
from tests.openid.hostile_provider import (
    ACCESS,
    CLIENT,
    STRANGE_KEY,
    Claims,
    Hostile,
    hostile_provider,
    other_kind_of_key,
    unsigned,
)

ASKED = Asked(CLIENT, ("openid", "profile"), ("ES256", "RS256"), "login")


@pytest.fixture
def provider() -> Iterator[Hostile]:
    with hostile_provider(time.time) as provider:
        yield provider


@pytest.fixture
def attempt(provider: Hostile) -> Iterator[Attempt]:
    with closing(Attempt(provider.issuer, ASKED, SystemClock(), Language.EN)) as attempt:
        yield attempt


def come_back(attempt: Attempt, told: dict[str, str], headers: dict[str, str] | None = None) -> httpx.Response:
    """What the browser does at the end: it follows the provider's redirect to this computer."""
    return httpx.get(attempt.redirect_uri, params=told, headers=headers)


def why_refused(attempt: Attempt, provider: Hostile) -> str:
    come_back(attempt, provider.authorise(attempt.url))
    with pytest.raises(ProviderRefused) as refused:
        attempt.finish()
    return refused.value.why


def test_an_honest_provider_proves_who_it_is_and_the_browser_says_what_to_do(attempt: Attempt, provider: Hostile) -> None:
    page = come_back(attempt, provider.authorise(attempt.url))
    claims = attempt.finish()
    assert (claims["sub"], claims["preferred_username"]) == ("248289761001", "mika")
    assert "You may close this page and go back to Coupon Desk." in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_the_page_speaks_japanese(provider: Hostile) -> None:
    with closing(Attempt(provider.issuer, ASKED, SystemClock(), Language.JA)) as attempt:
        assert '<html lang="ja">' in come_back(attempt, provider.authorise(attempt.url)).text


def test_what_is_asked_follows_the_rules_for_programs_on_a_computer(attempt: Attempt, provider: Hostile) -> None:
    asked = {name: value for name, (value,) in parse_qs(urlsplit(attempt.url).query).items()}
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid profile")
    assert (asked["code_challenge_method"], asked["prompt"]) == ("S256", "login")
    assert urlsplit(asked["redirect_uri"]).hostname == "127.0.0.1"
    with closing(Attempt(provider.issuer, ASKED, SystemClock(), Language.EN)) as another:
        again = {name: value for name, (value,) in parse_qs(urlsplit(another.url).query).items()}
    for name in ("state", "nonce", "code_challenge", "redirect_uri"):
        assert asked[name] != again[name]
        assert name == "redirect_uri" or len(asked[name]) >= 43


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"nonce": "of-another-sign-in"}, "nonce"),
        ({"aud": "another-program"}, "aud"),
        ({"aud": [CLIENT, "another-program"], "azp": "another-program"}, "azp"),
        ({"aud": [CLIENT, "another-program"]}, "azp"),
        ({"iss": "https://elsewhere.example.com"}, "iss"),
        ({"exp": int(time.time()) - 3600}, "exp"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"nonce": None}, "nonce"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
        ({"auth_time": int(time.time()) - 3600}, "auth_time"),
        ({"iat": int(time.time()) + 3600}, "iat"),
    ],
)
def test_a_token_that_was_not_made_for_this_sign_in_is_refused(
    attempt: Attempt, provider: Hostile, change: Claims, why: str
) -> None:
    def changed(claims: Claims) -> Claims:
        return {name: value for name, value in {**claims, **change}.items() if value is not None}

    provider.claims = changed
    assert why_refused(attempt, provider) == why


def by_a_stranger(claims: Claims) -> str:
    from joserfc import jwt

    return jwt.encode({"alg": "ES256", "kid": "right"}, claims, STRANGE_KEY)


def by_an_unknown_key(claims: Claims) -> str:
    from joserfc import jwt

    return jwt.encode({"alg": "ES256", "kid": "unknown"}, claims, STRANGE_KEY)


@pytest.mark.parametrize("sign", [by_a_stranger, by_an_unknown_key, other_kind_of_key, unsigned, lambda _: "no token at all"])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    attempt: Attempt, provider: Hostile, sign: Callable[[Claims], str]
) -> None:
    provider.sign = sign
    assert why_refused(attempt, provider) == "signature"


def test_a_signature_that_is_not_among_those_allowed_is_refused(provider: Hostile) -> None:
    only_rsa = Asked(CLIENT, ("openid",), ("RS256",), "login")
    with closing(Attempt(provider.issuer, only_rsa, SystemClock(), Language.EN)) as attempt:
        assert why_refused(attempt, provider) == "signature"


def test_a_code_is_good_once(attempt: Attempt, provider: Hostile) -> None:
    provider.spent.add("code-1")
    assert why_refused(attempt, provider) == "code"


def test_a_code_of_another_sign_in_is_refused_by_the_provider_for_its_proof_key(attempt: Attempt, provider: Hostile) -> None:
    told = provider.authorise(attempt.url)
    provider.challenge = "of-another-sign-in"
    come_back(attempt, told)
    with pytest.raises(ProviderRefused, match="invalid_grant"):
        attempt.finish()


def test_an_answer_of_another_sign_in_opens_nothing_and_ours_is_still_waited_for(attempt: Attempt, provider: Hostile) -> None:
    told = provider.authorise(attempt.url)
    for foreign in ({**told, "state": "of-another"}, {"code": "code-1"}, {"state": told["state"]}):
        page = come_back(attempt, foreign)
        assert (page.status_code, "does not belong" in page.text) == (400, True)
    assert come_back(attempt, {**told, "iss": "https://elsewhere.example.com"}).status_code == 400
    assert provider.forms == []
    assert come_back(attempt, told).status_code == 200
    assert attempt.finish()["sub"]
    assert come_back(attempt, told).status_code == 400  # once


def test_a_provider_that_names_itself_in_its_answer_must_do_so(provider: Hostile) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    with closing(Attempt(provider.issuer, ASKED, SystemClock(), Language.EN)) as attempt:
        told = provider.authorise(attempt.url)
        assert come_back(attempt, told).status_code == 400
        assert come_back(attempt, {**told, "iss": provider.issuer}).status_code == 200
        assert attempt.finish()["sub"]


def test_a_page_under_another_name_for_this_computer_gets_nothing(attempt: Attempt, provider: Hostile) -> None:
    told = provider.authorise(attempt.url)
    assert come_back(attempt, told, headers={"Host": "evil.example.com"}).status_code == 404
    assert httpx.get(attempt.redirect_uri.replace("/signed-in", "/else"), params=told).status_code == 404


def test_a_provider_that_sends_us_elsewhere_is_not_followed(attempt: Attempt, provider: Hostile) -> None:
    provider.token_status, provider.token_headers = 307, {"Location": "http://127.0.0.1:9/token"}
    assert why_refused(attempt, provider) == "redirect"


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "https://elsewhere.example.com"}, "issuer"),
        ({"token_endpoint": "http://elsewhere.example.com/token"}, "token_endpoint"),
        ({"jwks_uri": "http://elsewhere.example.com/keys"}, "jwks_uri"),
        ({"authorization_endpoint": "ftp://elsewhere.example.com/door"}, "authorization_endpoint"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
    ],
)
def test_a_provider_with_an_open_or_foreign_door_is_refused_before_a_browser_opens(
    provider: Hostile, metadata: Claims, why: str
) -> None:
    provider.metadata = metadata
    with pytest.raises(ProviderRefused) as refused:
        Attempt(provider.issuer, ASKED, SystemClock(), Language.EN)
    assert refused.value.why == why


def test_a_provider_that_is_not_there_is_told_as_silent() -> None:
    with pytest.raises(ProviderRefused, match="does not answer"):
        Attempt("http://127.0.0.1:9", ASKED, SystemClock(), Language.EN)


def test_who_breaks_off_in_the_browser_is_told_so_there_and_here(attempt: Attempt, provider: Hostile) -> None:
    state = provider.authorise(attempt.url)["state"]
    page = come_back(attempt, {"error": "access_denied", "state": state})
    assert "You were not signed in." in page.text
    with pytest.raises(ProviderRefused, match="broken off in the browser"):
        attempt.finish()


def test_what_is_no_error_code_is_not_repeated(attempt: Attempt, provider: Hostile) -> None:
    come_back(attempt, {"error": "<b>Call 090-1234!</b>", "state": provider.authorise(attempt.url)["state"]})
    with pytest.raises(ProviderRefused) as refused:
        attempt.finish()
    assert "090" not in refused.value.sentences(Language.EN) + refused.value.detail


def test_waiting_ends_when_it_is_given_up(attempt: Attempt) -> None:
    attempt.give_up()
    with pytest.raises(ProviderRefused) as refused:
        attempt.finish()
    assert refused.value.why == "given_up"


def test_waiting_ends_by_itself(provider: Hostile) -> None:
    with closing(Attempt(provider.issuer, ASKED, SystemClock(), Language.EN, patience_seconds=0)) as attempt:
        with pytest.raises(ProviderRefused) as refused:
            attempt.finish()
        assert refused.value.why == "too_late"


def test_no_token_and_no_code_stands_in_a_log(attempt: Attempt, provider: Hostile, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        come_back(attempt, provider.authorise(attempt.url))
        attempt.finish()
    ours = [record.getMessage() for record in caplog.records if "state=" not in record.getMessage()]  # the test's own browser
    told = "\n".join(ours)
    assert ACCESS not in told
    assert "eyJ" not in told
    assert provider.forms[0]["code_verifier"] not in told
