"""What the customer reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import product
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

import pytest

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.notice import CancellationNotice, ReminderNotice
from coupon_desk.mail.messages import RenderedMail, render
from coupon_desk.words import Amount, Language

Notice = Callable[..., CancellationNotice]
TOKYO = ZoneInfo("Asia/Tokyo")


class Reader(HTMLParser):
    """The words and the tags of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br", "img", "link"}:
            self.open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_english_mail_says_what_happened_to_the_coupon_and_the_points(notice: Notice) -> None:
    mail = render(notice(), "Ginza store", TOKYO)

    assert mail.subject == "Your coupon has been cancelled"
    for body in (mail.text, Reader(mail.html).text):
        plain = " ".join(body.split())
        assert "Dear Hanako Sato" in plain
        assert "500 points have been refunded" in plain
        assert "70934-AB12CD-500" in plain
        assert "23 Nov 2026, 12:00" in plain
        assert "1,700 points" in plain
        assert "Please contact us if you have any questions." in plain
        assert "Ginza store" in plain


def test_the_japanese_mail_says_the_same(notice: Notice) -> None:
    mail = render(notice(language=Language.JA, customer_name="佐藤 花子"), "銀座店", TOKYO)

    assert mail.subject == "クーポン取り消しのお知らせ"
    for body in (mail.text, Reader(mail.html).text):
        assert "佐藤 花子 様" in body
        assert "500ポイントをお返しいたしました" in body
        assert "70934-AB12CD-500" in body
        assert "2026/11/23 12:00" in body
        assert "1,700ポイント" in body
        assert "ご不明な点がございましたら、お気軽にお問い合わせください。" in body
        assert "銀座店" in body


@pytest.mark.parametrize(
    ("points", "sentence"),
    [(1, "1 point has been refunded"), (500, "500 points have been refunded"), (12500, "12,500 points have been refunded")],
)
def test_the_points_are_the_coupons_own_number(notice: Notice, points: int, sentence: str) -> None:
    mail = render(notice(points_returned=points), "Ginza store")
    assert sentence in mail.text
    assert sentence in Reader(mail.html).text


def test_one_point_that_is_left_is_one_point(notice: Notice) -> None:
    mail = render(notice(balance_after=1), "Ginza store")
    assert "1 point\n" in mail.text
    assert "1 points" not in mail.text + mail.html


def test_a_balance_that_nobody_told_is_not_made_up(notice: Notice) -> None:
    english = render(notice(balance_after=None), "Ginza store")
    japanese = render(notice(balance_after=None, language=Language.JA), "銀座店")
    assert "balance" not in english.text + Reader(english.html).text
    assert "残高" not in japanese.text + Reader(japanese.html).text
    assert "None" not in english.text + english.html + japanese.text + japanese.html


def test_an_empty_balance_is_a_balance(notice: Notice) -> None:
    assert "0 points" in render(notice(balance_after=0), "Ginza store").text


def test_for_a_cancelled_order_the_mail_tells_of_the_order(notice: Notice) -> None:
    english = render(notice(for_cancelled_order=True), "Ginza store")
    japanese = render(notice(for_cancelled_order=True, language=Language.JA), "銀座店")
    assert english.subject == "Your points have been refunded"
    assert "The order in which you used your coupon has been cancelled" in english.text
    assert "500 points have been refunded" in english.text
    assert japanese.subject == "ポイント返還のお知らせ"
    assert "ご注文が取り消されました" in japanese.text


@pytest.mark.parametrize("language", list(Language))
def test_without_a_name_nobody_is_addressed_by_nothing(notice: Notice, language: Language) -> None:
    mail = render(notice(customer_name=" ", language=language), "Ginza store")
    first_line = mail.text.splitlines()[0]
    assert first_line == "Hello," or first_line.startswith("いつもGinza store")
    assert "Dear" not in mail.html
    assert "様" not in mail.text.replace("お客様", "")


