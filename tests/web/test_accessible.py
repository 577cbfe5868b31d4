"""No page, state or dialog breaks a rule of axe-core, of any grade, in any language and theme. Each
fits the narrowest phone, in its own language throughout.

The pages are those of the application itself; Chromium gets them from here, without a network.
"""

from collections.abc import Mapping
from dataclasses import replace

import httpx2
import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page
from tests import axe, narrow
from tests import pages as lent
from tests.chromium import CHROMIUM
from tests.conftest import NOON
from tests.database.merchants import newest
from tests.web.conftest import BERG, FULL, JOIN, SHOP, Browser, World, product
from tests.web.operators import failing
from tests.web.separate_stock import put
from tests.web.test_every_route import furnished, pages

from brygga.core.fingerprints import fingerprint
from brygga.core.mapping import desired
from brygga.core.model import Connection, ObservedProduct, Stage, StockMoment, Synced
from brygga.core.terms import terms_of
from brygga.core.watching import Outcome
from brygga.database import additions, bindings, connections, exchanges, library, watching
from brygga.database import shown as read_products
from brygga.database.engine import Tx
from brygga.database.exchanges import Exchange
from brygga.database.shown import Read
from brygga.database.watching import Prediction
from brygga.web import assets
from brygga.web.i18n import LANGUAGES, Language
from brygga.web.operating.door import hash_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not axe.IS_THERE, reason=axe.WHY_NOT),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]

OTHER = "6a1d3b00-0000-11ed-9c3e-0000000000ab"
COLOURED: tuple[Language, ...] = ("sv",)
"""Colours are the same in every language: one is walked by the rules of colours, in both themes."""
STEPS = (
    Stage.STORE_CONNECTED,
    Stage.PRICES_CHOSEN,
    Stage.PRODUCTS_CHOSEN,
    Stage.WATCHING,
    Stage.LEAVING,
    Stage.DISCONNECTED,
)
FORM = {
    "name": "Mugg",
    "price": "tolv",
    "vat": "250",
    "stock": "-1",
    "option-1-name": "Storlek",
    "option-1-values": "S, M",
    "option-2-name": "Färg",
    "tracked": "yes",
    "action": "save",
}


async def shown(world: World, language: Language) -> dict[str, str]:
    """Every page of a merchant who has something to see: address or name -> page."""
    found: dict[str, str] = {}
    connection, browser, uuid = await furnished(world, language=language)
    found |= {path: answer.text for path, answer in await pages(browser, uuid) if is_page(answer)}
    found["nothing found"] = (await browser.open("/library?q=finns-inte")).text
    found["errors in a form"] = (await browser.press("/library/new", **FORM)).text
    half = {f"zettle-{uuid}-v": "x", f"shop-{uuid}-v": "2", f"shared-{uuid}-v": "7"}
    for name, more in (("an error", {}), ("a sum", {f"zettle-{uuid}-v": "9"})):
        answer = await browser.press(
            f"/library/{uuid}/stock/separate", separate="yes", **{**half, **more}
        )
        found[f"separate, {name}"] = answer.text
    found["a count"] = (
        await browser.press(f"/library/{uuid}/stock/check", variant=f"{uuid}-v", till="x")
    ).text
    found |= await adding(world, browser, connection)
    found |= await compared(world, browser, connection, uuid)
    found |= await operated(world, connection, language)
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "zettle_access_gone")
    for path in ("/apps", "/apps/bigcommerce", "/library", f"/library/{uuid}"):
        found[f"paused: {path}"] = (await browser.open(path)).text
    return found


async def adding(world: World, browser: Browser, connection: Connection) -> dict[str, str]:
    """A product of our own form: its options, on its way, and refused."""
    key = "6a1d3b00-0000-11ed-9c3e-0000000000aa"
    good = {**FORM, "price": "12", "vat": "25", "stock": "1", "option-2-name": "", "key": key}
    options = await browser.press("/library/new", **{**good, "action": "variants"})
    plain = {name: text for name, text in good.items() if not name.startswith("option-")}
    previewed = await browser.press("/library/new", **{**good, "action": "preview"})
    await browser.press("/library/new", **{**good, "key": OTHER, "action": "draft"})
    drafts = await browser.open("/library/new")
    sent = await browser.press("/library/new", **plain)
    under_way = await browser.open(sent.headers["location"])
    async with world.database.transaction() as tx:
        await additions.refuse(tx, connection.id, key, "zettle_input_refused", {"name": "x"})
    refused = await browser.open(sent.headers["location"])
    listed = await browser.open("/library")
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [product(OTHER, "Mugg")], world.clock.now())
        await additions.done(tx, connection.id, OTHER)
    added = await browser.open(f"/library/new/{OTHER}")
    return {
        "adding: options": options.text,
        "adding: preview": previewed.text,
        "adding: drafts": drafts.text,
        "adding: added": added.text,
        "adding: under way": under_way.text,
        "adding: refused": refused.text,
        "adding: the library": listed.text,
    }


