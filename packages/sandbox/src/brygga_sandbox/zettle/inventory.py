"""The inventory host, version 3: inventories, tracking, balances, movements (zettle facts 3)."""

from collections.abc import Iterable
from typing import Any

from brygga_sandbox.clock import iso
from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle import stock
from brygga_sandbox.zettle.answers import refusal, unknown
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.ids import is_uuid
from brygga_sandbox.zettle.paging import limit_of, link
from brygga_sandbox.zettle.products import READ, WRITE
from brygga_sandbox.zettle.state import JSON, Inventory, Organization, Row
from brygga_sandbox.zettle.stock import Cause, Movement

V3 = "/inventory/v3"
PAGE = 100  # 3.4


def mount(router: Router, core: Core) -> None:
    """Every call of the inventory host, behind its rate limit."""
    inventory = InventoryHost(core)
    routes = (
        ("GET", "/inventories", READ, inventory.inventories),
        ("POST", "/inventories", WRITE, inventory.create),
        ("GET", "/inventories/{inventory}", READ, inventory.inventory),
        ("GET", "/products", READ, inventory.tracked),
        ("POST", "/products", WRITE, inventory.track),
        ("POST", "/products/status", READ, inventory.status),
        ("GET", "/stock", READ, inventory.everything),
        ("GET", "/stock/{inventory}", READ, inventory.of_inventory),
        ("GET", "/stock/{inventory}/products/{product}", READ, inventory.of_product),
        ("POST", "/stock/{inventory}/products", READ, inventory.of_products),
        ("POST", "/movements", WRITE, inventory.move),
    )
    for method, path, scope, handler in routes:
        router.add(method, V3 + path, core.guarded(scope, core.limited(handler)))


def inventory_json(one: Inventory) -> JSON:
    return {
        "inventoryUuid": one.uuid,
        "inventoryType": one.type,
        "name": one.name,
        "description": "System generated location",
        "defaultInventory": one.default,
    }


def row_json(organization: Organization, row: Row, *, decimals: bool) -> JSON:
    """A balance as version 3 writes it: a number, with decimals if the product is sold by unit
    (3.4).
    """
    by_unit = decimals and stock.by_unit(organization, row.product)
    return {
        "organizationUuid": organization.uuid,
        "inventoryUuid": row.inventory,
        "productUuid": row.product,
        "variantUuid": row.variant,
        "balance": float(row.balance) if by_unit else row.balance,
        "lowStockLevel": None,
        "lowStockAlert": False,
        "updated": iso(row.updated),
        "checksum": str((row.seq * 2_654_435_761 + row.balance) & 0xFFFFFFFF),
    }


def cursor_of(row: Row) -> str:
    """A row's position in the order of rows, written as a uuid."""
    return f"{row.seq:08x}-0000-1000-8000-000000000000"


