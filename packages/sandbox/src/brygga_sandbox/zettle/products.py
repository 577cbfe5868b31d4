"""The product host: reading and writing products (zettle facts 2)."""

import re
from typing import Any

from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle import library
from brygga_sandbox.zettle.answers import refusal, unknown
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.ids import slug
from brygga_sandbox.zettle.merging import patched, pruned, written
from brygga_sandbox.zettle.paging import is_true, limit_of, link, opened, sealed
from brygga_sandbox.zettle.rules import Check, violations
from brygga_sandbox.zettle.state import JSON, Organization, Stored

READ, WRITE = "READ:PRODUCT", "WRITE:PRODUCT"
ORG = "/products/organizations/{org}"
PAGE = 500
ETAG = re.compile(r'"[^"]+"')


def mount(router: Router, core: Core) -> None:
    """Every call of the product host that has to do with products."""
    products = Products(core)
    routes = (
        ("GET", "/products", READ, products.visible),
        ("GET", "/products/v2", READ, products.everything),
        ("GET", "/products/v2/count", READ, products.count),
        ("GET", "/products/options", READ, products.options),
        ("POST", "/products/online/slug", READ, products.slug),
        ("GET", "/products/{uuid}", READ, products.one),
        ("POST", "/products", WRITE, products.create),
        ("PUT", "/products/v2/{uuid}", WRITE, products.update),
        ("DELETE", "/products/{uuid}", WRITE, products.delete),
        ("DELETE", "/products", WRITE, products.delete_many),
        ("GET", "/library", READ, products.library),
    )
    for method, path, scope, handler in routes:
        router.add(method, ORG + path, core.guarded(scope, handler))


