"""A product that Zettle would never send is one line of the sync log, and keeps nobody else from
being synced (rule P8).
"""

from typing import Any

import msgspec
import pytest

from brygga.core.report import Code
from brygga.database import work_items
from brygga.database.work_items import Kind
from tests.rules.stack import DemoStack, words_of


def broken(home: DemoStack, uuid: str, **fields: Any) -> None:
    """The till's product as no document of Zettle's allows it; no event tells of it."""
    stored = home.sandbox.merchant.organization.products[uuid]
    stored.body = msgspec.json.encode({**stored.value(), **fields})


async def read_whole_library(home: DemoStack) -> None:
    connection = await home.connection()
    async with home.service.database.transaction() as tx:
        await work_items.add(
            tx, connection.id, Kind.LIBRARY, "", home.service.worker.clock.now(), force=True
        )
    await home.wait(30)


@pytest.mark.rule("P8")
@pytest.mark.parametrize(("fields", "named"), [({"name": None}, ""), ({"variants": []}, "Trasig")])
async def test_what_cannot_be_read_is_said_once_and_the_rest_goes_on(
    home: DemoStack, fields: dict[str, Any], named: str
) -> None:
    odd, well = home.add("Trasig"), home.add("Hel")
    broken(home, odd, **fields)
    await home.connect()
    await read_whole_library(home)

    assert [{"name": named or odd}] == await home.reported(Code.PRODUCT_UNREADABLE)
    assert (None, "Hel") == (home.find(odd), home.shown(well)["name"])
    assert "cannot be read from Zettle" in words_of(await home.open("/apps/bigcommerce/log"))

    home.till.edit_product(odd, name="Lagad", variants=[{"sku": "L-1", "price": 100}])
    await home.wait(30)
    assert "Lagad" == home.shown(odd)["name"]


@pytest.mark.rule("P8")
async def test_one_that_breaks_later_is_said_when_its_change_arrives(home: DemoStack) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    home.till.edit_product(uuid, name="Kopp")
    broken(home, uuid, variants=[])
    await home.wait(30)

    assert [{"name": "Mugg"}] == await home.reported(Code.PRODUCT_UNREADABLE)
    assert "Mugg" == home.shown(uuid)["name"]
