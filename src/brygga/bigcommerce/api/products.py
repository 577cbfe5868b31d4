"""Products: read in pages, created in one call, changed one or ten at a time, deleted by id."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from brygga.bigcommerce import bodies, shapes
from brygga.bigcommerce.api.door import Door, body_of, failed_part
from brygga.bigcommerce.values import BatchSaved, Page, Saved
from brygga.core.failures import Failure
from brygga.core.model import CatalogProduct, ObservedProduct
from brygga.core.operations import Changes, Create
from brygga.wire import Answer, Call, lost
from brygga.wire.reading import record, records

PAGE = 250  # bigcommerce facts 2.2
UPDATED_AT_ONCE = 10  # bigcommerce facts 2.2, 3.5
DELETED_AT_ONCE = 250  # bigcommerce facts 3.6
CHILDREN = ("variants", "images", "videos")
"""Without the options: they limit a page to ten products (bigcommerce facts 2.2). Variants name
their option values even so.
"""
WITH_OPTIONS = (*CHILDREN, "options")
# Well below the lease of a turn. The store fetches every picture during the call (bigcommerce facts
# 3.10).
CREATE_S = 60.0


class ProductCalls(Door):
    async def products(
        self, product_ids: Sequence[int], include: Sequence[str] = CHILDREN
    ) -> Mapping[int, ObservedProduct]:
        """Those of these products (at most 250) that exist, by id, without their options."""
        assert len(product_ids) <= PAGE
        if not product_ids:
            return {}
        call = self.call(
            "GET",
            "/v3/catalog/products",
            {"id:in": product_ids, "include": include or None},
            timeout_s=60,
        )
        found = [shapes.product(raw) for raw in await self.pages(call, PAGE)]
        return {one.product_id: one for one in found}

    async def product(self, product_id: int) -> ObservedProduct | None:
        """One product with its options; None when there is none."""
        call = self.call(
            "GET",
            f"/v3/catalog/products/{product_id}",
            {"include": WITH_OPTIONS},
            wanted=frozenset({404}),
        )
        answer = await self.send(call)
        return None if answer.status == 404 else product_of(call, answer)

    async def products_page(
        self,
        page: int = 1,
        *,
        category_id: int | None = None,
        name: str | None = None,
        sku: str | None = None,
        modified_since: datetime | None = None,
        is_visible: bool | None = None,
        include: Sequence[str] = CHILDREN,
        limit: int = PAGE,
    ) -> Page[ObservedProduct]:
        """A page of the store's products. `name` is exact; `sku` is a product's own, never a
        variant's (bigcommerce facts 3.2).
        """
        query = {
            # `categories` alone misses products that are also in other categories (bigcommerce
            # facts 3.2).
            "categories:in": category_id,
            "name": name,
            "sku": sku,
            # A bare date would get the present time of day (bigcommerce facts 3.2).
            "date_modified:min": modified_since.isoformat() if modified_since else None,
            "is_visible": is_visible,
            "include": include or None,
            "sort": "id",
            "direction": "asc",
        }
        rows, found = await self.page(
            self.call("GET", "/v3/catalog/products", query, timeout_s=60), page, limit
        )
        return replace(found, items=tuple(shapes.product(raw) for raw in rows))

    async def create_product(
        self,
        desired: CatalogProduct,
        create: Create,
        *,
        images: bool = True,
        videos: bool = True,
        fill: bool = True,
    ) -> Saved:
        """Creates the product in one call. A picture or video that the store cannot accept makes it
        refuse the whole call: retry without them.

        When the answer lacks the children's ids, one read follows (`fill`). If that fails, the
        product exists all the same, and `complete` is False.
        """
        body = bodies.product_body(desired, create, images=images, videos=videos)
        call = self.call("POST", "/v3/catalog/products", json=body, timeout_s=CREATE_S)
        answer = await self.send(call)
        made = Saved(product_of(call, answer), failed_part(call, answer))
        if _has_children(made.product, body):
            return made
        return await self._filled(made) if fill else replace(made, complete=False)

    async def _filled(self, made: Saved) -> Saved:
        try:
            full = await self.product(made.product.product_id)
        except Failure:
            # A failed read must not cause a second create of a product that exists.
            full = None
        return replace(made, complete=False) if full is None else replace(made, product=full)

    async def update_product(self, product_id: int, changes: Changes) -> Saved:
        """Changes only the named fields. What a 207 left out (address or stock) is in `failed`."""
        call = self.call(
            "PUT", f"/v3/catalog/products/{product_id}", json=bodies.changes_body(changes)
        )
        answer = await self.send(call)
        return Saved(product_of(call, answer), failed_part(call, answer), complete=False)

    async def update_products(self, updates: Sequence[tuple[int, Changes]]) -> BatchSaved:
        """Changes 1 to 10 products. One bad element can make BigCommerce refuse the whole batch
        without naming it: bisect then (bigcommerce facts 3.5).
        """
        assert 1 <= len(updates) <= UPDATED_AT_ONCE
        body = [
            {"id": product_id, **bodies.changes_body(changes)} for product_id, changes in updates
        ]
        call = self.call("PUT", "/v3/catalog/products", json=body, timeout_s=60)
        answer = await self.send(call)
        saved = [shapes.product(raw) for raw in records(record(body_of(call, answer)).get("data"))]
        return BatchSaved({one.product_id: one for one in saved}, failed_part(call, answer))

    async def show_products(self, product_ids: Sequence[int], *, visible: bool) -> None:
        """Shows or hides 1 to 10 products. Only a removal does this: otherwise visibility is the
        merchant's (P4).
        """
        assert 1 <= len(product_ids) <= UPDATED_AT_ONCE
        body = [{"id": product_id, "is_visible": visible} for product_id in product_ids]
        await self.send(self.call("PUT", "/v3/catalog/products", json=body, timeout_s=60))

    async def delete_products(self, product_ids: Sequence[int]) -> None:
        """Deletes 1 to 250 products by id (bigcommerce facts 3.6).

        Never called with none: the same call without its filter would name every product.
        """
        assert 1 <= len(product_ids) <= DELETED_AT_ONCE
        assert all(product_id > 0 for product_id in product_ids)
        query = {"id:in": product_ids}
        await self.send(
            self.call(
                "DELETE", "/v3/catalog/products", query, timeout_s=60, wanted=frozenset({404})
            )
        )


def product_of(call: Call, answer: Answer) -> ObservedProduct:
    found = shapes.product(record(record(body_of(call, answer)).get("data")))
    if not found.product_id:
        raise lost(call, f"{answer.status} without id")
    return found


def _has_children(made: ObservedProduct, sent: Mapping[str, Any]) -> bool:
    """Whether the answer to a create named every child by id. It is not documented whether it does
    (bigcommerce facts 3.3).
    """
    variants = len(made.variants) >= max(len(sent.get("variants", ())), 1)
    named = all(
        option_id and value_id for one in made.variants for option_id, value_id in one.values
    )
    labelled = "variants" not in sent or all(one.values for one in made.variants)
    return (
        variants
        and named
        and labelled
        and _as_many(made.images, sent, "images")
        and _as_many(made.videos, sent, "videos")
    )


def _as_many(made: Sequence[Any], sent: Mapping[str, Any], kind: str) -> bool:
    return len(made) >= len(sent.get(kind, ()))
