"""The central database of the campaign: a real PostgreSQL, fresh for each run, behind a network that breaks by the plan."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import psycopg
from psycopg import sql

from tests.faults.broken_shop import BrokenShop, wait_until
from tests.faults.plan import Plan
from tests.surroundings.central_database import CentralDatabase
from tests.surroundings.postgres_server import USER, new_database, postgres_server

DESKS: Final = ("Ginza", "Osaka")
_TEMPLATE: Final = "campaign"
_CALLS: Final = (
    (b"take_claim(", "central.take"),
    (b"claim_holder(", "central.holder"),
    (b"release_claim(", "central.release"),
    (b"own_claims(", "central.own"),
)
_ENDS_A_REQUEST: Final = b"SQX"
_READY: Final = b"Z"
_LEAVES: Final = b"X"


class Centre:
    """Starts its server at the first run that wants one, and keeps it until it is closed."""

    def __init__(self, folder: Path, shop: BrokenShop) -> None:
        self._folder = folder / "centre"
        self._shop = shop
        self._open = ExitStack()
        self._template: CentralDatabase | None = None
        self._roles: tuple[str, ...] = ()
        self._runs = 0
        self._run: CentralDatabase | None = None
        self._network: Network | None = None

    def renew(self) -> None:
        """An empty central database for a run."""
        if self._template is None:
            self._begin()
        assert self._template is not None
        server = self._template.folder
        with psycopg.connect(host=str(server), user=USER, dbname="postgres", autocommit=True) as connection:
            if self._run is not None:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._run.name)))
            self._runs += 1
            self._run = CentralDatabase(server, f"run_{self._runs}")
            name, template = map(sql.Identifier, (self._run.name, _TEMPLATE))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))

    def url(self, desk: int) -> str:
        """Where a desk finds it: through the network that breaks."""
        assert self._run is not None
        return f"postgresql+psycopg://{self._roles[desk]}@/{self._run.name}?host={self._folder}"

    def open_claims(self) -> tuple[tuple[str, str], ...]:
        """Which desk holds a claim, and for which operation, by the database's own books."""
        assert self._run is not None
        rows = self._run.ask("SELECT desk, operation FROM coupon_desk.claims WHERE ended_at IS NULL")
        return tuple((desk, operation) for desk, operation in rows)

    def break_by(self, plan: Plan) -> None:
        """From now on it is out of reach when the plan says so."""
        if self._network is not None:
            self._network.break_by(plan)

    @property
    def out_for_seconds(self) -> float:
        """How long it will still be out of reach; 0 where it answers."""
        return self._network.out_for_seconds if self._network is not None else 0.0

    def wait_until_idle(self) -> None:
        """Until every connection to it is gone."""
        network = self._network
        if network is not None:
            wait_until(lambda: network.is_idle, "the network to the centre is idle")

    def close(self) -> None:
        """End the server."""
        self._open.close()

    def _begin(self) -> None:
        server = self._open.enter_context(postgres_server())
        new_database(server, _TEMPLATE)
        self._template = CentralDatabase(server, _TEMPLATE)
        self._template.prepare()
        self._roles = tuple(self._template.add_desk(desk) for desk in DESKS)
        self._folder.mkdir()
        door = server / ".s.PGSQL.5432"
        self._network = self._open.enter_context(_network(self._folder / door.name, door, self._shop))


class Network:
    """Passes requests on to the server, one at a time for each connection; each may be lost on the way there or back."""

    def __init__(self, listener: socket.socket, server: Path, shop: BrokenShop) -> None:
        self._plan = Plan(0)
        self._asked = 0
        self._down_until: datetime | None = None
        self._listener = listener
        self._server = server
        self._shop = shop
        self._lines: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()

    def break_by(self, plan: Plan) -> None:
        """From now on the server is out of reach when the plan says so."""
        with self._lock:
            self._plan, self._asked, self._down_until = plan, 0, None

    @property
    def out_for_seconds(self) -> float:
        """How long the server will still be out of reach; 0 where it answers."""
        now = self._shop.true_time.now()
        with self._lock:
            return max(0.0, (self._down_until - now).total_seconds()) if self._down_until is not None else 0.0

    @property
    def is_idle(self) -> bool:
        """Nobody is connected."""
        with self._lock:
            return not self._lines

    def accept(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                desk, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(desk,), name="network", daemon=True)
                with self._lock:
                    self._lines[thread] = desk
                thread.start()

    def hang_up(self) -> None:
        """Break every connection."""
        with self._lock:
            lines = list(self._lines.items())
        for thread, desk in lines:
            with suppress(OSError):
                desk.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)

    def _serve(self, desk: socket.socket) -> None:
        try:
            with desk, suppress(OSError), socket.socket(socket.AF_UNIX) as server:
                if self._is_down(asks=False) or self._shop.troubles.meet(("central.connect",)) is not None:
                    return
                server.connect(str(self._server))
                with desk.makefile("rb") as asked, server.makefile("rb") as answered:
                    server.sendall(_startup(asked))
                    desk.sendall(_until(answered, _READY))
                    while request := _until(asked, _ENDS_A_REQUEST):
                        answer = self._answer(request, server, answered)
                        if answer is None:
                            return
                        desk.sendall(answer)
        finally:
            with self._lock:
                self._lines.pop(threading.current_thread(), None)

    def _is_down(self, *, asks: bool) -> bool:
        """Whether the server is out of reach; the request with the plan's number is the first that finds it so."""
        now = self._shop.true_time.now()
        with self._lock:
            self._asked += asks
            if asks and self._asked == self._plan.centre_down_from:
                self._down_until = now + timedelta(seconds=self._plan.centre_down_seconds)
            return self._down_until is not None and now < self._down_until

    def _answer(self, request: bytes, server: socket.socket, answered: BinaryIO) -> bytes | None:
        """What the desk hears of its request; None where the connection is over."""
        name = next((name for words, name in _CALLS if words in request), None)
        if self._is_down(asks=name is not None) or request[:1] == _LEAVES:
            return None
        if name is None:
            server.sendall(request)
            return _until(answered, _READY) or None
        self._shop.count(1)
        try:
            fault = self._shop.troubles.meet((name,))
            if fault is not None and not fault.kind.applied:
                return None
            number = self._shop.journal.open("central", (name,), fault=None if fault is None else fault.kind)
            server.sendall(request)
            answer = _until(answered, _READY)
            self._shop.journal.close(number, executed=True, applied=True, status=None)
        finally:
            self._shop.count(-1)
        return answer if answer and fault is None else None


def _startup(asked: BinaryIO) -> bytes:
    """The first words of a connection, which alone bear no kind."""
    length = _exactly(asked, 4)
    return length + _exactly(asked, int.from_bytes(length) - 4)


def _until(stream: BinaryIO, last: bytes) -> bytes:
    """All messages up to one of these kinds; nothing where the connection ended."""
    told = b""
    while kind := stream.read(1):
        length = _exactly(stream, 4)
        told += kind + length + _exactly(stream, int.from_bytes(length) - 4)
        if kind in last:
            return told
    return b""


def _exactly(stream: BinaryIO, count: int) -> bytes:
    read = stream.read(count)
    if len(read) < count:
        raise ConnectionResetError  # whoever spoke was killed in the middle of it
    return read


@contextmanager
def _network(door: Path, server: Path, shop: BrokenShop) -> Iterator[Network]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(door))
        listener.listen(64)
        network = Network(listener, server, shop)
        accepting = threading.Thread(target=network.accept, name="network", daemon=True)
        accepting.start()
        try:
            yield network
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(timeout=5)
            network.hang_up()
