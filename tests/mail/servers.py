"""Mail servers for tests: a real one (aiosmtpd) that keeps what it gets, and one that says exactly what a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CLOSE = b"(closes)"
SILENCE = b"(silent)"


@dataclass
class KeptMail:
    """A mail that the server accepted."""

    sender: str
    recipients: list[str]
    options: list[str]
    raw: bytes
    encrypted: bool
    signed_in: bool

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class Mailbox:
    """Where a running server keeps mails."""

    port: int = 0
    mails: list[KeptMail] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.original_content, bytes)
        self.mails.append(
            KeptMail(
                sender=envelope.mail_from or "",
                recipients=list(envelope.rcpt_tos),
                options=list(envelope.mail_options),
                raw=envelope.original_content,
                encrypted=session.ssl is not None,
                signed_in=session.authenticated is True,
            )
        )
        return "250 2.0.0 kept"


@contextmanager
def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    sign_in: tuple[str, str] | None = None,
    mechanisms_off: tuple[str, ...] = (),
    smtputf8: bool = True,
) -> Iterator[Mailbox]:
    """A real mail server on loopback; with `sign_in` and `starttls` it takes mails of that user only.

    aiosmtpd cannot demand to be signed in to over `tls`; there the kept mail tells who was.
    """
    mailbox = Mailbox()

    def authenticate(server: object, session: object, envelope: object, mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        wanted = sign_in and (sign_in[0].encode(), sign_in[1].encode())
        return AuthResult(success=(given.login, given.password) == wanted, handled=False)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=_free_port(),
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        authenticator=authenticate if sign_in else None,
        auth_required=sign_in is not None and tls is None,
        auth_require_tls=tls is None,
        auth_exclude_mechanism=mechanisms_off,
        enable_SMTPUTF8=smtputf8,
    )
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()


@contextmanager
def scripted_server(replies: Mapping[str, bytes]) -> Iterator[int]:
    """The port of a server that gives these replies by command; `greeting` and `content` are replies too."""
    script = {
        "greeting": b"220 ready",
        "EHLO": b"250-here\r\n250 AUTH PLAIN LOGIN",
        "MAIL": b"250 ok",
        "RCPT": b"250 ok",
        "DATA": b"354 go on",
        "content": b"250 2.0.0 kept",
        "NOOP": b"250 ok",
        "QUIT": b"221 bye",
        **replies,
    }
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def converse() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                step = "greeting"
                while script[step] is not CLOSE:
                    if script[step] is SILENCE:
                        over.wait()
                        return
                    connection.sendall(script[step] + b"\r\n")
                    if step == "DATA" and script[step].startswith(b"354"):
                        while lines.readline() not in {b".\r\n", b""}:
                            continue
                        step = "content"
                    else:
                        step = lines.readline()[:4].decode().upper().strip()
                        if not step:
                            return

    thread = threading.Thread(target=converse)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
