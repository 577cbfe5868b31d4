"""What holds for every address of the pages, also of those to come: tokens, walls between
merchants, escaped names, no faults, no codes.
"""

import html
import itertools
import re
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from litestar.handlers import HTTPRouteHandler
from tests.conftest import NOON
from tests.web.conftest import BERG, SHOP, Browser, World, product
from tests.web.separate_stock import reported

from brygga.core.alerts import Cause as AlertCause
from brygga.core.model import Connection
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.statements import Compared, Reason, Row, Statement
from brygga.core.stock import Ledger, Side, StockRecord
from brygga.core.stock.movement import Cause, Movement
from brygga.database import (
    alert_messages,
    alert_settings,
    brakes,
    duplicates,
    ledgers,
    library,
    movements,
    statements,
    synclog,
)
from brygga.database.alert_messages import CONFIRM, TEST, Channel, Draft
from brygga.database.brakes import Question
from brygga.database.duplicates import Pair
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.web.app import ROUTES
from brygga.web.i18n import LANGUAGES, Language

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
MACHINES = ("/hooks/", "/health", "/readyz", "/metrics", "/bigcommerce/", "/zettle/")
"""Asked by platforms and tools, or by a redirect of theirs."""
OPEN = ("/sign-in", "/help", "/language/", "/sign-out", "/erased/", "/alerts/confirm/")
"""Need no merchant."""
TICKETED = ("/alerts/confirm/",)
"""Forms whose address holds a ticket that nobody can guess: they need no session, so no token."""
FOR_ALL = {"kind": "zeroed", "language": "sv", "key": "0", "number": "1", "code": "drift"}


def addresses(method: str) -> list[str]:
    """Every page's path with this method, as it is written in the table of routes."""
    return sorted(
        {
            path
            for route in ROUTES
            if method in methods(route)
            for path in route.paths
            if not machine(path)
        }
    )


def methods(route: HTTPRouteHandler) -> set[str]:
    return {str(getattr(method, "value", method)) for method in route.http_methods}


def machine(path: str) -> bool:
    return path.startswith(MACHINES)


def filled(path: str, uuid: str) -> str:
    """The address for one product."""
    values = {**FOR_ALL, "uuid": uuid, "variant": f"{uuid}-v", "place": "1"}
    return re.sub(r"{(\w+):\w+}", lambda spot: values.get(spot[1], "none"), path)


async def furnished(
    world: World, name: str = "Kanna", language: Language = "en"
) -> tuple[Connection, Browser, str]:
    """A merchant with one product of which every page has something to say."""
    connection = await world.running()
    uuid = "6a1d3b00-0000-11ed-9c3e-000000000001"
    goods = replace(
        product(uuid, "x"),
        name=name,
        description=name,
        seo_title=name,
        image_urls=("https://x.example/a.png",),
    )
    row = LedgerRow(
        uuid, f"{uuid}-v", Ledger(StockRecord(9, -2), StockRecord(7, variant_id=7)), NOON
    )
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [goods], NOON, assign_new=True)
        await library.set_tracking(tx, connection.id, {uuid: True})
        await ledgers.save(tx, connection.id, [row], NOON)
        moved = Movement(
            NOON, uuid, f"{uuid}-v", Side.ZETTLE, Cause.IN_DOUBT, -2, 9, 9, 7, 7, reference=name
        )
        await movements.add(tx, connection.id, [moved])
        await brakes.ask(tx, connection.id, Question("zeroed", (uuid,), NOON))
        await duplicates.found(tx, connection.id, [Pair(uuid, 7, "certain", "sku", name)], NOON)
        params = {"name": name, "variant_name": name, "partner": name}
        lines = [
            Line(code, Topic.PRODUCT, Severity.WARNING, uuid, f"{uuid}-v", params) for code in Code
        ]
        await synclog.add(tx, connection.id, lines, NOON)
        await told_and_stated(tx, connection.id, uuid, name)
    browser = world.browser(language)
    await browser.sign_in()
    return connection, browser, uuid