def test_a_name_cannot_bring_html_or_a_line_of_its_own(notice: Notice) -> None:
    mail = render(notice(customer_name="<b>Bobby</b>\r\nBcc: all@example.com\u202e"), "A & B")
    assert "<b>" not in mail.html
    assert "&lt;b&gt;Bobby&lt;/b&gt;" in mail.html
    assert "A &amp; B" in mail.html
    assert mail.text.startswith("Dear <b>Bobby</b> Bcc: all@example.com,\n")


@pytest.mark.parametrize(("language", "for_cancelled_order", "balance"), [*product(Language, [True, False], [1700, None])])
def test_the_html_is_whole_and_fetches_nothing(
    notice: Notice, language: Language, for_cancelled_order: bool, balance: int | None
) -> None:
    mail = render(notice(language=language, for_cancelled_order=for_cancelled_order, balance_after=balance), "Ginza store")
    reader = Reader(mail.html)
    assert reader.open == []
    assert ("lang", language.value) in reader.attributes
    assert ("name", "color-scheme") in reader.attributes
    assert not {"src", "href", "background"} & {name for name, _ in reader.attributes}
    assert "url(" not in mail.html
    assert mail.subject in reader.text
    assert max(len(line.encode()) for line in mail.text.splitlines()) <= 998


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("for_cancelled_order", [True, False])
def test_the_facts_of_the_plain_text_stand_in_one_column(notice: Notice, language: Language, for_cancelled_order: bool) -> None:
    mail: RenderedMail = render(notice(language=language, for_cancelled_order=for_cancelled_order), "Ginza store", TOKYO)
    facts = [line for line in mail.text.splitlines() if line.startswith(("    ", "\u3000"))]
    assert len(facts) == 4
    values = ["70934-AB12CD-500", "2026/11/23" if language is Language.JA else "23 Nov 2026", "500", "1,700"]
    columns = {
        sum(2 if east_asian_width(character) in "WF" else 1 for character in line[: line.index(value)])
        for line, value in zip(facts, values, strict=True)
    }
    assert len(columns) == 1


REMINDER = ReminderNotice(
    message_id="<reminder-1@coupon-desk.example>",
    email="hanako@example.com",
    customer_name="佐藤 花子",
    code=CouponCode("70934-AB12CD-500"),
    worth=Amount(Decimal(500), "JPY"),
    expires_at=datetime(2026, 11, 30, 15, 0, tzinfo=UTC),
    language=Language.JA,
    unsubscribe_url="https://example.com/leave?a=1&b=2",
)


@pytest.mark.parametrize("worth", [Amount(Decimal(500), "JPY"), None])
@pytest.mark.parametrize("language", list(Language))
def test_a_reminder_says_until_when_and_how_to_leave(language: Language, worth: Amount | None) -> None:
    mail = render(replace(REMINDER, language=language, worth=worth), "Ginza store", TOKYO)
    reader = Reader(mail.html)

    # It ends at midnight in Tokyo: the day before is the last.
    last = "30 Nov 2026, 23:59" if language is Language.EN else "2026/11/30 23:59"
    assert last.partition("," if language is Language.EN else " ")[0] in mail.subject
    for body in (mail.text, reader.text):
        assert last in body
        assert "70934-AB12CD-500" in body
        assert ("¥500" in body) is (worth is not None)
        assert "佐藤 花子" in body
        assert "None" not in body
    assert "https://example.com/leave?a=1&b=2" in mail.text
    assert [value for name, value in reader.attributes if name == "href"] == ["https://example.com/leave?a=1&b=2"]
    assert reader.open == []
    facts = [line for line in mail.text.splitlines() if line.startswith(("    ", "\u3000"))]
    values = ["70934-AB12CD-500", *(["¥500"] if worth else []), last]
    columns = {
        sum(2 if east_asian_width(character) in "WF" else 1 for character in line[: line.index(value)])
        for line, value in zip(facts, values, strict=True)
    }
    assert len(columns) == 1
