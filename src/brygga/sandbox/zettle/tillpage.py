"""The cashier's pages under /till: sell, refund, edit stock and products, take back an app's access.

They act through `Till`, as a test does; there is nothing a page can do that a test cannot.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from brygga.sandbox.http import Request, Response, Router, redirect
from brygga.sandbox.pages import show
from brygga.sandbox.zettle.accounts import query_url
from brygga.sandbox.zettle.core import Core
from brygga.sandbox.zettle.rules import violations
from brygga.sandbox.zettle.shelf import pictures_of
from brygga.sandbox.zettle.state import JSON, Organization, Stored
from brygga.sandbox.zettle.till import Line, Till
from brygga.sandbox.zettle.tillwords import WORDS

PAGE: Final = 60
Act = Callable[[Till, dict[str, str]], str]


def mount(router: Router, core: Core) -> None:
    """The pages and the forms on them."""
    page = TillPage(core)
    router.add("GET", "/", page.home, control=True)
    router.add("GET", "/till", page.grid, control=True)
    router.add("GET", "/till/products/new", page.new, control=True)
    router.add("GET", "/till/products/{uuid}", page.product, control=True)
    router.add("GET", "/till/apps", page.apps, control=True)
    acts: dict[str, Act] = {
        "sell": page.sell,
        "refund": page.refund,
        "stock": page.stock,
        "tracking": page.tracking,
        "save": page.save,
        "delete": page.delete,
        "remove-app": page.remove_app,
    }
    for name, act in acts.items():
        router.add("POST", f"/till/{name}", page.acting(act), control=True)


def price_text(amount: int | None) -> str:
    """24900 -> "249.00"; nothing for a price that is entered at the till."""
    return "" if amount is None else f"{amount // 100}.{amount % 100:02d}"


def price_minor(text: str) -> int | None:
    """ "249,50" -> 24950; nothing typed means that the price is entered at the till."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        minor = Decimal(text) * 100
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not minor.is_finite() or minor < 0 or minor != minor.to_integral_value():
        raise ValueError(text)
    return int(minor)


