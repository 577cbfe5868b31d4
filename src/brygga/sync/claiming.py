"""Equal names, SKUs and URLs of products that are to be made: what our own memory knows of them, and what the merchant reads."""

from collections.abc import Mapping, Sequence

from brygga.core.claims import Claims, Clash, Holder, values_held, values_of
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct
from brygga.core.report import Code, Severity
from brygga.core.terms import Terms
from brygga.store import library
from brygga.sync.jobs import Job
from brygga.sync.session import Session

MOST = 250
"""Products in one reading (bigcommerce facts 2.2); clashes with more of them are met, not foreseen."""


async def known_claims(session: Session, terms: Terms, jobs: Sequence[Job]) -> Claims:
    """What products that we have in the store hold of the names, SKUs and URLs that these jobs want.

    Our memory tells which products may hold one of them; only if there are such is the store asked, once, for what they hold indeed. What
    the merchant's own products hold is not known: BigCommerce refuses a clash with them, and `creating` mends it.
    """
    wanted = [pair for job in jobs for pair in values_of(job.desired)]
    words = {value.casefold() for name, value in wanted if name != "url"}
    slugs = {value.strip("/") for name, value in wanted if name == "url"}
    async with session.read() as tx:
        alike = await library.bound_like(tx, session.connection.id, sorted(words), sorted(slugs))
    close = {
        product_id: Holder(product.uuid, product.name, product_id)
        for product_id, product in alike
        if (mapped := desired(product, terms).product) is not None and not set(values_of(mapped)).isdisjoint(wanted)
    }
    claims = Claims()
    for product_id, found in (await session.shop.products(sorted(close)[:MOST])).items():
        claims.add(close[product_id], values_held(found))
    return claims


def say_foreseen(jobs: Sequence[Job], batch: Sequence[Job], found: Mapping[str, Sequence[Clash]]) -> None:
    """Said when they are made, since only then a product of the same batch has the id that names it (decision 6)."""
    made = {job.uuid: job.binding.synced.product_id for job in batch if job.binding is not None}
    for job in jobs:
        for clash in found[job.uuid]:
            other = ObservedProduct(clash.holder.product_id or made.get(clash.holder.key, 0), clash.holder.name)
            _say(job, clash.field, clash.value, clash.written, other, clash.variant)


async def say_clash(session: Session, job: Job, field_name: str, before: CatalogProduct, after: CatalogProduct) -> None:
    """The sync log names both products, so that the merchant can link them instead (decision 6)."""
    value, written = _clashed(field_name, before, after)
    _say(job, field_name, value, written, await _holder(session, field_name, value))


def _say(job: Job, field: str, value: str, written: str, other: ObservedProduct | None, variant: str = "") -> None:  # noqa: PLR0917
    named = {"other": other.name, "other_id": str(other.product_id or "")} if other else {"other": "", "other_id": ""}
    job.say(Code.CLASH, Severity.WARNING, variant, field=field, value=value, written=written, **named)


def _clashed(field_name: str, before: CatalogProduct, after: CatalogProduct) -> tuple[str, str]:
    if field_name == "name":
        return before.name, after.name
    if field_name == "url":
        return before.url, after.url
    pairs = zip(before.variants, after.variants, strict=True)
    return next(((b.sku, a.sku) for b, a in pairs if b.sku != a.sku), ("", ""))


async def _holder(session: Session, field_name: str, value: str) -> ObservedProduct | None:
    if field_name == "name":
        return next(iter((await session.shop.products_page(name=value, limit=1)).items), None)
    return await holder_of_sku(session, value) if field_name == "sku" and value else None


async def holder_of_sku(session: Session, sku: str) -> ObservedProduct | None:
    """The product that has this SKU, or a variant with it; BigCommerce gives it to no other (facts 3.4)."""
    ids = sorted(await session.shop.products_with_sku(sku))
    return next(iter((await session.shop.products(ids[:1])).values()), None)
