"""Our own "Add product" form (rule P9): the one thing of ours that adds to Zettle's library."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec
from babel.numbers import get_currency_precision
from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.model import Money
from brygga.store import library
from brygga.store.marks import Kind
from brygga.sync.products import NEW
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask
from brygga.zettle.values import NewProduct, NewVariant

NUMBER: Final = re.compile(r"\d{1,9}(?:[.,]\d{1,3})?")


@dataclass(frozen=True, slots=True)
class NewProductView:
    currency: str
    name: str = ""
    price: str = ""
    sku: str = ""
    barcode: str = ""
    vat: str = ""
    description: str = ""
    assigned: bool = True
    errors: tuple[str, ...] = ()


@get("/library/new")
async def show(merchant: Merchant) -> Response[str]:
    return merchant.page("newproduct.html", NewProductView(merchant.own.organization.currency), section="library")


@post("/library/new")
async def add(merchant: Merchant, form: Form) -> Response[str] | Redirect:
    """What the box said is kept before Zettle hears of the product, so that its first event already finds the decision."""
    deps, own = merchant.deps, merchant.own
    view = filled(own.organization.currency, form)
    if view.errors:
        return merchant.page("newproduct.html", view, section="library", status=400)
    product = made(view, deps.dice.uuid1(), deps.dice.uuid1())
    async with deps.database.transaction() as tx:
        await library.decide(tx, own.id, product.uuid, assigned=view.assigned, now=deps.clock.now())
        detail = NEW + msgspec.json.encode(product).decode()
        await ask(deps, tx, own.id, Kind.PRODUCT, [product.uuid], force=True, detail=detail)
    return merchant.go("/library", "product_added")


def filled(currency: str, form: Form) -> NewProductView:
    """The form as it came, with what is wrong with it."""
    names = ("name", "price", "sku", "barcode", "vat", "description")
    texts = {name: form.one(name).replace(" ", "") if name in {"price", "vat"} else form.one(name) for name in names}
    wrong = {
        "name": not 0 < len(texts["name"]) <= 256,
        "price": bool(texts["price"]) and minor(texts["price"], currency) is None,
        "sku": len(texts["sku"]) > 64,
        "barcode": len(texts["barcode"]) > 14,
        "vat": bool(texts["vat"]) and (NUMBER.fullmatch(texts["vat"]) is None or _decimal(texts["vat"]) > 100),
        "description": len(texts["description"]) > 1024,
    }
    errors = tuple(name for name in names if wrong[name])
    return NewProductView(currency, assigned=form.one("bigcommerce") == "yes", errors=errors, **texts)


def minor(text: str, currency: str) -> int | None:
    """The price in minor units; None when it is no amount of that currency."""
    if NUMBER.fullmatch(text) is None:
        return None
    amount = _decimal(text).scaleb(get_currency_precision(currency))
    return int(amount) if amount == amount.to_integral_value() else None


def made(view: NewProductView, uuid: str, variant_uuid: str) -> NewProduct:
    amount = minor(view.price, view.currency) if view.price else None
    price = None if amount is None else Money(amount, view.currency)
    variant = NewVariant(variant_uuid, sku=view.sku, barcode=view.barcode, price=price)
    vat = _decimal(view.vat) if view.vat else None
    return NewProduct(uuid, view.name, (variant,), description=view.description, vat_percentage=vat)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))