async def told_and_stated(tx: Tx, connection_id: int, uuid: str, name: str) -> None:
    """A statement with every reason, and a message of every kind and state."""
    rows = tuple(Row(uuid, f"{uuid}-v", name, name, 9, None, reason.value) for reason in Reason)
    made = Statement(0, "", NOON, "a", "s", 3, len(rows), 1, 1, rows, rows[:1])
    await statements.add(tx, connection_id, made)
    found = [Compared(uuid, f"{uuid}-v", 9, 7, Reason.UNDER_WAY)]
    for minutes in (15, 0):
        await statements.differ(tx, connection_id, found, NOON - timedelta(minutes=minutes))
    await alert_settings.set_email(tx, connection_id, "a@example.com", "ticket", NOON)
    await alert_settings.set_hook(tx, connection_id, "https://a.example/x", "whsec_YQ==", NOON)
    states = itertools.cycle(("sent", "failed", "over", ""))
    for kind, state in zip(
        (*(cause.value for cause in AlertCause), TEST, CONFIRM), states, strict=False
    ):
        draft = Draft(Channel.WEBHOOK, kind, f"msg_{kind}", (), {})
        await alert_messages.save(tx, connection_id, draft, NOON)
        message = (await alert_messages.newest(tx, connection_id, 1))[0]
        if state:
            await alert_messages.finish(tx, message, state, NOON, "503")


async def pages(browser: Browser, uuid: str) -> list[tuple[str, httpx2.Response]]:
    """Every page that a merchant can open, but the stream of figures, which does not end."""
    return [
        (path, await browser.open(filled(path, uuid)))
        for path in addresses("GET")
        if not path.endswith("/live") and not path.startswith(("/language", "/sign-in"))
    ]


def test_the_table_is_read() -> None:
    assert "/library/{uuid:str}/stock/separate" in addresses("POST")
    assert "/library/{uuid:str}/variants/{variant:str}/stock" in addresses("GET")


async def test_a_form_without_its_token_is_refused(world: World) -> None:
    connection, browser, uuid = await furnished(world)
    before = await reported(world, connection)
    statuses = {}
    for path in addresses("POST"):
        if path.startswith(TICKETED):
            continue
        wishes = {"confirmed": "yes", "answer": "yes", "product": uuid, "bigcommerce": "no"}
        sent = await browser.http.post(filled(path, uuid), data=wishes)
        forged = await browser.http.post(
            filled(path, uuid), data={**wishes, "_csrf_token": "0" * 64}
        )
        statuses[path] = (sent.status_code, forged.status_code)

    assert {(403, 403)} == set(statuses.values()), statuses
    assert before == await reported(world, connection)


async def test_who_is_not_signed_in_is_led_to_the_sign_in(world: World) -> None:
    _, _, uuid = await furnished(world)
    nobody = world.browser()
    closed = [path for path in addresses("GET") if path != "/" and not path.startswith(OPEN)]
    answers = {path: await nobody.open(filled(path, uuid)) for path in closed}

    assert {(303, "/sign-in")} == {
        (one.status_code, one.headers.get("location", "")[:8]) for one in answers.values()
    }


async def test_another_merchants_product_has_neither_pages_nor_buttons(world: World) -> None:
    connection, _, uuid = await furnished(world)
    before = await reported(world, connection)
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger = world.browser()
    await stranger.sign_in("berg")
    wishes = {
        "bigcommerce": "no",
        "confirmed": "yes",
        "separate": "yes",
        "answer": "right",
        "variant": f"{uuid}-v",
        "to": "7",
    }
    opened = {
        path: (await stranger.open(filled(path, uuid))).status_code
        for path in addresses("GET")
        if "{uuid" in path
    }
    pressed = {
        path: (await stranger.press(filled(path, uuid), **wishes)).status_code
        for path in addresses("POST")
        if "{uuid" in path
    }

    assert {404} == {*opened.values(), *pressed.values()}, (opened, pressed)
    assert before == await reported(world, connection)


