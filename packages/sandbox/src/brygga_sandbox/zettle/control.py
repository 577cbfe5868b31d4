"""The control addresses under /sandbox: what a test or a demo does to the sandbox from outside. No
fault applies to them, and they are never counted.
"""

from collections.abc import Callable
from typing import Any

from brygga_sandbox.controls import mount_clock, mount_delivery_faults
from brygga_sandbox.faults import mount_faults
from brygga_sandbox.http import Handler, Request, Response, Router, json_response
from brygga_sandbox.requests import mount_requests
from brygga_sandbox.switches import mount_switches
from brygga_sandbox.zettle.accounts import give_access, give_refresh, grant_for
from brygga_sandbox.zettle.apikeys import drop_key, make_key
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.receipts import Amount, Line, Sold
from brygga_sandbox.zettle.state import JSON, App, Organization
from brygga_sandbox.zettle.switches import Switches
from brygga_sandbox.zettle.till import Till

Act = Callable[[Till, JSON], Any]


def mount(router: Router, core: Core) -> None:
    """All control addresses."""
    mount_faults(router, core.faults)
    mount_requests(router, core.requests)

    def put(switches: Switches) -> None:
        core.switches = switches

    mount_switches(router, lambda: core.switches, put)
    control = Control(core)
    acts: tuple[tuple[str, str, Act], ...] = (
        ("POST", "/sell", control.sell),
        ("POST", "/refund", control.refund),
        ("POST", "/stock", control.stock),
        ("POST", "/tracking", control.tracking),
        ("POST", "/products", control.create_product),
        ("PATCH", "/products/{uuid}", control.edit_product),
        ("DELETE", "/products/{uuid}", control.delete_product),
        ("PATCH", "/organization", control.edit_organization),
        ("POST", "/revoke", control.revoke),
        ("POST", "/apps", control.register_app),
        ("POST", "/token", control.token),
        ("POST", "/api-keys", control.make_key),
        ("DELETE", "/api-keys/{client_id}", control.drop_key),
    )
    for method, path, act in acts:
        router.add(method, f"/sandbox{path}", control.acting(act), control=True)
    router.table(
        (
            ("GET", "/state", control.state),
            ("GET", "/organizations", control.organizations),
        ),
        prefix="/sandbox",
        control=True,
    )
    mount_clock(router, core.clock)
    mount_delivery_faults(router, core.outbox)


