"""Our own "Add product" form (rule P9): the only part of Brygga that adds to Zettle's library.

What is typed is saved on our side, pictures too, so that a round trip, a refusal or a closed page
loses nothing. Saving adds a work item. The page then shows the progress.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from brygga.core import pictures
from brygga.core.model import Organization, TaxationMode
from brygga.database import additions, assigning, ledgers, library, library_pages
from brygga.database.additions import Addition, State
from brygga.database.engine import Tx
from brygga.database.work_items import Kind
from brygga.web.bodies import BODY, PICTURES
from brygga.web.lines import reason
from brygga.web.pages.addform import OTHER_RATE, AddForm, amount, clean, read, wanted
from brygga.web.pages.addpreview import Preview, preview_of
from brygga.web.session import AnyRequest
from brygga.web.standing import Phase
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask

UUID1: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
DRAFTS_STAY: Final = timedelta(days=14)
DRAFTS_SHOWN: Final = 5
RATES: Final[Mapping[str, str]] = {
    "SE": "25 12 6 0",
    "NO": "25 15 12 0",
    "DK": "25 0",
    "FI": "25.5 14 10 0",
}
"""VAT rates of the country, offered after those that the account's products have. Any other can be
typed.
"""

FIELDS: Final = {
    "name": "name",
    "description": "description",
    "vatPercentage": "vat",
    "online.description": "online_description",
    "online.seo.title": "seo_title",
    "online.seo.metaDescription": "seo_description",
    "online.seo.slug": "slug",
    "online.shipping.weightInGrams": "weight",
}
"""Zettle's name of a field that it refused, and the field in our form (zettle facts 2.8)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A product that was typed and not sent."""

    key: str
    name: str
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class NewProductView:
    key: str
    currency: str
    form: AddForm
    pictures: tuple[int, ...] = ()
    rates: tuple[str, ...] = ()
    """The VAT rates that the account's products have, the highest first."""
    more_rates: tuple[str, ...] = ()
    """Other rates of the account's country."""
    sales_tax: bool = False
    refusal: str = ""
    """Why Zettle refused it, in words."""
    store: str = ""
    drafts: tuple[Draft, ...] = ()
    is_draft: bool = False
    preview: Preview | None = None

    @property
    def rate(self) -> str:
        """The chosen rate, "" for none, or the one of a rate that is typed."""
        typed = self.form.texts["vat"]
        found = amount(typed)
        plain = typed if found is None else _rate(found)
        return plain if plain in {"", *self.rates, *self.more_rates} else OTHER_RATE

    @property
    def errors(self) -> Mapping[str, str]:
        return self.form.errors

    @property
    def messages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.form.errors.values()))


@dataclass(frozen=True, slots=True)
class AddingView:
    name: str
    assigned: bool


