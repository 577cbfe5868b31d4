"""The control addresses, through which shoppers, merchants and tests act. They need no token and
are never counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from brygga_sandbox.http import Request, Response, Router

from . import order_views
from .core import Core
from .door import answer, decoded, refused
from .refusal import Json, Refusal
from .shop import Shop
from .state import by_id

Act = Callable[[Shop, Request, Json], Awaitable[Any]]
DELAYS = ("read_lag_s", "hook_delay_s")


async def place(shop: Shop, request: Request, body: Json) -> Any:
    source, incomplete = body.get("source", "www"), bool(body.get("incomplete"))
    return order_json(
        shop, shop.place(body.get("lines", []), source=source, incomplete=incomplete).id
    )


def order_json(shop: Shop, order_id: int) -> Json:
    """An order with its lines."""
    order = shop.order(order_id)
    return {
        **order_views.order_json(shop.store, order, ""),
        "lines": [order_views.line_json(order, row) for row in order.lines],
    }


async def submit(shop: Shop, request: Request, body: Json) -> Any:
    shop.submit(int(request.params["order_id"]))
    return order_json(shop, int(request.params["order_id"]))


async def edit_order(shop: Shop, request: Request, body: Json) -> Any:
    """`lines`: [{"line_id", "quantity"}]; other lines stay unchanged. `add`: lines as in a new
    order. `remove`: line ids.
    """
    order_id = int(request.params["order_id"])
    if body.get("lines"):
        shop.edit_order(order_id, {row["line_id"]: row["quantity"] for row in body["lines"]})
    for row in body.get("add", ()):
        shop.add_line(order_id, row.pop("quantity", 1), **row)
    for line_id in body.get("remove", ()):
        shop.remove_line(order_id, line_id)
    return order_json(shop, order_id)


async def bring_back(shop: Shop, request: Request, body: Json) -> Any:
    """Reopen a cancelled order."""
    shop.bring_back(int(request.params["order_id"]))
    return order_json(shop, int(request.params["order_id"]))


async def set_status(shop: Shop, request: Request, body: Json) -> Any:
    """`status_id`: one of the fifteen."""
    status = body["status_id"]
    if isinstance(status, bool) or not isinstance(status, int):
        raise Refusal(422, "status_id must be an integer", {"status_id": "must be an integer"})
    shop.set_order_status(int(request.params["order_id"]), status)
    return order_json(shop, int(request.params["order_id"]))


async def cancel(shop: Shop, request: Request, body: Json) -> Any:
    shop.cancel(int(request.params["order_id"]))
    return order_json(shop, int(request.params["order_id"]))


async def ship(shop: Shop, request: Request, body: Json) -> Any:
    """The whole order, or `lines`: [{"line_id", "quantity"}]."""
    if body.get("lines"):
        part = {row["line_id"]: row["quantity"] for row in body["lines"]}
        shop.ship_part(int(request.params["order_id"]), part)
        return order_json(shop, int(request.params["order_id"]))
    (shop.complete if body.get("complete") else shop.ship)(int(request.params["order_id"]))
    return order_json(shop, int(request.params["order_id"]))


async def refund(shop: Shop, request: Request, body: Json) -> Any:
    """`lines`: [{"line_id", "quantity"}] for a part. Without it, the whole order."""
    part = {row["line_id"]: row["quantity"] for row in body["lines"]} if body.get("lines") else None
    shop.refund(int(request.params["order_id"]), part, by_api=bool(body.get("by_api")))
    return order_json(shop, int(request.params["order_id"]))


async def archive(shop: Shop, request: Request, body: Json) -> Any:
    shop.archive(int(request.params["order_id"]))
    return order_json(shop, int(request.params["order_id"]))


async def add_product(shop: Shop, request: Request, body: Json) -> Any:
    return shop.raw((await shop.add_product(**body)).id)


async def edit_product(shop: Shop, request: Request, body: Json) -> Any:
    """Any field of the product, and `variants`: [{"id", …}] for fields of its variants."""
    product_id = int(request.params["product_id"])
    rows = body.pop("variants", [])
    for row in rows:
        await shop.edit_variant(row.pop("id"), **row)
    if body:
        await shop.edit_product(product_id, **body)
    return shop.raw(product_id)


async def show_product(shop: Shop, request: Request, body: Json) -> Any:
    return shop.raw(int(request.params["product_id"]))


async def delete_product(shop: Shop, request: Request, body: Json) -> Any:
    shop.delete_product(int(request.params["product_id"]))
    return {}


async def combinations(shop: Shop, request: Request, body: Json) -> Any:
    """Add an option in the panel ({"name", "values"}), or only all missing combinations."""
    product_id = int(request.params["product_id"])
    if body.get("name"):
        shop.add_option(product_id, body["name"], body["values"])
    else:
        shop.add_all_combinations(product_id)
    return shop.raw(product_id)


async def stock(shop: Shop, request: Request, body: Json) -> Any:
    named = {name: body[name] for name in ("product_id", "variant_id", "sku") if body.get(name)}
    level = body.get("level", body.get("quantity"))
    if not isinstance(level, int):
        raise Refusal(422, "level must be an integer", {"level": "must be an integer"})
    shop.set_stock(level, **named)
    return {"level": shop.level(**named)}


async def add_category(shop: Shop, request: Request, body: Json) -> Any:
    return {"category_id": shop.add_category(body["name"], body.get("parent_id", 0)).id}


async def delete_category(shop: Shop, request: Request, body: Json) -> Any:
    shop.delete_category(int(request.params["category_id"]))
    return {}


async def state(shop: Shop, request: Request, body: Json) -> Any:
    return shop.state()


async def violations(shop: Shop, request: Request, body: Json) -> Any:
    return [asdict(violation) for violation in shop.store.violations]


async def events(shop: Shop, request: Request, body: Json) -> Any:
    return [{"at": at, "scope": scope, "data": data} for at, scope, data in shop.store.events]


ACTS: list[tuple[str, str, Act]] = [
    ("POST", "/orders", place),
    ("POST", "/orders/{order_id}/submit", submit),
    ("POST", "/orders/{order_id}/edit", edit_order),
    ("POST", "/orders/{order_id}/status", set_status),
    ("POST", "/orders/{order_id}/cancel", cancel),
    ("POST", "/orders/{order_id}/bring-back", bring_back),
    ("POST", "/orders/{order_id}/ship", ship),
    ("POST", "/orders/{order_id}/refund", refund),
    ("POST", "/orders/{order_id}/archive", archive),
    ("POST", "/products", add_product),
    ("GET", "/products/{product_id}", show_product),
    ("POST", "/products/{product_id}", edit_product),
    ("DELETE", "/products/{product_id}", delete_product),
    ("POST", "/products/{product_id}/combinations", combinations),
    ("POST", "/stock", stock),
    ("POST", "/categories", add_category),
    ("DELETE", "/categories/{category_id}", delete_category),
    ("GET", "/state", state),
    ("GET", "/violations", violations),
    ("GET", "/events", events),
]


def body_of(request: Request) -> Json:
    """The JSON object of a control call. An empty body is an empty object."""
    value = decoded(request.body) if request.body else {}
    if not isinstance(value, dict):
        raise Refusal(400, "Input is invalid", detail="an object is wanted")
    return value


def delays_in(body: Json) -> dict[str, float]:
    """Takes the delays out of a body, in seconds. 422 where one is no number from 0."""
    delays = {name: body.pop(name) for name in DELAYS if name in body}
    if any(
        isinstance(one, bool) or not isinstance(one, int | float) or one < 0
        for one in delays.values()
    ):
        wrong = dict.fromkeys(delays, "must be a number from 0")
        raise Refusal(422, "A delay is a number of seconds", wrong)
    return delays


def acts_of(sandbox: Core) -> list[tuple[str, str, Act]]:
    """Control calls that need the whole of BigCommerce: its stores, its apps and their webhooks."""

    async def settings(shop: Shop, request: Request, body: Json) -> Any:
        owner, delays = body.pop("owner_email", None), delays_in(body)
        shop.set_settings(**body)
        shop.store.read_lag_s = float(delays.get("read_lag_s", shop.store.read_lag_s))
        hooks = sandbox.hooks[shop.store.hash]
        hooks.delay_s = float(delays.get("hook_delay_s", hooks.delay_s))
        if owner:
            sandbox.change_owner(shop.store.hash, owner)
        return {
            **shop.state()["settings"],
            "read_lag_s": shop.store.read_lag_s,
            "hook_delay_s": hooks.delay_s,
        }

    async def stores(shop: Shop, request: Request, body: Json) -> Any:
        return [
            {"store_hash": one.hash, "name": one.settings.name} for one in sandbox.stores.values()
        ]

    async def register(shop: Shop, request: Request, body: Json) -> Any:
        return {"client_id": sandbox.register_app(body.pop("name"), **body).client_id}

    async def token(shop: Shop, request: Request, body: Json) -> Any:
        """A token as after an installation, without the pages. The previous one becomes invalid."""
        if body.get("client_id") not in sandbox.apps.registered:
            raise Refusal(404, "No such app is registered", {})
        return {
            "access_token": sandbox.issue_token(
                shop.store.hash, body["client_id"], body.get("scopes", ())
            )
        }

    async def uninstall(shop: Shop, request: Request, body: Json) -> Any:
        """By `user_id`, or the owner."""
        user = by_id(shop.store.users, body.get("user_id")) if "user_id" in body else None
        if user is None and "user_id" in body:
            raise Refusal(404, f"There is no user {body['user_id']}", {})
        app = body.get("client_id") or first_app(sandbox, shop)
        return {"uninstalled": await sandbox.uninstall(shop.store.hash, app, user)}

    return [
        ("POST", "/store", settings),
        ("POST", "/uninstall", uninstall),
        ("GET", "/stores", stores),
        ("POST", "/apps", register),
        ("POST", "/token", token),
    ]


def mount(router: Router, sandbox: Core) -> None:
    """Add every control address to the table. `store_hash` in query or body names the store. The
    default is the first store.
    """

    def bound(act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def run(request: Request) -> Response:
            try:
                body = body_of(request)
                wanted = body.pop("store_hash", None) or request.value("store_hash")
                return answer(await act(sandbox.shop(wanted), request, body))
            except Refusal as refusal:
                return refused(refusal)
            except (
                KeyError,
                ValueError,
                TypeError,
                AttributeError,
                ArithmeticError,
                StopIteration,
            ) as wrong:
                return answer({"status": 400, "title": f"{type(wrong).__name__}: {wrong}"}, 400)

        return run

    for method, path, act in [*ACTS, *acts_of(sandbox)]:
        router.add(method, "/sandbox" + path, bound(act), control=True)


def first_app(sandbox: Core, shop: Shop) -> str:
    """The first app installed on the store."""
    grant = next(
        (one for one in sandbox.apps.grants.values() if one.store_hash == shop.store.hash), None
    )
    if grant is None:
        raise Refusal(404, "No app is installed", {})
    return grant.client_id
