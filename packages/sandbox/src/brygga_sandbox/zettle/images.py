"""The image host: public pictures, and the uploads (zettle facts 6)."""

import base64
import binascii
import struct
import zlib
from email import message_from_bytes

from brygga_sandbox.http import Request, Response, Router, json_response
from brygga_sandbox.zettle.answers import refusal
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.state import JSON, Picture

TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
ENDINGS = {"JPEG": ".jpeg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tiff"}
MOST_BYTES = 5 * 1024 * 1024
LEAST_BYTES = 50
MAGIC = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)


LEAST_SIDE = 50
"""A picture must be larger than this in either direction, in pixels (6.1)."""


def sides(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, BMP or JPEG. None if the file does not contain them."""
    try:
        if data.startswith(b"\x89PNG"):
            return struct.unpack(">II", data[16:24])
        if data.startswith(b"GIF8"):
            return struct.unpack("<HH", data[6:10])
        if data.startswith(b"BM"):
            width, height = struct.unpack("<ii", data[18:26])
            return width, abs(height)
        return frame_of(data) if data.startswith(b"\xff\xd8\xff") else None
    except struct.error:
        return None


def frame_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in the frame header of a JPEG: the first of the SOF segments."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None


def fits(data: bytes) -> bool:
    """Neither too large nor too small, if the file states its size (6.1)."""
    found = sides(data)
    return LEAST_BYTES <= len(data) <= MOST_BYTES and (found is None or min(found) > LEAST_SIDE)


def mount(router: Router, core: Core) -> None:
    """The public addresses of pictures (6.2), and the upload."""
    host = Images(core)
    for path in (
        "/image/product/{key}",
        "/image/productimage/o/{key}",
        "/image/productimage/L/{key}",
        "/image/v2/images/o/{key}",
    ):
        router.add("GET", path, host.show)
    here = "/image/v2/images/organizations/{org}/products"
    router.add("POST", here, core.guarded("WRITE:PRODUCT", host.upload))
    router.add("POST", f"{here}/bulk", core.guarded("WRITE:PRODUCT", host.bulk))
    router.add(
        "POST", f"{here}/upload", core.guarded("WRITE:PRODUCT", host.file, "multipart/form-data")
    )


def register(core: Core, key: str, data: bytes, content_type: str, *, fresh: bool = False) -> None:
    """Store a picture at a key. A new one may answer 404 for a while (6.2)."""
    core.pictures[key] = Picture(data, content_type, core.now() if fresh else float("-inf"))


def painted(key: str, side: int = 120) -> tuple[bytes, str]:
    """A PNG whose colours depend on its key, for a test that needs any picture."""
    number = zlib.crc32(key.encode())
    light, dark = (
        (number >> shift & 0xFF for shift in (0, 8, 16)),
        (number >> shift & 0x7F for shift in (8, 16, 24)),
    )
    bright, deep = bytes(light), bytes(dark)
    half = side // 2
    rows = [b"\0" + bright * half + deep * (side - half)] * half + [
        b"\0" + deep * half + bright * (side - half)
    ] * (side - half)
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
        """The picture, without an access check. 404 for one that is not available yet."""
        key = request.params["key"]
        if self.core.faults.hits("image_missing", request):
            return Response(404)
        picture = self.core.pictures.get(key)
        if picture is not None:
            ready = self.core.now() >= picture.since + self.core.switches.fresh_image_missing_s
            return (
                Response(200, picture.data, [("Content-Type", picture.content_type)])
                if ready
                else Response(404)
            )
        made = self.core.config.image_source(key) if self.core.config.image_source else None
        return Response(200, made[0], [("Content-Type", made[1])]) if made else Response(404)

    async def upload(self, request: Request, caller: Caller) -> Response:
        """Store a picture from base64 or from an address (6.1)."""
        body = request.json()
        kind = body.get("imageFormat") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in TYPES:
            return refusal(400, "imageFormat must be one of JPEG, PNG, GIF, BMP, TIFF")
        if body.get("imageUrl") is not None:
            made = await self.fetched(request, body)
            return json_response(made) if made else refusal(400, "imageUrl could not be read")
        try:
            data = base64.b64decode(body.get("imageData") or "", validate=True)
        except (binascii.Error, TypeError, ValueError):
            return refusal(400, "imageData must be base64")
        if not fits(data):
            return refusal(422, "image is too large or too small")
        return json_response(self.kept(request, data, kind))

    def kept(self, request: Request, data: bytes, kind: str) -> JSON:
        """Store the picture under its own key. It may be unavailable for a moment (6.2)."""
        key = self.core.ids.hexadecimal(22) + ENDINGS[kind]
        register(self.core, key, data, TYPES[kind], fresh=True)
        return {"imageLookupKey": key, "imageUrls": [f"{request.base_url}/image/product/{key}"]}

    async def fetched(self, request: Request, row: JSON) -> JSON | None:
        """Store the picture behind an address. None if it cannot be fetched or is of an unknown
        kind.
        """
        url, kind = row.get("imageUrl"), row.get("imageFormat")
        if not isinstance(url, str) or not isinstance(kind, str) or kind not in TYPES:
            return None
        if self.core.faults.hits("image_missing", request):
            return None
        data = await self.core.fetch(url)
        found = next((name for magic, name in MAGIC if data and data.startswith(magic)), None)
        return self.kept(request, data, kind) if data and found == kind and fits(data) else None

    async def bulk(self, request: Request, caller: Caller) -> Response:
        """Many addresses in one call. Those that could not be read are listed under `invalid`
        (6.1).
        """
        body = request.json()
        rows = body.get("imageUploads") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            return refusal(400, "imageUploads must not be empty")
        if self.core.faults.hits("batch_refused", request):
            return refusal(400, "The images could not be read")
        uploaded: list[JSON] = []
        invalid: list[str] = []
        for row in rows:
            made = await self.fetched(request, row)
            if made:
                uploaded.append({**made, "source": row["imageUrl"]})
            else:
                invalid.append(str(row.get("imageUrl")))
        return json_response({"uploaded": uploaded, "invalid": invalid})

    async def file(self, request: Request, caller: Caller) -> Response:
        """A file in a form, under `file` (6.1)."""
        kind = request.headers.get("content-type", "")
        parts = message_from_bytes(
            b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + request.body
        )
        for part in parts.get_payload() if parts.is_multipart() else []:
            if (
                not isinstance(part, str)
                and part.get_param("name", header="content-disposition") == "file"
            ):
                data = part.get_payload(decode=True)
                if not isinstance(data, bytes) or not fits(data):
                    return refusal(422, "image is too large or too small")
                found = next((name for magic, name in MAGIC if data.startswith(magic)), None)
                return (
                    json_response(self.kept(request, data, found))
                    if found
                    else refusal(422, "not an image")
                )
        return refusal(400, "file must not be null")