def array(products: list[Stored], headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Products as one JSON array. Their bytes are already encoded."""
    body = b"[" + b",".join(one.body for one in products) + b"]"
    return Response(200, body, [("Content-Type", "application/json"), *headers])


def etag_matches(request: Request, header: str, etag: str) -> bool | None:
    """Whether the header names this etag. None without the header. 400 for an etag without quotes
    (8.14).
    """
    text = request.headers.get(header)
    if text is None:
        return None
    if text.strip() == "*":
        return True
    wanted = [part.strip() for part in text.split(",")]
    if not all(ETAG.fullmatch(part.removeprefix("W/")) for part in wanted):
        raise Answer(refusal(400, f"Malformed ETag in {header}"))
    return f'"{etag}"' in wanted


class Products:
    """The handlers of the product host."""

    def __init__(self, core: Core) -> None:
        self.core = core

    # -- reading

    async def visible(self, request: Request, caller: Caller) -> Response:
        """The products that the till shows."""
        return array([one for one in caller.organization.products_after(0) if one.in_pos])

    async def everything(self, request: Request, caller: Caller) -> Response:
        """All products in one answer, or in pages if the switch says so (2.2)."""
        if not self.core.switches.products_list_pages:
            return array(caller.organization.products_after(0))
        offset = request.value("offset")
        rest = caller.organization.products_after(opened(offset, int) if offset else 0)
        limit = limit_of(request, PAGE, PAGE)
        page = rest[:limit]
        more = (
            (link(request, limit=limit, offset=sealed(page[-1].seq)),) if len(rest) > limit else ()
        )
        return array(page, more)

    async def count(self, request: Request, caller: Caller) -> Response:
        answer = {"productCount": len(caller.organization.products)}
        return json_response([answer] if self.core.switches.count_is_array else answer)

    async def options(self, request: Request, caller: Caller) -> Response:
        """All option names in use, with all their values."""
        names: dict[str, dict[str, None]] = {}
        for stored in caller.organization.products_after(0):
            if b'"definitions"' not in stored.body:
                continue
            for definition in (stored.value().get("variantOptionDefinitions") or {}).get(
                "definitions", ()
            ):
                values = names.setdefault(definition["name"], {})
                values.update(dict.fromkeys(one["value"] for one in definition["properties"]))
        return json_response(
            {"options": [{"name": name, "values": list(values)} for name, values in names.items()]}
        )

    async def slug(self, request: Request, caller: Caller) -> Response:
        """A name turned into the last part of a web address."""
        body = request.json()
        name = body.get("productName") if isinstance(body, dict) else None
        if not isinstance(name, str) or not 1 <= len(name) <= 256:
            return refusal(400, "productName: size must be between 1 and 256")
        return json_response({"productName": name, "slug": slug(name)})

    async def one(self, request: Request, caller: Caller) -> Response:
        """One product with its ETag, or 304 when the caller already has it."""
        stored = self.stored(request, caller.organization)
        if etag_matches(request, "if-none-match", stored.etag):
            return Response(304, b"", [("ETag", self.etag(stored))])
        return Response(
            200, stored.body, [("Content-Type", "application/json"), ("ETag", self.etag(stored))]
        )

    def etag(self, stored: Stored) -> str:
        return f'"{stored.etag}"' if self.core.switches.etag_header_quoted else stored.etag

    def stored(self, request: Request, organization: Organization) -> Stored:
        """The product that the path names. 422 for a uuid of the wrong version, 404 for an unknown
        one.
        """
        uuid = request.params["uuid"].lower()
        self.core.version_1("product uuid", uuid)
        stored = organization.products.get(uuid)
        if stored is None:
            raise Answer(unknown("Product"))
        return stored

    async def library(self, request: Request, caller: Caller) -> Response:
        """The whole library in pages, or the changes since an event (2.2)."""
        since = request.value("eventLogUuid")
        if since is None:
            return self.whole(request, caller.organization)
        return self.changes(request, caller.organization, since)

    def whole(self, request: Request, organization: Organization) -> Response:
        limit, offset = limit_of(request, PAGE, PAGE), request.value("offset")
        at, until = opened(offset, tuple[int, str]) if offset else (0, latest(organization))
        rest = [one for one in organization.products_after(at) if self.reported(request, one)]
        page = rest[:limit]
        answer = fragment(organization.first_event, until, page, [])
        if len(rest) > limit:
            more = {"all": "true"} if is_true(request, "all") else {}
            answer.headers.append(
                link(request, limit=limit, offset=sealed((page[-1].seq, until)), **more)
            )
        return answer

    def reported(self, request: Request, stored: Stored) -> bool:
        """Whether the library shows a product. With one reading, products outside the till appear
        only with `all` (2.2).
        """
        return stored.in_pos or is_true(request, "all") or not self.core.switches.library_needs_all

    def changes(self, request: Request, organization: Organization, since: str) -> Response:
        """412 for an unknown or expired event, and when too much has happened since."""
        start = organization.event_at.get(since, -1) + 1
        if (start == 0 and since != organization.first_event) or self.core.switches.event_log_lost:
            return refusal(412, "Unknown eventLogUuid")
        limit, offset = limit_of(request, PAGE, PAGE), request.value("offset")
        at, end = opened(offset, tuple[int, int]) if offset else (0, len(organization.events))
        if end - start > PAGE:
            return refusal(412, "Too many changes since eventLogUuid")
        touched = list(dict.fromkeys(entry.product for entry in organization.events[start:end]))
        page = touched[at : at + limit]
        known = [organization.products[uuid] for uuid in page if uuid in organization.products]
        products = [one for one in known if self.reported(request, one)]
        until = organization.events[end - 1].uuid if end else organization.first_event
        answer = fragment(
            since, until, products, [uuid for uuid in page if uuid not in organization.products]
        )
        if at + limit < len(touched):
            more = {"all": "true"} if is_true(request, "all") else {}
            offset = sealed((at + limit, end))
            answer.headers.append(
                link(request, limit=limit, eventLogUuid=since, offset=offset, **more)
            )
        return answer

    # -- writing

    async def create(self, request: Request, caller: Caller) -> Response:
        """201 with ETag and Location. The body is sent only on request (2.1)."""
        body = self.body(request)
        self.default_tax(body)
        product = pruned(written(body))
        self.core.version_1("uuid", product.get("uuid"))
        self.check(product, caller.organization, shape=True)
        if product["uuid"] in caller.organization.products:
            return refusal(
                self.core.switches.existing_product_status,
                "Product already exists",
                "ITEM_ALREADY_EXIST",
            )
        if body.get("createWithDefaultTax") and "vatPercentage" not in product:
            product["vatPercentage"] = caller.organization.details.get("vatPercentage") or 0
        stored = library.create(self.core, caller.organization, product, caller.user)
        headers = self.saved(request, stored)
        if is_true(request, "returnEntity"):
            return Response(201, stored.body, [("Content-Type", "application/json"), *headers])
        return Response(201, b"", headers)

    async def update(self, request: Request, caller: Caller) -> Response:
        """A JSON merge patch. If-Match guards it when it is sent (2.6)."""
        stored = self.stored(request, caller.organization)
        body = self.body(request)
        if etag_matches(request, "if-match", stored.etag) is False:
            return Response(412)
        patch = written(body)
        if patch.pop("uuid", stored.uuid) != stored.uuid:
            return refusal(400, "uuid differs from the path", "VALIDATION_ERROR")
        # Numbers that old answers write as text are accepted back in that form (2.3).
        product = pruned(
            patched(
                pruned(stored.value()), patch, all_stay=self.core.switches.left_out_variants_stay
            )
        )
        self.check(
            product,
            caller.organization,
            shape=bool({"variants", "variantOptionDefinitions"} & set(patch)),
        )
        library.update(self.core, caller.organization, stored, product, caller.user)
        headers = self.saved(request, stored)
        if self.core.switches.update_answers_body:
            return Response(200, stored.body, [("Content-Type", "application/json"), *headers])
        return Response(204, b"", headers)

    def saved(self, request: Request, stored: Stored) -> list[tuple[str, str]]:
        place = f"{request.base_url}/products/organizations/self/products/{stored.uuid}"
        return [("ETag", self.etag(stored)), ("Location", place)]

    def body(self, request: Request) -> JSON:
        body = request.json()
        if not isinstance(body, dict):
            raise Answer(refusal(400, "Could not read the request body"))
        return body

    def well_formed(self, product: JSON, *, shape: bool) -> None:
        """Answers 400 (or 422) with the violations that no product may have."""
        equal_options = not self.core.switches.equal_option_values_refused
        self.blame(violations(product, shape=shape, equal_options=equal_options))

    def default_tax(self, body: JSON) -> None:
        """Answers 400 (or 422) for a `createWithDefaultTax` that is neither true nor false
        (2.3).
        """
        check = Check()
        check.flag("createWithDefaultTax", body.get("createWithDefaultTax"))
        self.blame(check.violations)

    def blame(self, found: list[JSON]) -> None:
        """Answers with the violations, if there are any."""
        if found:
            status = self.core.switches.validation_status
            raise Answer(refusal(status, "Validation failed", "VALIDATION_ERROR", found))

    def check(self, product: JSON, organization: Organization, *, shape: bool) -> None:
        """Answers 400 (or 422) for a product that this library cannot store."""
        self.well_formed(product, shape=shape)
        uuids = [one["uuid"] for one in product["variants"]]
        self.core.version_1("variant uuid", *uuids)
        if len(set(uuids)) < len(uuids) or any(
            organization.product_of.get(uuid, product["uuid"]) != product["uuid"] for uuid in uuids
        ):
            taken = self.core.switches.existing_product_status
            raise Answer(refusal(taken, "Variant already exists", "ITEM_ALREADY_EXIST"))
        category: Any = product.get("category")
        if category and category.get("uuid"):
            self.core.version_1("category uuid", category["uuid"])

    async def delete(self, request: Request, caller: Caller) -> Response:
        stored = self.stored(request, caller.organization)
        library.delete(self.core, caller.organization, stored.uuid, caller.user)
        return Response(204)

    async def delete_many(self, request: Request, caller: Caller) -> Response:
        """Every `uuid` of the query. Unknown ones are ignored."""
        uuids = [uuid.lower() for uuid in request.values("uuid")]
        if not uuids:
            return refusal(400, "uuid must not be empty")
        self.core.version_1("product uuid", *uuids)
        if self.core.faults.hits("batch_refused", request):
            return refusal(400, "The products could not be deleted")
        for uuid in uuids:
            library.delete(self.core, caller.organization, uuid, caller.user)
        return Response(204)


def latest(organization: Organization) -> str:
    """The event up to which a current answer is complete."""
    return organization.events[-1].uuid if organization.events else organization.first_event


def fragment(since: str, until: str, products: list[Stored], deleted: list[str]) -> Response:
    """One page of the library."""
    frame = json_response(
        {"fromEventLogUuid": since, "untilEventLogUuid": until, "deletedProducts": deleted}
    )
    body = (
        frame.body[:-1]
        + b',"discounts":[],"deletedDiscounts":[],"products":'
        + array(products).body
        + b"}"
    )
    return Response(200, body, frame.headers)