@dataclass(frozen=True, slots=True)
class AddedView:
    """A product that is in Zettle, and how far BigCommerce is. `stock` is None without inventory
    management, and while the number is not known.
    """

    uuid: str
    name: str
    variants: int
    pictures: int
    tracked: bool
    stock: int | None
    state: str
    reason: str
    shop_url: str

    @property
    def moves(self) -> bool:
        return self.state in {"waiting", "removing", "unassigning"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What the browser sent: the texts, the files that are pictures, and the errors of the other
    files.
    """

    form: Form
    files: tuple[tuple[str, bytes], ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


# ---- Showing -------------------------------------------------------------------------------------


@get("/library/new")
async def show(merchant: Merchant) -> Response[str] | Redirect:
    if not merchant.running:
        return _not_yet(merchant)
    now = merchant.deps.clock.now()
    async with merchant.deps.database.transaction() as tx:
        await additions.discard_drafts(tx, merchant.own.id, now - DRAFTS_STAY)
        found = await additions.drafts(tx, merchant.own.id, DRAFTS_SHOWN)
    drafts = tuple(Draft(one.product_uuid, one.name, one.touched_at) for one in found)
    return await _page(merchant, merchant.deps.dice.uuid1(), AddForm(), drafts=drafts)


def _not_yet(merchant: Merchant) -> Redirect:
    here, in_setup = "/apps/bigcommerce", merchant.standing.phase is Phase.SETUP
    return merchant.go(here, "finish_first", "warn") if in_setup else merchant.unchanged(here)


@get("/library/new/{key:str}")
async def resume(merchant: Merchant, key: str) -> Response[str] | Redirect:
    """The state of a product that was typed: a draft, being added, refused with everything that was
    typed, or in Zettle.
    """
    async with merchant.deps.database.read() as tx:
        addition = await additions.get(tx, merchant.own.id, key)
        if addition is None:
            return merchant.page("added.html", await _added(merchant, tx, key), section="library")
    form = read(Form(addition.form), merchant.own.organization)
    if addition.state is State.WAITING:
        return merchant.page(
            "adding.html", AddingView(addition.name, form.assigned), section="library"
        )
    if addition.state is State.DRAFT:
        if not merchant.running:
            return _not_yet(merchant)
        # A draft is not finished, so what it lacks is no mistake yet.
        return await _page(merchant, key, replace(form, errors={}), is_draft=True)
    return await _page(
        merchant,
        key,
        _with_refusal(form, addition),
        refusal=reason(merchant.words, addition.refusal),
    )


async def _added(merchant: Merchant, tx: Tx, key: str) -> AddedView:
    """Raises `NotThere` for a product that Zettle does not have."""
    row = await library_pages.one(tx, merchant.own.id, key)
    product = row.entry.product if row else None
    if row is None or product is None or row.entry.removed_at is not None:
        raise NotThere
    rows = (await ledgers.load(tx, merchant.own.id, [key])).values()
    levels = [one.ledger.zettle.target for one in rows]
    known = [level for level in levels if level is not None]
    panel = merchant.own.shop.control_panel_url.rstrip("/") if merchant.own.shop else ""
    return AddedView(
        uuid=key,
        name=row.entry.name,
        variants=len(product.variants),
        pictures=len(product.image_urls),
        tracked=row.entry.tracking is True,
        stock=sum(known) if known and len(known) == len(levels) else None,
        state=row.state.value,
        reason=reason(merchant.words, row.entry.failure),
        shop_url=f"{panel}/manage/products/edit/{row.product_id}"
        if panel and row.product_id
        else "",
    )


@get("/library/new/{key:str}/pictures/{place:int}")
async def picture(merchant: Merchant, key: str, place: int) -> Response[bytes]:
    """A picture that is not in Zettle yet. Its type is the one that we detected, never the one that
    was sent.
    """
    async with merchant.deps.database.read() as tx:
        found = await additions.picture(tx, merchant.own.id, key, place)
    if found is None or not found.content:
        raise NotThere
    return Response(found.content, media_type=found.media_type)


async def _page(
    merchant: Merchant, key: str, form: AddForm, *, status: int = 200, **more: Any
) -> Response[str]:
    """The form. `more` are further fields of its view."""
    own = merchant.own
    async with merchant.deps.database.read() as tx:
        places = [one.place for one in await additions.pictures(tx, own.id, key)]
        used = await library_pages.vat_rates(tx, own.id)
    if not any(form.texts.values()) and used:
        form = replace(form, texts={**form.texts, "vat": _rate(used[0])})
    view = NewProductView(
        key=key,
        currency=own.organization.currency,
        form=form,
        pictures=tuple(places),
        rates=_sorted(used),
        more_rates=_sorted(_usual(own.organization) - {*used}),
        sales_tax=own.organization.taxation_mode is TaxationMode.EXCLUSIVE,
        store=own.shop.name if own.shop else "",
        **more,
    )
    return merchant.page("newproduct.html", view, section="library", status=status)


def _usual(organization: Organization) -> set[Decimal]:
    return {Decimal(rate) for rate in RATES.get(organization.country, "").split()}


def _sorted(rates: Iterable[Decimal]) -> tuple[str, ...]:
    return tuple(_rate(rate) for rate in sorted(rates, reverse=True))


def _rate(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _with_refusal(form: AddForm, addition: Addition) -> AddForm:
    named = {FIELDS.get(name) or _row_field(name) for name in addition.errors} - {""}
    return replace(form, errors={**form.errors, **dict.fromkeys(sorted(named), "refused")})


def _row_field(name: str) -> str:
    """ "variants[2].sku" is the SKU of the third variant that was sent."""
    found = re.fullmatch(r"variants\[(\d+)\]\.(sku|barcode|price)(?:\..*)?", name)
    return f"row-{found[2]}-{found[1]}" if found else ""


# ---- Saving --------------------------------------------------------------------------------------


@post("/library/new", opt={BODY: PICTURES})
async def add(merchant: Merchant) -> Response[str] | Redirect:
    """The decision about BigCommerce is saved before the product is sent to Zettle, so that its
    first event finds the decision.
    """
    deps, own = merchant.deps, merchant.own
    if not merchant.running:
        return _not_yet(merchant)
    sent = await _sent(merchant.request)
    key = sent.form.one("key") if UUID1.fullmatch(sent.form.one("key")) else deps.dice.uuid1()
    form = read(sent.form, own.organization)
    action = sent.form.one("action")
    saving = action == "save"
    if action not in {"save", "preview"}:
        form = replace(
            form,
            errors={name: code for name, code in form.errors.items() if _about_options(name, code)},
        )
    form = replace(form, errors={**form.errors, **sent.errors})

    async with deps.database.transaction() as tx:
        entry = await library.get(tx, own.id, key)
        is_there = entry is not None and entry.product is not None
        kept = not is_there and await additions.keep_draft(
            tx, own.id, key, sent.form.fields, deps.clock.now()
        )
        if kept:
            form = await _keep_pictures(tx, own.id, key, sent, form)
        if kept and saving and not form.errors:
            product = wanted(form, own.organization, key, deps.dice.uuid1)
            await assigning.decide(tx, own.id, key, assigned=form.assigned, now=deps.clock.now())
            await additions.send(tx, own.id, key, product.plain(), deps.clock.now())
            await ask(deps, tx, own.id, Kind.ADDITION, [key], force=True)
    if kept and action == "draft":
        return Response("", status_code=204)
    if kept and (form.errors or not saving):
        status = 400 if form.errors and saving else 200
        return await _page(
            merchant, key, form, status=status, preview=_preview(merchant, form, action)
        )
    # A form that is sent twice adds one product: the second answer leads to the same page.
    return merchant.go(f"/library/new/{key}")


def _preview(merchant: Merchant, form: AddForm, action: str) -> Preview | None:
    if action != "preview" or form.errors:
        return None
    return preview_of(merchant.words, merchant.own, form, merchant.deps.dice.uuid1)


@post("/library/new/{key:str}/discard")
async def discard(merchant: Merchant, key: str) -> Redirect:
    """The merchant discards a draft, or what Zettle refused."""
    own, now = merchant.own.id, merchant.deps.clock.now()
    async with merchant.deps.database.transaction() as tx:
        gone = await additions.discard(tx, own, key)
        entry = await library.get(tx, own, key)
        if gone and entry is not None and entry.product is None and not entry.unreadable:
            await library.remove(tx, own, [key], now)
            await library.purge(tx, own, [key])
    return merchant.go("/library", "product_discarded") if gone else merchant.go("/library")


async def _sent(request: AnyRequest) -> Sent:
    found = await request.form()
    pairs: list[tuple[str, Any]] = list(found.multi_items())
    files, errors = [], {}
    for name, value in pairs:
        if not isinstance(value, UploadFile) or name != "picture":
            continue
        content = await value.read()
        if not content and not value.filename:
            continue  # the field was left empty
        if wrong := pictures.wrong(content):
            errors["picture"] = wrong.value
        elif kind := pictures.described(content):
            files.append((pictures.MEDIA_TYPES[kind.kind], content))
    texts = tuple(
        (name, value) for name, value in pairs if isinstance(value, str) and name != "_csrf_token"
    )
    return Sent(clean(Form(texts)), tuple(files), errors)


async def _keep_pictures(
    tx: Tx, connection_id: int, key: str, sent: Sent, form: AddForm
) -> AddForm:
    places = [
        place for place in sent.form.many("picture-drop") if place.isascii() and place.isdigit()
    ]
    await additions.drop_pictures(
        tx, connection_id, key, [int(place) for place in places if len(place) < 7]
    )
    room = pictures.MOST_PICTURES - len(await additions.pictures(tx, connection_id, key))
    for media_type, content in sent.files[: max(room, 0)]:
        await additions.add_picture(tx, connection_id, key, media_type, content)
    if len(sent.files) <= room:
        return form
    return replace(form, errors={**form.errors, "picture": "picture_many"})


def _about_options(name: str, code: str) -> bool:
    return code != "variants_look" and name.startswith(("option-", "variants"))