async def compared(
    world: World, browser: Browser, connection: Connection, uuid: str
) -> dict[str, str]:
    """A product that BigCommerce was read of and that was edited there, stock shared and separate,
    and a line with what was sent.
    """
    wanted = desired(product(uuid, "x"), terms_of(connection)).product
    assert wanted is not None
    bound = Synced(uuid, 11, etag="etag", fingerprint=fingerprint(wanted), variants={uuid: 7})
    read = Read(11, ObservedProduct(11, "y", base_variant_id=7), 1, "edited")
    now = world.clock.now()
    call = Exchange(now, "zettle", "PUT", "/x", 500, (uuid,), {"name": "x" * 200}, {"a": [1]})
    found = {}
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [product(uuid, "x")], now)
        await bindings.save(tx, connection.id, bound, now)
        await read_products.save(tx, connection.id, {uuid: read}, now)
        await exchanges.add(tx, connection.id, [call])
    for path in (f"/library/{uuid}", "/library", "/apps/bigcommerce/log/1"):
        found[f"compared: {path}"] = (await browser.open(path)).text
    await put(world, connection, uuid, 8, 4, separate=True)
    found["compared: separate"] = (await browser.open(f"/library/{uuid}")).text
    return found


async def set_up(world: World, language: Language) -> dict[str, str]:
    """Before, while and after a store is connected, with all that a set-up can warn of."""
    late = StockMoment.ORDER_SHIPPED
    world.store.shop = replace(SHOP, store_hash="berg1", stock_moment=late, backorders=True)
    browser, home = world.browser(language), "/apps/bigcommerce"
    found = {
        f"signed out: {path}": (await browser.open(path)).text
        for path in ("/sign-in", "/help", "/nothing")
    }
    await browser.sign_in("berg")
    found |= {f"none: {path}": (await browser.open(path)).text for path in ("/apps", home)}
    await browser.press(f"{home}/connect")
    await browser.open("/bigcommerce/auth?code=good&scope=store_v2_products&context=stores%2Fberg1")
    found["join"] = (await browser.open(JOIN)).text
    await browser.confirm_store()
    connection = await own(world)
    for step in STEPS:
        async with world.database.transaction() as tx:
            if step is Stage.WATCHING:
                await connections.set_stage(tx, connection.id, step)
                await watched(tx, connection.id)
            elif step is Stage.LEAVING:
                await connections.leave(tx, connection.id, keep=False)
            elif step is Stage.DISCONNECTED:
                await connections.disconnect(tx, connection.id, world.clock.now())
            else:
                await connections.set_stage(tx, connection.id, step)
        for path in ("/apps", home, "/library", f"{home}/plan", f"{home}/watch"):
            answer = await browser.open(path)
            assert answer.status_code < 500, (step, path)
            found[f"{step.value}: {path}"] = answer.text
    found["erase"] = (await browser.open("/apps/erase")).text
    panel = await browser.open("/bigcommerce/load?signed_payload_jwt=signed-a")
    return found | {"panel": panel.text}


async def watched(tx: Tx, connection_id: int) -> None:
    """Another app is watched: a prediction of every outcome."""
    await watching.begin(tx, connection_id, NOON)
    for number, outcome in enumerate(Outcome):
        one = Prediction(
            f"cup-{number}", "", "stock_zettle", "Mugg", "9", "7", NOON, -2, outcome, "8"
        )
        await watching.predict(tx, connection_id, [one, replace(one, field="name", change=0)])


