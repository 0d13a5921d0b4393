"""Handing a mail to a mail server: over real connections, and every refusal at every stage."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Literal

import pytest
import trustme

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.errors import ConfigurationError, OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.mail import smtp
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.settings import Mail
from coupon_desk.words import Language, msg
from tests.mail.conftest import Certificates
from tests.mail.servers import CLOSE, SILENCE, mail_server, scripted_server

Notice = Callable[..., CancellationNotice]
Security = Literal["none", "starttls", "tls"]
USER = ("desk", "pass wörd 秘密")


def mailer(
    port: int,
    clock: VirtualClock,
    *,
    security: Security = "none",
    user: tuple[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> SmtpMailer:
    settings = Mail(
        host=host,
        port=port,
        sender="Ginza store <points@example.com>",
        security=security,
        username=user[0] if user else None,
    )
    return SmtpMailer(settings, "Ginza store", lambda: user[1] if user else "", clock, tls=tls)


def test_a_mail_goes_out_encrypted_and_signed_in_and_arrives_whole(
    clock: VirtualClock, certificates: Certificates, notice: Notice
) -> None:
    with mail_server(starttls=certificates.server, sign_in=USER) as mailbox:
        desk = mailer(mailbox.port, clock, security="starttls", user=USER, tls=certificates.client)
        desk.send(notice())
    (kept,) = mailbox.mails
    assert kept.encrypted
    assert (kept.sender, kept.recipients) == ("points@example.com", ["hanako@example.com"])
    message = kept.message
    assert message["Message-ID"] == "<op-1@coupon-desk.example>"
    assert message["Subject"] == "Your coupon has been cancelled"
    assert message["Date"] == "Mon, 23 Nov 2026 03:00:05 +0000"
    assert str(message["From"]) == "Ginza store <points@example.com>"
    text, html = message.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == desk.preview(notice()).text
    assert html.get_content().replace("\r\n", "\n") == desk.preview(notice()).html


def test_a_mail_goes_out_over_tls_from_the_first_byte(clock: VirtualClock, certificates: Certificates, notice: Notice) -> None:
    with mail_server(tls=certificates.server, sign_in=USER) as mailbox:
        mailer(mailbox.port, clock, security="tls", user=USER, tls=certificates.client).send(notice())
    assert [kept.signed_in for kept in mailbox.mails] == [True]


def test_a_server_that_knows_login_only_is_signed_in_to(
    clock: VirtualClock, certificates: Certificates, notice: Notice
) -> None:
    with mail_server(starttls=certificates.server, sign_in=USER, mechanisms_off=("PLAIN",)) as mailbox:
        mailer(mailbox.port, clock, security="starttls", user=USER, tls=certificates.client).send(notice())
    assert len(mailbox.mails) == 1


def test_a_japanese_mail_arrives_whole(clock: VirtualClock, notice: Notice) -> None:
    japanese = notice(language=Language.JA, customer_name="佐藤, 花子")
    with mail_server() as mailbox:
        desk = mailer(mailbox.port, clock)
        desk.send(japanese)
    message = mailbox.mails[0].message
    assert mailbox.mails[0].raw.isascii()
    assert message["Subject"] == "クーポン取り消しのお知らせ"
    assert message["Content-Language"] == "ja"
    assert [address.addr_spec for address in message["To"].addresses] == ["hanako@example.com"]
    text = next(message.iter_parts())
    assert text.get_content().replace("\r\n", "\n") == desk.preview(japanese).text


def test_a_line_of_a_single_dot_does_not_end_the_mail(clock: VirtualClock, notice: Notice) -> None:
    with mail_server() as mailbox:
        settings = Mail(host="127.0.0.1", port=mailbox.port, sender="points@example.com", security="none")
        SmtpMailer(settings, ".", lambda: "", clock).send(notice())
    text, html = mailbox.mails[0].message.iter_parts()
    assert ".\r\n\r\n--" in text.get_content().replace("\n", "\r\n").replace("\r\r", "\r")
    assert "</html>" in html.get_content()


def test_the_same_notice_has_the_same_message_id_each_time(clock: VirtualClock, notice: Notice) -> None:
    with mail_server() as mailbox:
        desk = mailer(mailbox.port, clock)
        desk.send(notice())
        desk.send(notice())
    assert [kept.message["Message-ID"] for kept in mailbox.mails] == ["<op-1@coupon-desk.example>"] * 2


def test_an_address_in_japanese_is_sent_where_the_server_can_take_it(clock: VirtualClock, notice: Notice) -> None:
    with mail_server() as mailbox:
        mailer(mailbox.port, clock).send(notice(email="花子@example.com"))
    assert mailbox.mails[0].recipients == ["花子@example.com"]
    assert "SMTPUTF8" in mailbox.mails[0].options


def test_an_address_in_japanese_is_refused_where_the_server_cannot_take_it(clock: VirtualClock, notice: Notice) -> None:
    with mail_server(smtputf8=False) as mailbox, pytest.raises(RemoteRefused, match="other letters than a to z"):
        mailer(mailbox.port, clock).send(notice(email="花子@example.com"))
    assert mailbox.mails == []


def test_an_address_that_is_none_is_refused_before_the_server_is_asked(clock: VirtualClock, notice: Notice) -> None:
    with mail_server() as mailbox, pytest.raises(RemoteRefused, match="not an address"):
        mailer(mailbox.port, clock).send(notice(email="a@example.com\r\nRCPT TO:<b@example.com>"))
    assert mailbox.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_mail_and_no_password(
    clock: VirtualClock, certificates: Certificates, notice: Notice, security: Security
) -> None:
    is_tls = security == "tls"
    with (
        mail_server(
            tls=certificates.server if is_tls else None, starttls=None if is_tls else certificates.server, sign_in=USER
        ) as mailbox,
        pytest.raises(RemoteUnavailable, match="certificate"),
    ):
        mailer(mailbox.port, clock, security=security, user=USER, tls=ssl.create_default_context()).send(notice())
    assert mailbox.mails == []


def test_the_trust_store_of_this_computer_is_read_only_where_it_is_needed_and_once(
    clock: VirtualClock, certificates: Certificates, notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = ssl.create_default_context, list[ssl.SSLContext]()

    def reading() -> ssl.SSLContext:
        read.append(real())
        return read[-1]

    with mail_server() as plain, mail_server(starttls=certificates.server) as encrypted:
        monkeypatch.setattr(ssl, "create_default_context", reading)
        mailer(plain.port, clock, security="none").send(notice())
        assert read == []
        ours = mailer(encrypted.port, clock, security="starttls")
        for _ in range(2):
            with pytest.raises(RemoteUnavailable, match="certificate"):
                ours.send(notice())
        assert len(read) == 1


def test_a_certificate_of_another_host_is_not_taken(clock: VirtualClock, notice: Notice) -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("mail.example.com").configure_cert(server)
    authority.configure_trust(client)
    with mail_server(starttls=server) as mailbox, pytest.raises(RemoteUnavailable, match="certificate"):
        mailer(mailbox.port, clock, security="starttls", tls=client).send(notice())


def test_a_server_without_starttls_gets_no_mail(clock: VirtualClock, notice: Notice) -> None:
    with mail_server() as mailbox, pytest.raises(RemoteRefused, match="offers no STARTTLS"):
        mailer(mailbox.port, clock, security="starttls").send(notice())
    assert mailbox.mails == []


def test_a_wrong_password_is_refused_and_never_repeated(
    clock: VirtualClock, certificates: Certificates, notice: Notice
) -> None:
    with mail_server(starttls=certificates.server, sign_in=USER) as mailbox:
        desk = mailer(mailbox.port, clock, security="starttls", user=("desk", "wrong-pässword"), tls=certificates.client)
        with pytest.raises(RemoteRefused, match="user name or the password") as caught:
            desk.send(notice())
        with pytest.raises(RemoteRefused, match="user name or the password"):
            desk.check()
    assert caught.value.detail == "sign in: 535 5.7.8"
    assert "wrong-p" not in caught.value.sentences(Language.EN)
    assert caught.value.__cause__ is None
    assert mailbox.mails == []


def test_without_signing_in_a_server_that_wants_it_refuses(
    clock: VirtualClock, certificates: Certificates, notice: Notice
) -> None:
    with (
        mail_server(starttls=certificates.server, sign_in=USER) as mailbox,
        pytest.raises(RemoteRefused, match="send from this address") as caught,
    ):
        mailer(mailbox.port, clock, security="starttls", tls=certificates.client).send(notice())
    assert caught.value.detail.startswith("sender: 530")


def test_a_server_that_cannot_be_signed_in_to_is_refused(clock: VirtualClock, notice: Notice) -> None:
    with (
        scripted_server({"EHLO": b"250-here\r\n250 AUTH GSSAPI"}) as port,
        pytest.raises(RemoteRefused, match="PLAIN or LOGIN"),
    ):
        mailer(port, clock, user=USER).send(notice())


def test_a_password_that_cannot_be_fetched_means_that_nothing_was_sent(clock: VirtualClock, notice: Notice) -> None:
    def locked() -> str:
        raise ConfigurationError(msg("The keyring is locked."))

    with mail_server() as mailbox:
        settings = Mail(host="127.0.0.1", port=mailbox.port, sender="a@example.com", security="none", username="desk")
        with pytest.raises(RemoteUnavailable, match=r"The keyring is locked\."):
            SmtpMailer(settings, "Ginza store", locked, clock).send(notice())
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("replies", "family", "sentence", "detail"),
    [
        ({"greeting": b"421 4.3.2 busy"}, RemoteUnavailable, "does not take the e-mail now", "connect: 421 4.3.2"),
        ({"greeting": b"554 5.7.1 go away"}, RemoteUnavailable, "does not take the e-mail now", "connect: 554 5.7.1"),
        ({"greeting": b"HTTP/1.1 400 Bad Request"}, RemoteUnavailable, "cannot be reached", "connect: -1"),
        ({"greeting": CLOSE}, RemoteUnavailable, "cannot be reached", "connect: SMTPServerDisconnected"),
        ({"EHLO": CLOSE}, RemoteUnavailable, "cannot be reached", "connect: SMTPServerDisconnected"),
        ({"AUTH": b"454 4.7.0 later"}, RemoteUnavailable, "does not take the e-mail now", "sign in: 454 4.7.0"),
        ({"AUTH": b"535 5.7.8 no desk"}, RemoteRefused, "user name or the password", "sign in: 535 5.7.8"),
        ({"AUTH": b"534 5.7.9 too weak"}, RemoteRefused, "user name or the password", "sign in: 534 5.7.9"),
        ({"AUTH": CLOSE}, RemoteUnavailable, "cannot be reached", "sign in: SMTPServerDisconnected"),
        ({"MAIL": b"451 4.3.0 later"}, RemoteUnavailable, "does not take the e-mail now", "sender: 451 4.3.0"),
        ({"MAIL": b"553 5.7.1 not yours"}, RemoteRefused, "send from this address", "sender: 553 5.7.1"),
        ({"MAIL": CLOSE}, RemoteUnavailable, "cannot be reached", "sender: SMTPServerDisconnected"),
        (
            {"RCPT": b"450 4.2.0 hanako@example.com wait"},
            RemoteUnavailable,
            "take the e-mail now",
            "recipient: 450 4.2.0",
        ),
        ({"RCPT": b"550 5.1.1 <hanako@example.com> unknown"}, RemoteRefused, "refuses the customer", "recipient: 550 5.1.1"),
        ({"RCPT": b"550 hanako@example.com unknown"}, RemoteRefused, "refuses the customer", "recipient: 550"),
        ({"RCPT": b"554 5.7.1 relay access denied"}, RemoteRefused, "send from this address", "recipient: 554 5.7.1"),
        ({"RCPT": b"530 sign in first"}, RemoteRefused, "send from this address", "recipient: 530"),
        ({"RCPT": CLOSE}, RemoteUnavailable, "cannot be reached", "recipient: SMTPServerDisconnected"),
        ({"DATA": b"452 4.3.1 full"}, RemoteUnavailable, "does not take the e-mail now", "content: 452 4.3.1"),
        ({"DATA": b"554 5.0.0 no"}, RemoteRefused, "refused the e-mail", "content: 554 5.0.0"),
        ({"DATA": CLOSE}, RemoteUnavailable, "cannot be reached", "content: SMTPServerDisconnected"),
        ({"content": b"451 4.7.1 later"}, RemoteUnavailable, "does not take the e-mail now", "handed over: 451 4.7.1"),
        ({"content": b"554 5.7.1 spam"}, RemoteRefused, "refused the e-mail", "handed over: 554 5.7.1"),
        ({"content": b"what?"}, OutcomeUnknown, "did not say whether", "handed over: -1"),
        ({"content": CLOSE}, OutcomeUnknown, "did not say whether", "handed over: SMTPServerDisconnected"),
    ],
)
def test_each_stage_proves_what_it_proves(
    clock: VirtualClock,
    notice: Notice,
    replies: dict[str, bytes],
    family: type[RemoteError],
    sentence: str,
    detail: str,
) -> None:
    user = USER if "AUTH" in replies else None
    with scripted_server(replies) as port, pytest.raises(family) as caught:
        mailer(port, clock, user=user).send(notice())
    assert type(caught.value) is family
    assert caught.value.system is System.MAIL
    assert sentence in str(caught.value)
    assert caught.value.detail == detail
    assert caught.value.todo is not None
    assert "hanako" not in caught.value.sentences(Language.EN).lower()


@pytest.mark.parametrize(
    ("silent_at", "family"),
    [("greeting", RemoteUnavailable), ("RCPT", RemoteUnavailable), ("DATA", RemoteUnavailable), ("content", OutcomeUnknown)],
)
def test_silence_before_the_mail_was_handed_over_is_not_silence_after_it(
    clock: VirtualClock, notice: Notice, monkeypatch: pytest.MonkeyPatch, silent_at: str, family: type[RemoteError]
) -> None:
    for patience in ("CONNECT_SECONDS", "REPLY_SECONDS", "FINAL_REPLY_SECONDS", "GOODBYE_SECONDS"):
        monkeypatch.setattr(smtp, patience, 0.2)
    with scripted_server({silent_at: SILENCE}) as port, pytest.raises(family) as caught:
        mailer(port, clock).send(notice())
    assert type(caught.value) is family


def test_a_server_that_leaves_without_goodbye_has_taken_the_mail(clock: VirtualClock, notice: Notice) -> None:
    with scripted_server({"QUIT": CLOSE}) as port:
        mailer(port, clock).send(notice())


def test_where_nobody_listens_nothing_was_sent(clock: VirtualClock, notice: Notice) -> None:
    with pytest.raises(RemoteUnavailable, match="cannot be reached"):
        mailer(1, clock).send(notice())


def test_a_host_that_does_not_exist_means_that_nothing_was_sent(clock: VirtualClock, notice: Notice) -> None:
    with pytest.raises(RemoteUnavailable, match="cannot be reached"):
        mailer(587, clock, host="mail.invalid").send(notice())


def test_the_check_signs_in_and_sends_nothing(clock: VirtualClock, certificates: Certificates) -> None:
    with mail_server(starttls=certificates.server, sign_in=USER) as mailbox:
        mailer(mailbox.port, clock, security="starttls", user=USER, tls=certificates.client).check()
    assert mailbox.mails == []


def test_the_check_fails_where_the_server_does(clock: VirtualClock) -> None:
    with scripted_server({"NOOP": CLOSE}) as port, pytest.raises(RemoteUnavailable):
        mailer(port, clock).check()