class TillPage:
    """The handlers."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def organization(self, uuid: str | None) -> Organization:
        found = self.core.organizations.get(uuid or "")
        return found or next(iter(self.core.organizations.values()))

    async def home(self, request: Request) -> Response:
        return redirect("/till")

    def page(self, request: Request, template: str, **values: Any) -> Response:
        """A page of one organization, with the word of what was just done."""
        organization = self.organization(request.value("org"))
        said = request.value("said")
        common = {"organization": organization, "organizations": list(self.core.organizations.values())}
        told = said if said in WORDS else None
        return show(request, template, WORDS, **common, said=told, **values)

    def card(self, organization: Organization, stored: Stored) -> JSON:
        """What the grid and the form show of a product."""
        product, till = stored.value(), Till(self.core, organization)
        tracked = organization.tracked(stored.uuid)
        variants = [
            {
                "uuid": one["uuid"],
                "name": one.get("name") or "",
                "sku": one.get("sku") or "",
                "barcode": one.get("barcode") or "",
                "price": price_text((one.get("price") or {}).get("amount")),
                "balance": till.balance(one["uuid"]) if tracked else None,
            }
            for one in product["variants"]
        ]
        pictures = [self.local(url) for url in pictures_of(product)]
        return {
            "product": product,
            "tracked": tracked,
            "variants": variants,
            "picture": pictures[0] if pictures else None,
        }

    def local(self, url: str) -> str:
        """A picture's address on this host: the image host of the documents is a path here."""
        public = "https://image.izettle.com"
        return f"/image{url.removeprefix(public)}" if url.startswith(public) else url

    async def grid(self, request: Request) -> Response:
        organization = self.organization(request.value("org"))
        wanted, number = (request.value("q") or "").strip().casefold(), request.value("page") or "1"
        everything = organization.products_after(0)
        if wanted:
            everything = [one for one in everything if wanted in one.body.decode().casefold()]
        last = max(1, -(-len(everything) // PAGE))
        at = min(max(int(number), 1), last) if number.isdigit() else 1
        shown = everything[(at - 1) * PAGE : at * PAGE]
        cards = [self.card(organization, one) for one in shown]
        counts = {"total": len(everything), "at": at, "last": last, "wanted": request.value("q") or ""}
        return self.page(request, "till.html", cards=cards, **counts)

    async def new(self, request: Request) -> Response:
        blank = {"uuid": "", "name": "", "sku": "", "barcode": "", "price": "", "balance": None}
        product = {"uuid": "", "name": "", "description": ""}
        return self.page(request, "till_product.html", product=product, variants=[blank], tracked=False, picture=None)

    async def product(self, request: Request) -> Response:
        organization = self.organization(request.value("org"))
        stored = organization.products.get(request.params["uuid"])
        if stored is None:
            return redirect(query_url("/till", {"org": organization.uuid, "said": "gone"}), 303)
        return self.page(request, "till_product.html", **self.card(organization, stored))

    async def apps(self, request: Request) -> Response:
        organization = self.organization(request.value("org"))
        grants = [grant for grant in self.core.grants.values() if grant.organization == organization.uuid]
        rows = [(self.core.apps[grant.client_id], grant) for grant in grants]
        return self.page(request, "till_apps.html", rows=rows, subscriptions=list(organization.subscriptions.values()))

    # -- forms

    def acting(self, act: Act) -> Callable[[Request], Any]:
        """A form as a handler: do it, go back to where it came from, and say what happened."""

        async def inside(request: Request) -> Response:
            form = request.form()
            organization = self.organization(form.get("org"))
            try:
                said = act(Till(self.core, organization), form)
            except LookupError:
                said = "gone"
            except ValueError:
                said = "refused"
            back = form.get("back", "/till")
            back = back if back.startswith("/till") else "/till"
            return redirect(query_url(back, {"org": organization.uuid, "q": form.get("q") or None, "said": said}), 303)

        return inside

    def sell(self, till: Till, form: dict[str, str]) -> str:
        till.sell([Line(form["variant"], int(form.get("quantity") or 1))])
        return "sold"

    def refund(self, till: Till, form: dict[str, str]) -> str:
        till.refund(form["variant"], int(form.get("quantity") or 1))
        return "refunded"

    def stock(self, till: Till, form: dict[str, str]) -> str:
        till.set_stock(form["variant"], int(form["balance"]))
        return "stocked"

    def tracking(self, till: Till, form: dict[str, str]) -> str:
        on = form.get("on") == "1"
        till.track(form["product"], on)
        return "tracking_on" if on else "tracking_off"

    def delete(self, till: Till, form: dict[str, str]) -> str:
        till.delete_product(form["product"])
        return "deleted"

    def remove_app(self, till: Till, form: dict[str, str]) -> str:
        till.remove_app(form["client_id"])
        return "removed"

    def save(self, till: Till, form: dict[str, str]) -> str:
        """Save the product form: rows of variants, and simple options made of their names."""
        variants = variant_rows(form)
        old = till.product(form["product"]) if form.get("product") else {}
        changes: JSON = {
            "name": form.get("name", "").strip(),
            "description": form.get("description", "").strip() or None,
        }
        changes |= shaped(variants, old)
        money = [till.fresh(one) for one in changes["variants"]]
        if violations({**old, **changes, "variants": money}, shape=False):
            raise ValueError("the library would refuse this product")
        if old:
            till.edit_product(old["uuid"], **changes)
            return "saved"
        till.create_product(**{key: value for key, value in changes.items() if value is not None})
        return "created"


def variant_rows(form: dict[str, str]) -> list[JSON]:
    """The variants of the form, numbered fields; a row without a name is left out unless it is the only one."""
    numbers = sorted({int(key.rpartition("-")[2]) for key in form if key.startswith("price-")})
    rows = []
    for number in numbers:
        text = {name: form.get(f"{name}-{number}", "").strip() for name in ("uuid", "name", "sku", "barcode")}
        row: JSON = {name: value or None for name, value in text.items() if name != "uuid"}
        row["price"] = price_minor(form.get(f"price-{number}", ""))
        rows.append({"uuid": text["uuid"], **row} if text["uuid"] else row)
    named = [row for row in rows if row["name"]]
    return named if len(named) > 1 else rows[:1]


def shaped(variants: list[JSON], old: JSON) -> JSON:
    """Variants with options that fit: several named rows are values of one option; a product with more options keeps its own."""
    definitions = ((old.get("variantOptionDefinitions") or {}).get("definitions")) or []
    kept = {one["uuid"]: one for one in old.get("variants", ())}
    if len(definitions) > 1 or (definitions and any(one.get("uuid") not in kept for one in variants)):
        variants = [one for one in variants if one.get("uuid") in kept]
    if len(variants) < 2 or definitions:
        return {"variants": variants}
    rows = [{**one, "options": [{"name": "Variant", "value": one["name"]}]} for one in variants]
    values = [{"value": value} for value in dict.fromkeys(one["name"] for one in variants)]
    return {"variants": rows, "variantOptionDefinitions": {"definitions": [{"name": "Variant", "properties": values}]}}
