"""A database server of a company: over the network with TLS and passwords; it can be stopped, started and frozen."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme

from tests.surroundings.postgres_server import cluster, give_to_server, serving

_WHO_MAY_CONNECT = """
local all postgres           trust
local all all                scram-sha-256
host  all nobody 127.0.0.1/32 reject
host  all all    127.0.0.1/32 scram-sha-256
"""


class Server:
    """`place` is where it listens, `authority` the file with the certificate of who vouches for it."""

    def __init__(self, folder: Path, authority: Path) -> None:
        self.folder = folder
        self.authority = authority
        self.port = free_port()
        self._running = ExitStack()
        self._process_id = 0

    @property
    def place(self) -> str:
        """Host and port; the certificate bears this name."""
        return f"localhost:{self.port}"

    def start(self) -> None:
        """Let it serve; returns when it answers."""
        self._process_id = self._running.enter_context(serving(self.folder, port=self.port)).pid

    def stop(self) -> None:
        """End it, and with it every connection."""
        # The fast way: the polite one would wait until everybody has left.
        os.kill(self._process_id, signal.SIGINT)
        self._running.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still: the network confirms what is sent, and nobody answers."""
        processes = [self._process_id, *_children(self._process_id)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)


@contextmanager
def company_server(folder: Path) -> Iterator[Server]:
    """A running server with a certificate for `localhost`; `folder` is for the authority's certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate = authority.issue_cert("localhost")
    with cluster() as place:
        certificate.private_key_pem.write_to_path(place / "server.key")
        certificate.cert_chain_pems[0].write_to_path(place / "server.pem")
        (place / "server.key").chmod(0o600)
        with (place / "data" / "postgresql.conf").open("a") as configuration:
            configuration.write(f"ssl = on\nssl_cert_file = '{place}/server.pem'\nssl_key_file = '{place}/server.key'\n")
        (place / "data" / "pg_hba.conf").write_text(_WHO_MAY_CONNECT)
        for file in ("server.key", "server.pem"):
            give_to_server(place / file)
        server = Server(place, folder / "authority.pem")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(one) for one in listed.split()]
