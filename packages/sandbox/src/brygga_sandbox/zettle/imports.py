"""Imports: many products in one call. They are accepted at once and stored some seconds later
(zettle facts 2.1).
"""

from functools import partial

from brygga_sandbox.clock import iso
from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle import library
from brygga_sandbox.zettle.answers import refusal, unknown
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.merging import pruned, written
from brygga_sandbox.zettle.products import ORG, READ, WRITE, Products
from brygga_sandbox.zettle.state import JSON, Import, Organization

MOST = 2000


def mount(router: Router, core: Core) -> None:
    """The import, and its state."""
    host = Imports(core)
    routes = (
        ("POST", f"{ORG}/import/v2", WRITE, host.take),
        ("GET", f"{ORG}/import/status", READ, host.latest),
        ("GET", f"{ORG}/import/status/{{uuid}}", READ, host.status),
    )
    for method, path, scope, handler in routes:
        router.add(method, path, core.guarded(scope, handler))


class Imports:
    """The handlers. An import that is due is completed when a client reads it or the library."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.products = Products(core)

    async def take(self, request: Request, caller: Caller) -> Response:
        """200 with the state of the import. Impossible products are refused at once; a uuid that is
        taken is refused later.
        """
        body = request.json()
        rows = body.get("products") if isinstance(body, dict) else None
        if (
            not isinstance(rows, list)
            or not 1 <= len(rows) <= MOST
            or not all(isinstance(row, dict) for row in rows)
        ):
            return refusal(400, f"products: size must be between 1 and {MOST}")
        if self.core.faults.hits("batch_refused", request):
            return refusal(400, "The import could not be read")
        for row in rows:
            self.products.default_tax(row)
        wanted = [pruned(written(row)) for row in rows]
        for product in wanted:
            self.core.version_1("uuid", product.get("uuid"))
            self.products.well_formed(product, shape=True)
        due = self.core.now() + self.core.switches.import_takes_s
        one = Import(self.core.uuid1(), self.core.now(), due, caller.user, wanted)
        caller.organization.imports.append(one)
        self.core.later(due, partial(carry_out, self.core, self.products, caller.organization))
        return json_response(self.as_json(one))

    async def latest(self, request: Request, caller: Caller) -> Response:
        carry_out(self.core, self.products, caller.organization)
        if not caller.organization.imports:
            return unknown("Import")
        return json_response(self.as_json(caller.organization.imports[-1]))

    async def status(self, request: Request, caller: Caller) -> Response:
        carry_out(self.core, self.products, caller.organization)
        wanted = request.params["uuid"].lower()
        one = next((one for one in caller.organization.imports if one.uuid == wanted), None)
        return json_response(self.as_json(one)) if one else unknown("Import")

    def as_json(self, one: Import) -> JSON:
        row: JSON = {
            "uuid": one.uuid,
            "state": one.state,
            "created": iso(one.created),
            "items": len(one.products),
        }
        if one.state != "IMPORTING":
            row["finished"] = iso(one.due)
        return {**row, "errorMessage": one.error} if one.error else row


def resume(core: Core) -> None:
    """Resume the imports of a snapshot. Needs a running event loop."""
    products = Products(core)
    for organization in core.organizations.values():
        for one in organization.imports:
            if one.state == "IMPORTING":
                core.later(one.due, partial(carry_out, core, products, organization))


def carry_out(core: Core, products: Products, organization: Organization) -> None:
    """Complete an import that is due: all of its products, or none of them."""
    for one in organization.imports:
        if one.state != "IMPORTING" or one.due > core.now():
            continue
        uuids = [product["uuid"] for product in one.products]
        try:
            for product in one.products:
                products.check(product, organization, shape=True)
            taken = any(uuid in organization.products for uuid in uuids) or len(set(uuids)) < len(
                uuids
            )
        except Answer:
            taken = True
        one.state = "FINISHED_FAILED" if taken else "FINISHED_SUCCESS"
        one.error = "A product or variant exists already" if taken else None
        for product in () if taken else one.products:
            library.create(core, organization, product, one.user)
