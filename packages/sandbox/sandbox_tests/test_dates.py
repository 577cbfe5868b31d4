"""Every answer tells its platform's time, once, in memory as over a socket (RFC 9110, 6.6.1)."""

from typing import Any

import httpx2
import pytest

from brygga_sandbox.bigcommerce import Switches
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.http import AsgiApp, Request, Response
from brygga_sandbox.sandbox import Plan, Sandbox
from brygga_sandbox.server import SandboxServer

START = 1_706_780_411.999
TILL, SHOP = "Thu, 01 Feb 2024 09:40:11 GMT", "Thu, 01 Feb 2024 09:40:14 GMT"
GOOD = "/products/organizations/self/products/v2", "/v2/time"
PLAN = Plan(products=0, drawings=False, bigcommerce_switches=Switches(clock_ahead_s=2.5))
FAULTS = [
    ("429", {}),
    ("429", {"headers": {"X-Rate-Limit-Requests-Left": "0"}}),
    ("5xx_before", {"status": 503}),
    ("5xx_after", {}),
    ("html", {}),
    ("token_expired", {}),
]


async def dates(sandbox: Sandbox, client: httpx2.AsyncClient) -> list[tuple[int, int, list[str]]]:
    """What a good call, one without a token and an unknown address get from both: statuses, and the
    dates of till and shop.
    """
    bearer = {"Authorization": f"Bearer {sandbox.zettle_tokens().access}"}
    token = {"X-Auth-Token": sandbox.store_token()}
    reported = []
    for till, shop, keys in ((*GOOD, True), (*GOOD, False), ("/x", "/v3/x", True)):
        one = await client.get(sandbox.plan.zettle_url + till, headers=bearer if keys else {})
        two = await client.get(sandbox.api() + shop, headers=token if keys else {})
        reported.append(
            (
                one.status_code,
                two.status_code,
                one.headers.get_list("date") + two.headers.get_list("date"),
            )
        )
    return reported


async def test_good_answers_and_refusals_carry_the_platforms_own_time() -> None:
    """Whole seconds, and the second that has begun."""
    sandbox = Sandbox(PLAN, ManualClock(START))
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        reported = await dates(sandbox, client)
    await sandbox.stop()

    assert reported == [
        (200, 200, [TILL, SHOP]),
        (401, 401, [TILL, SHOP]),
        (404, 404, [TILL, SHOP]),
    ]


async def test_over_a_socket_there_is_one_date_and_it_is_not_the_machines() -> None:
    server = SandboxServer(PLAN, ManualClock(START))
    sandbox = await server.start()
    async with httpx2.AsyncClient() as client:
        reported = await dates(sandbox, client)
    await server.stop()

    assert [row[2] for row in reported] == [[TILL, SHOP]] * 3


@pytest.mark.parametrize(("kind", "params"), FAULTS, ids=str)
async def test_what_goes_wrong_on_purpose_is_dated_too(kind: str, params: dict[str, Any]) -> None:
    sandbox = Sandbox(PLAN, ManualClock(START))
    for platform in (sandbox.zettle, sandbox.bigcommerce):
        platform.faults.add(kind, params=params)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        reported = (await dates(sandbox, client))[0]
    await sandbox.stop()

    assert 200 not in reported[:2] or kind == "html"
    assert reported[2] == [TILL, SHOP]


async def test_a_fault_may_tell_another_time() -> None:
    """A proxy in between may have a clock of its own; then its date is the only one."""
    sandbox = Sandbox(PLAN, ManualClock(START))
    sandbox.bigcommerce.faults.add(
        "429", params={"headers": {"Date": "Thu, 01 Feb 2024 09:00:00 GMT"}}
    )
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        answer = await client.get(
            f"{sandbox.api()}/v2/time", headers={"X-Auth-Token": sandbox.store_token()}
        )
    await sandbox.stop()

    assert answer.headers.get_list("date") == ["Thu, 01 Feb 2024 09:00:00 GMT"]


async def test_an_application_without_a_clock_tells_no_time() -> None:
    async def silent(request: Request) -> Response:
        return Response(204)

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(AsgiApp(silent)), base_url="http://a"
    ) as client:
        assert "date" not in (await client.get("/")).headers
