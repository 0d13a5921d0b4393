"""What a log must not tell, in all the forms in which it turns up."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.logs import Mask

SECRET = "Zq9-überGeheim/&=\"x'"
secrets = st.text(min_size=12, max_size=60).filter(lambda text: text.strip() == text and len(set(text)) > 5)


def masked(text: str) -> str:
    return Mask().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer HIDDENVALUE",
        "{'Authorization': 'Basic HIDDENVALUE'}",
        "(b'authorization', b'Bearer HIDDENVALUE'), (b'accept', b'x')",
        '{"X-Shopify-Access-Token": "HIDDENVALUE", "a": 1}',
        "x-shopify-access-token: HIDDENVALUE",
        "Cookie: session=HIDDENVALUE; other=HIDDENVALUE",
        "sent bearer HIDDENVALUE to the server",
        "token is shpat_HIDDENVALUE.",
        "shpss_HIDDENVALUE",
        "postgresql+psycopg://desk:HIDDENVALUE@db/coupons",
        "client_secret=HIDDENVALUE&grant_type=client_credentials",
        '{"access_token": "HIDDENVALUE", "scope": "read"}',
        '{"refresh_token":"HIDDEN\\"VALUE"}',
        "mail_password='HIDDENVALUE with blanks'",
        "PIN: HIDDENVALUE",
        "GET https://shop.example/api/x?reference=HIDDENVALUE&limit=5 200",
        "GET /customers/1/points/history?reference=HIDDENVALUE",
        '{"firstName": "HIDDENVALUE", "last_name": "HIDDENVALUE"}',
        "{'displayName': 'HIDDENVALUE'}",
    ],
)
def test_a_secret_or_personal_value_is_masked_where_it_stands(text: str) -> None:
    told = masked(text)
    assert "HIDDEN" not in told
    assert "VALUE" not in told
    assert "[" in told


@pytest.mark.parametrize(
    "address",
    [
        "hanako.yamada@example.co.jp",
        "a@localhost",
        "o'neil+points@sub.example.com",
        "花子@例え.jp",
        "hanako%40example.com",
        "hanako＠example.com",
        "<hanako@example.com>",
    ],
)
def test_an_email_address_is_masked(address: str) -> None:
    told = masked(f"mail to {address}, refused")
    assert "[personal]" in told
    assert told.endswith(", refused")
    for part in ("hanako", "yamada", "example", "localhost", "neil", "花子", "例え"):
        assert part not in told


@pytest.mark.parametrize(
    "number",
    [
        "+81 90-1234-5678",
        "+819012345678",
        "+1 (415) 555-0100",
        "090-1234-5678",
        "03(1234)5678",
        "03 1234 5678",
        "09012345678",
        "０９０－１２３４－５６７８",
        "415-555-0100",
        "(415) 555-0100",
    ],
)
def test_a_telephone_number_is_masked(number: str) -> None:
    told = masked(f"called {number} today")
    assert told.replace("(", "").replace(")", "").split() == ["called", "[personal]", "today"]


@given(
    digits=st.from_regex(r"[0-9]{1,5}", fullmatch=True),
    token=st.from_regex(r"[A-Z0-9]{6}", fullmatch=True),
    points=st.from_regex(r"[1-9][0-9]{0,8}", fullmatch=True),
    around=st.sampled_from(["{}", "COUPON-{}", "“{}” is used", "code={}", "'{}'", "/{}/", "COUPON-{}."]),
    lower=st.booleans(),
)
def test_a_coupon_code_shows_its_ends_only(digits: str, token: str, points: str, around: str, lower: bool) -> None:
    code = f"{digits}-{token.lower() if lower else token}-{points}"
    assert masked(around.format(code)) == around.format(f"{digits}-******-{points}")


def test_a_code_in_full_width_is_masked_too() -> None:
    assert "ＡＢ１２ＣＤ" not in masked("typed ７０９３４－ＡＢ１２ＣＤ－５００")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:54:37.123+00:00 step return_points of 3f2a9c1e-0b7d-4a51-9c55-0123456789ab took 1234567 µs",
        "gid://shopify/Customer/7093412345 has 500 points",
        "X-Request-Id 0c9d1e2f-1234-5678-9abc-def012345678-1732368877",
        "waited 0.123456789012 s on 127.0.0.1:45678",
        "@dataclass(frozen=True) in coupon_desk/shopify/client.py:120",
        "reading a cookie, then the token",
        "Did it work? Yes/no?",
        "secret shopify.token was read from the keyring",
    ],
)
def test_what_support_needs_is_left_alone(text: str) -> None:
    assert masked(text) == text


@given(secret=secrets, before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_registered_secret_is_masked_in_any_surroundings(secret: str, before: str, after: str) -> None:
    mask = Mask()
    mask.register(secret)
    assert secret not in mask.text(f"{before}{secret}{after}")


def test_a_registered_secret_is_masked_in_every_coding() -> None:
    mask = Mask()
    mask.register(SECRET)
    forms = [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        repr(SECRET.encode()),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
    ]
    for form in forms:
        assert "Geheim" not in mask.text(f"sent {form} there")
        assert form not in mask.text(f"sent {form} there")


def test_of_two_secrets_that_overlap_the_longer_one_is_masked_whole() -> None:
    mask = Mask()
    mask.register("correct horse")
    mask.register("correct horse battery")
    assert mask.text("it is correct horse battery") == "it is [secret]"


def test_a_value_of_three_characters_would_mask_ordinary_words_and_is_not_taken() -> None:
    mask = Mask()
    mask.register("the")
    assert mask.text("the weather") == "the weather"


def test_fields_are_masked_by_their_name_and_deeply() -> None:
    facts = {
        "email": "x",
        "token": "y",
        "steps": [{"note": "she is angry", "code": "70934-AB12CD-500"}, ("a@b.jp", 5, None, True)],
        "waited_seconds": 0.25,
    }
    assert Mask().field("facts", facts) == {
        "email": "[personal]",
        "token": "[secret]",
        "steps": [{"note": "[personal]", "code": "70934-******-500"}, ["[personal]", 5, None, True]],
        "waited_seconds": 0.25,
    }


@pytest.mark.parametrize(
    "unit", ["x", "a/", "a-", "b.", "0", "-0", "://", "a b@", "?a", "'", '"', "+1", "12345-", "pin", "ab://"]
)
def test_masking_a_long_answer_takes_no_time_to_speak_of(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    Mask().text(text)
    assert time.process_time() - started < 2.0
