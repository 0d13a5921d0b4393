"""A real OpenID Connect provider on loopback: Canaille, in a process of its own.

    python -m tests.surroundings.company_provider     serves until its standard input ends; its address is the first line

Everybody's password is the same; `browser` is somebody who opens a page, types login and password, and follows where it leads.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

PASSWORD: Final = "correct horse battery"
CLIENT: Final = "coupon-desk"
PEOPLE: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "mika": ("Mika Tanaka", ("shopping-managers",)),
    "kenji": ("Kenji Watanabe", ("shop-admins", "shopping-managers")),
    "temp": ("Temp Hand", ("kitchen",)),
}
"""By login: the name and the groups."""

_PROJECT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class CompanyProvider:
    """A running provider."""

    issuer: str

    def settings(self, kind: str = "both") -> str:
        """The part of a configuration that names it."""
        return (
            "\n[sign_in]\n"
            f'kind = "{kind}"\nissuer = "{self.issuer}"\nclient_id = "{CLIENT}"\n'
            'scopes = ["openid", "profile", "email", "groups"]\n'
            'login_claim = "sub"\nalgorithms = ["RS256"]\n'
            '[sign_in.roles]\n"shop-admins" = "admin"\n"shopping-managers" = "manager"\n'
        )


def browse(url: str, login: str, *, password: str = PASSWORD) -> httpx.Response:
    """Open the page in a fresh browser, sign in, and follow to the end: the last page that is shown."""
    with httpx.Client(follow_redirects=True, timeout=20) as browser:
        page = browser.get(url)
        for name, value in (("login", login), ("password", password)):
            if f'name="{name}"' not in page.text:
                continue
            page = browser.post(str(page.url), data={**_hidden(page.text), name: value})
        return page


@contextmanager
def company_provider() -> Iterator[CompanyProvider]:
    """The provider, until the block ends."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.surroundings.company_provider"]
    process = subprocess.Popen(
        command, cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        issuer = process.stdout.readline().strip()
        if not issuer:
            raise RuntimeError(process.stderr.read() if process.stderr else "the provider did not start")
        yield CompanyProvider(issuer)
    finally:
        process.communicate(timeout=20)


def _hidden(page: str) -> dict[str, str]:
    """The hidden fields of a form."""
    found = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    fields = ((re.search(r'name="([^"]+)"', one), re.search(r'value="([^"]*)"', one)) for one in found)
    return {name[1]: value[1] for name, value in fields if name and value}


def serve() -> None:
    """Serve until standard input ends."""
    import os
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from canaille import create_app
    from canaille.app import models
    from canaille.backends import Backend
    from canaille.oidc import models as models_of_oidc
    from joserfc.jwk import RSAKey

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Nobody reads it."""

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # on this computer, without TLS
    server = make_server("127.0.0.1", 0, lambda _environment, _start: [], handler_class=Quiet)
    address = f"127.0.0.1:{server.server_port}"
    key = RSAKey.generate_key(2048)
    key.ensure_kid()
    # RFC 8252, 7.3: a provider takes any port of a loopback redirect. This one compares letter by letter by itself.
    models_of_oidc.Client.check_redirect_uri = lambda client, uri: _without_port(uri) in client.redirect_uris
    app = create_app(config=_configuration(address, dict(key.as_dict(private=True))))
    server.set_app(app)
    with app.app_context():
        _fill(models, Backend.instance)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://{address}", flush=True)
    sys.stdin.read()
    server.shutdown()


def _without_port(uri: str) -> str:
    return re.sub(r"^http://127\.0\.0\.1:\d+/", "http://127.0.0.1/", uri)


def _configuration(address: str, key: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "SECRET_KEY": "of-a-test",
        "WTF_CSRF_ENABLED": False,
        "PREFERRED_URL_SCHEME": "http",
        "SERVER_NAME": address,
        "CANAILLE": {
            "DATABASE": "memory",
            "JAVASCRIPT": False,
            "CAPTCHA_ENABLED": False,
            "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}},
            "LOGGING": {"version": 1, "disable_existing_loggers": True},
        },
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key]},
    }


def _fill(models: Any, backend: Any) -> None:
    """Everybody, their groups, and this program as a public client with any port of this computer."""
    members: dict[str, list[Any]] = {}
    for login, (name, groups) in PEOPLE.items():
        given, family = name.split()
        user = models.User(
            user_name=login,
            formatted_name=name,
            given_name=given,
            family_name=family,
            emails=[f"{login}@company.example"],
            password=PASSWORD,
        )
        backend.save(user)
        for group in groups:
            members.setdefault(group, []).append(user)
    for group, users in members.items():
        backend.save(models.Group(display_name=group, members=users))
    client = models.Client(
        client_id=CLIENT,
        client_name="Coupon Desk",
        client_uri="http://127.0.0.1",
        redirect_uris=["http://127.0.0.1/signed-in"],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="none",
        id_token_signed_response_alg="RS256",
    )
    backend.save(client)
    backend.update(client, audience=[client])
    backend.save(client)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    serve()
