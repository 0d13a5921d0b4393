"""The address of a PostgreSQL server as it stands in a URL, and the rule that nothing goes over a network unencrypted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

_URL: Final = re.compile(
    r"postgresql(?:\+psycopg)?://(?:(?P<user>[^@/?#]*)@)?(?P<hosts>[^@/?#]*)(?:/(?P<database>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)
_HOST_AND_PORT: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_LOOPBACK: Final = re.compile(r"127(?:\.[0-9]{1,3}){3}|localhost|::1|[/@].*")
# Whatever else libpq knows could name a password, or bring settings from elsewhere.
_OPTIONS: Final = frozenset(
    {"host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "target_session_attrs", "channel_binding"}
)
_ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
_MODES: Final = _ENCRYPTED | {"disable", "allow", "prefer"}


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where the server is and who signs in there; never the password. `hosts` are names, addresses, or folders of sockets.

    `options` are those of libpq, as they stand in the URL; `sslmode` is always among them.
    """

    user: str | None
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    database: str | None
    options: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> PostgresAddress:
        """The address in a URL: `postgresql://USER@HOST:PORT/DATABASE?sslrootcert=FILE`; a socket is `?host=/folder`.

        Off loopback the server's certificate is verified unless the URL asks for one of libpq's other encrypted modes. Raises
        ValueError with what was expected, for a person, without repeating the URL.
        """
        parts = _URL.fullmatch(url)
        if parts is None:
            raise ValueError("Expected postgresql://USER@HOST/DATABASE")
        if ":" in (parts["user"] or ""):
            raise ValueError("Expected no password in the URL")
        options = _options(parts["query"] or "")
        hosts, ports = _places(parts["hosts"], options)
        is_near = _is_near(hosts)
        mode = options.setdefault("sslmode", _usual_mode(hosts))
        if mode not in _MODES:
            raise ValueError(f"Expected one of {', '.join(sorted(_MODES))} for sslmode")
        if mode not in _ENCRYPTED and not is_near:
            raise ValueError("Expected sslmode=verify-full, verify-ca or require off this computer")
        return cls(
            user=unquote(parts["user"]) if parts["user"] else None,
            hosts=hosts,
            ports=ports,
            database=unquote(parts["database"]) if parts["database"] else None,
            options=options,
        )

    @property
    def shown(self) -> str:
        """What a person reads: host and database."""
        return f"{', '.join(self.hosts)}/{self.database or self.user or ''}"

    def for_user(self, user: str) -> str:
        """The URL of the same database for another user, who has no certificate of his own."""
        is_socket = any(host.startswith(("/", "@")) for host in self.hosts)
        places = "" if is_socket else ",".join(self._places())
        options = {name: value for name, value in self.options.items() if name not in {"sslcert", "sslkey"}}
        if is_socket:
            options |= {"host": ",".join(self.hosts), **({"port": ",".join(map(str, self.ports))} if self.ports else {})}
        if options["sslmode"] == _usual_mode(self.hosts):
            del options["sslmode"]
        path = quote(self.database or self.user or "", safe="")
        return f"postgresql://{quote(user, safe='')}@{places}/{path}" + (f"?{urlencode(options, safe='/,')}" if options else "")

    def _places(self) -> Iterator[str]:
        ports = self.ports * len(self.hosts) if len(self.ports) == 1 else self.ports
        for number, host in enumerate(self.hosts):
            name = f"[{host}]" if ":" in host else host
            yield f"{name}:{ports[number]}" if ports else name


def _is_near(hosts: tuple[str, ...]) -> bool:
    return all(_LOOPBACK.fullmatch(host) for host in hosts)


def _usual_mode(hosts: tuple[str, ...]) -> str:
    """What an address means that says nothing about encryption."""
    return "prefer" if _is_near(hosts) else "verify-full"


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options: dict[str, str] = {}
    for name, value in pairs:
        if name not in _OPTIONS:
            raise ValueError(f"Expected one of {', '.join(sorted(_OPTIONS))} after the “?”")
        if not value or name in options:
            raise ValueError(f"Expected one value for {name}")
        options[name] = value
    return options


def _places(named: str, options: dict[str, str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Hosts and their ports. A host is always named: libpq would take another from the environment."""
    host, port = options.pop("host", None), options.pop("port", None)
    if host is not None and named:
        raise ValueError("Expected the host in one place")
    if host is not None:
        hosts = tuple(host.split(","))
        ports = tuple(_port(one) for one in port.split(",")) if port else ()
    else:
        found = [_HOST_AND_PORT.fullmatch(one) for one in unquote(named).split(",")]
        each = [one for one in found if one is not None]
        if len(each) != len(found) or port is not None:
            raise ValueError("Expected postgresql://USER@HOST/DATABASE, or ?host=/FOLDER for a socket")
        hosts = tuple(one["host"].strip("[]") for one in each)
        ports = tuple(_port(one["port"] or "5432") for one in each) if any(one["port"] for one in each) else ()
    if not all(hosts) or len(ports) not in {0, 1, len(hosts)}:
        raise ValueError("Expected a host, and as many ports as hosts")
    return hosts, ports


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError("Expected a port from 1 to 65535")
    return int(text)
