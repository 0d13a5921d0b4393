"""The mailbox keeps what it takes, in order, refuses whom it is told to, and breaks at each stage."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage

import pytest
import trustme

from coupon_desk.clock import VirtualClock
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.options import Options
from coupon_desk.training.shop import TrainingShop


def mail(subject: str = "Your coupon has been cancelled", to: str = "hanako.sato@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "points@example.com", to, subject
    message["Message-ID"] = "<one@example.com>"
    message.set_content("500 points have been refunded\n")
    return message


def send(shop: TrainingShop, *messages: EmailMessage) -> None:
    with smtplib.SMTP(shop.addresses.smtp_host, shop.addresses.smtp_port, timeout=10) as server:
        for message in messages:
            server.send_message(message)


def test_mails_are_kept_in_order(shop: TrainingShop, clock: VirtualClock) -> None:
    send(shop, mail("first"), mail("second"), mail("クーポンを取り消しました"))

    kept = shop.mailbox.mails
    assert [one.subject for one in kept] == ["first", "second", "クーポンを取り消しました"]
    assert kept[0].text == "500 points have been refunded\n"
    assert (kept[0].sender, kept[0].recipients, kept[0].at) == (
        "points@example.com",
        ("hanako.sato@example.com",),
        clock.now(),
    )


@pytest.mark.parametrize("status", [450, 550])
def test_a_recipient_can_be_refused_for_now_or_for_good(shop: TrainingShop, status: int) -> None:
    shop.mailbox.refuse("Hanako.Sato@example.com", status)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(shop, mail())
    assert refused.value.recipients["hanako.sato@example.com"][0] == status
    shop.mailbox.accept_all()
    send(shop, mail())
    assert len(shop.mailbox.mails) == 1


@pytest.mark.parametrize("stage", ["mail.connect", "mail.sender", "mail.recipient", "mail.content"])
def test_the_line_can_break_at_each_stage(shop: TrainingShop, stage: str) -> None:
    shop.faults.add(Fault(stage, FaultKind.RESET_BEFORE))

    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        send(shop, mail())
    assert shop.mailbox.mails == ()
    send(shop, mail())
    assert len(shop.mailbox.mails) == 1


def test_a_mail_can_be_kept_although_the_answer_is_lost(shop: TrainingShop) -> None:
    shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))

    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        send(shop, mail())
    assert len(shop.mailbox.mails) == 1
    (entry,) = shop.journal.calls("mail.content")
    assert (entry.fault, entry.applied, entry.status) == ("lost_answer", True, None)


@pytest.mark.parametrize(
    ("stage", "kind", "status"),
    [
        ("mail.sender", FaultKind.THROTTLED, 450),
        ("mail.recipient", FaultKind.FORBIDDEN, 550),
        ("mail.content", FaultKind.ERROR_500_BEFORE, 451),
        ("mail.content", FaultKind.HTML_502, 554),
        ("mail.recipient", FaultKind.HTTP_STATUS, 503),
    ],
)
def test_a_stage_can_be_refused(shop: TrainingShop, stage: str, kind: FaultKind, status: int) -> None:
    shop.faults.add(Fault(stage, kind))

    with pytest.raises((smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)):
        send(shop, mail())
    assert [entry.status for entry in shop.journal.calls(stage)] == [status]
    assert shop.mailbox.mails == ()


def test_a_silent_server_lets_go_when_the_faults_are_cleared(shop: TrainingShop) -> None:
    shop.faults.add(Fault("mail.content", FaultKind.BLACKHOLE))
    with smtplib.SMTP(shop.addresses.smtp_host, shop.addresses.smtp_port, timeout=0.3) as server:
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            server.send_message(mail())
        server.close()
    shop.faults.clear()

    assert shop.mailbox.mails == ()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Callable[[], TrainingShop]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    options = Options(smtp_tls=context, smtp_username="desk", smtp_password="right")
    return lambda: TrainingShop.start(coupons=0, options=options)


def test_starttls_and_signing_in_are_insisted_on(secure: Callable[[], TrainingShop], authority: trustme.CA) -> None:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with secure() as shop:
        address = (shop.addresses.smtp_host, shop.addresses.smtp_port)
        assert (shop.addresses.smtp_security, shop.addresses.smtp_username) == ("starttls", "desk")
        with smtplib.SMTP(*address) as server, pytest.raises(smtplib.SMTPException):
            server.send_message(mail())
        with smtplib.SMTP(*address) as server:
            server.starttls(context=trust)
            with pytest.raises(smtplib.SMTPException):
                server.send_message(mail())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                server.login("desk", "wrong")
        assert [one.subject for one in shop.mailbox.mails] == []
        with smtplib.SMTP(*address) as server:
            server.starttls(context=trust)
            server.login("desk", shop.addresses.smtp_password)
            server.send_message(mail())
        assert [one.username for one in shop.mailbox.mails] == ["desk"]


def test_signing_in_can_be_made_to_fail(secure: Callable[[], TrainingShop], authority: trustme.CA) -> None:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with secure() as shop, smtplib.SMTP(shop.addresses.smtp_host, shop.addresses.smtp_port) as server:
        shop.faults.add(Fault("mail.sign_in", FaultKind.UNAUTHORIZED, every=1))
        server.starttls(context=trust)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            server.login("desk", "right")


def test_a_user_name_without_tls_is_refused() -> None:
    with pytest.raises(ValueError, match="TLS"):
        Options(smtp_username="desk")
