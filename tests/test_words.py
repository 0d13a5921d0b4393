"""Messages: made once, said in any language, packed and unpacked; and a catalogue that lacks nothing."""

import ast
import re
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Source:
    """A text in the code: where it stands, what it says, and what it says of several."""

    place: str
    forms: tuple[str, ...]


@pytest.fixture(scope="module")
def sources() -> tuple[Source, ...]:
    """Every text that the code can say, as `make words` finds it."""
    keywords = {"msg": None, "msgn": (1, 2)}
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=keywords, options_map={})
    return tuple(
        Source(f"{name}:{line}", (text,) if isinstance(text, str) else tuple(text)) for name, line, text, _, _ in found
    )


def translations(catalogue: Catalog, text: str) -> tuple[str, ...]:
    """What the catalogue says for a text: one string, or one for each plural form; nothing where it is not finished."""
    entry = catalogue.get(text)
    if entry is None or entry.fuzzy:
        return ()
    strings = entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
    return tuple(string for string in strings if string)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that makes a message: where it stands, its arguments, and whether it is at the top of its module."""

    place: str
    texts: tuple[ast.expr, ...]
    value_names: frozenset[str | None]
    is_at_top: bool


@pytest.fixture(scope="module")
def calls() -> tuple[Call, ...]:
    """Every call of `msg` and `msgn`, as Python itself reads the code."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        module = ast.parse(file.read_text(encoding="utf-8"))
        functions = (node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.Lambda)))
        inside = {id(node) for function in functions for node in ast.walk(function)}
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"msg", "msgn"}:
                found.append(
                    Call(
                        f"{file.relative_to(PACKAGE)}:{node.lineno}",
                        tuple(node.args[: 1 + (node.func.id == "msgn")]),
                        frozenset(keyword.arg for keyword in node.keywords),
                        id(node) not in inside,
                    )
                )
    return tuple(found)


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
    message = msg(
        "{points} {amount} {at} {day}", points=12500, amount=Amount(Decimal(500), "JPY"), at=MOMENT, day=date(2026, 1, 2)
    )
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


def test_every_text_has_a_translation_with_the_same_placeholders(japanese: Catalog, sources: tuple[Source, ...]) -> None:
    problems = []
    for source in sources:
        one, several = source.forms[0], source.forms[-1]
        strings = translations(japanese, one)
        if not strings:
            problems.append(f"{source.place}: not translated: {one!r}")
        problems.extend(
            f"{source.place}: other placeholders: {several!r} → {string!r}"
            for string in strings
            if set(placeholders(string)) != set(placeholders(several))
        )
    assert not problems, "\n".join(problems)


def test_the_catalogue_holds_no_text_that_nobody_says(japanese: Catalog, sources: tuple[Source, ...]) -> None:
    said = {source.forms[0] for source in sources}
    left = [entry.id for entry in japanese if entry.id and (entry.id if isinstance(entry.id, str) else entry.id[0]) not in said]
    assert not left, "run: make words"
    assert not japanese.obsolete, "run: make words"


@pytest.mark.parametrize(
    ("word", "instead"),
    [
        ("割引", "ディスカウント"),
        ("証跡", "監査記録"),
        ("照会番号", "参照番号"),
        ("返却", "返還"),
        ("払い戻し", "返還"),
        ("コンピュータ", "パソコン"),
        ("暗証番号", "PIN"),
        ("オペレーター", "担当者"),
        ("無効クーポン", "取り消し済み"),
        ("取消", "取り消し"),
        ("お客様のクーポン記録", "顧客レコード"),
        ("パスワード類", "シークレット"),
    ],
)
def test_one_thing_has_one_word_in_japanese(japanese: Catalog, sources: tuple[Source, ...], word: str, instead: str) -> None:
    wrong = [string for source in sources for string in translations(japanese, source.forms[0]) if word in string]
    assert not wrong, f"{instead}, not {word}: {wrong}"


def test_japanese_is_set_as_japanese_is_set(japanese: Catalog, sources: tuple[Source, ...]) -> None:
    """No blank between Japanese and other letters, no half-width punctuation after Japanese, one kind of quotation mark."""
    kana_or_kanji = "[\u3040-\u30ff\u4e00-\u9fff々]"
    badly = re.compile(rf"{kana_or_kanji} [A-Za-z0-9]|[A-Za-z0-9}}] {kana_or_kanji}|{kana_or_kanji}[,.;:!?()]|[“”\"]|\.\.\.")
    wrong = [string for source in sources for string in translations(japanese, source.forms[0]) if badly.search(string)]
    assert not wrong, "\n".join(wrong)


def test_texts_live_in_python_and_not_in_templates() -> None:
    templates = [file for file in (PACKAGE / "resources").rglob("*") if file.suffix in {".html", ".txt", ".jinja"}]
    assert templates
    assert not [file.name for file in templates if re.search(r"\b(msgn?|_|gettext)\(", file.read_text(encoding="utf-8"))]


def test_the_compiled_catalogue_is_the_one_that_was_written(japanese: Catalog) -> None:
    compiled = BytesIO()
    write_mo(compiled, japanese)
    assert (LOCALE / "coupon_desk.mo").read_bytes() == compiled.getvalue(), "run: make words"


def test_no_text_is_put_together_before_it_is_translated(calls: tuple[Call, ...]) -> None:
    wrong = [call.place for call in calls if not all(constant(text) for text in call.texts)]
    assert not wrong, "\n".join(wrong)


def test_every_placeholder_gets_its_value(calls: tuple[Call, ...]) -> None:
    """A text at the top of a module may be a form that a function fills in later."""
    wrong = [
        call.place
        for call in calls
        if call.value_names != set(placeholders(constant(call.texts[-1]))) and (call.value_names or not call.is_at_top)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_text_hides_where_the_catalogue_cannot_find_it(calls: tuple[Call, ...], sources: tuple[Source, ...]) -> None:
    """Within an f-string, for instance, which Babel does not look into."""
    found = {source.forms[0] for source in sources}
    hidden = [call.place for call in calls if constant(call.texts[0]) not in found]
    assert not hidden, "\n".join(hidden)


def constant(text: ast.expr) -> str:
    """The text that stands in the code; empty where it is put together."""
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""
