"""The same mails with a mail server as it stands in shops (exim): delivery, sign-in and refusals are its own."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import trustme

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.errors import RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.settings import Mail
from coupon_desk.words import Language
from tests.mail.exim import Exim, exim

Notice = Callable[..., CancellationNotice]
USER = ("desk", "pass-wörd-秘密")


@dataclass(frozen=True)
class Server:
    """The running server and the certificate authority that vouches for it."""

    exim: Exim
    trust: ssl.SSLContext

    def mailer(self, clock: VirtualClock, *, password: str = USER[1], username: str | None = USER[0]) -> SmtpMailer:
        settings = Mail(host="127.0.0.1", port=self.exim.port, sender="銀座店 <points@example.com>", username=username)
        return SmtpMailer(settings, "銀座店", lambda: password, clock, tls=self.trust)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with exim(authority, USER) as running:
        yield Server(running, trust)


def test_a_notice_is_delivered_as_it_was_written(server: Server, clock: VirtualClock, notice: Notice) -> None:
    japanese = notice(language=Language.JA, customer_name="佐藤 花子")
    desk = server.mailer(clock)

    desk.check()
    desk.send(japanese)

    (delivered,) = server.exim.delivered(1)
    assert delivered["Subject"] == "クーポン取り消しのお知らせ"
    assert str(delivered["To"]) == "佐藤 花子 <hanako@example.com>"
    assert delivered["Message-ID"] == japanese.message_id
    text, html = delivered.iter_parts()
    preview = desk.preview(japanese)
    assert text.get_content().replace("\r\n", "\n") == preview.text
    assert html.get_content().replace("\r\n", "\n") == preview.html


@pytest.mark.parametrize(
    ("address", "family"), [("bounce@example.com", RemoteRefused), ("defer@example.com", RemoteUnavailable)]
)
def test_its_refusals_are_understood(
    server: Server, clock: VirtualClock, notice: Notice, address: str, family: type[RemoteError]
) -> None:
    with pytest.raises(family) as caught:
        server.mailer(clock).send(notice(email=address))
    assert type(caught.value) is family
    assert caught.value.detail.startswith("recipient: ")


def test_its_refusal_of_a_wrong_password_is_understood(server: Server, clock: VirtualClock, notice: Notice) -> None:
    with pytest.raises(RemoteRefused, match="user name or the password"):
        server.mailer(clock, password="wrong").send(notice())


def test_its_refusal_of_a_stranger_is_understood(server: Server, clock: VirtualClock, notice: Notice) -> None:
    with pytest.raises(RemoteRefused, match="send from this address") as caught:
        server.mailer(clock, username=None).send(notice())
    assert caught.value.detail.startswith("recipient: 550")
