"""A merchant's whole first sync, held against the OpenAPI files from the first question to the last
answer.
"""

import os

import pytest
from sandbox_tests.specs.plugin import FOLDER, WATCHED

from brygga_sandbox import bigcommerce
from brygga_sandbox.sandbox import Plan
from tests.rules.stack import opened_stack
from tests.simulation.disk import Disk

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        FOLDER not in os.environ, reason=f"{FOLDER} does not say where the OpenAPI files are"
    ),
]
NEEDED = {
    "GET /products/organizations/{organizationUuid}/library",
    "GET /v2/store",
    "GET /v3/catalog/products/channel-assignments",
    "GET /v3/catalog/trees",
    "GET /v3/hooks",
    "GET /v3/inventory/items",
    "GET /v3/inventory/locations",
    "GET /v3/settings/inventory",
    "POST /v3/catalog/products",
    "POST /v3/catalog/products/metafields",
    "POST /v3/catalog/trees/categories",
    "POST /v3/hooks",
    "PUT /v3/catalog/products/channel-assignments",
}


async def test_the_demo_librarys_first_sync_fits_the_files(
    disk_or_address: Disk | str, pytestconfig: pytest.Config
) -> None:
    """Connecting, the whole library, a change on either side, and keeping the products at the
    end.
    """
    validator = pytestconfig.stash[WATCHED].validator
    before = set(validator.tally.violations), dict(validator.tally.operations)

    # A store that puts no product into its channel by itself: the link asks for it, and then says
    # it.
    switches = bigcommerce.Switches(default_channel_auto="never")
    async with opened_stack(
        disk_or_address, Plan(drawings=False, bigcommerce_switches=switches)
    ) as home:
        await home.sandbox.furnish()
        await home.connect()
        product = home.sandbox.merchant.library.products[0]
        home.till.edit_product(str(product["uuid"]), name="Ett nytt namn")
        await home.calm()
        made = len(home.in_shop())

    asked = {
        name for name, count in validator.tally.operations.items() if count > before[1].get(name, 0)
    }
    assert made > 100
    assert set() == NEEDED - asked
    assert set() == set(validator.tally.violations) - before[0]
