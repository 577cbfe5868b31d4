"""The operator's pages: who comes in, what is shown, what is done, and what never is."""

import re
from dataclasses import replace

import pytest
from tests.conftest import NOON
from tests.web.conftest import BERG, FULL, READS, SHOP, Office, World
from tests.web.operators import STOCK, acts_of, addresses, at, failing, kept
from tests.web.test_every_route import EVIL, filled, furnished, methods
from tests.web.test_operator_api import path_of

from brygga.core.report import Code
from brygga.database import (
    connections,
    synclog,
    waiting_work,
    work_items,
)
from brygga.database.work_items import Kind
from brygga.web.app import OPERATOR_ROUTES, ROUTES
from brygga.web.i18n import LANGUAGES
from brygga.web.operating.api import ENDPOINTS
from brygga.web.operating.door import API, hash_of

# ---- Walls ---------------------------------------------------------------------------------------


async def test_without_a_secret_there_is_nothing(world: World) -> None:
    """Not even a sign-in page, and no route of the API."""
    browser = world.browser()
    paths = {path for route in OPERATOR_ROUTES for path in route.paths}
    answers = {path: (await browser.open(at(path, 1))).status_code for path in paths}

    assert {404} == set(answers.values())
    assert len(answers) > 25


async def test_a_merchants_session_opens_no_page_of_the_operator(office: Office) -> None:
    connection = await office.world.running()
    merchant = office.world.browser()
    await merchant.sign_in()
    opened = [await merchant.open(at(path, connection.id)) for path in addresses("GET")]
    pressed = [
        await merchant.press(at(path, connection.id), confirm="Linds Keramik")
        for path in addresses("POST")
    ]
    planted = office.world.browser()
    key = merchant.http.cookies["__Host-brygga_session"]
    planted.http.cookies.set("__Host-brygga_operator", key, domain="brygga.example")

    assert {(303, "/operator/sign-in")} == {
        (one.status_code, one.headers.get("location")) for one in (*opened, *pressed)
    }
    assert "/operator/sign-in" == (await planted.open("/operator")).headers["location"]
    assert [] == await acts_of(office.world, connection.id)


async def test_an_operators_session_opens_no_page_of_a_merchant(office: Office) -> None:
    await office.world.running()
    operator = await office.signed_in()
    key = operator.http.cookies["__Host-brygga_operator"]
    operator.http.cookies.set("__Host-brygga_session", key, domain="brygga.example")
    paths = [
        path
        for route in ROUTES
        for path in route.paths
        if path.startswith(("/apps", "/library", "/support")) and "GET" in methods(route)
    ]
    answers = [await operator.open(filled(path, STOCK)) for path in paths]

    assert len(answers) > 15
    assert {303} == {one.status_code for one in answers}
    assert {"/sign-in"} == {one.headers["location"].partition("?")[0] for one in answers}


async def test_a_form_without_its_token_is_refused(office: Office) -> None:
    connection = await office.world.running()
    operator = await office.signed_in()
    merchant = office.world.browser()
    await merchant.sign_in()
    page = (await merchant.open("/support")).text
    theirs = page.partition('name="_csrf_token" value="')[2].partition('"')[0]
    found = {}
    for path in addresses("POST"):
        where = at(path, connection.id)
        sent = [
            await operator.http.post(where, data=data)
            for data in ({}, {"_csrf_token": "0" * 128}, {"_csrf_token": theirs})
        ]
        found[path] = {one.status_code for one in sent}

    assert {403} == set().union(*found.values()), found
    assert ["sign-in"] == await acts_of(office.world, None)
    assert [] == await acts_of(office.world, connection.id)


async def test_who_may_only_read_sees_everything_and_does_nothing(office: Office) -> None:
    connection = await office.world.running()
    reader = await office.signed_in(READS)
    opened = {path: await reader.open(at(path, connection.id)) for path in addresses("GET")}
    pressed = {
        path: await reader.press(at(path, connection.id), "/operator/queue")
        for path in addresses("POST")
        if not path.endswith("/sign-out")
    }
    tools = [
        (await office.ask("POST", one.path.replace("{number}", str(connection.id)), READS))
        for one in ENDPOINTS
        if one.acts
    ]

    assert {200} == {one.status_code for one in opened.values()}
    assert {403} == {one.status_code for one in (*pressed.values(), *tools)}
    assert all(
        '<form method="post" action="/operator/merchants' not in one.text for one in opened.values()
    )
    assert [] == [one for one in await acts_of(office.world, connection.id) if one != "support"]


