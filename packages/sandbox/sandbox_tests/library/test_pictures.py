"""Pictures are real PNG files, always the same for a key, in the colour of the ware."""

import struct
import zlib

import pytest

from brygga_sandbox.library import demo_library, picture, picture_for, swatch
from brygga_sandbox.library.motifs import MOTIFS


def decoded(png: bytes) -> tuple[tuple[int, int], list[bytes], set[tuple[int, ...]]]:
    """Size, rows of palette numbers and the colours in use. Fails on a wrong signature, checksum or
    length.
    """
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (
            zlib.crc32(kind + data),
        )
        chunks[kind] = chunks.get(kind, b"") + data
        at += 12 + length
    wide, high, depth, kind_of_colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, kind_of_colour, rest) == (8, 3, [0, 0, 0])
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == high * (wide + 1)
    rows = [raw[y * (wide + 1) + 1 : (y + 1) * (wide + 1)] for y in range(high)]
    palette = chunks[b"PLTE"]
    return (
        (wide, high),
        rows,
        {tuple(palette[3 * number : 3 * number + 3]) for row in rows for number in set(row)},
    )


@pytest.mark.parametrize("motif", sorted(MOTIFS))
def test_every_motif_is_a_png_that_shows_its_colour(motif: str) -> None:
    size, rows, colours = decoded(picture(f"{motif}-12ab9f-0a1b2c"))

    assert size == (600, 600)
    assert (0x12, 0xAB, 0x9F) in colours
    assert len(set(rows)) > 5


def test_a_key_always_gives_the_same_bytes_and_another_seed_another_picture() -> None:
    first = picture("vase-3b4a6b-000001")
    picture.cache_clear()

    assert picture("vase-3b4a6b-000001") == first
    assert picture("vase-3b4a6b-0000f2") != first


def test_any_other_key_gets_a_picture_too() -> None:
    assert decoded(picture("whatever a merchant uploaded"))[0] == (600, 600)


def test_the_image_hosts_path_leads_to_the_picture_with_or_without_an_ending() -> None:
    bare = picture("cup-3b4a6b-0a1b2c")

    assert picture_for("/image/product/cup-3b4a6b-0a1b2c.png") == bare
    assert picture_for("/image/product/cup-3b4a6b-0a1b2c") == bare
    assert picture_for("/image/productimage/o/cup-3b4a6b-0a1b2c.jpeg") == bare
    assert picture_for("/image/product/gone-3b4a6b-0a1b2c.png") is None


def test_a_picture_is_large_enough_for_the_host_and_small_enough_for_all() -> None:
    """Over 50 by 50 pixels and, as PayPal's own plugin checks, over 2,500 bytes or nearly so
    (zettle facts 6.1).
    """
    addresses = [product["presentation"]["imageUrl"] for product in demo_library().products[:40]]

    assert all(1_000 < len(picture_for(address) or b"") < 60_000 for address in addresses)


def test_a_swatch_is_a_picture_of_its_own_for_every_key() -> None:
    keys = [f"cup-3b4a6b-{number:06x}" for number in range(200)]

    assert len({swatch(key) for key in keys}) == 200
    assert decoded(swatch(keys[0]))[0] == (60, 60)
    assert picture_for("/image/product/gone-3b4a6b-0a1b2c.png", swatch) is None
