"""Category trees, and the one category in which new products are created (rule P3; bigcommerce
facts 4).
"""

from brygga.bigcommerce import shapes
from brygga.bigcommerce.api.door import PARTLY, Door, body_of
from brygga.bigcommerce.refusals import refusal
from brygga.bigcommerce.values import Category, Tree
from brygga.wire import lost
from brygga.wire.reading import record, records

PAGE = 250


class CategoryCalls(Door):
    async def trees(self, channel_id: int | None = None) -> tuple[Tree, ...]:
        """The store's category trees, or the tree of a channel, which may have none. This list has
        no pages (bigcommerce facts 4).
        """
        call = self.call("GET", "/v3/catalog/trees", {"channel_id:in": channel_id})
        rows = await self.rows(call)
        if not rows and channel_id is None:
            raise lost(call, "a store without a category tree")
        return tuple(shapes.tree(raw) for raw in rows)

    async def category(self, category_id: int) -> Category | None:
        """A category by its id; None when it is gone."""
        rows = await self.pages(
            self.call("GET", "/v3/catalog/trees/categories", {"category_id:in": category_id}), PAGE
        )
        return next((one for one in map(shapes.category, rows) if one.id == category_id), None)

    async def find_category(self, tree_id: int, name: str) -> Category | None:
        """The top category of a tree with exactly this name; None when there is none."""
        query = {"tree_id:in": tree_id, "parent_id:in": 0, "name": name}
        rows = await self.pages(self.call("GET", "/v3/catalog/trees/categories", query), PAGE)
        return next(
            (one for one in map(shapes.category, rows) if one.name == name and not one.parent_id),
            None,
        )

    async def has_children(self, category_id: int) -> bool:
        query = {"parent_id:in": category_id}
        return bool(await self.pages(self.call("GET", "/v3/catalog/trees/categories", query), PAGE))

    async def delete_category(self, category_id: int) -> None:
        """Deletes a category. Never called without an id: the same call without its filter would
        name every category.
        """
        assert category_id > 0
        query = {"category_id:in": category_id}
        await self.send(
            self.call("DELETE", "/v3/catalog/trees/categories", query, wanted=frozenset({404}))
        )

    async def create_category(self, tree_id: int, name: str) -> Category:
        """Creates a top category. CATEGORY_EXISTS: it was created meanwhile, so find it (names are
        unique among siblings).
        """
        # For a top category the guide asks for the tree alone, the OpenAPI file for tree and
        # parent. The parent of a top category reads as 0 (bigcommerce facts 4).
        body = [{"name": name, "tree_id": tree_id, "parent_id": 0, "is_visible": True}]
        call = self.call("POST", "/v3/catalog/trees/categories", json=body, repeatable=True)
        answer = await self.send(call)
        made = [shapes.category(raw) for raw in records(record(body_of(call, answer)).get("data"))]
        if made and made[0].id:
            return made[0]
        if answer.status == PARTLY:  # one was requested and none was created
            raise refusal(call, answer)
        raise lost(call, f"{answer.status} without category")
