"""Pictures and videos: BigCommerce fetches a picture itself, renames it, and accepts only YouTube
videos (bigcommerce facts 3.10, 3.11).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from brygga_sandbox.fetching import Fetch

from .fields import SORT_ORDER, is_order
from .refusal import Json, Refusal, invalid, missing, not_found
from .state import Picture, Product, Store, Video, stamp

MAX_BYTES = 8 * 1024 * 1024
MAX_UPLOAD_TO_VARIANT = 1024 * 1024
MAX_IMAGES = 1000
MAX_URL = 255
_VIDEO = re.compile(r"[A-Za-z0-9_-]{6,25}")
_MAGIC = (
    (b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF8", "gif"), (b"BM", "bmp"), (b"RIFF",
    "webp"), (b"#define", "xbm"),
)  # fmt: skip


class Camera:
    """Fetches pictures and stores the bytes of each once, up to `room` bytes in all. Then older
    ones are dropped.

    `get` returns the bytes, or None if they cannot be fetched.
    """

    def __init__(self, get: Fetch, own_addresses: str = "", room: int = 64 * 1024 * 1024) -> None:
        self.get = get
        self.own_addresses = own_addresses
        self.room = room
        self.kept: dict[str, tuple[str, bytes]] = {}
        self.promised: dict[str, tuple[str, Callable[[], bytes]]] = {}

    async def load(
        self,
        url: Any,
        *,
        status: int = 400,
        limit: int = MAX_URL,
        lost: Callable[[], bool] = lambda: False,
    ) -> tuple[str, str]:
        """Digest and kind of the picture behind an address. Refuses a picture that cannot be
        fetched, shown or stored. The addresses in `lost` cannot be fetched.
        """
        if not isinstance(url, str) or not re.match(r"https?://[^/\s]+", url):
            raise invalid({"image_url": "url must be an actual URL or an empty string"})
        if len(url) > limit:
            raise invalid({"image_url": f"image_url must be at most {limit} characters"})
        content = None
        if not lost() and not (self.own_addresses and url.startswith(self.own_addresses)):
            # An address on a store's own CDN is refused (bigcommerce facts 3.10, third party).
            content = await self.get(url)
        if content is None:
            if status == 422:
                raise invalid({"image_url": "the image could not be downloaded"})
            raise Refusal(400, "The image could not be downloaded from the given image_url", {})
        return self.keep(content, status=status)

    def keep(self, content: bytes, *, status: int = 400) -> tuple[str, str]:
        """Store the bytes. Refuses more than 8 MB and anything that is no picture."""
        if len(content) > MAX_BYTES:
            raise Refusal(
                422, "The maximum of 8 MB size limit for upload image is exceeded", code=10001
            )
        kind = next((kind for magic, kind in _MAGIC if content.startswith(magic)), None)
        if kind is None:
            raise Refusal(
                status,
                "The file is not an image of a supported type",
                {"image_file": "unsupported type"},
            )
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if digest not in self.kept:
            self.kept[digest] = (kind, content)
            self.room -= len(content)
        while self.room < 0:
            self.room += len(self.kept.pop(next(iter(self.kept)))[1])
        return digest, kind

    def promise(self, key: str, kind: str, draw: Callable[[], bytes]) -> tuple[str, str]:
        """A picture that is drawn when it is read."""
        digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
        self.promised[digest] = (kind, draw)
        return digest, kind

    def find(self, start: str) -> tuple[str, bytes] | None:
        """Kind and bytes of the picture whose digest starts with this text."""
        if start in self.promised:
            kind, draw = self.promised[start]
            return kind, draw()
        if start in self.kept:
            return self.kept[start]
        return next((kept for digest, kept in self.kept.items() if digest.startswith(start)), None)


class Lens:
    """The camera during one request. A fault may make any of its pictures unavailable."""

    def __init__(self, camera: Camera, lost: Callable[[], bool]) -> None:
        self.camera = camera
        self.lost = lost

    async def load(self, url: Any, *, status: int = 400, limit: int = MAX_URL) -> tuple[str, str]:
        """As the camera does, unless the fault fires."""
        return await self.camera.load(url, status=status, limit=limit, lost=self.lost)

    def keep(self, content: bytes) -> tuple[str, str]:
        """As the camera does."""
        return self.camera.keep(content)


Eye = Camera | Lens


def file_name(store: Store, source: str, kind: str) -> str:
    """The stored name: the old one with a random suffix, so that it cannot be traced back
    (bigcommerce facts 3.10).
    """
    stem = (
        re.sub(r"[^a-z0-9_-]+", "_", source.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower())[:40]
        or "image"
    )
    return (
        f"{chr(97 + store.dice.randrange(26))}/{store.dice.randrange(1000):03d}/"
        f"{stem}__{store.dice.randrange(100_000):05d}.{kind}"
    )


def image_json(store: Store, image: Picture, base: str) -> Json:
    """An image as the API shows it."""
    stem, _, kind = image.file.rsplit("/", 1)[-1].rpartition(".")
    moment = f"{image.modified:.0f}"

    def address(size: str) -> str:
        return (
            f"{base}/s-{store.hash}/products/{image.product_id}/images/{image.id}/"
            f"{stem}.{moment}.{size}.{kind}?c=2"
        )

    return {
        "id": image.id,
        "product_id": image.product_id,
        "is_thumbnail": image.is_thumbnail,
        "sort_order": image.sort_order,
        "description": image.description,
        "image_file": image.file,
        "url_zoom": address("1280.1280"),
        "url_standard": address("560.850"),
        "url_thumbnail": address("330.500"),
        "url_tiny": address("66.100"),
        "date_modified": stamp(image.modified),
    }


def image_fields(body: Json, *, inline: bool = False) -> Json:
    """The fields of an image that may be written, without the picture itself."""
    errors: Json = {}
    if not isinstance(body.get("is_thumbnail", False), bool):
        errors["is_thumbnail"] = "must be a boolean"
    if not is_order(body.get("sort_order", 0)):
        errors["sort_order"] = SORT_ORDER
    if not isinstance(body.get("description", ""), str):
        errors["description"] = "must be a string"
    if inline and not body.get("image_url"):
        errors["image_url"] = "image_url must be present if uploading by url"
    if errors:
        raise invalid(errors)
    return {key: body[key] for key in ("is_thumbnail", "sort_order", "description") if key in body}


def add_image(
    store: Store, product: Product, picture: tuple[str, str], source: str, values: Json
) -> Picture:
    """Add a picture to a product. The first one becomes the thumbnail, and there is only one
    thumbnail.
    """
    if len(product.images) >= MAX_IMAGES:
        raise too_many_images()
    digest, kind = picture
    image = Picture(
        store.ids.next("image"),
        product.id,
        file_name(store, source, kind),
        digest,
        False,
        values.get("sort_order", len(product.images)),
        values.get("description", ""),
        store.wall(),
    )
    product.images.append(image)
    if len(product.images) == 1 or values.get("is_thumbnail"):
        make_thumbnail(product, image)
    return image


def too_many_images() -> Refusal:
    """422 for more images than a product may have (bigcommerce facts 2.3)."""
    return Refusal(
        422, f"A product may have at most {MAX_IMAGES} images", {"images": "too many images"}
    )


def make_thumbnail(product: Product, image: Picture) -> None:
    """Only one image is the thumbnail."""
    for other in product.images:
        other.is_thumbnail = other is image


def change_image(
    store: Store, product: Product, image: Picture, values: Json, picture: tuple[str, str] | None
) -> None:
    """PUT an image: order, text, thumbnail, or another picture."""
    image.sort_order = values.get("sort_order", image.sort_order)
    image.description = values.get("description", image.description)
    image.modified = store.wall()
    if picture is not None:
        image.digest = picture[0]
        image.file = file_name(store, image.file, picture[1])
    if values.get("is_thumbnail"):
        make_thumbnail(product, image)


def remove_image(store: Store, product: Product, image: Picture) -> None:
    """Delete an image. The image with the lowest sort order becomes the thumbnail (bigcommerce
    facts 3.10).
    """
    product.images.remove(image)
    if (
        image.is_thumbnail
        and product.images
        and store.switches.thumbnail_heir == "lowest_sort_order"
    ):
        make_thumbnail(product, min(product.images, key=lambda other: (other.sort_order, other.id)))
    store.touched(product)


def image_of(product: Product, image_id: str) -> Picture:
    """The image with that id, or 404."""
    found = next((image for image in product.images if str(image.id) == image_id), None)
    if found is None:
        raise not_found("image", image_id)
    return found


def read_video(store: Store, body: Any, *, partial: bool = False) -> Json:
    """The accepted fields of a video. Only YouTube ids are accepted."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid", detail="Syntax error")
    errors: Json = {}
    if not partial and not body.get("video_id"):
        raise missing({"video_id": "Please provide a video_id."})
    video_id = body.get("video_id", "ok_ok_ok")
    if not isinstance(video_id, str) or len(video_id) > 25:
        errors["video_id"] = "video_id must be a string of at most 25 characters"
    elif store.switches.wrong_video == "refuse" and not _VIDEO.fullmatch(video_id):
        errors["video_id"] = "video_id must be a valid YouTube id"
    if body.get("type", "youtube") != "youtube":
        errors["type"] = "type must be youtube"
    for name in ("title", "description"):
        if not isinstance(body.get(name, ""), str) or (
            name == "title" and len(body.get(name, "")) > 255
        ):
            errors[name] = f"{name} must be a string of at most 255 characters"
    if not is_order(body.get("sort_order", 0)):
        errors["sort_order"] = SORT_ORDER
    if errors:
        raise invalid(errors)
    return {
        key: body[key] for key in ("video_id", "title", "description", "sort_order") if key in body
    }


def add_video(store: Store, product: Product, values: Json) -> Video:
    """Attach a video. Title and length come from YouTube (bigcommerce facts 3.11)."""
    video_id = values["video_id"]
    video = Video(
        store.ids.next("video"),
        product.id,
        video_id,
        values.get("title") or f"Video {video_id}",
        values.get("description", ""),
        "02:41",
        values.get("sort_order", len(product.videos)),
    )
    product.videos.append(video)
    return video


def video_json(video: Video) -> Json:
    """A video as the API shows it."""
    return {
        "id": video.id,
        "product_id": video.product_id,
        "video_id": video.video_id,
        "type": "youtube",
        "title": video.title,
        "description": video.description,
        "length": video.length,
        "sort_order": video.sort_order,
    }


def video_of(product: Product, video_id: str) -> Video:
    """The video with that id, or 404."""
    found = next((video for video in product.videos if str(video.id) == video_id), None)
    if found is None:
        raise not_found("video", video_id)
    return found
