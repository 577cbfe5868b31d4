"""Equal names, SKUs and URLs: what our database knows of them, which product in the store has them,
and what the merchant reads.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from brygga.core import marker
from brygga.core.claims import Claims, Clash, Holder, folded, values_held, values_of
from brygga.core.handover import Slot, Turns, Wish, changed, turns, wishes_of
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct
from brygga.core.report import Code, Severity
from brygga.core.terms import Terms
from brygga.database import bindings, library, plan_inputs, suffixes
from brygga.database.suffixes import Suffix
from brygga.sync.products.batch import Job
from brygga.sync.worker.session import Session

MOST = 250
"""Products in one read (bigcommerce facts 2.2). Clashes with more products are not foreseen: they
are handled when BigCommerce refuses the value.
"""
MOST_LATE = 1000
"""Products that wait for their sync and may still hold a value. Clashes with more of them are not
foreseen: they are handled when BigCommerce refuses the value.
"""
MOST_PAGES = 40
"""Pages of the store that are read to find which product has an address: BigCommerce has no filter
for it.
"""


# ---- The holder of a value -----------------------------------------------------------------------


async def known_claims(session: Session, terms: Terms, jobs: Sequence[Job]) -> Claims:
    """Which of the names, SKUs and URLs that these jobs want are held by products that we have in
    the store.

    Our database shows which products may hold one of them. Only if there are such products is the
    store asked, once, for what they really hold. What the merchant's own products hold is not
    known: BigCommerce refuses a clash with them, and `creating` mends it.
    """
    wanted = [pair for job in jobs for pair in values_of(job.desired)]
    return await _claims(session, terms, wanted, ())


async def _claims(
    session: Session, terms: Terms, wanted: Collection[tuple[str, str]], beside: Collection[int]
) -> Claims:
    """Like `known_claims`, for (field, value) pairs, without the products `beside`, whose values
    are already known.
    """
    pairs = {(name, folded(name, value)) for name, value in wanted}
    words = {value.casefold() for name, value in pairs if name != "url"}
    slugs = {value.strip("/") for name, value in pairs if name == "url"}
    claims = Claims()
    if not pairs:
        return claims
    async with session.read() as tx:
        alike = await library.bound_like(tx, session.connection.id, sorted(words), sorted(slugs))
        late = await library.not_synced(tx, session.connection.id, MOST_LATE)
    close = {
        product_id: Holder(product.uuid, product.name, product_id)
        for product_id, product in alike
        if (mapped := desired(product, terms).product) is not None
        and not pairs.isdisjoint(values_of(mapped))
    }
    # A product that waits for its sync still holds its old values in the store, not those that
    # Zettle has now.
    close = dict(sorted(close.items())[:MOST]) | {
        one[1]: Holder(one[0], one[2], one[1]) for one in late
    }
    ids = sorted(close.keys() - set(beside))
    for place in range(0, len(ids), MOST):
        for product_id, found in (
            await session.shop.products(ids[place : place + MOST], include=("variants",))
        ).items():
            claims.add(close[product_id], values_held(found))
    return claims


async def hand_over(session: Session, terms: Terms, jobs: Sequence[Job]) -> Mapping[str, Turns]:
    """By product, what each of its names, SKUs and URLs becomes, and in which pass (decision 19).

    Foreseen clashes are in the jobs, with their lines, and are saved before anything is sent.
    """
    if not jobs:
        return {}
    async with session.read() as tx:
        had = await suffixes.of(tx, session.connection.id, [job.uuid for job in jobs])
    wishes: list[Wish] = []
    for job in jobs:
        job.had = had.get(job.uuid, ())
        wishes += _wishes(job)
    wanted = changed(wishes)
    beside = [job.observed.product_id for job in jobs if job.observed is not None]
    claims = await _claims(session, terms, wanted, beside)
    for job in jobs:
        claims.add(Holder(job.uuid, job.product.name, _product_id(job)), _besides(job))
    # A value without a known holder is tried. "Sync now" also tries a value that only a category or
    # a page may have.
    tried = {row for job in jobs for row in job.had if job.item.force or row.retry}
    rows = [
        row
        for job in jobs
        for row in job.had
        if row.holder_id or row.holder_uuid or row not in tried
    ]
    await _add_known_holders(session, claims, rows, set(wanted))
    found = turns(wishes, claims)
    rows = [row for job in jobs for row in _foreseen(job, found[job.uuid])]
    if rows:
        async with session.transaction() as tx:
            await suffixes.save(tx, session.connection.id, rows)
    return found


def _wishes(job: Job) -> Sequence[Wish]:
    assert job.binding is not None
    assert job.observed is not None
    wishes = wishes_of(job.desired, job.binding.synced, job.observed)
    if job.suffixed:
        # The product was created a moment ago, and its values were decided then.
        return [
            replace(wish, wanted=wish.now) if wish.slot in job.suffixed else wish for wish in wishes
        ]
    if not job.mends:
        return wishes
    plain = {(Slot(row.field, row.variant), row.written): row.plain for row in job.mends}
    # A value that the merchant has typed there meanwhile stays until the next save in Zettle
    # (decision 1).
    return [replace(wish, wanted=plain.get((wish.slot, wish.now), wish.now)) for wish in wishes]


def _product_id(job: Job) -> int:
    return job.observed.product_id if job.observed is not None else 0


def _besides(job: Job) -> list[tuple[str, str]]:
    """SKUs in our product that stay whatever we write: SKUs of variants that the merchant added, or
    of a product that has variants.
    """
    seen, bound = job.observed, job.binding
    if seen is None or bound is None:
        return []
    ours = set(bound.synced.variants.values())
    real = [variant for variant in seen.variants if variant.values]
    skus = (
        [one.sku for one in real if one.variant_id not in ours] if not job.desired.is_simple else []
    )
    own = [seen.sku] if real and not job.desired.is_simple else []
    return [("sku", folded("sku", sku)) for sku in (*skus, *own) if sku]


async def _add_known_holders(
    session: Session, claims: Claims, rows: Sequence[Suffix], wanted: Collection[tuple[str, str]]
) -> None:
    """Reads the merchant's own products that we have met before, by id and all at once, to see
    whether they still hold the values.

    An address that no product has belongs to a category or a page, and stays so.
    """
    nobody = [
        (row.field, row.plain)
        for row in rows
        if row.field == "url" and not (row.holder_id or row.holder_uuid)
    ]
    claims.add(Holder("", ""), nobody)
    ids = sorted(
        {row.holder_id for row in rows if (row.field, row.plain) in wanted and row.holder_id} - {0}
    )
    for place in range(0, len(ids), MOST):
        found = await session.shop.products(ids[place : place + MOST], include=("variants",))
        async with session.read() as tx:
            owners = await bindings.by_product_ids(tx, session.connection.id, list(found))
        for product_id, one in found.items():
            if product_id not in owners:
                claims.add(Holder("", one.name, product_id), values_held(one))


def _foreseen(job: Job, found: Turns) -> list[Suffix]:
    rows = []
    for slot, turn in found.items():
        if turn.clash is None:
            continue
        holder = turn.clash.holder
        row = Suffix(
            job.uuid,
            slot.field,
            turn.clash.value,
            turn.last,
            slot.variant,
            holder.product_id,
            holder.key,
        )
        job.suffixed[slot] = row
        rows.append(row)
        if turn.last != turn.now:
            other = ObservedProduct(holder.product_id, holder.name)
            _say(job, slot, turn.clash.value, turn.last, other)
    return rows


# ---- A clash that was not foreseen ---------------------------------------------------------------


async def met(session: Session, job: Job, slot: Slot, plain: str, written: str) -> None:
    """BigCommerce refused a value: the holder is found, the suffix is saved before it is sent, and
    the log names both products.
    """
    other = await holder_of(session, slot.field, plain)
    row = await _row(session, job.uuid, slot, (plain, written), other)
    job.suffixed[slot] = row
    async with session.transaction() as tx:
        await suffixes.save(tx, session.connection.id, [row])
    _say(job, slot, plain, written, other)


async def _row(
    session: Session, uuid: str, slot: Slot, values: tuple[str, str], other: ObservedProduct | None
) -> Suffix:
    holder_id = other.product_id if other is not None else 0
    async with session.read() as tx:
        owners = await bindings.by_product_ids(
            tx, session.connection.id, [holder_id] if holder_id else []
        )
    plain, written = values
    return Suffix(
        uuid, slot.field, plain, written, slot.variant, holder_id, owners.get(holder_id, "")
    )


def say_foreseen(
    jobs: Sequence[Job], batch: Sequence[Job], found: Mapping[str, Sequence[Clash]]
) -> None:
    """Reports foreseen clashes after the creates, because only then a product of the same batch has
    the id that names it (decision 6).
    """
    made = {job.uuid: job.binding.synced.product_id for job in batch if job.binding is not None}
    for job in jobs:
        for clash in found[job.uuid]:
            other = ObservedProduct(
                clash.holder.product_id or made.get(clash.holder.key, 0), clash.holder.name
            )
            _say(job, Slot(clash.field, clash.variant), clash.value, clash.written, other)


async def say_clash(
    session: Session, job: Job, field_name: str, before: CatalogProduct, after: CatalogProduct
) -> ObservedProduct | None:
    """The sync log names both products, so that the merchant can link them instead (decision 6).
    Returns the other product.
    """
    value, written = _clashed(field_name, before, after)
    other = await holder_of(session, field_name, value)
    _say(job, Slot(field_name), value, written, other)
    return other


def _say(job: Job, slot: Slot, value: str, written: str, other: ObservedProduct | None) -> None:
    # Nobody links to the marker product: it is named without a link (decision 16).
    number = "" if other is None or other.name == marker.NAME else str(other.product_id or "")
    named = {"other": other.name if other else "", "other_id": number}
    variant = slot.variant if not job.desired.is_simple else ""
    job.say(
        Code.CLASH,
        Severity.WARNING,
        variant,
        field=slot.field,
        value=value,
        written=written,
        **named,
    )


def _clashed(field_name: str, before: CatalogProduct, after: CatalogProduct) -> tuple[str, str]:
    if field_name == "name":
        return before.name, after.name
    if field_name == "url":
        return before.url, after.url
    pairs = zip(before.variants, after.variants, strict=True)
    return next(((b.sku, a.sku) for b, a in pairs if b.sku != a.sku), ("", ""))


async def holder_of(session: Session, field_name: str, value: str) -> ObservedProduct | None:
    """The product of the store that has this name, SKU or address."""
    match field_name:
        case "name":
            return next(iter((await session.shop.products_page(name=value, limit=1)).items), None)
        case "sku":
            return await holder_of_sku(session, value) if value else None
    return await _holder_of_url(session, value)


async def holder_of_sku(session: Session, sku: str) -> ObservedProduct | None:
    """The product that has this SKU, or a variant with it. BigCommerce gives a SKU to one product
    only (bigcommerce facts 3.4).
    """
    ids = sorted(await session.shop.products_with_sku(sku))
    return next(iter((await session.shop.products(ids[:1])).values()), None)


async def _holder_of_url(session: Session, url: str) -> ObservedProduct | None:
    """No filter finds an address: the products read before the first sync are checked first, then
    the store page by page.

    The address may belong to a category or a page, and then no product has it.
    """
    async with session.read() as tx:
        claims = await plan_inputs.claims(tx, session.connection.id)
    ids = [claim.product_id for claim in claims if (claim.field, claim.value) == ("url", url)]
    known = await session.shop.products(ids[:MOST], include=("variants",))
    if (found := _with_url(known.values(), url)) is not None:
        return found
    for page in range(1, MOST_PAGES + 1):
        shown = await session.shop.products_page(page, include=())
        if (
            (found := _with_url(shown.items, url)) is not None
            or not shown.items
            or page * MOST >= shown.total
        ):
            return found
    return None


def _with_url(products: Iterable[ObservedProduct], url: str) -> ObservedProduct | None:
    return next((one for one in products if one.url == url), None)


def holds(found: ObservedProduct, row: Suffix) -> bool:
    """Whether this product has the plain value of a suffix."""
    return (row.field, folded(row.field, row.plain)) in values_held(found)


def rows_of_create(job: Job, sent: CatalogProduct, holders: Mapping[Slot, Holder]) -> list[Suffix]:
    """The suffixes of a product that was just created."""
    pairs = [(Slot("name"), job.desired.name, sent.name), (Slot("url"), job.desired.url, sent.url)]
    plain = {variant.key: variant.sku for variant in job.desired.variants}
    pairs += [
        (Slot("sku", variant.key), plain.get(variant.key, ""), variant.sku)
        for variant in sent.variants
    ]
    rows = []
    for slot, wanted, written in pairs:
        if (
            written
            in Wish(Holder(job.uuid, ""), slot, written, wanted, alone=job.desired.is_simple).forms
        ):
            holder = holders.get(slot) or holders.get(Slot(slot.field))
            if holder is None and slot.field == "url":
                # The sweep finds it and asks. Without a holder the address would count as a
                # category's or a page's.
                continue
            holder = holder or Holder("", "")
            rows.append(
                Suffix(
                    job.uuid,
                    slot.field,
                    wanted,
                    written,
                    slot.variant,
                    holder.product_id,
                    holder.key,
                )
            )
    return rows
