"""The print service of this computer (CUPS): where it is, which queues it has, and how they and their jobs are."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from coupon_desk.printers.ipp import Answer, Attributes, Operation, Tag, Value, read_answer, request

ANSWER_SECONDS: Final = 10.0
_SOCKETS: Final = ("/run/cups/cups.sock", "/var/run/cups/cups.sock", "/private/var/run/cupsd")
_PORT: Final = 631
_NOT_FOUND: Final = 0x0406
_NOT_ACCEPTING: Final = 0x0506
_USUAL: Final = 0x20000
"""Among the bits of a queue's `printer-type`: the one that is used where none is named."""


class ServiceAway(Exception):
    """The print service does not answer, or not so that it can be understood."""


class NoSuchQueue(Exception):
    """The print service has no queue of that name."""


class NotAccepting(Exception):
    """The queue accepts no jobs."""


class JobState(IntEnum):
    """How far a job is (RFC 8011 §5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELLED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self >= JobState.CANCELLED


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is. `reasons` are the keywords of RFC 8011 §5.4.12, `told` what it says itself, for the log."""

    is_stopped: bool
    is_accepting: bool
    reasons: tuple[str, ...]
    told: str


class PrintService:
    """Speaks IPP with one print service. Every call raises ServiceAway where it does not answer; they may block."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address or address_of_service()

    def queues(self) -> tuple[str, ...]:
        """The names of its queues, the usual one first."""
        wanted = (Tag.KEYWORD, "requested-attributes", ("printer-name", "printer-type"))
        told = self._ask("/", request(Operation.GET_PRINTERS, wanted, _user()))
        found = {
            str(_first(group, "printer-name", "")): _first(group, "printer-type", 0)
            for tag, group in told.groups
            if tag == Tag.PRINTER
        }
        return tuple(sorted(found, key=lambda name: (not int(found[name]) & _USUAL, name)))

    def state(self, queue: str) -> QueueState:
        """How a queue is now. Raises NoSuchQueue."""
        names = ("printer-state", "printer-state-reasons", "printer-state-message", "printer-is-accepting-jobs")
        told = self._ask(
            "/", request(Operation.GET_PRINTER, _uri(queue), _user(), (Tag.KEYWORD, "requested-attributes", names))
        ).attributes(Tag.PRINTER)
        reasons = tuple(str(reason) for reason in told.get("printer-state-reasons", ()) if reason != "none")
        return QueueState(
            is_stopped=_first(told, "printer-state", 0) == _STOPPED,
            is_accepting=bool(_first(told, "printer-is-accepting-jobs", True)),
            reasons=reasons,
            told=str(_first(told, "printer-state-message", "")),
        )

    def submit(self, queue: str, document: bytes, kind: str, title: str) -> int:
        """Put a document into a queue, whose bytes are of a MIME type; the number of the job.

        Raises NoSuchQueue, NotAccepting.
        """
        asked = request(
            Operation.PRINT_JOB,
            _uri(queue),
            _user(),
            (Tag.NAME, "job-name", title),
            (Tag.MIME, "document-format", kind),
        )
        told = self._ask(f"/printers/{quote(queue)}", asked + document).attributes()
        return int(_first(told, "job-id", 0))

    def job(self, queue: str, number: int) -> JobState:
        """How far a job is. A service that keeps no jobs has forgotten those that are printed."""
        asked = request(
            Operation.GET_JOB,
            _uri(queue),
            (Tag.INTEGER, "job-id", number),
            _user(),
            (Tag.KEYWORD, "requested-attributes", "job-state"),
        )
        try:
            told = self._ask("/", asked).attributes()
        except NoSuchQueue:
            return JobState.COMPLETED
        return JobState(int(_first(told, "job-state", JobState.PENDING)))

    def _ask(self, path: str, asked: bytes) -> Answer:
        connection = _way_to(self._address)
        try:
            connection.request("POST", path, asked, {"Content-Type": "application/ipp"})
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise ServiceAway(f"the service answered {answer.status}")
            told = read_answer(answer.read())
        except (HTTPException, OSError, ValueError) as away:
            raise ServiceAway(str(away)) from away
        finally:
            connection.close()
        if told.is_ok:
            return told
        if told.status == _NOT_FOUND:
            raise NoSuchQueue(path)
        if told.status == _NOT_ACCEPTING:
            raise NotAccepting(path)
        raise ServiceAway(f"the service answered 0x{told.status:04x}")


def address_of_service() -> str:
    """The path of a socket or `host:port`, found as CUPS's own programs find it: CUPS_SERVER, client.conf, the usual place."""
    configured = os.environ.get("CUPS_SERVER") or next(_configured(), "")
    if configured:
        return configured
    return next((place for place in _SOCKETS if Path(place).exists()), f"localhost:{_PORT}")


_STOPPED: Final = 5


def _configured() -> Iterator[str]:
    for file in (Path.home() / ".cups" / "client.conf", Path("/etc/cups/client.conf")):
        with suppress(OSError):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                match line.split():
                    case ["ServerName", server]:
                        yield server.split("/version=")[0]


class _SocketConnection(HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _way_to(address: str) -> HTTPConnection:
    if address.startswith("/"):
        return _SocketConnection(address)
    try:
        server = urlsplit(f"//{address}")
        return HTTPConnection(server.hostname or "localhost", server.port or _PORT, timeout=ANSWER_SECONDS)
    except ValueError as wrong:
        raise ServiceAway(str(wrong)) from wrong


def _uri(queue: str) -> tuple[Tag, str, str]:
    return Tag.URI, "printer-uri", f"ipp://localhost/printers/{quote(queue)}"


def _user() -> tuple[Tag, str, str]:
    try:
        return Tag.NAME, "requesting-user-name", getpass.getuser()
    except (OSError, KeyError):
        return Tag.NAME, "requesting-user-name", "anonymous"


def _first(told: Attributes, name: str, otherwise: Value) -> Value:
    return next(iter(told.get(name, ())), otherwise)
