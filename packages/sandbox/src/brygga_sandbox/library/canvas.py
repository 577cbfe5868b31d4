"""Draws flat shapes with soft edges on an indexed canvas, and writes the PNG.

A shape is a function from a height to the interval it covers there, in units of the picture's side
(0 to 1). Each row of pixels reads three lines. Only the pixels between the shortest and the longest
of them are mixed; all others are filled at once.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from itertools import pairwise
from math import sqrt

Colour = tuple[int, int, int]
Shape = Callable[[float], tuple[float, float] | None]
"""Left and right end of a shape at a height, or None if it covers nothing there."""

SIDE = 600


def rgb(text: str) -> Colour:
    """The colour written as six hexadecimal digits."""
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The mix of two colours: `share` (0 to 1) of the other one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Canvas:
    """A square of pixels and the palette they index. With a full palette (256) no more colours are
    mixed and edges stay hard.
    """

    def __init__(self, background: Colour, side: int = SIDE) -> None:
        self.side = side
        self.palette: list[Colour] = [background]
        self.numbers: dict[Colour, int] = {background: 0}
        self.mixed: dict[tuple[int, int, int], int] = {}
        self.rows = [bytearray(side) for _ in range(side)]

    def ink(self, colour: Colour) -> int:
        """The colour's number in the palette."""
        number = self.numbers.get(colour)
        if number is None:
            if len(self.palette) == 256:
                return 0
            number = self.numbers[colour] = len(self.palette)
            self.palette.append(colour)
        return number

    def paint(self, shape: Shape, top: float, bottom: float, colour: Colour) -> None:
        """Fill the shape between two heights."""
        ink, side = self.ink(colour), self.side
        for y in range(max(0, int(top * side)), min(side, int(bottom * side) + 1)):
            lines = []
            for third in (1, 3, 5):
                height = (y + third / 6) / side
                found = shape(height) if top <= height < bottom else None
                if found and found[1] > found[0]:
                    lines.append((found[0] * side, found[1] * side))
            if lines:
                self._row(self.rows[y], lines, ink)

    def _row(self, row: bytearray, lines: list[tuple[float, float]], ink: int) -> None:
        left, right = min(line[0] for line in lines), max(line[1] for line in lines)
        first, last = max(0, int(left)), min(self.side - 1, int(right))
        whole_from, whole_to = last + 1, last + 1
        if len(lines) == 3:
            inner = (
                max(0, int(max(line[0] for line in lines)) + 1),
                min(self.side, int(min(line[1] for line in lines))),
            )
            if inner[0] < inner[1]:
                whole_from, whole_to = inner
                row[whole_from:whole_to] = bytes((ink,)) * (whole_to - whole_from)
        for x in (*range(first, min(whole_from, last + 1)), *range(whole_to, last + 1)):
            cover = 0.0
            for start, end in lines:
                part = (end if end < x + 1 else x + 1) - (start if start > x else x)
                if part > 0:
                    cover += part
            quarter = int(cover / 3 * 4 + 0.5)
            if quarter:
                row[x] = ink if quarter >= 4 else self._blend(row[x], ink, quarter)

    def _blend(self, under: int, over: int, quarter: int) -> int:
        key = (under, over, quarter)
        number = self.mixed.get(key)
        if number is None:
            blend = mix(self.palette[under], self.palette[over], quarter / 4)
            full = len(self.palette) == 256 and blend not in self.numbers
            number = self.mixed[key] = (over if quarter > 1 else under) if full else self.ink(blend)
        return number

    def png(self) -> bytes:
        """The picture as a PNG file: eight bits a pixel, with palette."""
        raw = b"".join(b"\0" + row for row in self.rows)
        header = struct.pack(">IIBBBBB", self.side, self.side, 8, 3, 0, 0, 0)
        palette = b"".join(bytes(colour) for colour in self.palette)
        chunks = (
            (b"IHDR", header),
            (b"PLTE", palette),
            (b"IDAT", zlib.compress(raw, 6)),
            (b"IEND", b""),
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ellipse(x: float, y: float, wide: float, high: float) -> Shape:
    """An ellipse around a point; `wide` and `high` are its half axes."""

    def shape(height: float) -> tuple[float, float] | None:
        up = (height - y) / high
        if not -1 < up < 1:
            return None
        half = wide * sqrt(1 - up * up)
        return x - half, x + half

    return shape


def box(left: float, right: float) -> Shape:
    """An upright rectangle. Its height is the painted range."""
    return lambda height: (left, right)


def slanted(
    top: float, bottom: float, above: tuple[float, float], below: tuple[float, float]
) -> Shape:
    """Two straight edges from one stretch above to another below."""

    def shape(height: float) -> tuple[float, float]:
        part = (height - top) / (bottom - top)
        return above[0] + (below[0] - above[0]) * part, above[1] + (below[1] - above[1]) * part

    return shape


def turned(x: float, profile: tuple[tuple[float, float], ...]) -> Shape:
    """A body of revolution: half its width at several heights (height, half width), smooth in
    between.
    """

    def shape(height: float) -> tuple[float, float] | None:
        for (top, wide), (bottom, next_wide) in pairwise(profile):
            if top <= height <= bottom:
                part = (height - top) / (bottom - top)
                part *= part * (3 - 2 * part)
                half = wide + (next_wide - wide) * part
                return x - half, x + half
        return None

    return shape