class InventoryHost:
    """The handlers."""

    def __init__(self, core: Core) -> None:
        self.core = core

    # -- places

    async def inventories(self, request: Request, caller: Caller) -> Response:
        """Empty before the first product is tracked (3.2)."""
        if self.core.switches.inventories_from_start:
            stock.open_inventories(self.core, caller.organization)
        return json_response(
            [inventory_json(one) for one in caller.organization.inventories.values()]
        )

    async def inventory(self, request: Request, caller: Caller) -> Response:
        return json_response(inventory_json(self.place(request, caller.organization)))

    async def create(self, request: Request, caller: Caller) -> Response:
        """A further inventory. It is a STORE, but never the default one (3.2)."""
        body = request.json()
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name:
            return refusal(400, "name must not be empty")
        stock.open_inventories(self.core, caller.organization)
        one = Inventory(self.core.uuid1(), "STORE", name, default=False)
        caller.organization.inventories[one.uuid] = one
        return json_response(inventory_json(one), 201)

    def place(self, request: Request, organization: Organization) -> Inventory:
        one = organization.inventories.get(request.params["inventory"].lower())
        if one is None:
            raise Answer(unknown("Inventory"))
        return one

    # -- tracking

    async def tracked(self, request: Request, caller: Caller) -> Response:
        tracking = caller.organization.tracking
        return json_response(
            [{"productUuid": uuid, "tracking": "enable"} for uuid, on in tracking.items() if on]
        )

    async def track(self, request: Request, caller: Caller) -> Response:
        """Switch tracking on or off for several products, all of them or none (3.3)."""
        rows = self.rows_of(request)
        for row in rows:
            if row.get("tracking") not in ("enable", "disable"):
                return refusal(400, "tracking must be enable or disable")
            self.core.version_1("productUuid", row.get("productUuid"))
            if str(row["productUuid"]).lower() not in caller.organization.products:
                return unknown("Product")
        cause = Cause(caller.user, caller.client_id)
        for row in rows:
            stock.track(
                self.core,
                caller.organization,
                row["productUuid"].lower(),
                row["tracking"] == "enable",
                cause,
            )
        return Response(204)

    async def status(self, request: Request, caller: Caller) -> Response:
        """Tracking of the named products. Those never tracked may be missing (3.3)."""
        tracking, named = caller.organization.tracking, self.uuids_of(request)
        if self.core.switches.status_lists_untracked:
            tracking = {
                uuid: tracking.get(uuid, False)
                for uuid in named
                if uuid in caller.organization.products
            }
        rows = [
            {"productUuid": uuid, "enabled": tracking[uuid]} for uuid in named if uuid in tracking
        ]
        return json_response(rows)

    def rows_of(self, request: Request) -> list[JSON]:
        rows = request.json()
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise Answer(refusal(400, "expected a list of objects"))
        return rows

    def uuids_of(self, request: Request) -> list[str]:
        rows = request.json()
        if not isinstance(rows, list) or not rows or not all(is_uuid(row) for row in rows):
            raise Answer(refusal(400, "expected a list of UUIDs"))
        self.core.version_1("product uuid", *rows)
        return [row.lower() for row in rows]

    # -- balances

    async def everything(self, request: Request, caller: Caller) -> Response:
        return self.page(request, caller.organization, None)

    async def of_inventory(self, request: Request, caller: Caller) -> Response:
        return self.page(
            request, caller.organization, self.place(request, caller.organization).uuid
        )

    def page(self, request: Request, organization: Organization, place: str | None) -> Response:
        """Rows of tracked products in order of creation, with a Link while more are left (3.4)."""
        most = self.core.switches.most_stock_rows
        limit, cursor = limit_of(request, min(PAGE, most), most), request.value("cursor")
        if cursor is not None and not is_uuid(cursor):
            return refusal(400, "Invalid cursor")
        after = int(cursor[:8], 16) if cursor else 0
        page: list[Row] = []
        for row in organization.rows_after(after):
            if (
                place in {None, row.inventory}
                and organization.tracked(row.product)
                and self.is_listed(row)
            ):
                if len(page) == limit:
                    return self.answer(
                        organization, page, link(request, cursor=cursor_of(page[-1]), limit=limit)
                    )
                page.append(row)
        return self.answer(organization, page)

    def answer(
        self, organization: Organization, rows: Iterable[Row], *headers: tuple[str, str]
    ) -> Response:
        decimals = self.core.switches.unit_balances_have_decimals
        return json_response(
            [row_json(organization, row, decimals=decimals) for row in rows], headers=headers
        )

    async def of_product(self, request: Request, caller: Caller) -> Response:
        """An untracked product has no rows, or is 404 with a switch. An unknown product is 404
        (3.4).
        """
        organization, product = caller.organization, request.params["product"].lower()
        place = self.place(request, organization)
        self.core.version_1("product uuid", product)
        if product not in organization.products and not self.core.switches.unknown_stock_is_empty:
            return unknown("Product")
        if not organization.tracked(product) and self.core.switches.untracked_stock_is_404:
            return refusal(404, "Product is not tracked", "PRODUCT_NOT_TRACKED")
        return self.answer(organization, self.rows(organization, place, [product]))

    async def of_products(self, request: Request, caller: Caller) -> Response:
        place = self.place(request, caller.organization)
        return self.answer(
            caller.organization, self.rows(caller.organization, place, self.uuids_of(request))
        )

    def rows(
        self, organization: Organization, place: Inventory, products: Iterable[str]
    ) -> list[Row]:
        tracked = [product for product in products if organization.tracked(product)]
        keys = [
            (place.uuid, variant)
            for product in tracked
            for variant in organization.variants_of.get(product, ())
        ]
        return [
            organization.rows[key]
            for key in keys
            if key in organization.rows and self.is_listed(organization.rows[key])
        ]

    def is_listed(self, row: Row) -> bool:
        """Rows of 0 may be left out, with a switch (3.4)."""
        return row.balance != 0 or not self.core.switches.zero_rows_left_out

    # -- movements

    async def move(self, request: Request, caller: Caller) -> Response:
        """All movements of a call or none. The identifier is only passed on; a repeated call moves
        stock again (3.5).
        """
        body = request.json()
        rows = body.get("movements") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            return refusal(400, "movements must not be empty")
        if len(rows) > self.core.switches.most_movements:
            return refusal(400, f"at most {self.core.switches.most_movements} movements")
        identifier = body.get("identifier")
        if identifier is not None:
            self.core.version_1("identifier", identifier)
        if self.core.faults.hits("batch_refused", request):
            return refusal(400, "The movements could not be made")
        cause = Cause(caller.user, caller.client_id, identifier)
        if self.core.switches.movements_stop_half_way:
            return self.one_by_one(caller.organization, rows, cause)
        movements = [self.movement(caller.organization, row) for row in rows]
        why = stock.refusal_of(self.core, caller.organization, movements)
        if why:
            return refusal(400, why)
        stock.move(self.core, caller.organization, movements, cause)
        return Response(204)

    def one_by_one(self, organization: Organization, rows: list[JSON], cause: Cause) -> Response:
        """The other reading: the movements before a refused one are made (3.5)."""
        for row in rows:
            movement = self.movement(organization, row)
            why = stock.refusal_of(self.core, organization, [movement])
            if why:
                return refusal(400, why)
            stock.move(self.core, organization, [movement], cause)
        return Response(204)

    def movement(self, organization: Organization, row: JSON) -> Movement:
        """One movement, checked."""
        self.core.version_1(
            "productUuid or variantUuid", row.get("productUuid"), row.get("variantUuid")
        )
        named = (
            str(row.get(name)).lower() for name in ("productUuid", "variantUuid", "from", "to")
        )
        product, variant, source, target = named
        if product not in organization.products or organization.product_of.get(variant) != product:
            raise Answer(unknown("Product or variant"))
        if not organization.tracked(product):
            raise Answer(
                refusal(
                    self.core.switches.not_tracked_status,
                    "Product is not tracked",
                    "PRODUCT_NOT_TRACKED",
                )
            )
        if source not in organization.inventories or target not in organization.inventories:
            raise Answer(unknown("Inventory"))
        if source == target:
            raise Answer(refusal(400, "from and to must differ"))
        return Movement(product, variant, source, target, self.change(row.get("change")))

    def change(self, change: Any) -> int:
        if (
            isinstance(change, bool)
            or not isinstance(change, int)
            or not 0 < change <= stock.MOST_CHANGE
        ):
            raise Answer(refusal(400, f"change must be between 1 and {stock.MOST_CHANGE}"))
        return change