async def test_the_cookie_is_ours_alone_and_ends(office: Office) -> None:
    operator = office.world.browser()
    answer = await operator.http.post("/operator/sign-in", data={"secret": FULL})
    cookie = answer.headers["set-cookie"].lower()
    first = (await operator.open("/operator")).status_code
    office.world.clock.move(3601)
    later = (await operator.open("/operator")).status_code

    assert cookie.startswith("__host-brygga_operator=")
    assert all(part in cookie for part in ("secure", "httponly", "samesite=strict", "path=/"))
    assert (200, 303) == (first, later)


async def test_a_session_ends_with_its_secret_and_with_the_sign_out(office: Office) -> None:
    world, operator = office.world, await office.signed_in()
    other = await office.signed_in()
    await operator.press("/operator/sign-out", "/operator")
    out = (await operator.open("/operator")).status_code
    settings = replace(world.deps.settings, operator=(hash_of("another" * 6),))
    world.app.state["deps"] = replace(world.deps, settings=settings)

    assert (303, 303) == (out, (await other.open("/operator")).status_code)


async def test_guesses_are_slowed_down_wherever_they_are_made(office: Office) -> None:
    browser = office.world.browser(address="192.0.2.1")
    wrong = [
        (await browser.http.post("/operator/sign-in", data={"secret": "x" * 40})).status_code
        for _ in range(6)
    ]
    headers = {"authorization": f"Bearer {'y' * 40}"}
    wrong += [
        (await browser.http.get(f"{API}/queue", headers=headers)).status_code for _ in range(6)
    ]
    right = await browser.http.post("/operator/sign-in", data={"secret": FULL})

    assert [403] * 6 + [401] * 4 + [429] * 2 == wrong
    assert 429 == right.status_code


# ---- Pages ---------------------------------------------------------------------------------------


async def test_merchants_are_found_by_name_state_and_cause(office: Office) -> None:
    lind = await office.world.running()
    berg = await office.world.running(BERG, replace(SHOP, store_hash="berg1", name="Bokskogen"))
    async with office.world.database.transaction() as tx:
        await connections.pause(tx, berg.id, "plan_limit")
    await failing(office.world, lind)
    operator = await office.signed_in()

    async def names(query: str) -> set[str]:
        text = (await operator.open(f"/operator?{query}")).text
        return {name for name in ("Linds Keramik", "Bergs Bokhandel") if f">{name}<" in text}

    both = {"Linds Keramik", "Bergs Bokhandel"}
    assert both == await names("")
    assert {"Linds Keramik"} == await names("q=keramik")
    assert {"Bergs Bokhandel"} == await names("q=bokskogen")
    assert {"Bergs Bokhandel"} == await names(f"q={berg.id}")
    assert {"Bergs Bokhandel"} == await names("state=paused")
    assert {"Linds Keramik"} == await names("state=failing")
    assert {"Bergs Bokhandel"} == await names("cause=plan_limit&order=lag")
    assert set() == await names("state=ended")
    assert both == await names("state=nonsense")


async def test_pause_holds_all_work_until_it_goes_on_and_the_merchant_reads_so(
    office: Office,
) -> None:
    world, connection = office.world, await office.world.running()
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.STOCK, "cup", NOON)
    operator, here = await office.signed_in(), f"/operator/merchants/{connection.id}"
    merchant = world.browser()
    await merchant.sign_in()

    async def due() -> set[Kind]:
        async with world.database.read() as tx:
            found = await work_items.due(tx, connection.id, NOON, [Kind.STOCK, Kind.SWEEP])
            return {one.kind for one in found}

    before = await due()
    paused = await operator.press(f"{here}/pause", here)
    held = await due()
    said = (await merchant.open("/apps/bigcommerce")).text
    refused = await operator.press(f"{here}/sync", here)
    await operator.press(f"{here}/resume", here)
    after = await due()

    assert (before, held) == ({Kind.STOCK}, set())
    assert after == {Kind.STOCK}
    assert paused.headers["location"] == f"{here}?done=held"
    assert "paused by whoever runs Brygga" in said
    assert refused.headers["location"].endswith("?done=held")
    async with world.database.read() as tx:
        codes = [one.line.code for one in await synclog.page(tx, connection.id)]
    assert [Code.LET_GO, Code.HELD] == codes
    assert ["resume", "pause"] == await acts_of(world, connection.id)


