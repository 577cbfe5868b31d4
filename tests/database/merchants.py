"""Values that the store's tests share: an account, a shop, products."""

from decimal import Decimal

import sqlalchemy as sa

from brygga.core.model import (
    Connection,
    Money,
    Organization,
    Product,
    Shop,
    Stage,
    Variant,
    WeightUnit,
)
from brygga.database import connections
from brygga.database.engine import Database, Tx
from tests.conftest import NOON


def account(uuid: str = "org-1", name: str = "Krukan AB") -> Organization:
    return Organization(uuid, name, "SEK", country="SE")


def shop(store_hash: str = "abc123") -> Shop:
    return Shop(
        store_hash, "Krukan", "SEK", WeightUnit.KILOGRAM, prices_include_tax=True, category_id=7
    )


def cup(
    uuid: str = "cup", name: str = "Mugg", etag: str = "1", sku: str = "MUGG-1", vat: str = "25"
) -> Product:
    variant = Variant(f"{uuid}-v", sku=sku, barcode="7310865004703", price=Money(12900, "SEK"))
    return Product(
        uuid, name, etag, (variant,), weight_grams=Decimal("350.5"), vat_percentage=Decimal(vat)
    )


async def newest(tx: Tx, organization: str) -> Connection:
    """The account's newest connection, living or not."""
    statement = sa.text("SELECT max(id) AS id FROM connections WHERE organization_uuid = :uuid")
    row = await tx.first(statement, {"uuid": organization})
    found = await connections.by_id(tx, row.id) if row and row.id else None
    assert found is not None
    return found


async def ids_from(tx: Tx, number: int) -> None:
    """The next connection has this id."""
    name = "pg_get_serial_sequence('connections', 'id')"
    await tx.scalar(sa.text(f"SELECT setval({name}, :number, false)"), {"number": number})


async def connected(
    database: Database, organization: str = "org-1", store_hash: str = "abc123"
) -> Connection:
    """A connection whose set-up is finished."""
    async with database.transaction() as tx:
        begun = await connections.start(tx, account(organization), f"hook-{organization}", NOON)
        await connections.set_shop(tx, begun.id, shop(store_hash))
        await connections.set_stage(tx, begun.id, Stage.RUNNING)
        found = await connections.by_id(tx, begun.id)
    assert found is not None
    return found
