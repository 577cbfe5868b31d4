"""`brygga-sandbox` for other people's projects: what it is asked for, and what its control
addresses do.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from brygga_sandbox.__main__ import arguments, facts, open_sandbox, page, plan_of
from brygga_sandbox.clock import ManualClock, MovableClock
from brygga_sandbox.http import Router
from brygga_sandbox.sandbox import Plan, Sandbox

GUIDE = Path(__file__).parents[1] / "docs" / "sandbox.md"
ZETTLE, SHOP = "https://zettle.town.test", "https://bigcommerce.town.test"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(Plan(products=2, merchants=2, drawings=False), ManualClock())
    yield made
    await made.stop()


@pytest.fixture
def client(sandbox: Sandbox) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=sandbox.transport())


async def store_of(sandbox: Sandbox, number: int = 0) -> dict[str, Any]:
    merchant = sandbox.merchants[number]
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        answer = await client.get(
            f"{sandbox.api(merchant)}/v2/store",
            headers={"X-Auth-Token": sandbox.store_token(merchant)},
        )
        return {**answer.json(), "quota": answer.headers["X-Rate-Limit-Requests-Quota"]}


async def test_the_store_is_as_the_command_says() -> None:
    words = [
        "--plan",
        "Pro",
        "--tax-entry",
        "excluding",
        "--weight-unit",
        "Grams",
        "--store-currency",
        "EUR",
        "--products",
        "0",
    ]
    reported = await store_of(Sandbox(plan_of(arguments(words)), ManualClock()))

    assert (reported["plan_level"], reported["quota"], reported["is_price_entered_with_tax"]) == (
        "Pro",
        "450",
        False,
    )
    assert (reported["weight_units"], reported["currency"]) == ("Grams", "EUR")
    assert (await store_of(Sandbox(plan_of(arguments(["--products", "0"])), ManualClock())))[
        "quota"
    ] == "150"
    few = Sandbox(
        plan_of(arguments(["--products", "0", "--quota", "7", "--plan", "Pro"])), ManualClock()
    )
    assert (await store_of(few))["quota"] == "7"


async def test_delays_keys_and_stock_rules_are_as_the_command_says() -> None:
    words = [
        "--products",
        "0",
        "--read-delay",
        "3.5",
        "--hook-delay",
        "60",
        "--stock-moves",
        "shipped",
    ]
    sandbox = Sandbox(
        plan_of(arguments([*words, "--zettle-app", "me:s1", "--bigcommerce-app", "you:s2"])),
        ManualClock(),
    )
    store = sandbox.bigcommerce.store()

    assert (store.read_lag_s, sandbox.bigcommerce.hooks[store.hash].delay_s) == (3.5, 60.0)
    assert store.settings.update_stock_behavior == "order_completed_or_shipped"
    assert sandbox.zettle.core.apps["me"].client_secret == "s1"
    assert sandbox.bigcommerce.apps.secret("you") == "s2"


@pytest.mark.parametrize(
    ("option", "value", "reported"),
    [
        ("--products", "many", "'many' is not a whole number from 0 to 50000"),
        ("--products", "-1", "-1"),
        ("--merchants", "0", "from 1 to 50"),
        ("--port-base", "65535", "from 0 to 65534"),
        ("--callback", "my app", "is not an address such as"),
        ("--read-delay", "nan", "is not a number of seconds"),
        ("--plan", "Gold", "Core"),
        ("--zettle-app", "only-an-id", "is not ID:SECRET"),
    ],
)
def test_a_value_that_cannot_be_is_one_clear_line(
    option: str, value: str, reported: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments([f"{option}={value}"])

    usage, line = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert usage == "usage: brygga-sandbox [options]"
    assert option in line
    assert reported in line


def test_more_goods_than_fit_are_refused_before_anything_opens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: argparse.Namespace = arguments(["--merchants", "50", "--products", "50000"])

    assert open_sandbox(asked) == 2
    assert "the most is 100000" in capsys.readouterr().err


async def test_several_merchants_have_keys_of_their_own_and_see_nothing_of_each_other(
    sandbox: Sandbox,
) -> None:
    reported = facts(sandbox)
    first, second = reported["merchants"]

    assert reported["other_tool"]["bigcommerce_token"] == first["bigcommerce_token"]
    assert (
        len({one[name] for one in (first, second) for name in one if name.endswith("token")}) == 6
    )
    assert second["bigcommerce_token"] in page(reported)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        foreign = await client.get(
            f"{second['api']}/v2/store", headers={"X-Auth-Token": first["bigcommerce_token"]}
        )
        own = await client.get(
            f"{second['api']}/v2/store", headers={"X-Auth-Token": second["bigcommerce_token"]}
        )
    assert (foreign.status_code, own.status_code) == (403, 200)


@pytest.mark.parametrize("host", [ZETTLE, SHOP])
async def test_the_clock_is_told_and_moved_from_either_side(
    sandbox: Sandbox, client: httpx2.AsyncClient, host: str
) -> None:
    before = (await client.get(f"{host}/sandbox/clock")).json()["now"]
    moved = (await client.post(f"{host}/sandbox/clock", json={"seconds": 7200})).json()["now"]
    old = await client.post(f"{host}/sandbox/clock", json={"seconds": -1})

    assert moved == before + 7200 == sandbox.clock.now()
    assert old.status_code == 400


@pytest.mark.parametrize("host", [ZETTLE, SHOP])
async def test_the_weather_is_told_changed_and_made_fine(
    sandbox: Sandbox, client: httpx2.AsyncClient, host: str
) -> None:
    bad = (await client.post(f"{host}/sandbox/weather", json={"loss": 0.5, "delay": [1, 2]})).json()
    wrong = await client.post(f"{host}/sandbox/weather", json={"rain": 1})
    fine = (await client.post(f"{host}/sandbox/weather", json={})).json()

    assert (bad["loss"], bad["delay"]) == (0.5, [1.0, 2.0])
    assert wrong.status_code == 400
    assert (await client.get(f"{host}/sandbox/weather")).json() == fine
    assert fine["loss"] == 0.0
    assert (await client.get(f"{host}/sandbox/outbox")).json()["lost"] == 0


async def test_a_stores_delays_an_app_and_a_token_are_set_from_outside(
    sandbox: Sandbox, client: httpx2.AsyncClient
) -> None:
    url = f"{SHOP}/sandbox"
    stores = (await client.get(f"{url}/stores")).json()
    set_ = (
        await client.post(
            f"{url}/store", json={"store_hash": "l1ndsk2", "read_lag_s": 4, "hook_delay_s": 9}
        )
    ).json()
    wrong = await client.post(f"{url}/store", json={"read_lag_s": "soon"})
    app = {
        "name": "Mine",
        "auth_url": "https://a.test/",
        "load_url": "https://a.test/l",
        "client_id": "mine",
    }
    made = await client.post(f"{url}/apps", json=app)
    token = (
        await client.post(f"{url}/token", json={"client_id": "mine", "store_hash": "l1ndsk2"})
    ).json()["access_token"]
    reported = await client.get(
        f"{SHOP}/api/stores/l1ndsk2/v2/store", headers={"X-Auth-Token": token}
    )

    assert [one["store_hash"] for one in stores] == ["l1ndsk1", "l1ndsk2"]
    assert (set_["read_lag_s"], set_["hook_delay_s"]) == (4.0, 9.0)
    assert (wrong.status_code, made.json(), reported.status_code) == (
        422,
        {"client_id": "mine"},
        200,
    )
    assert sandbox.bigcommerce.store("l1ndsk1").read_lag_s == 0.0


async def test_a_running_clock_is_moved_and_wakes_its_sleepers_in_order() -> None:
    clock, fired = MovableClock(), list[str]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        fired.append(name)

    tasks = [
        asyncio.create_task(sleeper(name, s))
        for name, s in (("late", 7200), ("soon", 60), ("never", 1e7))
    ]
    before = clock.now()
    await clock.advance(10_000)

    assert fired == ["soon", "late"]
    assert 10_000 <= clock.now() - before < 10_060
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert clock.sleepers == []


def control_addresses(router: Router) -> set[str]:
    """Every control address of a platform."""
    found, nodes = set(), [router.root]
    while nodes:
        node = nodes.pop()
        nodes += [*node.literal.values(), *([node.any] if node.any else [])]
        found |= {
            route.template
            for route in node.routes.values()
            if route.template.startswith("/sandbox")
        }
    return found


async def test_the_guide_names_every_control_address(sandbox: Sandbox) -> None:
    guide = GUIDE.read_text()
    shapes = {
        re.sub(r"\{\w+\}", "{}", path)
        for path in re.findall(
            r"/sandbox[/\w{}-]*|/(?:submit|edit|status|cancel|bring-back|ship|refund|archive)\b",
            guide,
        )
    }
    shapes |= {f"/sandbox/orders/{{}}{tail}" for tail in shapes if not tail.startswith("/sandbox")}
    known = control_addresses(sandbox.bigcommerce.router) | control_addresses(sandbox.zettle.router)

    assert sorted(one for one in known if re.sub(r"\{\w+\}", "{}", one) not in shapes) == []


async def test_the_guides_python_runs_as_it_stands() -> None:
    """The script that starts the command from a test suite, word for word."""
    script = next(
        one
        for one in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        if "Popen" in one
    )
    command = '[sys.executable, "-m", "brygga_sandbox"'
    script = "import sys\n" + script.replace('["brygga-sandbox"', command) + "sandbox.wait()\n"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)

    assert (out.decode().strip(), err.decode()) == ("Linds Keramik & Form", "")


async def test_the_guides_calls_are_answered() -> None:
    """Every curl in the guide, against a sandbox with the demo library."""
    shown = Sandbox(Plan(drawings=False, merchants=2), ManualClock())
    tokens = {"$TILL": shown.zettle_tokens().access, "$SHOP": shown.store_token()}
    text = GUIDE.read_text().replace("\\\n", " ")
    calls = re.findall(r"^curl ((?:[^'\n]|'[^']*')*)", text, re.MULTILINE)
    failed = []
    async with httpx2.AsyncClient(transport=shown.transport()) as client:
        for call in calls:
            method = (re.findall(r"-X (\w+)", call) or ["GET"])[0]
            place = re.findall(r"localhost:(8710|8711)(\S*)", call)[0]
            header = [one.split(": ") for one in re.findall(r'-H "([^"]+)"', call)]
            headers = {
                name: re.sub(r"\$\w+", lambda found: tokens[found[0]], value)
                for name, value in header
            }
            body: list[str | bytes] = [*re.findall(r"-d '([^']*)'", call)]
            if "--data-binary" in call:
                body = [shown.snapshot()]
            url = f"{ZETTLE if place[0] == '8710' else SHOP}{place[1]}"
            answer = await client.request(
                method, url, headers=headers, content=body[0] if body else None
            )
            if answer.status_code >= 400:
                failed.append((call, answer.status_code, answer.text))
    await shown.stop()

    assert failed == []
    assert len(calls) >= 9


def test_the_guide_names_a_test_for_every_item_of_the_checklists() -> None:
    """Each test that it names is there; BigCommerce's eleven items are all spoken of."""
    here = Path(__file__).parent
    part = GUIDE.read_text().partition("## Where each item")[2].partition("Beside these")[0]
    named = re.findall(r"`([\w/]+\.py):(\w+)`", part)
    rows = [
        row for row in part.splitlines() if row.startswith("| ") and not row.startswith("| item")
    ]

    assert [name for name in named if f"def {name[1]}(" not in (here / name[0]).read_text()] == []
    assert [row for row in rows if "`test_" not in row and "/test_" not in row] == []
    assert {int(number) for number in re.findall(r"^\| (\d+) ", part, re.MULTILINE)} == set(
        range(1, 12)
    )
