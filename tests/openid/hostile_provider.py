"""A provider at the wire that can be told to lie: real HTTP, real signatures, and whatever is wrong with them on purpose."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT: Final = "coupon-desk"
ACCESS: Final = "access-token-that-nobody-may-keep"
KEY: Final = ECKey.generate_key("P-256", {"kid": "right", "use": "sig", "alg": "ES256"})
STRANGE_KEY: Final = ECKey.generate_key("P-256", {"kid": "right", "use": "sig", "alg": "ES256"})
Claims = dict[str, Any]


@dataclass
class Hostile:
    """What the provider says. `claims` changes those of a token, `sign` makes another token of them."""

    issuer: str
    now: Callable[[], float]
    metadata: Claims = field(default_factory=dict)
    claims: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims], str] = lambda claims: jwt.encode({"alg": "ES256", "kid": "right"}, claims, KEY)
    token_status: int = 200
    token_headers: dict[str, str] = field(default_factory=dict)
    nonce: str = ""
    challenge: str = ""
    spent: set[str] = field(default_factory=set)
    forms: list[dict[str, str]] = field(default_factory=list)

    def authorise(self, url: str) -> dict[str, str]:
        """What the browser would bring back from this page: the provider remembers what it was asked."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["code_challenge_method"] == "S256"
        self.nonce, self.challenge = asked["nonce"], asked["code_challenge"]
        return {"code": "code-1", "state": asked["state"]}

    def discovery(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.metadata,
        }

    def exchange(self, form: dict[str, str]) -> tuple[int, Claims]:
        self.forms.append(form)
        verifier = form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if form.get("code") != "code-1" or challenge != self.challenge or form["code"] in self.spent:
            return 400, {"error": "invalid_grant"}
        self.spent.add(form["code"])
        half = hashlib.sha256(ACCESS.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": int(self.now()) + 300,
            "iat": int(self.now()),
            "auth_time": int(self.now()),
            "nonce": self.nonce,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            "preferred_username": "mika",
            "name": "Mika Tanaka",
            "groups": ["staff", "shopping-managers"],
        }
        token = self.sign(self.claims(claims))
        return self.token_status, {"token_type": "Bearer", "access_token": ACCESS, "id_token": token}


@contextmanager
def hostile_provider(now: Callable[[], float]) -> Iterator[Hostile]:
    """A running provider that is honest until it is told otherwise."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    provider = Hostile(f"http://127.0.0.1:{server.server_port}", now)
    server.RequestHandlerClass = _door(provider)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def other_kind_of_key(claims: Claims) -> str:
    """Signed by somebody who took the public key for a shared secret, or brought a key of another kind."""
    return jwt.encode({"alg": "RS256", "kid": "right"}, claims, RSAKey.generate_key(2048))


def unsigned(claims: Claims) -> str:
    """`alg: none`."""
    parts = (json.dumps({"alg": "none"}), json.dumps(claims))
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


def _door(provider: Hostile) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/.well-known/openid-configuration":
                self._answer(200, provider.discovery())
            else:
                self._answer(200, dict(KeySet([KEY]).as_dict(private=False)))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            self._answer(*provider.exchange(form), provider.token_headers)

        def _answer(self, status: int, told: Claims, headers: dict[str, str] | None = None) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Nobody reads it."""

    return Door
