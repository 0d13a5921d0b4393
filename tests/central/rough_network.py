"""A network between desks and database that breaks at random: cut in the middle, answers lost, nobody there for a while."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 65_536


class RoughNetwork:
    """Passes bytes on to the server's socket. `port` is where the desks connect; `broke` counts what it did to them.

    While `roughness` is above 0, that share of the requests is answered by nobody: half of them are cut on their way, the
    others reach the server whole, which carries them out, and the answer is lost.
    """

    def __init__(self, listener: socket.socket, server: Path, chance: random.Random) -> None:
        self.port: int = listener.getsockname()[1]
        self.roughness = 0.0
        self.broke: Counter[str] = Counter()
        self._listener = listener
        self._server = server
        self._chance = chance
        self._away_until = 0.0
        self._lines: dict[_Line, None] = {}
        self._lock = threading.Lock()

    def cut_all(self) -> None:
        """Cut every connection that there is now."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.cut()
        self.broke["connections cut"] += len(lines)

    def be_away(self, seconds: float) -> None:
        """Cut everything, and take nobody for so long."""
        self._away_until = time.monotonic() + seconds
        self.cut_all()
        self.broke["times out of reach"] += 1

    def accept(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                desk, _ = self._listener.accept()
                if time.monotonic() < self._away_until:
                    desk.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(str(self._server))
                except OSError:
                    desk.close()
                    continue
                line = _Line(self, desk, server)
                with self._lock:
                    self._lines[line] = None
                line.begin()

    def fate(self) -> str:
        """What becomes of a request: "" for nothing."""
        with self._lock:
            drawn = self._chance.random()
        if drawn >= self.roughness:
            return ""
        return "request cut" if drawn < self.roughness / 2 else "answer lost"

    def close(self) -> None:
        """End every connection, and wait for the threads."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.cut()
            line.join()

    def forget(self, line: _Line) -> None:
        """It has ended."""
        with self._lock:
            self._lines.pop(line, None)


class _Line:
    """One connection, passed on in both directions."""

    def __init__(self, network: RoughNetwork, desk: socket.socket, server: socket.socket) -> None:
        self._network = network
        self._ends = (desk, server)
        self._answers_are_lost = False
        self._threads = [
            threading.Thread(target=self._pass_on, args=(desk, server, True), name="network", daemon=True),
            threading.Thread(target=self._pass_on, args=(server, desk, False), name="network", daemon=True),
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def cut(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_asking: bool) -> None:
        with suppress(OSError):
            while content := source.recv(CHUNK):
                if is_asking and not self._answers_are_lost:
                    content = self._break(content)
                elif self._answers_are_lost:
                    break  # the server has answered, so it has done what it was asked
                target.sendall(content)
        self.cut()
        if not is_asking:
            self._threads[0].join()
            for end in self._ends:
                end.close()
            self._network.forget(self)

    def _break(self, content: bytes) -> bytes:
        fate = self._network.fate()
        if not fate:
            return content
        self._network.broke[fate] += 1
        if fate == "answer lost":
            self._answers_are_lost = True
            return content
        self._ends[1].sendall(content[: len(content) // 2])
        raise OSError("cut on its way")


@contextmanager
def rough_network(server: Path, chance: random.Random) -> Iterator[RoughNetwork]:
    """A network on loopback to a server's socket file."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network = RoughNetwork(listener, server, chance)
        accepting = threading.Thread(target=network.accept, name="network")
        accepting.start()
        try:
            yield network
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            network.close()
