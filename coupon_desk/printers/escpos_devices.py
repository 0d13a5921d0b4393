"""How a receipt printer is reached, through python-escpos: over the network, USB or a serial line.

The library is an extra of the program and loaded with the first receipt. It sets up logging and leaves a folder behind when
it is loaded, both of which are put back.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final, Protocol

from coupon_desk.printers.picture import Picture
from coupon_desk.receipt_settings import DirectPrinterSettings, NetworkPrinter, SerialPrinter, UsbPrinter

if TYPE_CHECKING:
    from PIL.Image import Image

CONNECT_SECONDS: Final = 5.0
SEND_SECONDS: Final = 15.0
ANSWER_SECONDS: Final = 0.7
PAPER_SECONDS: Final = 8.0
"""A receipt takes about two."""
STRIP_DOTS: Final = 256
"""A picture is sent in strips that fit into the memory of small printers."""
_BROKEN: Final = (OSError, ValueError)
"""ValueError: a USB printer without this way in or out."""
_CAPABILITIES: Final = "ESCPOS_CAPABILITIES_FILE"
_KEPT: Final = "ESCPOS_CAPABILITIES_PICKLE_DIR"


class LibraryMissing(Exception):
    """python-escpos, or what it needs for this way, is not on this computer."""


class DeviceAway(Exception):
    """The printer could not be reached, or no longer."""


class Device:
    """An open printer. Close it."""

    def __init__(self, opened: Any, line: _Line) -> None:
        self._opened = opened
        self._line = line

    def print_picture(self, picture: Picture) -> None:
        """Print from the left edge, and cut. Raises DeviceAway."""
        try:
            self._line.wait_up_to(SEND_SECONDS)
            _print(self._opened, picture)
        except _BROKEN as away:
            raise DeviceAway(str(away)) from away

    def ask(self, question: bytes, *, wait_for_paper: bool = False) -> bytes:
        """What it answers; nothing where it answers nothing in time."""
        with suppress(*_BROKEN):
            self._line.wait_up_to(PAPER_SECONDS if wait_for_paper else ANSWER_SECONDS)
            return self._line.ask(question)
        return b""

    def close(self) -> None:
        """Let go of it."""
        with suppress(OSError):
            self._opened.close()


def in_escpos(picture: Picture) -> bytes:
    """What would be sent to print a picture. Raises LibraryMissing."""
    _load_library()
    from escpos import printer

    paper = printer.Dummy()
    _print(paper, picture)
    return bytes(paper.output)


def open_device(settings: DirectPrinterSettings) -> Device:
    """Reach a printer. Raises LibraryMissing, DeviceAway."""
    _load_library()
    from escpos import printer
    from escpos.exceptions import Error

    try:
        match settings:
            case NetworkPrinter():
                opened = printer.Network(settings.host, port=settings.port)
                # The library's own way knows no IPv6, and forgets a socket that was not connected.
                opened.device = socket.create_connection((settings.host, settings.port), CONNECT_SECONDS)
                return Device(opened, _NetworkLine(opened.device))
            case UsbPrinter():
                ways = {"in_ep": settings.in_endpoint, "out_ep": settings.out_endpoint}
                opened = printer.Usb(settings.vendor, settings.product, **ways)
                opened.open()
                return Device(opened, _UsbLine(opened))
            case SerialPrinter():
                opened = printer.Serial(settings.device, baudrate=settings.baud)
                opened.open()
                return Device(opened, _SerialLine(opened.device))
    except (Error, OSError, UnicodeError) as away:
        raise DeviceAway(str(away)) from away
    # python-escpos has no way without pyusb or pyserial, and pyusb none without libusb.
    except (RuntimeError, ValueError) as missing:
        raise LibraryMissing(str(missing)) from missing


class _Line(Protocol):
    """What python-escpos has no words for: how long to wait, and an answer of one byte."""

    def wait_up_to(self, seconds: float) -> None: ...

    def ask(self, question: bytes) -> bytes: ...


class _NetworkLine:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def wait_up_to(self, seconds: float) -> None:
        self._connection.settimeout(seconds)

    def ask(self, question: bytes) -> bytes:
        self._connection.sendall(question)
        return bytes(self._connection.recv(1))


class _UsbLine:
    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def wait_up_to(self, seconds: float) -> None:
        milliseconds = int(seconds * 1000)
        self._opened.timeout = milliseconds
        self._opened.device.default_timeout = milliseconds

    def ask(self, question: bytes) -> bytes:
        return bytes(self._opened.query_status(question))


class _SerialLine:
    def __init__(self, port: Any) -> None:
        self._port = port

    def wait_up_to(self, seconds: float) -> None:
        self._port.timeout = self._port.write_timeout = seconds

    def ask(self, question: bytes) -> bytes:
        self._port.write(question)
        return bytes(self._port.read(1))


def _print(opened: Any, picture: Picture) -> None:
    opened.hw("INIT")
    opened.image(_image(picture), impl="bitImageRaster", fragment_height=STRIP_DOTS)
    opened.cut(mode="PART")


def _image(picture: Picture) -> Image:
    from PIL import Image

    size = (picture.width_dots, picture.height_dots)
    return Image.frombytes("1", size, picture.rows, "raw", "1;I")  # where 1 is black


def _load_library() -> None:
    if "escpos.printer" in sys.modules:
        return
    root = logging.getLogger()
    before = list(root.handlers)
    with as_file(files("coupon_desk") / "resources" / "printers" / "capabilities.json") as ours, _known_printers(str(ours)):
        try:
            capabilities = import_module("escpos.capabilities")
            import_module("escpos.printer")
        except ImportError as missing:
            raise LibraryMissing(str(missing)) from missing
        finally:
            for handler in root.handlers[:]:
                if handler not in before:
                    root.removeHandler(handler)
    if _KEPT not in os.environ:
        shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)


@contextmanager
def _known_printers(file: str) -> Iterator[None]:
    """The library reads what hundreds of printers can, which takes half a second; pictures need none of it."""
    if _CAPABILITIES in os.environ:
        yield
        return
    os.environ[_CAPABILITIES] = file
    try:
        yield
    finally:
        del os.environ[_CAPABILITIES]
