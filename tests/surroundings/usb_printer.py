"""A receipt printer on a USB of our own: what pyusb asks its backend, the bus (`usb.backend.IBackend`), answered from here."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from tests.surroundings.receipt_printer import READY

VENDOR = 0x04B8
PRODUCT = 0x0E15
OUT = 0x01
IN = 0x82
_BULK = 2


class Descriptor:
    """A USB descriptor: what is not told is 0."""

    def __init__(self, **told: int) -> None:
        self.__dict__.update(told)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return (
            b""
            if name == "extra_descriptors"
            else None
            if name in {"bus", "address", "port_number", "port_numbers", "speed"}
            else 0
        )


class UsbBus:
    """One printer on the bus; `printed` is what it got, without the questions."""

    def __init__(self) -> None:
        self.printed = b""
        self._answer = b""

    def enumerate_devices(self) -> Iterator[object]:
        return iter((self,))

    def get_device_descriptor(self, dev: object) -> Descriptor:
        return Descriptor(idVendor=VENDOR, idProduct=PRODUCT, bNumConfigurations=1)

    def get_configuration_descriptor(self, dev: object, config: int) -> Descriptor:
        return Descriptor(bNumInterfaces=1, bConfigurationValue=1)

    def get_interface_descriptor(self, dev: object, intf: int, alt: int, config: int) -> Descriptor:
        if alt:
            raise IndexError(alt)
        return Descriptor(bNumEndpoints=2, bInterfaceClass=7)

    def get_endpoint_descriptor(self, dev: object, ep: int, intf: int, alt: int, config: int) -> Descriptor:
        return Descriptor(bEndpointAddress=(OUT, IN)[ep], bmAttributes=_BULK, wMaxPacketSize=64)

    def open_device(self, dev: object) -> object:
        return self

    def close_device(self, dev_handle: object) -> None:
        pass

    def set_configuration(self, dev_handle: object, config_value: int) -> None:
        pass

    def get_configuration(self, dev_handle: object) -> int:
        return 1

    def claim_interface(self, dev_handle: object, intf: int) -> None:
        pass

    def release_interface(self, dev_handle: object, intf: int) -> None:
        pass

    def reset_device(self, dev_handle: object) -> None:
        pass

    def bulk_write(self, dev_handle: object, ep: int, intf: int, data: Any, timeout: int) -> int:
        told = bytes(data)
        if told in READY:
            self._answer = bytes((READY[told],))
        else:
            self.printed += told
        return len(told)

    def bulk_read(self, dev_handle: object, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        answer, self._answer = self._answer, b""
        buff[: len(answer)] = array("B", answer)
        return len(answer)

    intr_write = iso_write = bulk_write
    intr_read = iso_read = bulk_read
