"""A real OpenTelemetry collector's door on loopback: takes OTLP logs over HTTP, decodes them, and breaks as a test wants it."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass(frozen=True)
class Received:
    """One log record as the collector understands it."""

    body: str
    severity: str
    number: int
    at: int
    scope: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass
class Collector:
    """`answer` says with which status the next request is answered; None is silence until the test ends."""

    answer: Callable[[], int | None] = lambda: 200
    endpoint: str = ""
    requests: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""
    records: list[Received] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def bodies(self) -> list[str]:
        return [record.body for record in self.records]

    def has(self, body: str) -> bool:
        return body in self.bodies

    def take(self, path: str, headers: dict[str, str], content: bytes) -> int | None:
        self.requests += 1
        self.path, self.headers = path, headers
        status = self.answer()
        if status is not None and status < 300:
            plain = gzip.decompress(content) if headers.get("content-encoding") == "gzip" else content
            self.records += decoded(plain)
        return status


def decoded(content: bytes) -> list[Received]:
    """The records of one request."""
    request = ExportLogsServiceRequest()
    request.ParseFromString(content)
    return [
        Received(
            body=record.body.string_value,
            severity=record.severity_text,
            number=record.severity_number,
            at=record.time_unix_nano,
            scope=scoped.scope.name,
            attributes={one.key: plain(one.value) for one in record.attributes},
            resource={one.key: plain(one.value) for one in of.resource.attributes},
        )
        for of in request.resource_logs
        for scoped in of.scope_logs
        for record in scoped.log_records
    ]


def plain(value: AnyValue) -> Any:
    match kind := value.WhichOneof("value"):
        case "array_value":
            return [plain(one) for one in value.array_value.values]
        case "kvlist_value":
            return {one.key: plain(one.value) for one in value.kvlist_value.values}
        case None:
            return None
        case _:
            return getattr(value, kind)


@contextmanager
def collector(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Collector]:
    """A collector that listens as long as the block runs."""
    state = Collector()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status = state.take(self.path, {name.lower(): value for name, value in self.headers.items()}, content)
            if status is None:
                state.over.wait()
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None: ...

    server = Server(("127.0.0.1", port), Door)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
