"""Messages: made once, said in any language, packed and unpacked; and a catalogue that lacks nothing."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import coupon_desk
from coupon_desk.words import Amount, Language, Message, money, msg, msgn, pack, placeholders, say, unpack

PACKAGE = Path(coupon_desk.__file__).parent
LOCALE = files("coupon_desk") / "resources" / "locale" / "ja" / "LC_MESSAGES"
TOKYO = ZoneInfo("Asia/Tokyo")
MOMENT = datetime(2026, 11, 23, 3, 4, 5, tzinfo=UTC)


def sources() -> Iterator[tuple[str, int, str | tuple[str, ...]]]:
    keywords = {"msg": None, "msgn": (1, 2)}
    for name, line, text, _, _ in extract_from_dir(
        PACKAGE, [("**.py", "python"), ("**.jinja", "jinja2"), ("**.html", "jinja2"), ("**.txt", "jinja2")],
        keywords=keywords, options_map={},
    ):
        yield name, line, text


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    with (LOCALE / "coupon_desk.po").open("rb") as file:
        return read_po(file, locale="ja")


def test_a_message_is_said_in_english_and_japanese() -> None:
    message = msg("Already used, in order {order}.", order="#1001")
    assert say(message, Language.EN) == "Already used, in order #1001."
    assert say(message, Language.JA) != say(message, Language.EN)
    assert "#1001" in say(message, Language.JA)


def test_values_are_written_as_the_reader_expects() -> None:
    message = msg("{points} {amount} {at} {day}", points=12500, amount=Amount(Decimal(500), "JPY"), at=MOMENT, day=date(2026, 1, 2))
    assert say(message, Language.EN, TOKYO) == "12,500 ¥500 23 Nov 2026, 12:04 2 Jan 2026"
    assert say(message, Language.JA, TOKYO) == "12,500 ¥500 2026/11/23 12:04 2026/01/02"
    assert money(Amount(Decimal("12.5"), "EUR"), Language.EN) == "€12.50"


def test_a_message_within_a_message_is_said_in_the_same_language() -> None:
    outer = msg("Cannot be proved unused now: {why}", why=msg("Already expired."))
    assert say(msg("Already expired."), Language.JA) in say(outer, Language.JA)


def test_several_of_something_have_their_own_form() -> None:
    assert say(msgn("{n} coupon", "{n} coupons", n=1), Language.EN) == "1 coupon"
    assert say(msgn("{n} coupon", "{n} coupons", n=2), Language.EN) == "2 coupons"


@pytest.mark.parametrize(("locale", "language"), [("ja-JP", "ja"), ("ja", "ja"), ("en_GB", "en"), ("fr", "ja"), (None, "ja")])
def test_the_language_of_a_locale(locale: str | None, language: str) -> None:
    assert Language.of(locale, Language.JA) == language


values = (
    st.text()
    | st.integers(-(2**40), 2**40)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.builds(Amount, st.decimals(allow_nan=False, allow_infinity=False), st.just("JPY"))
    | st.builds(Message, st.just("Already expired."))
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), values, max_size=4))
def test_what_is_packed_is_unpacked_the_same(given_values: dict[str, object]) -> None:
    message = Message("text", tuple(given_values.items()))
    assert unpack(pack(message)) == message


def test_every_text_has_a_translation_with_the_same_placeholders(japanese: Catalog) -> None:
    problems = []
    for name, line, text in sources():
        one = text if isinstance(text, str) else text[0]
        if not one or not re.search("[A-Za-z]", re.sub(r"{[^}]*}", "", one)):
            continue
        entry = japanese.get(one)
        translated = entry.string if entry else None
        strings = translated if isinstance(translated, (tuple, list)) else (translated,)
        if entry is None or not all(strings) or entry.fuzzy:
            problems.append(f"{name}:{line}: not translated: {one!r}")
            continue
        wanted = set(placeholders(one))
        problems.extend(
            f"{name}:{line}: other placeholders: {one!r} → {string!r}" for string in strings if set(placeholders(string)) != wanted
        )
    assert not problems, "\n".join(problems)


def test_the_compiled_catalogue_is_the_one_that_was_written(japanese: Catalog) -> None:
    compiled = BytesIO()
    write_mo(compiled, japanese)
    assert (LOCALE / "coupon_desk.mo").read_bytes() == compiled.getvalue(), "run: make words"


def test_no_text_is_put_together_before_it_is_translated() -> None:
    wrong = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"msg", "msgn"}:
                texts = node.args[: 1 + (node.func.id == "msgn")]
                if not all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in texts):
                    wrong.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
                if isinstance(texts[0], ast.Constant) and set(placeholders(str(texts[0].value))) != {
                    keyword.arg for keyword in node.keywords
                }:
                    wrong.append(f"{file.relative_to(PACKAGE)}:{node.lineno}: placeholders and values differ")
    assert not wrong, "\n".join(wrong)
