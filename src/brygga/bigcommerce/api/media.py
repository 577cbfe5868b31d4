"""A product's pictures and videos.

The store renames every file and compares none: only our own records show which picture is ours
(bigcommerce facts 3.10).
"""

from dataclasses import replace

from brygga.bigcommerce import bodies, shapes
from brygga.bigcommerce.api.door import Door
from brygga.core.model import CatalogImage, ObservedImage, ObservedVideo
from brygga.wire import Upload

PAGE = 250
IMAGE_BYTES = 8 * 1024 * 1024
PICTURE_S = (
    60.0  # the store fetches the address during the call; at least 30 s (bigcommerce facts 3.10)
)


class MediaCalls(Door):
    async def images(self, product_id: int) -> tuple[ObservedImage, ...]:
        """A product's pictures, without those of its variants. Raises Refused when there is no such
        product.
        """
        rows = await self.pages(
            self.call("GET", f"/v3/catalog/products/{product_id}/images"), PAGE, of_one=True
        )
        return tuple(shapes.image(raw) for raw in rows)

    async def add_image(self, product_id: int, image: CatalogImage) -> ObservedImage:
        """Adds a picture by its address, at most 255 characters. IMAGE_UNREACHABLE: the store could
        not fetch it.
        """
        path = f"/v3/catalog/products/{product_id}/images"
        call = self.call("POST", path, json=bodies.image_body(image), timeout_s=PICTURE_S)
        return shapes.image(await self.object(call))

    async def upload_image(
        self, product_id: int, file: Upload, image: CatalogImage
    ) -> ObservedImage:
        """Adds a picture by its bytes, at most 8 MB, at its position. The answer shows whether the
        position was applied.
        """
        assert len(file.content) <= IMAGE_BYTES
        path = f"/v3/catalog/products/{product_id}/images"
        upload = replace(file, part="image_file", fields=bodies.image_form(image))
        call = self.call("POST", path, upload=upload, timeout_s=PICTURE_S)
        return shapes.image(await self.object(call))

    async def update_image(
        self, product_id: int, image_id: int, image: CatalogImage
    ) -> ObservedImage:
        """Changes a picture's position and whether it is the main one; never its file."""
        path = f"/v3/catalog/products/{product_id}/images/{image_id}"
        return shapes.image(
            await self.object(self.call("PUT", path, json=bodies.image_body(image, source=False)))
        )

    async def delete_image(self, product_id: int, image_id: int) -> None:
        """Deletes a picture; one that is gone is no failure."""
        path = f"/v3/catalog/products/{product_id}/images/{image_id}"
        await self.send(self.call("DELETE", path, wanted=frozenset({404})))

    async def videos(self, product_id: int) -> tuple[ObservedVideo, ...]:
        """A product's videos. Raises Refused when there is no such product."""
        rows = await self.pages(
            self.call("GET", f"/v3/catalog/products/{product_id}/videos"), PAGE, of_one=True
        )
        return tuple(shapes.video(raw) for raw in rows)

    async def add_video(self, product_id: int, video_id: str, sort_order: int) -> ObservedVideo:
        """Adds a YouTube video by its bare id (bigcommerce facts 3.11)."""
        path = f"/v3/catalog/products/{product_id}/videos"
        call = self.call("POST", path, json=bodies.video_body(video_id, sort_order))
        return shapes.video(await self.object(call))

    async def move_video(self, product_id: int, id: int, sort_order: int) -> ObservedVideo:  # noqa: A002
        path = f"/v3/catalog/products/{product_id}/videos/{id}"
        return shapes.video(
            await self.object(self.call("PUT", path, json={"sort_order": sort_order}))
        )

    async def delete_video(self, product_id: int, id: int) -> None:  # noqa: A002
        """Deletes a video; one that is gone is no failure."""
        await self.send(
            self.call(
                "DELETE", f"/v3/catalog/products/{product_id}/videos/{id}", wanted=frozenset({404})
            )
        )
