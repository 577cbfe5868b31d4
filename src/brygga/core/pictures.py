"""The kind and the size of a picture that Zettle accepts (zettle facts 6.1), from the file's first
bytes.
"""

from dataclasses import dataclass
from enum import StrEnum

MOST_BYTES = 5_000_000
"""Zettle requires less than 5 MB."""
LEAST_BYTES = 2_500
LEAST_SIDE = 51
"""More than 50 by 50."""
MOST_SIDE = 5_000
MOST_PICTURES = 10
"""The most pictures of one product in our form. Zettle accepts 26."""


class Kind(StrEnum):
    """The kinds, as Zettle writes them. Zettle also accepts TIFF, but browsers and stores do not
    show it.
    """

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    BMP = "BMP"


MEDIA_TYPES = {
    Kind.JPEG: "image/jpeg",
    Kind.PNG: "image/png",
    Kind.GIF: "image/gif",
    Kind.BMP: "image/bmp",
}


class Wrong(StrEnum):
    """Why a file cannot be a product's picture."""

    NO_PICTURE = "picture_kind"
    TOO_LARGE = "picture_large"
    TOO_SMALL = "picture_small"


@dataclass(frozen=True, slots=True)
class Picture:
    kind: Kind
    width: int
    height: int


def wrong(content: bytes) -> Wrong | None:
    """Why this file cannot be a product's picture. None when it can."""
    if len(content) >= MOST_BYTES:
        return Wrong.TOO_LARGE
    found = described(content)
    if found is None:
        return Wrong.NO_PICTURE
    if max(found.width, found.height) > MOST_SIDE:
        return Wrong.TOO_LARGE
    return (
        Wrong.TOO_SMALL
        if min(found.width, found.height) < LEAST_SIDE or len(content) < LEAST_BYTES
        else None
    )


def described(content: bytes) -> Picture | None:
    """The picture's kind by its signature, never by a file name or a header. None for any other
    file.
    """
    if (
        content.startswith(b"\x89PNG\r\n\x1a\n")
        and content[12:16] == b"IHDR"
        and len(content) >= 24
    ):
        return Picture(Kind.PNG, _big(content[16:20]), _big(content[20:24]))
    if content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= 10:
        return Picture(Kind.GIF, _little(content[6:8]), _little(content[8:10]))
    if content.startswith(b"BM") and len(content) >= 26 and _little(content[14:18]) >= 40:
        return Picture(Kind.BMP, abs(_signed(content[18:22])), abs(_signed(content[22:26])))
    if content.startswith(b"\xff\xd8\xff"):
        size = _jpeg_size(content)
        return None if size is None else Picture(Kind.JPEG, *size)
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header. Segments before it are skipped by their length."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # fill bytes
            place += 1
            continue
        # SOF0 to SOF15, without the tables and the arithmetic marker among them.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _big(content[place + 7 : place + 9]), _big(content[place + 5 : place + 7])
        place += 2 + _big(content[place + 2 : place + 4])
    return None


def _big(part: bytes) -> int:
    return int.from_bytes(part, "big")


def _little(part: bytes) -> int:
    return int.from_bytes(part, "little")


def _signed(part: bytes) -> int:
    return int.from_bytes(part, "little", signed=True)
