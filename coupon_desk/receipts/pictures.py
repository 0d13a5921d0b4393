"""The pictures on a receipt, the shop's logo and the QR code of the reference, as they stand in its HTML."""

from __future__ import annotations

import struct
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

MM_PER_INCH: Final = 25.4
PIXELS_PER_INCH: Final = 96
"""What a pixel is in HTML; Qt takes it to the dots of the paper."""
QUIET_DOTS: Final = 4
"""The white border that scanners need around a QR code (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture in HTML: its bytes as `data:` address, and how large it is there, in pixels."""

    address: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Logo:
    """The shop's logo, a PNG or JPEG file. Raises ValueError for anything else."""

    file: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if 0 in self.size:
            raise ValueError("an empty picture")

    @property
    def size(self) -> tuple[int, int]:
        """Its width and height."""
        return _size_of_jpeg(self.file) if self.file.startswith(_JPEG) else _size_of_png(self.file)

    def placed(self, most_wide_mm: float, most_high_mm: float) -> Placed:
        """As large as it can be in a box."""
        width, height = self.size
        scale = min(_pixels(most_wide_mm) / width, _pixels(most_high_mm) / height)
        kind = "image/jpeg" if self.file.startswith(_JPEG) else "image/png"
        address = f"data:{kind};base64,{b64encode(self.file).decode()}"
        return Placed(address, round(width * scale, 2), round(height * scale, 2))


def qr_code(text: str, dot_mm: float) -> Placed:
    """The QR code of a text, whose smallest squares are so large."""
    import segno

    made = segno.make_qr(text, error="m")
    dots, _ = made.symbol_size(border=QUIET_DOTS)
    # Eight pixels a dot, because programs that show PDF smooth pictures that they enlarge.
    size = round(_pixels(dots * dot_mm), 2)
    return Placed(made.png_data_uri(scale=8, border=QUIET_DOTS), size, size)


_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG that tell its size."""


def _pixels(millimetres: float) -> float:
    return millimetres / MM_PER_INCH * PIXELS_PER_INCH


def _size_of_png(file: bytes) -> tuple[int, int]:
    if not file.startswith(_PNG) or file[12:16] != b"IHDR" or len(file) < 24:
        raise ValueError("neither PNG nor JPEG")
    width, height = struct.unpack_from(">II", file, 16)
    return width, height


def _size_of_jpeg(file: bytes) -> tuple[int, int]:
    place = 2
    try:
        while file[place] == 0xFF:
            marker, (length,) = file[place + 1], struct.unpack_from(">H", file, place + 2)
            if marker in _FRAMES:
                height, width = struct.unpack_from(">HH", file, place + 5)
                return width, height
            place += 2 + length
    except (IndexError, struct.error) as cut:
        raise ValueError("a JPEG that breaks off") from cut
    raise ValueError("a JPEG without a picture")
