"""`[receipts]` of the configuration: what the shop puts on its receipts, and the receipt printers that have no queue."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from coupon_desk.words import Language

Width = Literal["a4", "80mm", "58mm"]
Lines = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]], msgspec.Meta(max_length=8)]
UsbNumber = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class ReceiptTexts(_Section, frozen=True):
    """`[receipts.texts.LANGUAGE]`: lines of the shop's own, below its name and at the end."""

    header: Lines = msgspec.field(default_factory=list)
    footer: Lines = msgspec.field(default_factory=list)


class _Thermal(_Section, frozen=True, tag_field="connection"):
    """What every receipt printer has: the paper roll in it."""

    width: Literal["80mm", "58mm"] = "80mm"


class NetworkPrinter(_Thermal, frozen=True, tag="network", kw_only=True):
    """A receipt printer with a network address of its own."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9100


class UsbPrinter(_Thermal, frozen=True, tag="usb", kw_only=True):
    """A receipt printer on USB. `vendor` and `product` are what `lsusb` shows, e.g. 0x04b8 and 0x0e15."""

    vendor: UsbNumber
    product: UsbNumber
    out_endpoint: Annotated[int, msgspec.Meta(ge=0x01, le=0x0F)] = 0x01
    in_endpoint: Annotated[int, msgspec.Meta(ge=0x81, le=0x8F)] = 0x82


class SerialPrinter(_Thermal, frozen=True, tag="serial", kw_only=True):
    """A receipt printer on a serial line, also over Bluetooth or a USB adapter."""

    device: Annotated[str, msgspec.Meta(min_length=1)]
    baud: Annotated[int, msgspec.Meta(ge=1200, le=921600)] = 9600


class QueuePrinter(_Thermal, frozen=True, tag="queue", kw_only=True):
    """A receipt printer behind a queue of this computer that passes ESC/POS on as it is (a raw queue)."""

    queue: Annotated[str, msgspec.Meta(min_length=1)]


DirectPrinterSettings = NetworkPrinter | UsbPrinter | SerialPrinter
ThermalPrinterSettings = DirectPrinterSettings | QueuePrinter


class Receipts(_Section, frozen=True):
    """`[receipts]`: everything may be left out.

    `width` and `printer` are offered first; `printer` is a queue of this computer or one of `printers`. `logo` is a PNG or
    JPEG file, beside `config.toml` where it names no folder. Texts are told in the customer's language where they are given in
    it, else in another.
    """

    width: Width | None = None
    printer: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    logo: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    texts: dict[Language, ReceiptTexts] = msgspec.field(default_factory=dict)
    printers: dict[str, ThermalPrinterSettings] = msgspec.field(default_factory=dict)

    def texts_in(self, language: Language) -> ReceiptTexts:
        """The shop's own lines for a customer of this language."""
        return self.texts.get(language) or next(iter(self.texts.values()), ReceiptTexts())
