"""The facts about the account and the store: read at the start, and again when either platform
reports a change.
"""

from collections.abc import Sequence
from dataclasses import replace

from brygga.bigcommerce.api import ShopApi
from brygga.core.connecting import prices_must_pause
from brygga.core.model import Connection, Organization, Shop
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import connections, synclog
from brygga.database.work_items import WorkItem
from brygga.sync.worker.session import Session

REMOVED = "removed"
"""A work item's detail: a webhook says that the merchant has taken our access to Zettle away.
Zettle is asked first, and its answer counts.
"""


async def read_shop(api: ShopApi) -> Shop:
    """The store with its stock settings and default location. The category is found when products
    are first written.
    """
    shop = await api.store()
    stock = await api.inventory_settings()
    location = await api.default_location()
    # No setting says whether a store takes backorders; its inventory items do. One page of a
    # thousand items is enough to decide.
    backorders = any(row.takes_backorders for row in await api.levels_page(location.id))

    return replace(
        shop,
        stock_moment=stock.moment,
        restocks_refunds=stock.restocks_refunds,
        backorders=backorders,
        location_id=location.id,
    )


async def account(session: Session, items: Sequence[WorkItem]) -> None:
    """Updates the facts. A currency that no longer fits pauses prices and nothing else (decision
    10).
    """
    if any(item.detail == REMOVED for item in items):
        await session.zettle.prove_access()
    organization = keeping_facts(
        await session.zettle.organization(), session.connection.organization
    )
    shop = None
    if session.connection.shop is not None:
        shop = keeping_place(await read_shop(session.shop), session.connection.shop)

    async with session.transaction() as tx:
        before = await connections.by_id(tx, session.connection.id)
        assert before is not None
        await connections.set_organization(tx, before.id, organization)
        if shop is not None:
            await connections.set_shop(tx, before.id, shop)
            if prices_must_pause(before, organization, shop):
                await connections.set_prices_paused(tx, before.id, True)
            await synclog.add(
                tx, before.id, changes(before, organization, shop), session.clock.now()
            )
    await session.reload()
    for item in items:
        await session.finish(item)


def keeping_facts(fresh: Organization, known: Organization) -> Organization:
    """The account as just read. A field that this answer leaves out keeps its value: another
    endpoint may have answered (decision 15).
    """
    kept = {
        name: getattr(fresh, name) or getattr(known, name)
        for name in ("name", "currency", "country", "language", "contact_email")
    }
    return replace(fresh, **kept)


def keeping_place(fresh: Shop, known: Shop) -> Shop:
    """The store as just read, with the category that we have found there."""
    ours = known.category_is_ours
    return replace(
        fresh, category_id=known.category_id, category_is_ours=ours, tree_id=known.tree_id
    )


def changes(before: Connection, organization: Organization, shop: Shop) -> list[Line]:
    """The lines about changes that concern the merchant."""
    lines: list[Line] = []
    if (
        before.choices.prices
        and not before.prices_paused
        and prices_must_pause(before, organization, shop)
    ):
        params = {"till": organization.currency, "shop": shop.currency}
        lines.append(Line(Code.PRICES_PAUSED, Topic.CONNECTION, Severity.WARNING, params=params))
    known = before.shop
    if known is not None and known.weight_unit is not shop.weight_unit:
        unit = shop.weight_unit.value if shop.weight_unit else ""
        lines.append(
            Line(
                Code.WEIGHT_UNIT_CHANGED, Topic.CONNECTION, Severity.WARNING, params={"unit": unit}
            )
        )
    if known is not None and known.prices_include_tax != shop.prices_include_tax:
        lines.append(_tax_line("shop"))
    if before.organization.taxation_mode is not organization.taxation_mode:
        lines.append(_tax_line("zettle"))
    if known is not None and known.owner_email and shop.owner_email not in {"", known.owner_email}:
        lines.append(Line(Code.STORE_OWNER_CHANGED, Topic.CONNECTION, Severity.WARNING))
    if known is not None and shop.backorders and not known.backorders:
        lines.append(Line(Code.BACKORDERS_ON, Topic.CONNECTION))
    if (
        known is not None
        and known.stock_moment is not shop.stock_moment
        and shop.stock_moment is not None
    ):
        params = {"moment": shop.stock_moment.value}
        lines.append(Line(Code.STOCK_MOMENT_CHANGED, Topic.CONNECTION, params=params))
    return lines


def _tax_line(side: str) -> Line:
    return Line(Code.TAX_ENTRY_CHANGED, Topic.CONNECTION, Severity.WARNING, params={"side": side})
