"""Sales taxes, which only some accounts have (zettle facts 2.1, 2.9)."""

from typing import Any

from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle.answers import refusal, unknown
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.products import READ, WRITE
from brygga_sandbox.zettle.rules import decimal
from brygga_sandbox.zettle.state import JSON

HERE = "/products/v1/taxes"
MOST = 15


def mount(router: Router, core: Core) -> None:
    """Every tax call."""
    taxes = Taxes(core)
    routes = (
        ("GET", HERE, READ, taxes.list),
        ("POST", HERE, WRITE, taxes.create),
        ("GET", f"{HERE}/count", READ, taxes.count),
        ("GET", f"{HERE}/settings", READ, taxes.settings),
        ("PUT", f"{HERE}/settings", WRITE, taxes.set_mode),
        ("GET", f"{HERE}/{{uuid}}", READ, taxes.one),
        ("PUT", f"{HERE}/{{uuid}}", WRITE, taxes.update),
        ("DELETE", f"{HERE}/{{uuid}}", WRITE, taxes.delete),
    )
    for method, path, scope, handler in routes:
        router.add(method, path, core.guarded(scope, taxes.for_sales_tax(handler)))


class Taxes:
    """The handlers."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def for_sales_tax(self, handler: Any) -> Any:
        """The handler, for accounts with sales tax; 403 for the others (2.1)."""

        async def inside(request: Request, caller: Caller) -> Response:
            if caller.organization.details["taxationType"] != "SALES_TAX":
                return refusal(403, "Organization does not use sales tax")
            answer: Response = await handler(request, caller)
            return answer

        return inside

    async def list(self, request: Request, caller: Caller) -> Response:
        return json_response({"taxRates": list(caller.organization.tax_rates.values())})

    async def create(self, request: Request, caller: Caller) -> Response:
        """201 with the new rates; at most 15 in a call."""
        body = request.json()
        rows = body.get("taxRates") if isinstance(body, dict) else None
        if (
            not isinstance(rows, list)
            or len(rows) > MOST
            or not all(isinstance(row, dict) for row in rows)
        ):
            return refusal(400, f"taxRates: size must be between 0 and {MOST}")
        known, made = dict(caller.organization.tax_rates), []
        for row in rows:
            self.core.version_1("tax rate uuid", row.get("uuid"))
            uuid = str(row["uuid"]).lower()
            if uuid in known:
                return refusal(400, "Tax rate already exists", "ITEM_ALREADY_EXIST")
            known[uuid] = {
                "uuid": uuid,
                "label": "",
                "percentage": None,
                "default": False,
                **self.fields(row, whole=True),
            }
            made.append(known[uuid])
        caller.organization.tax_rates = known
        return json_response({"taxRates": made}, 201)

    def fields(self, row: JSON, *, whole: bool) -> JSON:
        """The accepted fields of a rate."""
        label, rate, default = row.get("label"), row.get("percentage"), row.get("default", False)
        if (whole or label is not None) and not (isinstance(label, str) and len(label) <= 512):
            raise Answer(refusal(400, "label: size must be between 0 and 512"))
        number = decimal(rate)
        if rate is not None and (number is None or isinstance(rate, str) or not 0 <= number <= 100):
            raise Answer(refusal(400, "percentage must be between 0 and 100"))
        if not isinstance(default, bool):
            raise Answer(refusal(400, "default must be true or false"))
        return {
            name: row[name]
            for name in ("label", "percentage", "default")
            if name in row and row[name] is not None
        }

    def known(self, request: Request, caller: Caller) -> JSON:
        found = caller.organization.tax_rates.get(request.params["uuid"].lower())
        if found is None:
            raise Answer(unknown("Tax rate"))
        return found

    async def one(self, request: Request, caller: Caller) -> Response:
        return json_response(self.known(request, caller))

    async def update(self, request: Request, caller: Caller) -> Response:
        found, body = self.known(request, caller), request.json()
        if not isinstance(body, dict):
            return refusal(400, "Could not read the request body")
        found.update(self.fields(body, whole=False))
        return json_response(found)

    async def delete(self, request: Request, caller: Caller) -> Response:
        del caller.organization.tax_rates[self.known(request, caller)["uuid"]]
        return Response(204)

    async def count(self, request: Request, caller: Caller) -> Response:
        """How many products have each rate."""
        counts = dict.fromkeys(caller.organization.tax_rates, 0)
        for stored in caller.organization.products_after(0):
            for uuid in (
                (stored.value().get("taxRates") or ()) if b'"taxRates":[' in stored.body else ()
            ):
                if uuid in counts:
                    counts[uuid] += 1
        return json_response(
            {"counts": [{"taxRateUuid": uuid, "count": number} for uuid, number in counts.items()]}
        )

    async def settings(self, request: Request, caller: Caller) -> Response:
        details = caller.organization.details
        settings = {name: details[name] for name in ("taxationType", "taxationMode")}
        return json_response({"organizationUuid": caller.organization.uuid, **settings})

    async def set_mode(self, request: Request, caller: Caller) -> Response:
        body = request.json()
        mode = body.get("taxationMode") if isinstance(body, dict) else None
        if mode not in ("INCLUSIVE", "EXCLUSIVE"):
            return refusal(400, "taxationMode must be INCLUSIVE or EXCLUSIVE")
        caller.organization.details["taxationMode"] = mode
        return await self.settings(request, caller)
