"""The store's own pages in the control panel: categories, apps, settings, and the activity of
apps.
"""

from __future__ import annotations

from collections.abc import Iterator

from brygga_sandbox.http import Request, Response, redirect
from brygga_sandbox.requests import Asked

from .panel import Act, Panel, number, whole
from .refusal import Json
from .shop import Shop
from .storefile import CURRENCIES, PLANS, STOCK_BEHAVIOURS, WEIGHTS

CHOICES = {
    "currency": tuple(CURRENCIES),
    "weight_units": WEIGHTS,
    "plan": tuple(PLANS),
    "update_stock_behavior": STOCK_BEHAVIOURS,
}
FLAGS = (
    "is_price_entered_with_tax",
    "refund_order_stock_adjustment",
    "edit_order_stock_adjustment",
    "multi_storefront",
)
SEEN = 100


class StorePages:
    """The handlers."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.sandbox = panel.sandbox

    def pages(self) -> list[tuple[str, str, Act]]:
        return [
            ("GET", "/categories", self.categories),
            ("POST", "/categories", self.edit_categories),
            ("GET", "/settings", self.settings),
            ("POST", "/settings", self.edit_settings),
            ("GET", "/apps", self.apps),
            ("POST", "/apps", self.use_app),
            ("GET", "/activity", self.activity),
        ]

    async def categories(self, shop: Shop, request: Request) -> Response:
        counts: dict[int, int] = {}
        for product in shop.store.products.values():
            for key in product.get("categories"):
                counts[key] = counts.get(key, 0) + 1
        rows = [
            {"id": one.id, "name": one.name, "count": counts.get(one.id, 0)}
            for one in shop.store.categories.values()
        ]
        return self.panel.page(request, "manage_categories.html", shop, "categories", rows=rows)

    async def edit_categories(self, shop: Shop, request: Request) -> Response:
        form = request.form()
        match form.get("action"):
            case "add":
                shop.add_category(form["name"].strip())
            case "rename":
                shop.rename_category(int(form["id"]), form["name"].strip())
            case _:
                shop.delete_category(int(form["id"]))
        return self.panel.back(shop, "categories", "saved")

    # -- settings
    # ----------------------------------------------------------------------------------------------

    async def settings(self, shop: Shop, request: Request) -> Response:
        plans = dict.fromkeys([*PLANS, shop.store.settings.plan])
        return self.panel.page(
            request,
            "manage_settings.html",
            shop,
            "settings",
            choices={**CHOICES, "plan": plans},
            flags=FLAGS,
            delay=self.sandbox.hooks[shop.store.hash].delay_s,
        )

    async def edit_settings(self, shop: Shop, request: Request) -> Response:
        form, store = request.form(), shop.store
        wanted: Json = {name: form[name] for name in ("name", *CHOICES) if name in form}
        quota = whole("quota", form.get("quota") or str(store.settings.quota))
        if quota != store.settings.quota:
            wanted["quota"] = quota
        lag = float(number("read_lag_s", form.get("read_lag_s") or "0"))
        delay = float(number("hook_delay_s", form.get("hook_delay_s") or "0"))
        shop.set_settings(**wanted, **{name: form.get(name) == "1" for name in FLAGS})
        store.read_lag_s = lag
        self.sandbox.hooks[store.hash].delay_s = delay
        if form.get("owner_email", store.owner.email) != store.owner.email:
            self.sandbox.change_owner(store.hash, form["owner_email"])
        return self.panel.back(shop, "settings", "saved")

    # -- apps
    # ----------------------------------------------------------------------------------------------

    async def apps(self, shop: Shop, request: Request) -> Response:
        known = self.sandbox.apps.registered.values()
        rows = [(app, self.sandbox.apps.installed(shop.store.hash, app.client_id)) for app in known]
        return self.panel.page(request, "manage_apps.html", shop, "apps", rows=rows)

    async def use_app(self, shop: Shop, request: Request) -> Response:
        """Open an app (after a new consent if one is due), uninstall it or install it."""
        form = request.form()
        app, store = self.sandbox.apps.registered[form["client_id"]], shop.store
        consent = redirect(f"/login/app/{app.client_id}/install?store={store.hash}&from=panel", 303)
        match form.get("action"):
            case "open" if store.hash not in app.waiting:
                return redirect(self.sandbox.apps.load_address(app, store, store.owner), 303)
            case "uninstall":
                await self.sandbox.uninstall(store.hash, app.client_id)
                return self.panel.back(shop, "apps", "uninstalled")
            case _:
                return consent

    # -- app activity

    async def activity(self, shop: Shop, request: Request) -> Response:
        """The webhooks of this store, the state of their deliveries, and the last requests of its
        apps.
        """
        store = shop.store
        names = {app.client_id: app.name for app in self.sandbox.apps.registered.values()}
        hooks = [
            {"app": names.get(one.client_id, one.client_id), "scope": one.scope,
            "destination": one.destination,
             "state": "off" if one.deactivated or not one.is_active else "on"}
            for one in self.sandbox.hooks[store.hash].all.values()
        ]  # fmt: skip
        rows = [
            {"method": one.method, "path": one.path.removeprefix(f"/api/stores/{store.hash}"),
            "status": one.status,
             "app": names.get(one.client or "", one.client or "–")}
            for one in self.asked_of(store.hash)
        ]  # fmt: skip
        events = [
            {"scope": scope, "data": data} for _, scope, data in list(store.events)[-SEEN:][::-1]
        ]
        return self.panel.page(
            request, "manage_activity.html", shop, "activity",
            hooks=hooks, requests=rows, events=events, tally=self.sandbox.outbox.tally,
            on_their_way=len(self.sandbox.outbox.tasks),
        )  # fmt: skip

    def asked_of(self, store_hash: str) -> Iterator[Asked]:
        """The last requests about one store, the newest first."""
        mine = [
            one
            for one in self.sandbox.requests.last
            if one.path.startswith(f"/api/stores/{store_hash}/")
        ]
        return iter(mine[-SEEN:][::-1])
