"""Categories and pictures in use (zettle facts 2.1)."""

from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle import library
from brygga_sandbox.zettle.answers import refusal, unknown
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.merging import pruned
from brygga_sandbox.zettle.products import ORG, READ, WRITE
from brygga_sandbox.zettle.state import JSON, Organization


def mount(router: Router, core: Core) -> None:
    """Categories and pictures."""
    record = StockRecord(core)
    routes = (
        ("GET", f"{ORG}/categories/v2", READ, record.categories),
        ("POST", f"{ORG}/categories/v2", WRITE, record.create),
        ("PATCH", f"{ORG}/categories/v2/{{uuid}}", WRITE, record.rename),
        ("DELETE", f"{ORG}/categories/v2/{{uuid}}", WRITE, record.delete),
        ("GET", f"{ORG}/images", READ, record.images),
    )
    for method, path, scope, handler in routes:
        router.add(method, path, core.guarded(scope, handler))


def pictures_of(product: JSON) -> list[str]:
    """Every picture of a product, in the order in which a reader meets them."""
    online = (product.get("online") or {}).get("presentation") or {}
    found = [(product.get("presentation") or {}).get("imageUrl"), online.get("displayImageUrl")]
    found += online.get("additionalImageUrls") or []
    found += [
        (one.get("presentation") or {}).get("imageUrl") for one in product.get("variants", ())
    ]
    return [url for url in dict.fromkeys(found) if url]


class StockRecord:
    """The handlers."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def categories(self, request: Request, caller: Caller) -> Response:
        rows = [
            {"uuid": uuid, "name": name} for uuid, name in caller.organization.categories.items()
        ]
        return json_response({"categories": rows})

    async def create(self, request: Request, caller: Caller) -> Response:
        """201; 400 for a name or uuid that exists."""
        body = request.json()
        rows = body.get("categories") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            return refusal(400, "categories must not be empty")
        known = dict(caller.organization.categories)
        for row in rows:
            self.core.version_1("category uuid", row.get("uuid"))
            name = self.name(row)
            if row["uuid"] in known or name in known.values():
                return refusal(400, "Category already exists", "ITEM_ALREADY_EXIST")
            known[row["uuid"]] = name
        caller.organization.categories.update(known)
        return Response(201)

    def name(self, row: JSON) -> str:
        name = row.get("name")
        if not isinstance(name, str) or not 0 < len(name) <= 100:
            raise Answer(refusal(400, "name: size must be between 1 and 100"))
        return name

    async def rename(self, request: Request, caller: Caller) -> Response:
        """Rename a category, also in every product that is in it."""
        uuid, categories = self.known(request, caller.organization), caller.organization.categories
        body = request.json()
        name = self.name(body if isinstance(body, dict) else {})
        if name in categories.values() and categories[uuid] != name:
            return refusal(400, "Category already exists", "ITEM_ALREADY_EXIST")
        categories[uuid] = name
        self.rewrite(caller, uuid, {"uuid": uuid, "name": name})
        return Response(204)

    async def delete(self, request: Request, caller: Caller) -> Response:
        uuid = self.known(request, caller.organization)
        del caller.organization.categories[uuid]
        self.rewrite(caller, uuid, None)
        return Response(204)

    def known(self, request: Request, organization: Organization) -> str:
        uuid = request.params["uuid"].lower()
        if uuid not in organization.categories:
            raise Answer(unknown("Category"))
        return uuid

    def rewrite(self, caller: Caller, uuid: str, category: JSON | None) -> None:
        """Save every product of a category with another category, or with none."""
        for stored in caller.organization.products_after(0):
            product = pruned(stored.value()) if uuid.encode() in stored.body else {}
            if product.get("category", {}).get("uuid") == uuid:
                changed = pruned({**product, "category": category})
                library.update(self.core, caller.organization, stored, changed, caller.user)

    async def images(self, request: Request, caller: Caller) -> Response:
        urls = (
            url
            for stored in caller.organization.products_after(0)
            for url in pictures_of(stored.value())
        )
        return json_response({"imageUrls": list(dict.fromkeys(urls))})
