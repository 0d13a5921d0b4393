"""The mailbox: an SMTP server on loopback that keeps what it takes, refuses whom it is told to, and breaks on demand."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
from contextlib import suppress
from typing import Any, Final

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

from coupon_desk.training.faults import FaultKind
from coupon_desk.training.loopback import AT_ONCE, HOST, PortTaken
from coupon_desk.training.premises import Premises
from coupon_desk.training.things import Mail

_LOOK_SECONDS: Final = 0.05
_LARGEST_MAIL: Final = 10_000_000
_REFUSALS: Final = {
    FaultKind.ERROR_500_BEFORE: "451 4.3.0 Temporary failure, please try again later",
    FaultKind.ERROR_500_AFTER: "451 4.3.0 Temporary failure, please try again later",
    FaultKind.INTERNAL_ERROR_200_BEFORE: "451 4.3.0 Temporary failure, please try again later",
    FaultKind.INTERNAL_ERROR_200_AFTER: "451 4.3.0 Temporary failure, please try again later",
    FaultKind.THROTTLED: "450 4.7.1 Too many messages, slow down",
    FaultKind.HTTP_429: "421 4.7.0 Too many connections, try again later",
    FaultKind.HTML_502: "554 5.3.0 Transaction failed",
    FaultKind.FORBIDDEN: "550 5.7.1 Not allowed",
    FaultKind.UNAUTHORIZED: "535 5.7.8 Authentication credentials invalid",
}
_ENDS_LINE: Final = frozenset({FaultKind.RESET_BEFORE, FaultKind.LOST_ANSWER, FaultKind.TRUNCATED_AFTER, FaultKind.NOT_JSON})
_SILENT: Final = frozenset({FaultKind.BLACKHOLE, FaultKind.BLACKHOLE_AFTER})


class Mailbox:
    """The mails in the order in which they came. Safe to use from any thread. Raises PortTaken.

    A refused mail is not kept; a lost answer, or an error after, keeps it all the same.
    """

    def __init__(self, premises: Premises, port: int) -> None:
        self._premises = premises
        # aiosmtpd logs what every client says, addresses included: that is none of a log's business.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._lock = threading.Lock()
        self._mails: list[Mail] = []
        self._refused: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._lines: set[_Line] = set()
        try:
            self._server = self._loop.run_until_complete(
                self._loop.create_server(self._new_line, HOST, port, backlog=128, reuse_address=sys.platform != "win32")
            )
        except OSError as taken:
            self._loop.close()
            raise PortTaken(port) from taken
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="training-mail")
        self._thread.start()

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Everything that was taken, oldest first."""
        with self._lock:
            return tuple(self._mails)

    def refuse(self, address: str, status: int = 550) -> None:
        """Refuse a recipient from now on: with a 4xx for now, with a 5xx for good."""
        with self._lock:
            self._refused[address.casefold()] = status

    def accept_all(self) -> None:
        """Refuse nobody any more."""
        with self._lock:
            self._refused.clear()

    def clear(self) -> None:
        """Throw all mails away."""
        with self._lock:
            self._mails.clear()

    def stop(self) -> None:
        """Hang up and wait until the thread is gone."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def keep(self, mail: Mail) -> None:
        """Take a mail."""
        with self._lock:
            self._mails.append(mail)

    def refusal(self, address: str) -> int | None:
        """The status that a recipient is refused with."""
        with self._lock:
            return self._refused.get(address.casefold())

    def forget(self, line: _Line) -> None:
        """A connection is gone."""
        self._lines.discard(line)

    def hang_up(self) -> None:
        """Cut every connection that is still open, as when nobody is at the other end any more."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for line in tuple(self._lines):
            if line.transport is not None:
                line.hang_up()
            self.forget(line)

    def _new_line(self) -> _Line:
        options = self._premises.options
        line = _Line(
            _Handler(self, self._premises),
            hostname="mail.example.com",
            ident="ESMTP",
            data_size_limit=_LARGEST_MAIL,
            enable_SMTPUTF8=True,
            tls_context=options.smtp_tls,
            require_starttls=options.smtp_tls is not None,
            auth_required=bool(options.smtp_username),
            auth_require_tls=True,
            authenticator=_Authenticator(self._premises),
            loop=self._loop,
        )
        line.mailbox = self
        self._lines.add(line)
        return line

    async def _close(self) -> None:
        self._server.close()
        for line in tuple(self._lines):
            line.hang_up()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()


