"""A connection is not waited for longer than so many seconds, whatever the server or the network does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class HasSocket(Protocol):
    """What has a socket of its own: a connection of psycopg."""

    def fileno(self) -> int:
        """The number of the socket."""


class Cutter:
    """Cuts the connections that it watches from another thread: their users are told that the line was lost.

    What has been cut once stays cut: whoever begins afterwards is told so at once.
    """

    def __init__(self) -> None:
        self._watched: set[socket.socket] = set()
        self._is_cut = False
        self._lock = threading.Lock()

    @contextmanager
    def watching(self, connection: HasSocket) -> Iterator[None]:
        """Cuttable as long as the block lasts."""
        same = _same_socket(connection)
        with self._lock:
            self._watched.add(same)
            if self._is_cut:
                _cut(same)
        try:
            yield
        finally:
            with self._lock:
                self._watched.discard(same)
            same.close()

    def cut(self) -> None:
        """Cut all that is in use now, and all that comes."""
        with self._lock:
            self._is_cut = True
            for connected in self._watched:
                _cut(connected)


@contextmanager
def deadline(connection: HasSocket, seconds: float) -> Iterator[None]:
    """Shut the connection's socket down when the block takes longer: who waits for an answer is told that it was lost.

    A server that is frozen still confirms what it is sent, so neither its own time-outs nor those of TCP would end the wait.
    """
    same = _same_socket(connection)
    timer = threading.Timer(seconds, _cut, (same,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        same.close()


def _same_socket(connection: HasSocket) -> socket.socket:
    """A duplicate: it stays this very socket also when the connection is closed and its number is given to another."""
    return socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