class Control:
    """The handlers. Without `organization_uuid` they act for the first organization."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def organization(self, uuid: str | None) -> Organization:
        if uuid is None:
            return next(iter(self.core.organizations.values()))
        return self.core.organizations[uuid]

    def acting(self, act: Act) -> Handler:
        """A merchant's action as a handler: 404 for what does not exist, 400 for invalid values."""

        async def inside(request: Request) -> Response:
            try:
                body = request.json() if request.body else {}
                till = Till(self.core, self.organization(body.pop("organization_uuid", None)))
                return json_response(act(till, {**body, **request.params}))
            except LookupError as error:
                return json_response({"error": str(error)}, 404)
            except (AttributeError, TypeError, ValueError) as error:
                return json_response({"error": str(error)}, 400)

        return inside

    def sold(self, till: Till, body: JSON) -> str:
        """The variant named by uuid or by SKU."""
        return (
            str(body["variant_uuid"])
            if "variant_uuid" in body
            else till.variant(sku=str(body["sku"]))
        )

    def sell(self, till: Till, body: JSON) -> JSON:
        lines = body.get("lines", [body])
        ago = body.get("seconds_ago")
        return till.sell(
            [self.line(till, line) for line in lines],
            at=None if ago is None else self.core.now() - float(ago),
        )

    def line(self, till: Till, line: JSON) -> Sold:
        """A product by uuid or SKU. With a `price` (minor units) instead, an amount that was typed
        in.
        """
        quantity = int(line.get("quantity", 1))
        if "price" not in line:
            return Line(self.sold(till, line), quantity)
        return Amount(
            int(line["price"]),
            str(line.get("name", "")),
            quantity,
            str(line.get("type", "CUSTOM_AMOUNT")),
        )

    def refund(self, till: Till, body: JSON) -> JSON:
        restock = bool(body.get("restock", True))
        if "purchase_uuid" in body:
            organization = till.organization
            purchase = organization.purchases[organization.purchase_at[body["purchase_uuid"]]]
            part = (
                {int(row["line"]): int(row["quantity"]) for row in body["lines"]}
                if "lines" in body
                else None
            )
            return till.refund(purchase, restock=restock, part=part)
        return till.refund(self.sold(till, body), int(body.get("quantity", 1)), restock=restock)

    def stock(self, till: Till, body: JSON) -> JSON:
        variant = self.sold(till, body)
        till.set_stock(variant, int(body["balance"]))
        return {"variant_uuid": variant, "balance": till.balance(variant)}

    def tracking(self, till: Till, body: JSON) -> JSON:
        till.track(body["product_uuid"], bool(body["on"]))
        return {
            "product_uuid": body["product_uuid"],
            "on": till.organization.tracked(body["product_uuid"]),
        }

    def create_product(self, till: Till, body: JSON) -> JSON:
        return till.create_product(**body)

    def edit_product(self, till: Till, body: JSON) -> JSON:
        return till.edit_product(body.pop("uuid"), **body)

    def delete_product(self, till: Till, body: JSON) -> JSON:
        till.delete_product(body["uuid"])
        return {"deleted": body["uuid"]}

    def edit_organization(self, till: Till, body: JSON) -> JSON:
        till.edit_organization(**body)
        return till.organization.details

    def revoke(self, till: Till, body: JSON) -> JSON:
        """Without a `client_id`, every app loses its access."""
        all_of_them = [
            client
            for organization, client in self.core.grants
            if organization == till.organization.uuid
        ]
        clients = [body["client_id"]] if "client_id" in body else all_of_them
        for client in clients:
            till.remove_app(client)
        return {"removed": clients}

    def register_app(self, till: Till, body: JSON) -> JSON:
        app = App(
            body["client_id"], body["client_secret"], body["name"], tuple(body["redirect_uris"])
        )
        self.core.apps[app.client_id] = app
        return {"client_id": app.client_id}

    def token(self, till: Till, body: JSON) -> JSON:
        """Tokens without the consent page."""
        scopes = tuple(body["scopes"])
        app = self.core.apps[body["client_id"]]
        grant = grant_for(self.core, till.organization, app, till.organization.owner.uuid, scopes)
        access = give_access(self.core, grant, scopes)
        return {"access_token": access, "refresh_token": give_refresh(self.core, grant, scopes)}

    def make_key(self, till: Till, body: JSON) -> JSON:
        """An API key, as the merchant creates one for an app of their own."""
        key = make_key(
            self.core, till.organization, body.get("name", "Egen app"), tuple(body["scopes"])
        )
        return {"client_id": key.client_id, "api_key": key.text}

    def drop_key(self, till: Till, body: JSON) -> JSON:
        drop_key(self.core, till.organization, body["client_id"])
        return {"deleted": body["client_id"]}

    async def organizations(self, request: Request) -> Response:
        rows = [
            {"uuid": one.uuid, "name": one.details["name"]}
            for one in self.core.organizations.values()
        ]
        return json_response(rows)

    async def state(self, request: Request) -> Response:
        """A whole organization, for comparison with a client's copy."""
        try:
            organization = self.organization(request.value("organization_uuid"))
        except LookupError as error:
            return json_response({"error": str(error)}, 404)
        return json_response(snapshot(self.core, organization))


def snapshot(core: Core, organization: Organization) -> JSON:
    """Everything about an organization as JSON; `stock` holds what STORE has, by variant."""
    store = organization.inventory("STORE")
    rows = [row for row in organization.rows_after(0) if store and row.inventory == store.uuid]
    subscriptions = [
        {
            name: getattr(one, name)
            for name in ("uuid", "client_id", "destination", "status", "mails")
        }
        for one in organization.subscriptions.values()
    ]
    connections = [
        {"client_id": grant.client_id, "scopes": list(grant.scopes)}
        for grant in core.grants.values()
        if grant.organization == organization.uuid
    ]
    return {
        "organization": organization.details,
        "products": [stored.value() for stored in organization.products_after(0)],
        "stock": {row.variant: row.balance for row in rows},
        "tracking": organization.tracking,
        "categories": [
            {"uuid": uuid, "name": name} for uuid, name in organization.categories.items()
        ],
        "inventories": [
            {"uuid": one.uuid, "type": one.type} for one in organization.inventories.values()
        ],
        "purchases": organization.purchases,
        "subscriptions": subscriptions,
        "connections": connections,
    }
