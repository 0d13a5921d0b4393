"""A point system at the lowest level: it answers each request with exactly the bytes, or the breakage, that a test wants."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Reply = Callable[[socket.socket], None]


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
    """A whole answer; `body` is sent as JSON, or as it is where it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(connection: socket.socket) -> None:
        connection.sendall(_head(status, len(content), headers or {}) + content)

    return reply


def truncated(body: bytes) -> Reply:
    """An answer that ends before its announced length."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(_head(200, len(body) + 100, {}) + body)
        connection.shutdown(socket.SHUT_RDWR)

    return reply


def reset(connection: socket.socket) -> None:
    """The connection breaks after the request was read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # `close` alone would leave it open for the stream that was made of it.
    os.close(connection.detach())


def trickling(*chunks: bytes, between: Callable[[], None]) -> Reply:
    """An answer that comes bit by bit; `between` happens after each bit."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(_head(200, sum(map(len, chunks)), {}))
        for chunk in chunks:
            connection.sendall(chunk)
            between()

    return reply


@dataclass
class WireServer:
    """Answers with the replies in order; the last one for every further request."""

    endpoint: str
    replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    silence: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def silent(self, connection: socket.socket) -> None:
        """No answer until the test ends."""
        self.asked.set()
        self.silence.wait()
        with suppress(OSError):
            connection.close()

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def wire_server(tls: ssl.SSLContext | None = None) -> Iterator[WireServer]:
    """A server on loopback, gone without a trace afterwards."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = WireServer(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/api")
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            connections.append(connection)
            thread = threading.Thread(target=_serve, args=(server, connection))
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        server.silence.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for connection in connections:
            connection.close()


def _serve(server: WireServer, connection: socket.socket) -> None:
    with suppress(OSError), connection.makefile("rb") as stream:
        while line := stream.readline():
            method, target, _ = line.decode("ascii").split(" ", 2)
            headers = {}
            while (header := stream.readline().strip()) != b"":
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", "0")))
            server.received.append(Received(method, target, headers, body))
            server.next_reply()(connection)


def _head(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
