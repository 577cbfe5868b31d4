"""Pictures of the Zettle sandbox: uploaded, fetched, refused, painted (zettle facts 6)."""

import base64
import struct
from typing import Any

import pytest

from brygga_sandbox.zettle import Config, painted
from sandbox_tests.zettle.zettle_bench import Bench

JSON = dict[str, Any]


async def test_a_fresh_picture_is_there_after_a_while() -> None:
    """404, then the bytes with their kind, at every address form, without a token."""
    bench = Bench()
    data = painted("x")[0]
    body = {"imageFormat": "PNG", "imageData": base64.b64encode(data).decode()}
    anyone = bench.bearing(None)

    made = (
        await bench.client.post("/image/v2/images/organizations/self/products", json=body)
    ).json()
    early = await anyone.get(made["imageUrls"][0])
    await bench.clock.advance(2)
    later = await anyone.get(made["imageUrls"][0])

    assert (early.status_code, later.status_code) == (404, 200)
    assert (later.content, later.headers["content-type"]) == (data, "image/png")
    for form in ("productimage/o", "productimage/L", "v2/images/o"):
        assert (await anyone.get(f"/image/{form}/{made['imageLookupKey']}")).content == data


@pytest.mark.parametrize(
    ("body", "status"), [({"imageFormat": "JPG"}, 400), ({"imageFormat": "PNG"}, 422)]
)
async def test_an_upload_that_is_no_picture_is_refused(body: JSON, status: int) -> None:
    """JPG is not a format, and nothing is too small."""
    answer = await Bench().client.post("/image/v2/images/organizations/self/products", json=body)

    assert answer.status_code == status


def jpeg(width: int, height: int) -> bytes:
    """The beginning of a JPEG of that size: start, one segment to skip, the frame header."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + frame + b"\0" * 60


PICTURES: list[tuple[str, str, bytes, int]] = [
    ("a small PNG", "PNG", painted("a", 50)[0], 422),
    ("a PNG", "PNG", painted("a", 51)[0], 200),
    ("a flat GIF", "GIF", b"GIF89a" + struct.pack("<HH", 400, 50) + b"\0" * 60, 422),
    ("a GIF", "GIF", b"GIF89a" + struct.pack("<HH", 51, 51) + b"\0" * 60, 200),
    ("a narrow BMP", "BMP", b"BM" + b"\0" * 16 + struct.pack("<ii", 20, -400) + b"\0" * 60, 422),
    ("a narrow JPEG", "JPEG", jpeg(50, 400), 422),
    ("a JPEG", "JPEG", jpeg(51, 51), 200),
    ("a JPEG that does not say", "JPEG", b"\xff\xd8\xff" + b"\0" * 60, 200),
    ("a large one", "PNG", painted("a", 51)[0] + b"\0" * 5 * 1024 * 1024, 422),
]


@pytest.mark.parametrize(
    ("kind", "data", "status"), [one[1:] for one in PICTURES], ids=[one[0] for one in PICTURES]
)
async def test_a_picture_is_larger_than_50_by_50_and_smaller_than_5_megabytes(
    kind: str, data: bytes, status: int
) -> None:
    """In base64 and as a file (6.1)."""
    bench = Bench()
    place = "/image/v2/images/organizations/self/products"

    body = {"imageFormat": kind, "imageData": base64.b64encode(data).decode()}
    assert (await bench.client.post(place, json=body)).status_code == status
    assert (
        await bench.client.post(f"{place}/upload", files={"file": ("a", data)})
    ).status_code == status


async def test_a_picture_may_have_no_ending_and_may_be_missing() -> None:
    """A registered key is served as it is; a fault hides it."""
    bench = Bench()
    bench.sandbox.add_picture("noending", b"GIF89a", "image/gif")

    found = await bench.client.get("/image/product/noending")
    bench.sandbox.faults.add("image_missing", next=1)
    hidden = await bench.client.get("/image/product/noending")

    assert (found.status_code, found.headers["content-type"]) == (200, "image/gif")
    assert hidden.status_code == 404
    assert (await bench.client.get("/image/product/unknown")).status_code == 404


async def test_unregistered_pictures_are_painted_where_the_sandbox_is_told_so() -> None:
    """The same key is the same picture."""
    bench = Bench(Config(image_source=painted))

    one, same, other = [
        (await bench.client.get(f"/image/product/{key}")).content
        for key in ("a.png", "a.png", "b.png")
    ]

    assert one.startswith(b"\x89PNG")
    assert one == same != other