async def test_names_are_text_on_every_page(world: World) -> None:
    _, browser, uuid = await furnished(world, EVIL)
    shown = [
        (path, answer)
        for path, answer in await pages(browser, uuid)
        if "text/html" in answer.headers.get("content-type", "")
    ]
    broken = [
        path
        for path, answer in shown
        if "<img src=x" in answer.text or "<script>alert" in answer.text
    ]

    assert [] == broken
    assert 10 < sum(html.escape(EVIL[3:20]) in answer.text for _, answer in shown)
    assert all("{{7*7}}" in answer.text for path, answer in shown if path == "/library/{uuid:str}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_page_shows_a_code_in_place_of_words(world: World, language: str) -> None:
    _, browser, uuid = await furnished(world)
    await browser.open(f"/language/{language}")
    shown = [(path, words_of(answer.text)) for path, answer in await pages(browser, uuid)]
    codes = r"\b(notice|alert|alerts|statement|failure|log|moved|reason|request|record|why|doubt|trouble|question|state|tag|field|plan|help|step)\.[a-z_]+"  # noqa: E501
    found = {
        path: hit[0]
        for path, text in shown
        if (hit := re.search(rf"{codes}|%\(\w+\)s|\bNone\b", text))
    }

    assert {} == found


def words_of(page: str) -> str:
    return re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]+>", " ", page)


STRANGE = [
    "",
    "x",
    "-1",
    "9" * 30,
    "1e9",
    "\u0663",
    "%00x",
    "<b>",
    "../..",
    "🙂" * 50,
    "' OR 1=1 --",
]


@pytest.mark.parametrize("strange", STRANGE)
async def test_no_query_is_a_fault_of_ours(world: World, strange: str) -> None:
    _, browser, uuid = await furnished(world)
    names = (
        "page",
        "q",
        "state",
        "vat",
        "show",
        "product",
        "topic",
        "severity",
        "before",
        "to",
        "join",
        "kind",
    )
    query = dict.fromkeys(names, strange)
    answers = [
        await browser.http.get(filled(path, uuid), params=query)
        for path in addresses("GET")
        if not path.endswith("/live")
    ]

    assert [] == [(one.url.path, one.status_code) for one in answers if one.status_code >= 500]


async def test_no_form_is_a_fault_of_ours(world: World) -> None:
    """Whatever its fields hold. What ends the session or the connection is left out."""
    _, browser, uuid = await furnished(world)
    names = (
        "product",
        "q",
        "page",
        "state",
        "vat",
        "answer",
        "bigcommerce",
        "undo",
        "back",
        "variant",
        "till",
        "shop",
        "prices",
    )
    more = (
        "products",
        "to",
        "choice-" + uuid,
        "zettle-" + uuid + "-v",
        "seen-till",
        "seen-shop",
        "confirmed",
        "keep",
        "key",
        "name",
    )
    found = []
    for strange in STRANGE:
        fields = {**dict.fromkeys((*names, *more), strange), "separate": "yes"}
        for path in set(addresses("POST")) - {"/apps/bigcommerce/disconnect", "/sign-out"}:
            answer = await browser.press(filled(path, uuid), **fields)
            found += [(path, strange)] if answer.status_code >= 500 else []

    assert [] == found


TARGETS = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    " //evil.example",
    "https:evil.example",
    "/library\r\nLocation: https://evil.example",
    "///evil.example/..",
    "evil.example",
]


async def test_no_link_of_ours_leads_to_a_strangers_site(world: World) -> None:
    browser = world.browser()
    answers = [await browser.http.get("/language/en", params={"to": target}) for target in TARGETS]
    places = [answer.headers["location"] for answer in answers]
    hosts = {httpx2.URL("https://brygga.example").join(place).host for place in places}

    assert ({303}, {"brygga.example"}) == ({answer.status_code for answer in answers}, hosts)
    assert [] == [
        place for place in places if "\n" in place or place.startswith(("//", "/\\", "/%5C"))
    ]
