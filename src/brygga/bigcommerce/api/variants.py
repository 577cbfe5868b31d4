"""Variants: batches of fifty over any products, and single calls when the batch is not enough."""

from collections.abc import Sequence
from dataclasses import replace

from brygga.bigcommerce import bodies, shapes
from brygga.bigcommerce.api.door import Door
from brygga.bigcommerce.values import NewVariant, OwnedVariant
from brygga.core.model import ObservedVariant
from brygga.core.operations import Changes
from brygga.wire import Upload, lost
from brygga.wire.reading import records, text

PAGE = 250
CHANGED_AT_ONCE = 50  # bigcommerce facts 2.2: "subject to change"; a 413 is TOO_MANY_ITEMS
UPLOAD_BYTES = (
    1024 * 1024
)  # a larger file answers 500 (bigcommerce facts 2.3); by address the limit is 8 MB
PICTURE_S = 60.0


class VariantCalls(Door):
    async def variants(self, product_id: int) -> tuple[ObservedVariant, ...]:
        """All variants of a product. Raises Refused(PRODUCT_GONE or GONE) when there is no such
        product.
        """
        rows = await self.pages(
            self.call("GET", f"/v3/catalog/products/{product_id}/variants"), PAGE, of_one=True
        )
        return tuple(shapes.variant(raw) for raw in rows)

    async def update_variants(
        self, updates: Sequence[tuple[int, Changes]]
    ) -> tuple[OwnedVariant, ...]:
        """Changes 1 to 50 variants of any products. One bad element makes BigCommerce refuse them
        all.

        It is not documented whether sku, gtin and image are applied here: compare the answer, and
        use `update_variant` for the rest.
        """
        assert 1 <= len(updates) <= CHANGED_AT_ONCE
        body = [
            {"id": variant_id, **bodies.changes_body(changes)} for variant_id, changes in updates
        ]
        data = await self.data(
            self.call("PUT", "/v3/catalog/variants", json=body, timeout_s=PICTURE_S)
        )
        return tuple(shapes.owned_variants(data))

    async def create_variants(self, new: Sequence[NewVariant]) -> tuple[OwnedVariant, ...]:
        """Creates 1 to 50 variants of existing products. Each has a SKU, and one value of every
        option (bigcommerce facts 3.7).
        """
        assert 1 <= len(new) <= CHANGED_AT_ONCE
        body = [bodies.new_variant_body(one, batch=True) for one in new]
        call = self.call(
            "PUT", "/v3/catalog/variants", json=body, timeout_s=PICTURE_S, repeatable=False
        )
        made = tuple(shapes.owned_variants(await self.data(call)))
        if len(made) < len(new):
            raise lost(call, "fewer variants than asked for")
        return made

    async def create_variant(self, new: NewVariant) -> ObservedVariant:
        """Creates one variant."""
        path = f"/v3/catalog/products/{new.product_id}/variants"
        body = bodies.new_variant_body(new, batch=False)
        return shapes.variant(
            await self.object(self.call("POST", path, json=body, timeout_s=PICTURE_S))
        )

    async def update_variant(
        self, product_id: int, variant_id: int, changes: Changes
    ) -> ObservedVariant:
        """Changes one variant; every field of ours is applied here. Its option values can never
        change (bigcommerce facts 3.7).
        """
        path = f"/v3/catalog/products/{product_id}/variants/{variant_id}"
        call = self.call("PUT", path, json=bodies.changes_body(changes), timeout_s=PICTURE_S)
        return shapes.variant(await self.object(call))

    async def delete_variant(self, product_id: int, variant_id: int) -> None:
        """Deletes one variant; one that is already gone is no failure."""
        path = f"/v3/catalog/products/{product_id}/variants/{variant_id}"
        await self.send(self.call("DELETE", path, wanted=frozenset({404})))

    async def set_variant_image(self, product_id: int, variant_id: int, url: str) -> str:
        """Sets a variant's one picture by address (at most 8 MB). Returns the store's own address
        of it.
        """
        path = f"/v3/catalog/products/{product_id}/variants/{variant_id}/image"
        # A variant has one picture, so a repeated call has no further effect (bigcommerce facts
        # 3.7).
        call = self.call(
            "POST", path, json={"image_url": url}, timeout_s=PICTURE_S, repeatable=True
        )
        return text((await self.object(call)).get("image_url"))

    async def upload_variant_image(self, product_id: int, variant_id: int, file: Upload) -> str:
        """Sets a variant's one picture by its bytes, at most 1 MB."""
        assert len(file.content) <= UPLOAD_BYTES
        path = f"/v3/catalog/products/{product_id}/variants/{variant_id}/image"
        call = self.call(
            "POST",
            path,
            upload=replace(file, part="image_file"),
            timeout_s=PICTURE_S,
            repeatable=True,
        )
        return text((await self.object(call)).get("image_url"))

    async def products_with_sku(self, sku: str) -> frozenset[int]:
        """The products one of whose variants (the base variant too) has this SKU."""
        rows = await self.pages(self.call("GET", "/v3/catalog/variants", {"sku": sku}), PAGE)
        return frozenset(one.product_id for one in shapes.owned_variants(list(records(rows))))
