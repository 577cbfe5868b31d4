"""What the sweep tells and heals, and what product work costs when there is little or nothing to
do.
"""

from datetime import timedelta

import pytest

from brygga.core.report import Code
from brygga.database import shown
from brygga.sync.connection import sweep
from tests.rules.products_bench import Bench

WRITES = ("POST", "PUT", "DELETE")


async def test_a_sweep_reports_drift_and_reverts_nothing(bench: Bench) -> None:
    """Decision 1."""
    uuid = bench.till_product()
    await bench.finish_setup()
    await bench.sandbox.shop().edit_product(await bench.product_id(uuid), name="Egen")

    await bench.sweep()
    await bench.sweep()

    drift = [line.params for line in await bench.log() if line.code is Code.DRIFT]
    assert [("name", "Egen", "Mugg")] == [(p["field"], p["shop"], p["till"]) for p in drift]
    assert ["Egen"] == await bench.in_shop()


async def test_edits_that_the_merchant_keeps_are_not_reported_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decision 1: another edit is. Otherwise each sweep of another day would report it."""
    monkeypatch.setattr(sweep, "SAID_AGAIN_AFTER", -timedelta(seconds=1))
    uuid = bench.till_product()
    await bench.finish_setup()
    product_id = await bench.product_id(uuid)
    reported = []
    for name in ("Egen", "Egen", "Annan"):
        await bench.sandbox.shop().edit_product(product_id, name=name)
        await bench.sweep()
        reported.append(sum(line.code is Code.DRIFT for line in await bench.log()))
        async with bench.database.transaction() as tx:
            await shown.accept(tx, bench.connection.id, uuid)

    assert [1, 1, 2] == reported


async def test_a_sweep_heals_a_lost_hint(bench: Bench) -> None:
    uuid = bench.till_product()
    await bench.finish_setup()

    bench.save(uuid, name="Kopp")
    await bench.sweep()

    assert ["Kopp"] == await bench.in_shop()


async def test_quiet_means_quiet(bench: Bench) -> None:
    """A second sweep writes nothing, whatever odd products there are."""
    bench.till_product("Mugg"), bench.till_product("Mugg"), bench.shirt(" S", "s", "-1")
    await bench.finish_setup()
    await bench.sweep()
    seen = len(bench.requests())

    await bench.sweep()

    assert [] == [one for one in bench.requests()[seen:] if one.method in WRITES]


async def test_thirty_saves_cost_few_requests(bench: Bench) -> None:
    """Ten products a call, one reading for all."""
    uuids = [bench.till_product(f"Produkt nr {n}", {"sku": f"P{n}"}) for n in range(30)]
    await bench.finish_setup()
    for uuid in uuids:
        bench.save(uuid, description="Ny")
    seen = len(bench.requests())

    await bench.sync(*uuids)

    assert 4 == len(bench.requests()[seen:])
