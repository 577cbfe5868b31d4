"""Pictures of the products, drawn on request: one motif, the colour of the product, a wall and a
table top.

A key reads "<motif>-<colour>-<seed>": `cup-3b4a6b-0a1b2c`. Any other key also gets a picture,
chosen by its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from brygga_sandbox.library.canvas import Canvas, Colour, ellipse, mix, rgb
from brygga_sandbox.library.ids import digest
from brygga_sandbox.library.motifs import MOTIFS, Scene

_KEY = re.compile(r"([a-z]+)-([0-9a-f]{6})-([0-9a-f]{6})")
_WALLS = ("efe9df", "e6e4dd", "e9e2e0", "dfe5e2", "e8e6d8", "dde3e8", "f2eee6")
_TABLES = ("d9c4a3", "cbb89a", "e3dccf", "b9a285", "c9c4ba")
_WHITE, _DARK = rgb("ffffff"), rgb("26241f")
_NAMES = tuple(MOTIFS)


@lru_cache(maxsize=512)
def picture(key: str) -> bytes:
    """The PNG (600 by 600) for a key. Raises KeyError for a picture that no longer exists (its
    motif is "gone").
    """
    motif, colour, seed = _read(key)
    if motif == "gone":
        raise KeyError(key)
    wall, table = rgb(_WALLS[seed % len(_WALLS)]), rgb(_TABLES[seed // 7 % len(_TABLES)])
    canvas = Canvas(wall)
    draw, stands = MOTIFS[motif]
    if stands:
        canvas.paint(lambda height: (0.0, 1.0), 0.74, 1.0, table)
        canvas.paint(ellipse(0.5, 0.835, 0.3, 0.03), 0.8, 0.87, mix(table, _DARK, 0.22))
    draw(Scene(canvas, colour, _shade(colour), _light(colour), wall, seed))
    return canvas.png()


def swatch(key: str) -> bytes:
    """A small plain PNG in a colour that only this key has, for tests that move thousands of
    pictures and look at none.
    """
    motif, _, _ = _read(key)
    if motif == "gone":
        raise KeyError(key)
    number = digest("swatch " + key)
    return Canvas((number & 0xFF, number >> 8 & 0xFF, number >> 16 & 0xFF), side=60).png()


def picture_for(path: str, draw: Callable[[str], bytes] = picture) -> bytes | None:
    """The picture at a path of the image host, with or without an extension. None for one that no
    longer exists.
    """
    name = path.rsplit("/", 1)[-1]
    try:
        return draw(re.sub(r"\.(png|jpe?g|gif)$", "", name))
    except KeyError:
        return None


def _read(key: str) -> tuple[str, Colour, int]:
    found = _KEY.fullmatch(key)
    if found and (found[1] in MOTIFS or found[1] == "gone"):
        return found[1], rgb(found[2]), int(found[3], 16)
    number = digest("picture " + key)
    return (
        _NAMES[number % len(_NAMES)],
        rgb(f"{number >> 8 & 0x7F7F7F | 0x404040:06x}"),
        number >> 32,
    )


def _shade(colour: Colour) -> Colour:
    return mix(colour, _DARK, 0.22)


def _light(colour: Colour) -> Colour:
    return mix(colour, _WHITE, 0.28)
