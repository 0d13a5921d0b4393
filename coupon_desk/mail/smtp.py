"""Hands a mail to the mail server once, and knows at every moment whether it can already be on its way."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import tzinfo
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.coupons.notice import Notice, ReminderNotice
from coupon_desk.errors import DeskError, RemoteUnavailable, System
from coupon_desk.mail.envelope import Envelope, recipient_of, seal, sender_of
from coupon_desk.mail.failures import Stage, failure
from coupon_desk.mail.messages import RenderedMail, render
from coupon_desk.mail.sign_in import sign_in
from coupon_desk.settings import Mail

CONNECT_SECONDS: Final = 10.0
"""Until the greeting; many servers let a stranger wait on purpose."""
REPLY_SECONDS: Final = 20.0
FINAL_REPLY_SECONDS: Final = 60.0
"""A server may look for viruses before it answers for the mail; to leave earlier would not tell whether it was sent."""
GOODBYE_SECONDS: Final = 1.0

_START_CONTENT: Final = 354
_log = logging.getLogger(__name__)


class SmtpMailer:
    """Tells the customer by e-mail. Implements the `Mailer` port; safe to use from several threads.

    `password` is asked only where a user name is configured. `tls` replaces this computer's own trust store.
    """

    def __init__(
        self,
        mail: Mail,
        shop_name: str,
        password: Callable[[], str],
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._mail = mail
        self._shop_name = shop_name
        self._password = password
        self._clock = clock
        self._tls = tls
        self._zone = zone

    def preview(self, notice: Notice) -> RenderedMail:
        """The mail as the customer would read it; nothing is sent."""
        return render(notice, self._shop_name, self._zone)

    def send(self, notice: Notice) -> None:
        """Hand the notice to the mail server once.

        Raises RemoteUnavailable (surely not sent, try later), RemoteRefused (surely not sent, useless to try again),
        OutcomeUnknown (handed over, and the last answer was lost).
        """
        mail = self.preview(notice)
        recipient = recipient_of(notice.customer_name, notice.email)
        sender = sender_of(self._mail.sender)
        leave = notice.unsubscribe_url if isinstance(notice, ReminderNotice) else None
        sent_at = self._clock.now()
        envelope = seal(mail, notice.language, sender, recipient, notice.message_id, sent_at, unsubscribe_url=leave)
        with self._signed_in() as session:
            session.deliver(envelope)
        _log.info("the mail server accepted a notice")

    def check(self) -> None:
        """Connect, encrypt and sign in; sends nothing. Raises RemoteUnavailable, RemoteRefused."""
        sender_of(self._mail.sender)
        with self._signed_in() as session:
            session.noop()

    @contextmanager
    def _signed_in(self) -> Iterator[_Session]:
        password = self._asked_password() if self._mail.username is not None else ""
        session = _Session()
        try:
            session.open(self._mail, password, self._trust)
            yield session
        except (smtplib.SMTPException, OSError, ValueError) as broken:
            raise failure(session.stage, broken) from None
        finally:
            session.leave()

    def _trust(self) -> ssl.SSLContext:
        """Whose certificates are trusted. This computer's store is read once: that takes longer than an e-mail."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _asked_password(self) -> str:
        try:
            return self._password()
        except DeskError as missing:
            raise RemoteUnavailable(System.MAIL, missing.what, todo=missing.todo, detail=missing.detail) from missing


class _Session:
    """One conversation with the mail server, and the stage it has reached."""

    def __init__(self) -> None:
        self.stage = Stage.CONNECT
        self._connected: smtplib.SMTP | None = None

    def open(self, mail: Mail, password: str, trust: Callable[[], ssl.SSLContext]) -> None:
        # The given name keeps smtplib from asking the DNS for ours.
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, "localhost", timeout=CONNECT_SECONDS, context=trust())
        else:
            server = smtplib.SMTP(mail.host, mail.port, "localhost", CONNECT_SECONDS)
        self._connected = server
        self._wait_up_to(REPLY_SECONDS)
        server.ehlo_or_helo_if_needed()
        if mail.security == "starttls":
            self.stage = Stage.ENCRYPT
            server.starttls(context=trust())
            server.ehlo_or_helo_if_needed()
        if mail.username is not None:
            self.stage = Stage.SIGN_IN
            sign_in(server, mail.username, password)

    def noop(self) -> None:
        self._expect(250, *self.server.noop())

    def deliver(self, envelope: Envelope) -> None:
        self.stage = Stage.SENDER
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.needs_smtputf8 else []
        self._expect(250, *self.server.mail(envelope.sender, options))
        self.stage = Stage.RECIPIENT
        self._expect(250, *self.server.rcpt(envelope.recipient))
        self.stage = Stage.CONTENT
        self._expect(_START_CONTENT, *self.server.docmd("DATA"))
        self.stage = Stage.HANDED_OVER
        self._wait_up_to(FINAL_REPLY_SECONDS)
        self.server.send(_dotted(envelope.content))
        self._expect(250, *self.server.getreply())

    def leave(self) -> None:
        """Say goodbye; whatever happens now changes nothing any more."""
        if self._connected is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._wait_up_to(GOODBYE_SECONDS)
                self._connected.docmd("QUIT")
            self._connected.close()

    @property
    def server(self) -> smtplib.SMTP:
        if self._connected is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._connected

    def _wait_up_to(self, seconds: float) -> None:
        if self.server.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected any more")
        self.server.sock.settimeout(seconds)

    def _expect(self, wanted: int, code: int, reply: bytes) -> None:
        if code // 10 != wanted // 10:
            raise smtplib.SMTPResponseException(code, reply)


def _dotted(content: bytes) -> bytes:
    # RFC 5321 §4.5.2: a line that begins with a dot gets one more, and a lone dot ends the content.
    lines = content.removesuffix(b"\r\n").replace(b"\r\n.", b"\r\n..")
    return (b"." + lines if lines.startswith(b".") else lines) + b"\r\n.\r\n"
