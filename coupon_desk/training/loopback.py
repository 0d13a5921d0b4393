"""A small HTTP server on loopback that can also break: reset, truncate, hang up, and let go of all when it is stopped."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, NoReturn

from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.words import msg

HOST: Final = "127.0.0.1"
AT_ONCE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""Lingering for no time makes a close a reset: the client cannot mistake it for an answer."""
_LONGEST_BODY: Final = 12_000_000
_LOOK_SECONDS: Final = 0.05
_PIECE: Final = 65_536


class PortTaken(DeskError):
    """Another program listens on the port; the training shop did not open."""

    exit_status = ExitStatus.USAGE

    def __init__(self, port: int) -> None:
        super().__init__(
            msg("The training shop cannot open: port {port} is used by another program.", port=str(port)),
            todo=msg("Choose another port, or 0 for any free one."),
        )


class Ending(Enum):
    """How the answer leaves."""

    WHOLE = "whole"
    RESET = "reset"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Asked:
    """An HTTP request. The names of the headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class FilePart:
    """The bytes of a file from `start` up to `end`, sent piece by piece and never held."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, and how it leaves. With a `file` its bytes are the body."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    ending: Ending = Ending.WHOLE
    file: FilePart | None = None


class Line:
    """The connection that a request came over, for waiting while the client is still there."""

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self._connection = connection
        self._stopped = stopped

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than the server lives."""
        if seconds > 0:
            self._stopped.wait(seconds)

    def hold(self, until: threading.Event) -> None:
        """Wait until the event, until the client hangs up, or until the server stops."""
        while not until.wait(_LOOK_SECONDS) and not self._stopped.is_set():
            readable, _, _ = select.select([self._connection], [], [], 0)
            if readable and not self._connection.recv(1, socket.MSG_PEEK):
                return


Answering = Callable[[Asked, Line], Reply]


class LoopbackServer:
    """Holds a port of 127.0.0.1, and serves on it from `serve` until it is stopped. Raises PortTaken."""

    def __init__(self, port: int, now: Callable[[], datetime]) -> None:
        try:
            self._server = _Server(port, now)
        except OSError as taken:
            if taken.errno in {errno.EADDRINUSE, errno.EACCES}:
                raise PortTaken(port) from taken
            raise
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _LOOK_SECONDS}, daemon=True, name="training-http"
        )

    def serve(self, answer: Answering) -> None:
        """Begin to answer."""
        self._server.answer = answer
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Hang up on everybody and wait until all threads are gone."""
        self._server.stopped.set()
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    answer: Answering

    def __init__(self, port: int, now: Callable[[], datetime]) -> None:
        self.now = now
        self.stopped = threading.Event()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Serve one connection on a thread of its own."""
        assert isinstance(request, socket.socket)
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True, name="training-line")
        with self._lock:
            self._open[request] = thread
        thread.start()

    def hang_up(self) -> None:
        """End every connection and wait for its thread."""
        with self._lock:
            lines = list(self._open.items())
        for connection, thread in lines:
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is not an error here: breaking is what this server is for."""

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client hung up, or this server did
        finally:
            self.shutdown_request(request)
            with self._lock:
                self._open.pop(request, None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer."""
        self._answer()

    def version_string(self) -> str:
        """Nothing about this program."""
        return "training"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The shop's own clock, which may be virtual."""
        del timestamp
        return format_datetime(self.server.now(), usegmt=True)

    def log_message(self, *_: object) -> None:
        """The journal tells what was asked; nothing is printed."""

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            self._send(Reply(413, b'{"errors":"Payload too large"}'))
            return
        body = self.rfile.read(int(length)) if int(length) else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, path, query, headers, body)
        self._send(self.server.answer(asked, Line(self.connection, self.server.stopped)))

    def _send(self, reply: Reply) -> None:
        if reply.ending is Ending.RESET or self.server.stopped.is_set():
            self._reset()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        part = reply.file
        length = len(reply.body) if part is None else part.end - part.start
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if reply.ending is Ending.TRUNCATED:
            self.close_connection = True
            length //= 2
        if part is None:
            self.wfile.write(reply.body[:length])
        else:
            self._send_file(part, length)
        self.wfile.flush()

    def _send_file(self, part: FilePart, length: int) -> None:
        with part.path.open("rb") as file:
            file.seek(part.start)
            while length > 0 and not self.server.stopped.is_set() and (piece := file.read(min(length, _PIECE))):
                self.wfile.write(piece)
                length -= len(piece)

    def _reset(self) -> NoReturn:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        raise ConnectionResetError