class _Line(SMTP):
    """One connection."""

    mailbox: Mailbox

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self.mailbox.forget(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Reset the connection."""
        if self.transport is None or self.transport.is_closing():
            return
        with suppress(OSError):
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def _handle_client(self) -> None:
        refusal = await self.event_handler.meet(self, "mail.connect")
        if refusal is not None:
            await self.push(refusal)
            self.hang_up()
            return
        await super()._handle_client()


class _Handler:
    """What happens at each stage of a mail; the names are aiosmtpd's."""

    def __init__(self, mailbox: Mailbox, premises: Premises) -> None:
        self._mailbox = mailbox
        self._premises = premises

    async def handle_AUTH(self, server: _Line, *_: Any) -> Any:  # noqa: N802  aiosmtpd finds it by this name
        """The client signs in."""
        refusal = await self.meet(server, "mail.sign_in")
        return MISSING if refusal is None else refusal

    async def handle_MAIL(  # noqa: N802
        self, server: _Line, _: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """The client names the sender."""
        refusal = await self.meet(server, "mail.sender", address)
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(mail_options)
        return refusal or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: _Line, _: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """The client names a recipient."""
        refusal = await self.meet(server, "mail.recipient", address)
        status = self._mailbox.refusal(address)
        if refusal is None and status is not None:
            refusal = f"{status} {status // 100}.1.1 Recipient refused"
        if refusal is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(rcpt_options)
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(self, server: _Line, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The client has sent the content."""
        recipients = tuple(envelope.rcpt_tos)
        login = session.auth_data.login if isinstance(session.auth_data, LoginPassword) else None
        mail = Mail(
            envelope.mail_from or "",
            recipients,
            envelope.original_content or b"",
            self._premises.clock.now(),
            login.decode() if login is not None else None,
        )
        refusal = await self.meet(server, "mail.content", ",".join(recipients), mail)
        return refusal or "250 2.0.0 OK: queued"

    async def meet(self, server: _Line, stage: str, target: str = "", mail: Mail | None = None) -> str | None:
        """Meet the faults of a stage; what to answer instead, or None to go on. A line that breaks does not return."""
        fault = self._premises.faults.meet((stage,))
        number = self._premises.journal.open("mail", (stage,), target=target, fault=None if fault is None else fault.kind)
        refusal = None if fault is None else _REFUSALS.get(fault.kind)
        if fault is not None and fault.kind is FaultKind.HTTP_STATUS:
            refusal = f"{fault.status} {fault.status // 100}.0.0 Not accepted"
        if fault is not None and fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        kept = mail is not None and (fault is None or fault.kind.applied)
        if kept and mail is not None:
            self._mailbox.keep(mail)
        ends = fault is not None and (fault.kind in _ENDS_LINE or fault.kind in _SILENT)
        status = None if ends else int((refusal or "250")[:3])
        self._premises.journal.close(number, executed=refusal is None or kept, applied=kept, status=status)
        if fault is not None and fault.kind in _SILENT:
            cleared = self._premises.faults.cleared
            while not cleared.is_set():
                await asyncio.sleep(_LOOK_SECONDS)
        if ends:
            server.hang_up()
            await asyncio.Event().wait()  # the lost connection cancels this
        return refusal


class _Authenticator:
    """Knows the one user name and password of the mailbox."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    def __call__(self, *told: Any) -> AuthResult:
        """Check what a client signs in with."""
        options, auth_data = self._premises.options, told[-1]
        wanted = LoginPassword(options.smtp_username.encode(), options.smtp_password.encode())
        return AuthResult(success=auth_data == wanted, handled=False, auth_data=auth_data)
