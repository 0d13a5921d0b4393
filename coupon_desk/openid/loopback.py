"""Waits on this computer for the browser to come back (RFC 8252, 7.3), and shows it a page that says it may be closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from coupon_desk.openid.page import page_of
from coupon_desk.words import Language, Message, msg

PATH: Final = "/signed-in"
IDLE_SECONDS: Final = 5.0
"""Browsers open connections ahead of need; one that says nothing is let go."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brought back: a code, or the provider's error."""

    code: str | None
    error: str | None


class Loopback:
    """One waiting door on 127.0.0.1 with a port of the system's choice. It opens for the right `state` only, and once."""

    def __init__(self, state: str, issuer: str, language: Language, *, names_issuer: bool) -> None:
        self._state = state
        self._issuer = issuer
        self._names_issuer = names_issuer
        self._arrived = threading.Event()
        self._returned: Returned | None = None
        self._taking = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _visitor(self._take, language))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="company-sign-in", daemon=True)
        self._thread.start()

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def wait(self, seconds: float) -> Returned | None:
        """What came back; None where nothing did in so many seconds."""
        self._arrived.wait(seconds)
        return self._returned

    def close(self) -> None:
        """Close the door; harmless to call twice."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, host: str, target: str) -> tuple[int, Message]:
        """The status and the sentence for one request of some browser."""
        address = urlsplit(target)
        if host != f"127.0.0.1:{self._server.server_port}" or address.path != PATH:
            return 404, msg("There is nothing here.")
        told = parse_qsl(address.query, keep_blank_values=True)
        values = dict(told)
        is_ours = len(values) == len(told) and values.get("state") == self._state
        named = values.get("iss")
        if named is None:
            is_ours = is_ours and not self._names_issuer
        elif named != self._issuer:
            is_ours = False
        with self._taking:
            if not is_ours or self._returned is not None or not ("code" in values or "error" in values):
                return 400, msg("This answer does not belong to a sign-in that Coupon Desk has begun.")
            self._returned = Returned(values.get("code"), values.get("error"))
        self._arrived.set()
        if self._returned.error is not None:
            return 200, msg("You were not signed in. You may close this page and go back to Coupon Desk.")
        return 200, msg("You may close this page and go back to Coupon Desk.")


def _visitor(take: Callable[[str, str], tuple[int, Message]], language: Language) -> type[BaseHTTPRequestHandler]:
    class Visitor(BaseHTTPRequestHandler):
        """One request of a browser."""

        timeout = IDLE_SECONDS

        def do_GET(self) -> None:
            status, sentence = take(self.headers.get("Host", ""), self.path)
            page = page_of(sentence, language).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(page)
            self.close_connection = True

        def version_string(self) -> str:
            return "Coupon Desk"

        def log_message(self, *_: object) -> None:
            """The address holds the code, and belongs into no log."""

    return Visitor