async def test_parked_work_is_tried_again_by_its_cause(office: Office) -> None:
    """For one merchant, or for all that met the same bug."""
    world, lind = office.world, await office.world.running()
    berg = await world.running(BERG, replace(SHOP, store_hash="berg1"))
    for connection in (lind, berg):
        await failing(world, connection)
    operator = await office.signed_in()
    page = (await operator.open(f"/operator/merchants/{lind.id}")).text
    one = {"number": str(lind.id), "cause": "KeyError gather:77"}
    none = await operator.press("/operator/retry", "/operator/queue", cause="Other gather:77")
    first = await operator.press("/operator/retry", "/operator/queue", **one)
    every = await operator.press("/operator/retry", "/operator/queue", cause=one["cause"])

    assert "<code>KeyError gather:77</code>" in page
    assert [
        "/operator/queue?done=retried&n=0",
        f"/operator/merchants/{lind.id}?done=retried&n=1",
        "/operator/queue?done=retried&n=2",
    ] == [answer.headers["location"] for answer in (none, first, every)]
    async with world.database.read() as tx:
        assert not [one for one in await waiting_work.parked(tx, berg.id) if one.waits]


async def test_one_webhook_or_an_hour_of_them_is_done_again(office: Office) -> None:
    world, connection = office.world, await office.world.running()
    number = await kept(world, connection)
    operator, here = await office.signed_in(), f"/operator/merchants/{connection.id}"
    page = (await operator.open(f"{here}/webhooks?hours=1")).text
    done = await operator.press(f"{here}/replay", here, id=str(number))
    async with world.database.read() as tx:
        counts = await waiting_work.counts(tx, connection.id)
    hour = await operator.press(f"{here}/replay", here, at="2026-03-02T12:00")
    other = await operator.press(f"{here}/replay", here, at="2026-03-02T15:00")

    assert "work: shop_product 8" in page
    assert "work: shop_product 7" in page
    assert {Kind.SHOP_PRODUCT: 1} == dict(counts)
    assert ["n=1", "n=1", "n=0"] == [
        answer.headers["location"].partition("&")[2] for answer in (done, hour, other)
    ]


async def test_erase_wants_the_name_and_disconnects_first(office: Office) -> None:
    world, connection = office.world, await office.world.running()
    operator, here = await office.signed_in(), f"/operator/merchants/{connection.id}"
    wrong = await operator.press(f"{here}/erase", here, confirm="linds")
    async with world.database.transaction() as tx:
        untouched = await waiting_work.counts(tx, connection.id)
    later = await operator.press(f"{here}/erase", here, confirm="Linds Keramik")
    async with world.database.transaction() as tx:
        waiting = await waiting_work.counts(tx, connection.id)
        await connections.disconnect(tx, connection.id, NOON)
    now = await operator.press(f"{here}/erase", here, confirm="Linds Keramik")
    receipt = await world.browser().open(later.headers["location"])

    assert wrong.headers["location"].endswith("done=not_confirmed")
    assert ({}, {Kind.LEAVE: 1}) == (dict(untouched), dict(waiting))
    assert now.headers["location"].startswith("/operator?done=erased&n=")
    assert 200 == receipt.status_code
    assert ["erase", "erase", "sign-in"] == await acts_of(world, None)
    assert 404 == (await operator.open(here)).status_code


async def test_names_are_text_and_nothing_secret_is_shown(office: Office) -> None:
    """Also in the API, and for a reader."""
    connection, _, uuid = await furnished(office.world, EVIL)
    await kept(office.world, connection)
    operator = await office.signed_in()
    shown = [await operator.open(at(path, connection.id)) for path in addresses("GET")]
    asked = [
        await office.ask("GET", path_of(one.path, connection.id, uuid))
        for one in ENDPOINTS
        if not one.acts
    ]
    texts = [one.text for one in (*shown, *asked)]

    assert {200} == {one.status_code for one in (*shown, *asked)}
    assert all("<img src=x" not in one.text for one in shown)
    for secret in (connection.hook_key, hash_of(FULL), hash_of(READS), FULL, READS):
        assert not any(secret in text for text in texts)
    assert not any("24900" in text or "249.00" in text for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_page_shows_a_code_in_place_of_words(office: Office, language: str) -> None:
    connection, _, _ = await furnished(office.world)
    await failing(office.world, connection)
    operator = await office.signed_in()
    await operator.open(f"/language/{language}")
    texts = {path: (await operator.open(at(path, connection.id))).text for path in addresses("GET")}
    for notice in ("held", "retried&n=3", "not_confirmed", "nonsense"):
        texts[notice] = (await operator.open(f"/operator?done={notice}")).text
    codes = r"\b(notice|operator|log|state|trouble|severity)\.[a-z_]+|%\(\w+\)s|\bNone\b"
    found = {path: hit[0] for path, text in texts.items() if (hit := re.search(codes, text))}

    assert {} == found
