"""The image host: pictures to look at, and a simple upload (facts 6)."""

import base64
import binascii
import struct
import zlib

from brygga.sandbox.http import Request, Response, Router, json_response
from brygga.sandbox.zettle.answers import refusal
from brygga.sandbox.zettle.core import Caller, Core
from brygga.sandbox.zettle.state import Picture

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "BMP": "image/bmp", "TIFF": "image/tiff"}
ENDINGS = {"JPEG": ".jpeg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tiff"}
MOST_BYTES = 5 * 1024 * 1024


def mount(router: Router, core: Core) -> None:
    """The addresses at which pictures live (6.2), public, and the upload."""
    host = Images(core)
    for path in (
        "/image/product/{key}",
        "/image/productimage/o/{key}",
        "/image/productimage/L/{key}",
        "/image/v2/images/o/{key}",
    ):
        router.add("GET", path, host.show)
    upload = core.guarded("WRITE:PRODUCT", host.upload)
    router.add("POST", "/image/v2/images/organizations/{org}/products", upload)


def register(core: Core, key: str, data: bytes, content_type: str, *, fresh: bool = False) -> None:
    """Put a picture at a key. A fresh one may answer 404 for a while (6.2)."""
    core.pictures[key] = Picture(data, content_type, core.now() if fresh else float("-inf"))


def painted(key: str, side: int = 120) -> tuple[bytes, str]:
    """A PNG whose colours follow from its key: for who needs a picture and does not care which."""
    number = zlib.crc32(key.encode())
    light, dark = ((number >> shift & 0xFF for shift in (0, 8, 16)), (number >> shift & 0x7F for shift in (8, 16, 24)))
    bright, deep = bytes(light), bytes(dark)
    half = side // 2
    rows = [b"\0" + bright * half + deep * (side - half)] * half + [b"\0" + deep * half + bright * (side - half)] * (
        side - half
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts), "image/png"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


class Images:
    """The handlers."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def show(self, request: Request) -> Response:
        """The picture, without asking who looks; 404 for one that is not there yet."""
        key = request.params["key"]
        if self.core.faults.hits("image_missing", request):
            return Response(404)
        picture = self.core.pictures.get(key)
        if picture is not None:
            ready = self.core.now() >= picture.since + self.core.switches.fresh_image_missing_s
            return Response(200, picture.data, [("Content-Type", picture.content_type)]) if ready else Response(404)
        made = self.core.config.image_source(key) if self.core.config.image_source else None
        return Response(200, made[0], [("Content-Type", made[1])]) if made else Response(404)

    async def upload(self, request: Request, caller: Caller) -> Response:
        """A picture in base64 becomes an address (6.1). Fetching from an `imageUrl` is not offered here."""
        body = request.json()
        kind = body.get("imageFormat") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in TYPES:
            return refusal(400, "imageFormat must be one of JPEG, PNG, GIF, BMP, TIFF")
        try:
            data = base64.b64decode(body.get("imageData") or "", validate=True)
        except (binascii.Error, TypeError, ValueError):
            return refusal(400, "imageData must be base64")
        if not data or len(data) > MOST_BYTES:
            return refusal(422, "image is too large or too small")
        key = self.core.ids.hexadecimal(22) + ENDINGS[kind]
        register(self.core, key, data, TYPES[kind], fresh=True)
        return json_response({"imageLookupKey": key, "imageUrls": [f"{request.base_url}/image/product/{key}"]})
