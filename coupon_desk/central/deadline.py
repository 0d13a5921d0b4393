"""A connection is not waited for longer than so many seconds, whatever the server or the network does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class HasSocket(Protocol):
    """What has a socket of its own: a connection of psycopg."""

    def fileno(self) -> int:
        """The number of the socket."""


@contextmanager
def deadline(connection: HasSocket, seconds: float) -> Iterator[Callable[[], None]]:
    """Shut the connection's socket down when the block takes longer: who waits for an answer is told that it was lost.

    A server that is frozen still confirms what it is sent, so neither its own time-outs nor those of TCP would end the wait.
    Gives what does the same at once, for any thread to call while the block lasts.
    """
    # A duplicate stays this very socket also when the connection is closed meanwhile and its number is given to another.
    same = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)

    def cut() -> None:
        with suppress(OSError):
            same.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        timer.join()
        same.close()
