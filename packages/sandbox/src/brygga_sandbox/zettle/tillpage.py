"""The cashier's pages under /till: sell, refund, edit stock and products, revoke an app's access.

They act through `Till`, as a test does. A page can do nothing that a test cannot.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from brygga_sandbox.http import Request, Response, Router, redirect
from brygga_sandbox.numerals import whole
from brygga_sandbox.pages import language, show
from brygga_sandbox.zettle.accounts import query_url
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.receipts import Line
from brygga_sandbox.zettle.records import pictures_of
from brygga_sandbox.zettle.rules import violations
from brygga_sandbox.zettle.state import JSON, Organization, Stored
from brygga_sandbox.zettle.stock import MOST_STOCK
from brygga_sandbox.zettle.till import Till
from brygga_sandbox.zettle.tillwords import WORDS

PAGE: Final = 60
Act = Callable[[Till, dict[str, str]], str]
BLANKS: Final = 3
"""Empty rows for more variants."""


class Wrong(ValueError):
    """Invalid input: a word of `WORDS` that explains it, and its parts."""

    def __init__(self, word: str, **parts: str) -> None:
        super().__init__(word)
        self.word = word
        self.parts = parts


def mount(router: Router, core: Core) -> None:
    """The pages and their forms."""
    page = TillPage(core)
    router.add("GET", "/", page.home, control=True)
    router.add("GET", "/till", page.grid, control=True)
    router.add("GET", "/till/products/new", page.new, control=True)
    router.add("GET", "/till/products/{uuid}", page.product, control=True)
    router.add("GET", "/till/apps", page.apps, control=True)
    router.add("POST", "/till/save", page.keep, control=True)
    acts: dict[str, Act] = {
        "sell": page.sell,
        "refund": page.refund,
        "stock": page.stock,
        "tracking": page.tracking,
        "delete": page.delete,
        "remove-app": page.remove_app,
    }
    for name, act in acts.items():
        router.add("POST", f"/till/{name}", page.acting(act), control=True)


def price_text(amount: int | None) -> str:
    """24900 -> "249.00". Empty for a price that is entered at the till."""
    return "" if amount is None else f"{amount // 100}.{amount % 100:02d}"


def price_minor(text: str) -> int | None:
    """ "249,50" -> 24950. Empty input means that the price is entered at the till."""
    text = "".join(text.split()).replace(",", ".")
    if not text:
        return None
    try:
        minor = Decimal(text) * 100
    except InvalidOperation as error:
        raise Wrong("wrong_price", typed=text) from error
    if not minor.is_finite() or minor < 0 or minor != minor.to_integral_value():
        raise Wrong("wrong_price", typed=text)
    return int(minor)


def count(text: str, least: int = 1) -> int:
    """A quantity. Raises Wrong."""
    plain = "".join(text.split())
    if not re.fullmatch(r"-?[0-9]{1,9}", plain) or int(plain) < least:
        raise Wrong("wrong_count", typed=text)
    return int(plain)


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
        """A page of one organization, with a note of what was just done."""
        organization = self.organization(request.value("org"))
        said = request.value("said")
        common: JSON = {
            "organization": organization,
            "organizations": list(self.core.organizations.values()),
        }
        common["said"] = said if said in WORDS else None
        return show(
            request, template, WORDS, **{**common, "problem": request.value("problem"), **values}
        )

    def words(self, request: Request, wrong: Exception) -> str:
        """The error as text for a person."""
        place = 0 if language(request) == "sv" else 1
        if isinstance(wrong, Wrong):
            return WORDS[wrong.word][place].format(**wrong.parts)
        if isinstance(wrong, LookupError):
            return WORDS["gone"][place]
        return WORDS["refused"][place].format(why=str(wrong))

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
        """A picture's address on this host. The image host of the documents is a path here."""
        public = "https://image.izettle.com"
        return f"/image{url.removeprefix(public)}" if url.startswith(public) else url

    async def grid(self, request: Request) -> Response:
        organization = self.organization(request.value("org"))
        wanted, number = (request.value("q") or "").strip().casefold(), whole(request.value("page"))
        everything = organization.products_after(0)
        if wanted:
            everything = [one for one in everything if wanted in one.body.decode().casefold()]
        last = max(1, -(-len(everything) // PAGE))
        at = min(max(number or 1, 1), last)
        shown = everything[(at - 1) * PAGE : at * PAGE]
        cards = [self.card(organization, one) for one in shown]
        counts = {
            "total": len(everything),
            "at": at,
            "last": last,
            "wanted": request.value("q") or "",
        }
        return self.page(request, "till.html", cards=cards, **counts)

    async def new(self, request: Request) -> Response:
        return self.form(
            request, {"product": {"uuid": "", "name": "", "description": ""}, "variants": []}
        )

    async def product(self, request: Request) -> Response:
        organization = self.organization(request.value("org"))
        stored = organization.products.get(request.params["uuid"])
        if stored is None:
            return redirect(query_url("/till", {"org": organization.uuid, "said": "gone"}), 303)
        return self.form(request, self.card(organization, stored))

    def form(self, request: Request, card: JSON, **more: Any) -> Response:
        """The product form, with empty rows for more variants if the form creates the options."""
        blank = {"uuid": "", "name": "", "sku": "", "barcode": "", "price": ""}
        rows = card["variants"] or [blank]
        fixed = len(definitions_of(card["product"])) > 1
        rows = [*rows, *([] if fixed else [blank] * BLANKS)]
        values = {"tracked": False, "picture": None, **card, "rows": rows, "fixed": fixed}
        return self.page(request, "till_product.html", **{**values, **more})

    async def apps(self, request: Request) -> Response:
        organization = self.organization(request.value("org"))
        grants = [
            grant for grant in self.core.grants.values() if grant.organization == organization.uuid
        ]
        rows = [(self.core.apps[grant.client_id], grant) for grant in grants]
        return self.page(
            request,
            "till_apps.html",
            rows=rows,
            subscriptions=list(organization.subscriptions.values()),
        )

    # -- forms

    def acting(self, act: Act) -> Callable[[Request], Any]:
        """A form as a handler: do the action, return to the page it came from, and say what
        happened.
        """

        async def inside(request: Request) -> Response:
            form = request.form()
            organization = self.organization(form.get("org"))
            reported: dict[str, str | None] = {}
            try:
                reported["said"] = act(Till(self.core, organization), form)
            except (LookupError, ValueError) as wrong:
                reported["problem"] = self.words(request, wrong)
            back = form.get("back", "/till")
            back = back if back.startswith("/till") else "/till"
            kept = {
                "org": organization.uuid,
                "q": form.get("q") or None,
                "page": form.get("page") or None,
            }
            return redirect(query_url(back, {**kept, **reported}), 303)

        return inside

    async def keep(self, request: Request) -> Response:
        """The submitted product form. It is saved, or shown again as it was filled in, with the
        reason.
        """
        form = request.form()
        organization = self.organization(form.get("org"))
        try:
            said = self.save(Till(self.core, organization), form)
        except (LookupError, ValueError) as wrong:
            rows = [
                {
                    name: form.get(f"{name}-{number}", "")
                    for name in ("uuid", "name", "price", "sku", "barcode")
                }
                for number in numbers_of(form)
            ]
            product: JSON = {
                name: form.get(key, "")
                for name, key in (
                    ("uuid", "product"),
                    ("name", "name"),
                    ("description", "description"),
                )
            }
            stored = organization.products.get(product["uuid"])
            product["variantOptionDefinitions"] = (
                stored.value().get("variantOptionDefinitions") if stored else None
            )
            card = {
                "product": product,
                "variants": rows,
                "tracked": organization.tracked(product["uuid"]),
            }
            more = {
                "organization": organization,
                "rows": rows,
                "problem": self.words(request, wrong),
                "status": 422,
            }
            return self.form(request, card, **more)
        return redirect(query_url("/till", {"org": organization.uuid, "said": said}), 303)

    def sell(self, till: Till, form: dict[str, str]) -> str:
        till.sell([Line(form["variant"], count(form.get("quantity") or "1"))])
        return "sold"

    def refund(self, till: Till, form: dict[str, str]) -> str:
        till.refund(form["variant"], count(form.get("quantity") or "1"))
        return "refunded"

    def stock(self, till: Till, form: dict[str, str]) -> str:
        till.set_stock(form["variant"], count(form["balance"], -MOST_STOCK))
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
        """Save the product form: rows of variants, and simple options built from their names."""
        variants = variant_rows(form)
        old = till.product(form["product"]) if form.get("product") else {}
        changes: JSON = {
            "name": form.get("name", "").strip(),
            "description": form.get("description", "").strip() or None,
        }
        changes |= shaped(variants, old)
        money = [till.fresh(one) for one in changes["variants"]]
        found = violations({**old, **changes, "variants": money}, shape=False)
        if found:
            name = str(found[0]["propertyName"]).rpartition(".")[2]
            raise Wrong(
                f"wrong_{name}" if f"wrong_{name}" in WORDS else "wrong_other",
                why=found[0]["developerMessage"],
            )
        if old:
            till.edit_product(old["uuid"], **changes)
            return "saved"
        till.create_product(**{key: value for key, value in changes.items() if value is not None})
        return "created"


def numbers_of(form: dict[str, str]) -> list[int]:
    """The numbers of the rows in the form."""
    return sorted(
        {int(key.rpartition("-")[2]) for key in form if re.fullmatch(r"price-[0-9]{1,3}", key)}
    )


def variant_rows(form: dict[str, str]) -> list[JSON]:
    """The variants of the form, as numbered fields. A row without a name is left out unless it is
    the only one.
    """
    rows = []
    for number in numbers_of(form):
        text = {
            name: form.get(f"{name}-{number}", "").strip()
            for name in ("uuid", "name", "sku", "barcode")
        }
        row: JSON = {name: value or None for name, value in text.items() if name != "uuid"}
        row["price"] = price_minor(form.get(f"price-{number}", ""))
        rows.append({"uuid": text["uuid"], **row} if text["uuid"] else row)
    named = [row for row in rows if row["name"]]
    return named if len(named) > 1 else rows[:1]


def definitions_of(product: JSON) -> list[JSON]:
    """The options of a product, with their values."""
    return ((product.get("variantOptionDefinitions") or {}).get("definitions")) or []


def shaped(variants: list[JSON], old: JSON) -> JSON:
    """Variants with options that fit. Named rows are values of one option; a product with more
    options keeps its own.
    """
    definitions = definitions_of(old)
    kept = {one["uuid"]: one for one in old.get("variants", ())}
    if len(definitions) > 1:
        return {"variants": [one for one in variants if one.get("uuid") in kept]}
    if definitions:
        return grown(variants, definitions[0], kept)
    if len(variants) < 2:
        return {"variants": variants}
    rows = [{**one, "options": [{"name": "Variant", "value": one["name"]}]} for one in variants]
    values = [{"value": value} for value in dict.fromkeys(one["name"] for one in variants)]
    return {
        "variants": rows,
        "variantOptionDefinitions": {"definitions": [{"name": "Variant", "properties": values}]},
    }


def grown(variants: list[JSON], definition: JSON, kept: JSON) -> JSON:
    """More rows of a product with one option. Their names are values of it."""
    name, known = definition["name"], [one["value"] for one in definition["properties"]]
    fresh = [one for one in variants if one.get("uuid") not in kept]
    rows = [
        {**one, "options": [{"name": name, "value": one["name"]}]}
        if one in fresh and one["name"]
        else one
        for one in variants
    ]
    more = [{"value": one["name"]} for one in fresh if one["name"] and one["name"] not in known]
    if not more:
        return {"variants": rows}
    whole = {**definition, "properties": [*definition["properties"], *more]}
    return {"variants": rows, "variantOptionDefinitions": {"definitions": [whole]}}
