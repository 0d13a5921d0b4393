"""A server that says on the wire exactly what a test tells it to: every failure that a network and Shopify have."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Say:
    """Answer with these bytes; `close` ends the connection, `reset` does so with RST."""

    content: bytes = b""
    close: bool = False
    reset: bool = False


@dataclass(frozen=True)
class Hold:
    """Do not answer until the test sets `released`; then say `then`, and close."""

    released: threading.Event = field(default_factory=threading.Event)
    then: Say = field(default_factory=Say)


@dataclass(frozen=True)
class Heard:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """The server. `script` is what it says, one item a request; the last one is said again and again."""

    script: list[Say | Hold] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    has_heard: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def say(self, *script: Say | Hold) -> None:
        self.script[:] = script

    def stop_listening(self) -> None:
        """From now on nobody can connect."""
        _end(self._listener)
        self._listener.close()
        self._threads[0].join()

    def stop(self) -> None:
        for step in self.script:
            if isinstance(step, Hold):
                step.released.set()
        self.stop_listening()
        with self._lock:
            for connection in self._connections:
                _end(connection)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            with self._lock:
                self._connections.append(connection)
                self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            if self.tls:
                connection = self.tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._connections.append(connection)
            with connection.makefile("rb") as reader:
                while (heard := _hear(reader)) is not None:
                    with self._lock:
                        self.heard.append(heard)
                        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                    self.has_heard.set()
                    if isinstance(step, Hold):
                        step.released.wait()
                        connection.sendall(step.then.content)
                        return
                    connection.sendall(step.content)
                    if step.reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    if step.close or step.reset:
                        return
        except OSError:
            return
        finally:
            connection.close()
            plain.close()


def _hear(reader: Any) -> Heard | None:
    first = reader.readline()
    if not first:
        return None
    headers = {}
    while (line := reader.readline().strip()) != b"":
        name, _, value = line.decode().partition(":")
        headers[name.strip().lower()] = value.strip()
    return Heard(first.split()[1].decode(), headers, reader.read(int(headers.get("content-length", "0"))))


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def http(body: Any = b"", status: int = 200, **headers: str) -> Say:
    """An HTTP answer: JSON or bytes, with a status and headers (`Retry_After="2"`)."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Some reason", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Say("\r\n".join([*lines, "", ""]).encode() + content)


def failed(code: str, *, data: Any = None, path: list[Any] | None = None, **extensions: Any) -> Say:
    """An HTTP 200 with one GraphQL error."""
    error = {"message": "Told by the test", "path": path, "extensions": {"code": code, **extensions}}
    return http({"data": data, "errors": [error]}, X_Request_Id="request-1")
