"""Both platforms answer on sockets of their own, inside the caller's loop, and leave when
reported.
"""

import asyncio
import json
import signal
import sys

import httpx2
import pytest

from brygga_sandbox.__main__ import arguments, facts, page, plan_of
from brygga_sandbox.clock import RealClock
from brygga_sandbox.http import AsgiApp, Cut, Request, Response, text_response
from brygga_sandbox.sandbox import Plan
from brygga_sandbox.server import (
    PortTakenError,
    SandboxServer,
    Servers,
    address,
    listen,
    listen_pair,
)


def saying(word: str) -> AsgiApp:
    async def dispatch(request: Request) -> Response:
        if request.path == "/cut":
            raise Cut
        return text_response(f"{word} {request.path}")

    return AsgiApp(dispatch)


async def test_two_applications_answer_on_two_ports_and_stop() -> None:
    first, second = listen_pair(0)
    servers = Servers()
    await servers.start([(first, saying("till")), (second, saying("shop"))])
    places = address(first), address(second)
    async with httpx2.AsyncClient() as client:
        answers = [(await client.get(f"{place}/a")).text for place in places]

        assert answers == ["till /a", "shop /a"]
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(f"{places[0]}/cut")

    await servers.stop()
    async with httpx2.AsyncClient() as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(places[0])


async def test_a_request_sent_before_the_server_runs_waits_for_it() -> None:
    listening = listen(0)
    async with httpx2.AsyncClient() as client:
        asked = asyncio.create_task(client.get(address(listening)))
        await asyncio.sleep(0)
        servers = Servers()
        await servers.start([(listening, saying("till"))])

        assert (await asked).text == "till /"
        await servers.stop()


def test_a_taken_port_is_named_and_the_other_one_let_go() -> None:
    holder = listen(0)
    port = holder.getsockname()[1]

    with pytest.raises(PortTakenError, match=f"port {port} of 127.0.0.1 is not free"):
        listen(port)
    with pytest.raises(PortTakenError):
        listen_pair(port - 1)
    listen(port - 1).close()
    holder.close()


async def test_a_sandbox_on_sockets_answers_and_bigcommerce_fetches_from_zettle() -> None:
    server = SandboxServer(Plan(products=20), RealClock())
    bench = await server.start()
    picture = bench.till().product(next(iter(bench.merchant.organization.products)))[
        "presentation"
    ]["imageUrl"]
    body = {
        "name": "A",
        "type": "physical",
        "weight": 1,
        "price": 1,
        "categories": [],
        "images": [{"image_url": picture}],
    }
    async with httpx2.AsyncClient() as client:
        made = await client.post(
            f"{bench.api()}/v3/catalog/products",
            headers={"X-Auth-Token": bench.store_token()},
            json=body,
        )

    assert picture.startswith(bench.plan.zettle_url)
    assert len(made.json()["data"]["images"]) == 1
    await server.stop()


async def test_the_command_prints_working_keys_and_leaves_on_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "brygga_sandbox", "--json", "--port-base", "0", "--products", "3",
        "--currency", "NOK",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    reported = json.loads(await process.stdout.readline())
    async with httpx2.AsyncClient() as client:
        token = reported["other_tool"]["zettle_access_token"]
        products = await client.get(
            f"{reported['zettle']['url']}/products/organizations/self/products/v2",
            headers={"Authorization": f"Bearer {token}"},
        )
        shop = await client.get(
            f"{reported['bigcommerce']['api']}/v2/store",
            headers={"X-Auth-Token": reported["other_tool"]["bigcommerce_token"]},
        )
    process.send_signal(signal.SIGINT)

    assert await process.wait() == 0
    assert len(products.json()) == reported["zettle"]["products"] == 3
    assert shop.json()["currency"] == "NOK"


async def test_the_page_for_people_names_every_key_and_a_sku_that_can_be_sold() -> None:
    server = SandboxServer(
        plan_of(arguments(["--callback", "http://127.0.0.1:9999/"])), RealClock()
    )
    bench = await server.start()
    await bench.furnish()
    reported = facts(bench)
    text = page(reported)

    assert "http://127.0.0.1:9999/zettle/auth" in text
    assert all(str(value) in text for value in reported["app"].values())
    assert bench.till().sell(bench.till().variant(sku=reported["zettle"]["a_sku"]))["amount"] > 0
    await server.stop()
