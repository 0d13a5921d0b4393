"""Headers and addresses: nobody's name can break out of its line."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.errors import RemoteRefused
from coupon_desk.mail.envelope import Mailbox, mailable, recipient_of, seal, sender_of
from coupon_desk.mail.messages import RenderedMail
from coupon_desk.words import Language

MAIL = RenderedMail("Subject", "Text\n.\n.dot\n", "<p>HTML</p>\n")
SENDER = Mailbox("銀座店", "points@example.com")
AT = datetime(2026, 11, 23, 3, 0, 5, tzinfo=UTC)


def sealed(*, sender: Mailbox = SENDER, name: str = "", message_id: str = "a@b") -> EmailMessage:
    envelope = seal(MAIL, Language.JA, sender, recipient_of(name, "hanako@example.com"), message_id, AT)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_headers_are_what_a_mail_program_expects() -> None:
    message = sealed(name="佐藤 花子", message_id="<op-1@coupon-desk.example>")
    assert str(message["From"]) == "銀座店 <points@example.com>"
    assert str(message["To"]) == "佐藤 花子 <hanako@example.com>"
    assert message["Subject"] == "Subject"
    assert message["Date"] == "Mon, 23 Nov 2026 03:00:05 +0000"
    assert message["Message-ID"] == "<op-1@coupon-desk.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ja"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html.get_content().replace("\r\n", "\n") == MAIL.html


def test_what_is_sent_is_seven_bit_unless_an_address_needs_more() -> None:
    plain = seal(MAIL, Language.JA, SENDER, recipient_of("佐藤 花子", "hanako@example.com"), "a@b", AT)
    international = seal(MAIL, Language.JA, SENDER, recipient_of("佐藤 花子", "花子@example.com"), "a@b", AT)
    assert plain.content.isascii()
    assert not plain.needs_smtputf8
    assert international.needs_smtputf8
    assert "花子@example.com".encode() in international.content


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120))
def test_no_name_adds_a_header_or_a_recipient(name: str) -> None:
    message = sealed(name=name, sender=Mailbox(" ".join(name.split()), "points@example.com"))
    assert [address.addr_spec for address in message["To"].addresses] == ["hanako@example.com"]
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"]
    )


def test_a_name_with_line_breaks_stays_on_one_line() -> None:
    message = sealed(name="Bobby\r\nBcc: all@example.com\r\n\r\nhello", message_id="a\r\nBcc: x@y@b")
    assert "Bcc" not in message
    assert str(message["To"]) == '"Bobby Bcc: all@example.com hello" <hanako@example.com>'


@pytest.mark.parametrize(
    "address", ["a@example.com", "first.last+tag@sub.example.co.jp", "o'neil@example.com", "花子@example.com", "x@localhost"]
)
def test_an_address_is_taken_as_it_is(address: str) -> None:
    assert mailable(address) == address


def test_a_japanese_domain_is_written_in_ascii() -> None:
    assert mailable("hanako@日本語.jp") == "hanako@xn--wgv71a119e.jp"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hanako",
        "@example.com",
        "hanako@",
        "a@b@c",
        "a b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a@example..com",
        "a@example.com\r\nBcc: x@example.com",
        "a@example.com\n",
        "<a@example.com>",
        "a@example.com, b@example.com",
        '"a b"@example.com',
        "a@[127.0.0.1]",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 50] * 6),
        "a\x00@example.com",
    ],
)
def test_what_is_not_one_address_is_none(address: str) -> None:
    assert mailable(address) is None


def test_a_customer_without_a_usable_address_is_told_in_another_way() -> None:
    with pytest.raises(RemoteRefused, match="not an address") as caught:
        recipient_of("Hanako Sato", "hanako at example.com")
    assert "hanako" not in str(caught.value) + caught.value.detail


@pytest.mark.parametrize(
    ("configured", "mailbox"),
    [
        ("Ginza store <points@example.com>", Mailbox("Ginza store", "points@example.com")),
        ('"Ginza, store" <points@example.com>', Mailbox("Ginza, store", "points@example.com")),
        ("銀座店 <points@example.com>", Mailbox("銀座店", "points@example.com")),
        ("points@example.com", Mailbox("", "points@example.com")),
        ("<points@example.com>", Mailbox("", "points@example.com")),
    ],
)
def test_the_sender_is_read_from_the_configuration(configured: str, mailbox: Mailbox) -> None:
    assert sender_of(configured) == mailbox


@pytest.mark.parametrize("configured", ["Ginza store <points@@example.com>", "<>", "a b@c"])
def test_a_sender_that_is_none_is_refused(configured: str) -> None:
    with pytest.raises(RemoteRefused, match="sender in the configuration"):
        sender_of(configured)
