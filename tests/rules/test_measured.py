"""What a monitor reads of a day without faults: how long changes took, and no alarm."""

from dataclasses import replace

import httpx2

from tests.rules.stack import DemoStack
from tests.web.promql import Query, Series
from tests.web.test_alerts import RULES


async def test_a_day_without_faults_is_measured_and_alarms_nobody(home: DemoStack) -> None:
    """A sale and an order reach the other side within seconds."""
    deps = home.service.web.state.deps
    home.service.web.state.deps = replace(
        deps, settings=replace(deps.settings, metrics_token="a token")
    )
    series, monitor = Series(), httpx2.AsyncClient(transport=home.sandbox.transport())
    mug = home.add("Mugg", stock=9)
    await home.connect()
    for number in range(4):
        home.till.sell(home.variant(mug))
        await home.wait(20)
        home.shop.place([{"product_id": home.id_of(mug), "quantity": 1}])
        await home.wait(20)
        page = await monitor.get(f"{home.url}/metrics", headers={"authorization": "Bearer a token"})
        series.scrape(number * 60.0, page.content)

    await monitor.aclose()

    def quantile(source: str) -> float:
        text = (
            "histogram_quantile(0.95, sum by (le) "
            f'(brygga_change_to_write_seconds_bucket{{source="{source}"}}))'
        )
        (found,) = Query(text, series, 180.0).value().values()
        return found

    assert [(1, 1)] == home.levels(mug)
    assert quantile("zettle") < 10.0
    assert quantile("bigcommerce") < 20.0, "BigCommerce's reads lag by ten seconds"
    assert 'platform="bigcommerce"' in page.text
    # Its one worker takes jobs from the table: no connection of pgqueuer's waits for them.
    silent = {name: rule for name, rule in RULES.items() if name != "BryggaNoWorker"}
    firing = [name for name, rule in silent.items() if Query(rule["expr"], series, 180.0).value()]
    assert firing == []
