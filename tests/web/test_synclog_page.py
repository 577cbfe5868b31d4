"""The sync log's page: what it says of each line, what it finds, and what it can do (rule A4)."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.conftest import NOON
from tests.web.conftest import BERG, SHOP, Browser, World

from brygga.core.model import Connection, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import bindings, exchanges, synclog, waiting_work, work_items
from brygga.database.exchanges import Exchange
from brygga.database.work_items import Kind
from brygga.web.codes import EXAMPLE, OWN_EXAMPLES
from brygga.web.i18n import LANGUAGES, Language, words
from brygga.web.lines import spoken
from brygga.web.log_filter import zone_of
from brygga.web.log_groups import grouped, is_problem
from brygga.web.log_kinds import AGAIN, CODES, LogKind
from brygga.web.readable import Units, plain, value_of

LOG = "/apps/bigcommerce/log"


async def opened(world: World, language: str = "en") -> tuple[Connection, Browser]:
    connection = await world.running()
    browser = world.browser(language)
    await browser.sign_in()
    return connection, browser


async def logged(
    world: World, connection: Connection, *lines: Line, ago: timedelta = timedelta()
) -> list[int]:
    """Writes these lines, and returns their ids."""
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, lines, world.clock.now() - ago)
        found = await synclog.page(tx, connection.id, limit=len(lines))
    return [one.id for one in reversed(found)]


def picture(uuid: str) -> Line:
    params = {"url": "https://till.test/lost.png"}
    return Line(Code.IMAGE_NOT_FETCHED, Topic.PRODUCT, Severity.WARNING, uuid, params=params)


def created(uuid: str, name: str) -> Line:
    return Line(Code.PRODUCT_CREATED, Topic.PRODUCT, subject=uuid, params={"name": name})


async def pictures(world: World, connection: Connection, count: int) -> list[str]:
    names = [f"Mugg {number:02}" for number in range(count)]
    uuids = await world.stock_library(connection, *names, assigned=True)
    await logged(world, connection, *(picture(uuid) for uuid in uuids))
    return uuids


# ---- Words ---------------------------------------------------------------------------------------


def test_every_code_is_of_exactly_one_kind() -> None:
    count = Counter(code for codes in CODES.values() for code in codes)

    assert dict.fromkeys(Code, 1) == dict(count)


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_the_products_own_page_no_line_names_it(language: Language) -> None:
    """A line from the time when it was called otherwise does. Brygga's own hidden product has no
    page.
    """
    said, before, name = {}, [], "Kanna Tolv"
    for code in (one for one in Code if not one.value.startswith("marker_")):
        params = {**EXAMPLE, **OWN_EXAMPLES.get(code, {}), "name": name}
        for variant in ("", "Blå"):
            params["variant_name"] = variant
            said[code, variant], *_ = spoken(
                words(language), code.value, params, name=name, on_its_page=True
            )
        params["name"] = "Kanna Elva"
        before.append(spoken(words(language), code.value, params, name=name, on_its_page=True)[0])

    assert {} == {key: one for key, one in said.items() if "Kanna" in one or one[:1].islower()}
    assert {} == {key: one for key, one in said.items() if one[:1] in " :–" or "  " in one}
    assert len([one for one in before if "Kanna Elva" in one]) > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_every_planned_field_has_its_words(language: Language) -> None:
    fields = [
        "name",
        "description",
        "weight",
        "page_title",
        "meta_description",
        "url",
        "price",
        "sku",
        "upc",
        "gtin",
        "image",
        "option",
        "value",
    ]
    keys = [*(f"kind.{kind.value}" for kind in LogKind), *(f"field.{name}" for name in fields)]

    assert [] == [key for key in keys if not words(language).has(key)]


@pytest.mark.parametrize(
    ("field", "shop", "till", "sentence"),
    [
        (
            "description",
            "<p>Drejad &amp; br&auml;nd</p><p>Handgjord <b>mu",
            "",
            "Mugg: Beskrivning är ”Drejad & bränd Handgjord mu” i BigCommerce och ”tomt” i Zettle.",
        ),
        (
            "price",
            "249.5",
            "199",
            "Mugg: Pris är ”249,50\u00a0kr” i BigCommerce och ”199,00\u00a0kr” i Zettle.",
        ),
        (
            "weight",
            "0.3500",
            "1.2",
            "Mugg: Vikt är ”0,35 kg” i BigCommerce och ”1,2 kg” i Zettle.",
        ),
        (
            "page_title",
            "A",
            "B",
            "Mugg: SEO-titel är ”A” i BigCommerce och ”B” i Zettle.",
        ),
    ],
)
def test_drift_is_said_in_readable_text(field: str, shop: str, till: str, sentence: str) -> None:
    """Without HTML, with the decimal comma and with units (decision 1)."""
    params = {"name": "Mugg", "field": field, "shop": shop, "till": till}

    assert sentence == spoken(words("sv"), "drift", params, Units("SEK", "kg"))[0]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ul><li>ett</li><li>två</li></ul>", "ett två"),
        ("3 < 5 & 7", "3 < 5 & 7"),
        ("a<br>b", "a b"),
        ("<p>ett</p><p cla", "ett"),
        ("", ""),
    ],
)
def test_a_description_is_read_without_its_tags(html: str, text: str) -> None:
    assert text == plain(html)


def test_what_is_no_number_is_said_as_it_is() -> None:
    assert "nan" == value_of(words("sv"), "price", "nan", Units("SEK"))
    assert "x" == value_of(words("sv"), "weight", "x", Units("SEK", "kg"))


async def test_every_line_names_its_product(world: World) -> None:
    """Also where the sentence itself has no place for the name."""
    connection, browser = await opened(world)
    (mug,) = await world.stock_library(connection, "Mugg", assigned=True)
    await logged(world, connection, picture(mug), created(mug, "Mugg"))
    page = (await browser.open(LOG)).text

    assert "Mugg – A picture could not be fetched" in page
    assert "Mugg – Mugg" not in page


# ---- Finding -------------------------------------------------------------------------------------


@pytest.fixture
async def three(world: World) -> tuple[Browser, Sequence[str]]:
    """Three lines of three products: one created long ago, a picture, and a drift."""
    connection, browser = await opened(world)
    mug, bowl, plate = await world.stock_library(connection, "Mugg", "Skål", "Fat", assigned=True)
    await logged(world, connection, created(mug, "Mugg"), ago=timedelta(days=8))
    params = {"name": "Fat", "field": "name", "shop": "Tallrik", "till": "Fat"}
    drift = Line(Code.DRIFT, Topic.PRODUCT, subject=plate, params=params)
    await logged(world, connection, picture(bowl), drift)
    return browser, (mug, bowl, plate)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Mugg", "Skål", "Fat"}),
        ("q=fat", {"Fat"}),
        ("q=SKU-Mugg", {"Mugg"}),
        ("kind=pictures", {"Skål"}),
        ("kind=edited", {"Fat"}),
        ("severity=problems", {"Skål"}),
        ("severity=info", {"Mugg", "Fat"}),
        ("period=week", {"Skål", "Fat"}),
        ("code=product_created", {"Mugg"}),
        ("topic=stock", set()),
        ("q=finns+inte", set()),
        ("kind=nonsense&severity=x&period=y&on=z&code=q&topic=r", {"Mugg", "Skål", "Fat"}),
    ],
)
async def test_the_filters_show_just_those_lines(
    three: tuple[Browser, Sequence[str]], query: str, names: set[str]
) -> None:
    browser, uuids = three
    page = (await browser.open(f"{LOG}?{query}")).text
    named = dict(zip(("Mugg", "Skål", "Fat"), uuids, strict=True))

    assert names == {name for name, uuid in named.items() if f'href="/library/{uuid}"' in page}
    assert (not names) == ("No line fits" in page)


async def test_a_day_is_one_of_the_merchants_country(world: World) -> None:
    """23:30 UTC is half past midnight of the next day in Sweden."""
    connection, browser = await opened(world)
    (mug,) = await world.stock_library(connection, "Mugg")
    late = world.clock.now().replace(hour=23, minute=30) - timedelta(days=3)
    await logged(world, connection, created(mug, "Mugg"), ago=world.clock.now() - late)
    same, following = late.date(), late.date() + timedelta(days=1)
    pages = [(await browser.open(f"{LOG}?on={day}")).text for day in (same, following)]

    assert [False, True] == ["Mugg was created" in page for page in pages]
    assert "Europe/Stockholm" == str(zone_of("SE"))


async def test_a_filter_that_holds_nothing_is_not_offered(
    three: tuple[Browser, Sequence[str]],
) -> None:
    browser, _ = three
    page = (await browser.open(LOG)).text

    assert {"created", "pictures", "edited", "connection"} == {
        kind.value for kind in LogKind if f'<option value="{kind.value}"' in page
    }


async def test_an_empty_list_says_why_it_is_empty(world: World) -> None:
    connection, browser = await opened(world)
    nothing = (await browser.open(LOG)).text
    (mug,) = await world.stock_library(connection, "Mugg")
    await logged(world, connection, created(mug, "Mugg"))
    errors = (await browser.open(f"{LOG}?severity=problems")).text
    searched = (await browser.open(f"{LOG}?q=finns+inte")).text
    beyond = (await browser.open(f"{LOG}?before=1")).text

    assert "As soon as something is synced" in nothing
    assert "Nothing of what you chose has gone wrong" in errors
    assert "Choose a longer time" in searched
    assert "There are no older lines" in beyond


async def test_the_log_of_another_merchant_is_never_found(world: World) -> None:
    _, browser = await opened(world)
    other = await world.running(BERG, replace(SHOP, store_hash="berg1"))
    (secret,) = await world.stock_library(other, "Hemlig", assigned=True)
    (line,) = await logged(world, other, picture(secret))
    pages = [await browser.open(f"{LOG}{path}") for path in ("", "?q=hemlig", ".csv")]
    one = await browser.open(f"{LOG}/{line}")
    await browser.press(f"{LOG}/retry", code="image_not_fetched", first="1", last=str(line))

    assert all("Hemlig" not in page.text and secret not in page.text for page in pages)
    assert 404 == one.status_code
    async with world.database.read() as tx:
        assert {} == await waiting_work.counts(tx, other.id)


# ---- Groups and retries --------------------------------------------------------------------------


async def test_one_cause_is_one_entry(world: World) -> None:
    """ "32 products: a picture could not be fetched", also with other lines between them."""
    connection, browser = await opened(world)
    uuids = await pictures(world, connection, 31)
    last = (await world.stock_library(connection, "Skål", assigned=True))[0]
    await logged(world, connection, created(last, "Skål"), picture(last))
    page = (await browser.open(LOG)).text

    assert "32 products:</b> a picture could not be fetched" in page
    assert page.count("Skål was created") == 1
    assert "12 more lines" in page
    assert f'href="/library/{uuids[0]}"' not in page
    assert f'href="/library/{uuids[30]}"' in page


@pytest.mark.parametrize("count", [1, 2])
async def test_a_few_stay_single_lines(world: World, count: int) -> None:
    connection, browser = await opened(world)
    await pictures(world, connection, count)

    assert count == (await browser.open(LOG)).text.count("– A picture could not be fetched")


async def test_all_of_a_group_are_tried_again_at_once(world: World) -> None:
    connection, browser = await opened(world)
    uuids = await pictures(world, connection, 4)
    async with world.database.read() as tx:
        lines = await synclog.page(tx, connection.id)
    ends = {"first": str(lines[-1].id), "last": str(lines[0].id)}
    answer = await browser.press(f"{LOG}/retry", code="image_not_fetched", **ends)
    said = (await browser.open(answer.headers["location"])).text
    async with world.database.read() as tx:
        due = await work_items.due(tx, connection.id, world.clock.now(), [Kind.PRODUCT])

    assert {(uuid, True) for uuid in uuids} == {(item.subject, item.force) for item in due}
    assert "4 products are tried again now." in said


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [("product_created", "1", "99"), ("image_not_fetched", "x", "9"), ("", "", "")],
)
async def test_what_retrying_cannot_help_is_not_tried(
    world: World, code: str, first: str, last: str
) -> None:
    connection, browser = await opened(world)
    await pictures(world, connection, 1)
    await browser.press(f"{LOG}/retry", code=code, first=first, last=last)
    async with world.database.read() as tx:
        assert Kind.PRODUCT not in await waiting_work.counts(tx, connection.id)


def test_the_lines_of_a_page_are_covered_once() -> None:
    """The next page begins where this one ended, whatever was grouped."""
    lines = [
        synclog.Logged(number, NOON, picture(f"p{number}") if number % 2 else created("x", "X"))
        for number in range(40, 0, -1)
    ]
    groups, covered = grouped(lines, is_problem, 5)
    rest, more = grouped(lines[covered:], is_problem, 50)
    seen = [one.id for group in (*groups, *rest) for one in group.lines]

    assert sorted(seen) == sorted(one.id for one in lines)
    assert covered + more == len(lines)


# ---- One line, and the file ----------------------------------------------------------------------


async def test_a_line_shows_what_was_sent_and_what_came_back(world: World) -> None:
    connection, browser = await opened(world)
    mug, bowl = await world.stock_library(connection, "Mugg", "Skål", assigned=True)
    line_id, other = await logged(world, connection, picture(mug), picture(bowl))
    now = world.clock.now()
    body = [{"id": 11, "name": "Mugg"}, {"id": 12, "name": "Skål"}]
    made = Exchange(now, "bigcommerce", "PUT", "/v3/catalog/products", 422, ("11", "12"), body)
    late = Exchange(now + timedelta(hours=1), "bigcommerce", "POST", "/later", 200, ("11",))
    async with world.database.transaction() as tx:
        pairs = [Synced(mug, 11), Synced(bowl, 12)]
        await bindings.save_many(tx, connection.id, pairs, now)
        await exchanges.add(tx, connection.id, [made, late])
    page = (await browser.open(f"{LOG}/{line_id}")).text
    theirs = (await browser.open(f"{LOG}/{other}")).text

    assert "PUT /v3/catalog/products" in page
    assert "422" in page
    assert "&#34;name&#34;: &#34;Mugg&#34;" in page
    assert "Skål" not in page
    assert "/later" not in page
    assert "&#34;name&#34;: &#34;Skål&#34;" in theirs
    assert "Try again" in page


@pytest.mark.parametrize("number", ["0", "999999", "x", "1" * 30])
async def test_a_line_that_is_not_there_is_not_shown(world: World, number: str) -> None:
    _, browser = await opened(world)

    assert 404 == (await browser.open(f"{LOG}/{number}")).status_code


async def test_the_newest_calls_alone_are_kept(world: World) -> None:
    connection, _ = await opened(world)
    now = world.clock.now()
    made = [
        Exchange(now, "zettle", "POST", f"/{number}", 200, ("p",))
        for number in range(exchanges.MOST + 5)
    ]
    async with world.database.transaction() as tx:
        await exchanges.add(tx, connection.id, made)
        kept = await exchanges.about(
            tx, connection.id, ["p"], (now, now), limit=exchanges.MOST + 10
        )
        await exchanges.prune(tx, now + exchanges.KEPT + timedelta(seconds=1))
        later = await exchanges.about(tx, connection.id, ["p"], (now, now))

    assert [one.path for one in kept] == [f"/{number}" for number in range(5, len(made))]
    assert [] == later


@pytest.mark.parametrize(("language", "sign"), [("sv", ";"), ("en", ",")])
async def test_the_log_is_a_file_for_a_spreadsheet(world: World, language: str, sign: str) -> None:
    """As filtered, each line with its product, and never a formula."""
    connection, browser = await opened(world, language)
    mug, bad = await world.stock_library(connection, "Mugg", "=cmd()", assigned=True)
    await logged(world, connection, created(mug, "Mugg"), picture(bad))
    whole = await browser.open(f"{LOG}.csv")
    some = await browser.open(f"{LOG}.csv?kind=pictures")
    rows = list(csv.reader(io.StringIO(whole.text.removeprefix("\ufeff")), delimiter=sign))

    assert "attachment" in whole.headers["content-disposition"]
    assert 3 == len(rows)
    assert "'=cmd()" == rows[1][4]
    assert "Mugg" == rows[2][4]
    assert 2 == len(some.text.strip().splitlines())


def test_only_codes_of_problems_are_tried_again() -> None:
    edited = CODES[LogKind.EDITED] | CODES[LogKind.CREATED] | CODES[LogKind.CONNECTION]

    assert not AGAIN & edited
