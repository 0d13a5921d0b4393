"""A receipt printer of our own: keeps what it is sent byte by byte, and answers ESC/POS's questions about itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from coupon_desk.printers import escpos_devices

STATE = b"\x10\x04\x01"
CAUSE = b"\x10\x04\x02"
PAPER = b"\x10\x04\x04"
PRINTED = b"\x1dr\x01"

READY = {STATE: 0x12, CAUSE: 0x12, PAPER: 0x12, PRINTED: 0x00}
OFFLINE = {**READY, STATE: 0x1A}
OPEN = {**OFFLINE, CAUSE: 0x16}
NO_PAPER = {**OFFLINE, CAUSE: 0x32, PAPER: 0x72}
PAPER_RUNS_LOW = {**READY, PAPER: 0x1E}
SILENT: dict[bytes, int] = {}


@dataclass(slots=True)
class ReceiptPrinterOfTests:
    """`answers` are its answers to each question, `then` those from the first line of a picture on; without one it is silent.

    `late` is the question that it answers only when it is asked the next one. `printed` holds what came in each connection,
    without the questions.
    """

    port: int
    answers: dict[bytes, int] = field(default_factory=lambda: dict(READY))
    then: dict[bytes, int] | None = None
    late: bytes = b""
    hangs_up: bool = False
    printed: list[bytes] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _waiting: bytes = b""

    def wait(self) -> bytes:
        """What came last, once the connection has ended."""
        assert self.ended.acquire(timeout=20)
        return self.printed[-1]

    def serve(self, connection: socket.socket) -> None:
        """One connection to its end."""
        told = b""
        with connection:
            while piece := connection.recv(65536):
                told += piece
                if self.hangs_up and b"\x1b@" in told:
                    break
                told = self._answer(told, connection)
        self.printed.append(told)
        self.ended.release()

    def _answer(self, told: bytes, connection: socket.socket) -> bytes:
        for question in READY:
            if told.endswith(question):
                told = told.removesuffix(question)
                answers = self.then if told and self.then is not None else self.answers
                if question == self.late:
                    self._waiting = bytes((answers[question],))
                elif question in answers:
                    connection.sendall(self._waiting + bytes((answers[question],)))
                    self._waiting = b""
        return told


@contextmanager
def receipt_printer() -> Iterator[ReceiptPrinterOfTests]:
    """A printer on a port of loopback, as long as the block; on a busy computer it may take its time to answer."""
    patience = patch.multiple(escpos_devices, ANSWER_SECONDS=60.0, PAPER_SECONDS=60.0)
    with patience, socket.create_server(("127.0.0.1", 0)) as door:
        printer = ReceiptPrinterOfTests(door.getsockname()[1])

        def work() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                printer.serve(connection)

        worker = threading.Thread(target=work, name="receipt printer")
        worker.start()
        try:
            yield printer
        finally:
            door.shutdown(socket.SHUT_RDWR)
            worker.join()
