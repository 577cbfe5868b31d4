"""Compares the store's own products with the library before the first sync: likely duplicates
(P11), and values that are already taken.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from brygga.core import marker, matching
from brygga.core.claims import values_held
from brygga.core.matching import Reason
from brygga.core.model import ObservedProduct, Product, Shop, Stage, Tracking
from brygga.core.text import one_line, path
from brygga.database import bindings, duplicates, kept_bindings, plan_inputs
from brygga.database import library as mirror
from brygga.database.duplicates import Facts, Pair
from brygga.database.plan_inputs import Claim
from brygga.sync.category import CATEGORY
from brygga.sync.products.plans import SMALL
from brygga.sync.worker.session import Session
from brygga.zettle.api.inventory import store_of

CONNECTOR = "connector"
"""The reason of a pair with an equal SKU whose product is in a category "Zettle" that we did not
create: another connector created it.
"""


async def find_duplicates(session: Session) -> None:
    """Finds products that exist on both sides and are not bound. The merchant links, keeps or skips
    them (P11).
    """
    connection_id = session.connection.id
    shop = await _whole_shop(session)
    async with session.read() as tx:
        products = await mirror.products(tx, connection_id)
        bound = dict(await bindings.product_ids(tx, connection_id))
        if session.connection.stage is not Stage.RUNNING:
            # Products that the store kept become ours again: there is nothing to ask (D4).
            bound |= await kept_bindings.kept_here(tx, connection_id)
    taken = set(bound.values())
    ours = [product for product in products if product.uuid not in bound]
    theirs = {product.product_id: product for product in shop if product.product_id not in taken}
    found, claims = await _compared(ours, products, theirs)
    category = await _category(session) if any(pair.reason is Reason.SKU for pair in found) else 0
    stock = await _till_stock(session) if found else {}
    pairs = [
        replace(
            _pair(pair, theirs[pair.product_id], category),
            facts=facts(theirs[pair.product_id], stock.get(pair.zettle_uuid)),
        )
        for pair in found
    ]
    async with session.transaction() as tx:
        await duplicates.found(tx, connection_id, pairs, session.clock.now())
        await plan_inputs.keep_claims(tx, connection_id, claims)


async def _compared(
    ours: Sequence[Product], products: Sequence[Product], theirs: Mapping[int, ObservedProduct]
) -> tuple[Sequence[matching.Pair], Sequence[Claim]]:
    """The likely pairs, and the values that are taken. A large catalogue is compared in a thread:
    neither pages nor the sales of other merchants wait.
    """

    def compared() -> tuple[Sequence[matching.Pair], Sequence[Claim]]:
        return matching.likely(ours, list(theirs.values())), list(_claims(products, theirs))

    if max(len(products), len(theirs)) > SMALL:
        return await asyncio.to_thread(compared)
    return compared()


async def _whole_shop(session: Session) -> Sequence[ObservedProduct]:
    """The store's products. A large store takes a while: during set-up, what is equal is shown
    after each page.
    """
    shop: list[ObservedProduct] = []
    early = None if session.connection.stage is Stage.RUNNING else _Early(session)
    page: int | None = 1
    while page is not None:
        found = await session.shop.products_page(page, include=("images", "variants"))
        new = marker.merchants(found.items)
        shop += new
        page = found.next
        if early is not None and page is not None:
            await early.show(new)
    return shop


@dataclass(slots=True)
class _Early:
    """The likely duplicates that can be told before the whole store is read."""

    session: Session
    equals: matching.Equals | None = None
    kept: frozenset[int] = frozenset()
    """The store's products that become ours again (D4)."""

    async def show(self, new: Sequence[ObservedProduct]) -> None:
        connection_id = self.session.connection.id
        if self.equals is None:
            async with self.session.read() as tx:
                products = await mirror.products(tx, connection_id)
                kept = await kept_bindings.kept_here(tx, connection_id)
            ours = [product for product in products if product.uuid not in kept]
            self.equals, self.kept = matching.Equals(ours), frozenset(kept.values())
        theirs = {one.product_id: one for one in new if one.product_id not in self.kept}
        pairs = [
            replace(_pair(pair, other, category=0), facts=facts(other, None))
            for pair in self.equals.pairs(theirs.values())
            for other in (theirs[pair.product_id],)
        ]
        if pairs:
            async with self.session.transaction() as tx:
                await duplicates.add_found(tx, connection_id, pairs, self.session.clock.now())


def _pair(pair: matching.Pair, other: ObservedProduct, category: int) -> Pair:
    by_connector = pair.reason is Reason.SKU and category in other.category_ids
    reason = CONNECTOR if by_connector else pair.reason.value
    return Pair(pair.zettle_uuid, pair.product_id, pair.certainty.value, reason, other.name)


def facts(other: ObservedProduct, till_stock: int | None) -> Facts:
    """What the merchant tells the two apart by."""
    picture = next((one.url for one in other.images if one.is_thumbnail), "")
    skus = [other.sku, *(variant.sku for variant in other.variants)]
    return Facts(
        picture=picture or next((one.url for one in other.images), ""),
        sku=next((sku for sku in skus if sku), ""),
        price=other.price,
        stock=other.inventory_level if other.tracking is not Tracking.NONE else None,
        url=other.url,
        till_stock=till_stock,
    )


async def _till_stock(session: Session) -> Mapping[str, int]:
    """Zettle's stock of each product that has a number, all variants together. It is only shown."""
    store = store_of(await session.zettle.inventories())
    levels: Counter[str] = Counter()
    for row in await session.zettle.stock(store.uuid) if store else ():
        if row.balance is not None:
            levels[row.product_uuid] += row.balance
    return levels


async def _category(session: Session) -> int:
    """An existing top category "Zettle"; 0 when there is none. None is created: nothing is set up
    yet.
    """
    shop = session.connection.shop
    assert shop is not None
    tree_id = shop.tree_id or await _tree(session, shop)
    found = await session.shop.find_category(tree_id, CATEGORY) if tree_id else None
    return found.id if found else 0


async def _tree(session: Session, shop: Shop) -> int:
    trees = await session.shop.trees(shop.default_channel_id)
    return trees[0].id if trees else 0


def _claims(products: Sequence[Product], theirs: Mapping[int, ObservedProduct]) -> Iterator[Claim]:
    """The store's names, SKUs and URLs that the library wants too. The others cannot clash."""
    wanted = {one_line(product.name).casefold() for product in products}
    wanted |= {path(product.slug) for product in products}
    wanted |= {
        one_line(variant.sku).casefold() for product in products for variant in product.variants
    }
    for other in theirs.values():
        for field, value in values_held(other):
            if value and value.casefold() in wanted:
                yield Claim(field, value, other.product_id, other.name)