async def operated(world: World, connection: Connection, language: Language) -> dict[str, str]:
    """What whoever runs the service sees: the door, also after a wrong secret, merchants of whom
    one has failed work, one of them, the queue, and kept webhooks.
    """
    settings = replace(world.deps.settings, operator=(hash_of(FULL),))
    deps = replace(world.deps, settings=settings)
    app = lent.lend(deps)
    await failing(world, connection)
    browser = replace(world, app=app, deps=deps).browser(language)
    here = f"/operator/merchants/{connection.id}"
    found = {"operator: door": (await browser.open("/operator/sign-in")).text}
    wrong = await browser.http.post("/operator/sign-in", data={"secret": "x"})
    await browser.http.post("/operator/sign-in", data={"secret": FULL})
    paths = ("/operator", "/operator?q=none", here, f"{here}/webhooks", "/operator/queue")
    found |= {f"operator: {path}": (await browser.open(path)).text for path in paths}
    lent.give_back(app)
    assert all("/operator/sign-out" in found[f"operator: {path}"] for path in paths)
    return found | {"operator: refused": wrong.text}


async def own(world: World) -> Connection:
    async with world.database.read() as tx:
        return await newest(tx, BERG.uuid)


def is_page(answer: httpx2.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html") and bool(answer.text)


async def styled(chromium: Chromium, width: int) -> Page:
    page = await chromium.new_page(
        bypass_csp=True, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    sheets = [one for name, one in assets.files().items() if name.endswith(".css")]
    sheet = "".join(one.content.decode() for one in sheets)
    await page.set_content(f"<!doctype html><html><head><style>{sheet}</style></head></html>")
    return page


async def every_fault(
    chromium: Chromium, shown: Mapping[str, str], *, colours: bool = True
) -> list[str]:
    """What breaks a rule: all rules in the light theme and those of colours in the dark one too,
    or, without `colours`, all others.
    """
    page = await styled(chromium, 1280)
    await page.add_script_tag(path=axe.SCRIPT)
    pages = [*shown.items()]
    but = [] if colours else [*axe.COLOURS]
    found = await page.evaluate(axe.WALK, {"pages": pages, "only": [], "but": but})
    if not colours:
        return list(found)
    await page.emulate_media(color_scheme="dark")
    pale = await page.evaluate(axe.WALK, {"pages": pages, "only": [*axe.COLOURS]})
    return [*found, *(f"dark: {one}" for one in pale)]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_page_state_or_dialog_breaks_a_rule(
    world: World, chromium: Chromium, language: Language
) -> None:
    found = {**await shown(world, language), **await set_up(world, language)}
    found = {page: name for name, page in found.items() if page}
    found = {name: page for page, name in found.items()}

    assert len(found) > 50
    faults = await every_fault(chromium, found, colours=language in COLOURED)

    assert not faults, "\n".join(faults)
    assert [] == await narrowed(chromium, found, language)


async def narrowed(chromium: Chromium, shown: Mapping[str, str], language: Language) -> list[str]:
    """What is too wide for a phone, or in another language."""
    page = await styled(chromium, narrow.WIDTH)
    wide, said = await page.evaluate(narrow.WALK, [*shown.items()])
    return [*wide, *narrow.left_in_english(language, said)]


async def test_a_fault_would_be_seen(chromium: Chromium) -> None:
    """A picture without words, letters as pale as the paper, and a dialog without a name."""
    html = (
        '<!doctype html><html lang="sv"><title>x</title><main><h1>x</h1><img src="/x.png">'
        '<p style="color:#888;background:#fff">pale</p>'
        '<p style="color:var(--ink);background:#333">pale in one theme</p></main>'
        '<dialog id="d"><input></dialog>'
    )
    found = await every_fault(chromium, {"page": html})

    assert {
        "page: image-alt",
        "page: color-contrast",
        "page #d: label",
        "dark: page: color-contrast",
    } <= {one.partition(" (")[0] for one in found}


async def test_a_wide_word_and_a_word_of_english_would_be_seen(chromium: Chromium) -> None:
    long = f'<b style="white-space:nowrap">{"x" * 99}</b>'
    html = (
        f'<!doctype html><html lang="sv"><main><h1>Save</h1><p>{long}</p>'
        "<p>Gone from the shop</p><ul><li lang='en'>Log of the day</li></ul><p>Spara</p></main>"
    )
    found = await narrowed(chromium, {"page": html}, "sv")

    assert any(one.startswith("page: the page is") for one in found)
    assert ["page: Save", "page: Gone from the shop"] == found[-2:]
