"""Work that failed, a kept webhook and addresses, for tests of the operator's pages and API."""

from tests.conftest import NOON
from tests.web.conftest import World
from tests.web.test_every_route import filled, methods

from brygga.core.model import Connection
from brygga.database import (
    audit,
    failed_work,
    kept_webhooks,
    support,
    work_items,
)
from brygga.database.audit import Act
from brygga.database.kept_webhooks import Webhook
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.app import OPERATOR_ROUTES
from brygga.web.operating.door import API

KEPT = (
    '{"producer":"stores/abc123","scope":"store/product/updated","data":{"type":"product","id":7}}'
)
STOCK = "6a1d3b00-0000-11ed-9c3e-000000000001"


async def failing(world: World, connection: Connection, name: str = "cup") -> None:
    """Work that failed by a bug of ours."""
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.STOCK, name, NOON)
        (item,) = [
            one
            for one in await work_items.due(tx, connection.id, NOON, [Kind.STOCK])
            if one.subject == name
        ]
        case = f"id-{connection.id}-{name}"
        await failed_work.park(tx, item, case, NOON, next_try=NOON.replace(year=2030))
        bundle = {"bug": "KeyError", "at": ["turn:1", "gather:77"]}
        await support.save(tx, support.Case(case, connection.id, NOON, name, bundle))


async def acts_of(world: World, connection_id: int | None) -> list[str]:
    async with world.database.read() as tx:
        found = await audit.of(tx, connection_id)
    return [one.facts["command"] for one in found if one.act is Act.OPERATOR]


def addresses(method: str) -> list[str]:
    return sorted(
        path
        for route in OPERATOR_ROUTES
        if method in methods(route)
        for path in route.paths
        if not path.startswith(f"{API}") and not path.endswith(("openapi.json", "sign-in"))
    )


def at(path: str, number: int) -> str:
    return filled(path, STOCK).replace("merchants/1", f"merchants/{number}")


async def kept(world: World, connection: Connection) -> int:
    async with world.database.transaction() as tx:
        body = Webhook(KEPT, ("work: shop_product 8",))
        await kept_webhooks.add(tx, connection.id, Platform.BIGCOMMERCE, [body], NOON)
        (found,) = await kept_webhooks.between(tx, connection.id, NOON, NOON.replace(year=2030))
    return found.id
