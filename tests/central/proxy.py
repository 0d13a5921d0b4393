"""A network between desk and database that loses answers: what was asked arrives, and what was said in return does not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Network:
    """Passes bytes on, until it is told to lose the answer to something. `port` is where the desk connects."""

    def __init__(self, listener: socket.socket, server: int | Path) -> None:
        self.port: int = listener.getsockname()[1]
        self.lost = threading.Event()
        self._listener = listener
        self._server = server
        self._asked: bytes | None = None
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def lose_the_answer_to(self, asked: bytes) -> None:
        """The next request with these bytes in it reaches the server whole, and then the connection breaks."""
        self.lost.clear()
        self._asked = asked

    def accept(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                desk, _ = self._listener.accept()
                server = self._connect()
                self._sockets += [desk, server]
                cut = threading.Event()
                for source, target, is_asking in ((desk, server, True), (server, desk, False)):
                    thread = threading.Thread(target=self._pass_on, args=(source, target, cut, is_asking), name="network")
                    self._threads.append(thread)
                    thread.start()

    def close(self) -> None:
        """Break every connection."""
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _connect(self) -> socket.socket:
        if isinstance(self._server, int):
            return socket.create_connection(("127.0.0.1", self._server))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server))
        return server

    def _pass_on(self, source: socket.socket, target: socket.socket, cut: threading.Event, is_asking: bool) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                if is_asking and self._asked is not None and self._asked in content:
                    self._asked = None
                    cut.set()
                if not is_asking and cut.is_set():
                    # The server has answered, so it has done what it was asked; the desk never hears of it.
                    self.lost.set()
                    source.shutdown(socket.SHUT_RDWR)
                    target.shutdown(socket.SHUT_RDWR)
                    return
                target.sendall(content)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def network(server: int | Path) -> Iterator[Network]:
    """A network on loopback to the server on that port, or behind that socket file."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        between = Network(listener, server)
        accepting = threading.Thread(target=between.accept, name="network")
        accepting.start()
        try:
            yield between
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(timeout=5)
            between.close()
