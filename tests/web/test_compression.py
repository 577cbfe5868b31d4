"""Pages are sent compressed, and hold no secret whose length could be measured."""

import gzip
import hashlib
import random
import re
import uuid
from dataclasses import replace

import pytest
from tests.conftest import NOON
from tests.web.conftest import Browser, World, product
from tests.web.test_synclog_page import created, logged, picture

from brygga.database import library
from brygga.web.assets import FOLDER, trimmed
from brygga.web.masking import masked, unmasked

TOKEN = re.compile(r'name="_csrf_token" value="(\w+)"')
SECRET = "0123456789abcdef" * 4


async def stocked(world: World) -> None:
    connection = await world.running()
    await world.stock_library(
        connection, *(f"Mugg {number}" for number in range(60)), assigned=True
    )


@pytest.mark.parametrize(
    "path", ["/library", "/help", "/apps/bigcommerce/plan", "/static/brygga.js"]
)
async def test_pages_and_files_are_sent_compressed(world: World, path: str) -> None:
    await stocked(world)
    browser = world.browser()
    await browser.sign_in()
    whole = len((await browser.http.get(path, headers={"accept-encoding": "identity"})).content)
    async with browser.http.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        sent = len(b"".join([part async for part in answer.aiter_raw()]))

    assert ("gzip", True) == (
        answer.headers["content-encoding"],
        "ccept-" in answer.headers["vary"],
    )
    assert sent < whole / 2


ANY_FILE = re.compile(r"/static/[\w.]+")
FILE = re.compile(r"/static/brygga\.[0-9a-f]{12}\.(?:css|js|svg)")


async def test_a_page_names_its_files_by_their_content_and_they_are_kept(world: World) -> None:
    """The name says which content it is, so that a browser never asks for it again."""
    named = FILE.findall((await world.browser().open("/help")).text)
    answers = [await world.browser().http.get(one) for one in named]

    assert {"css", "js", "svg"} == {one.rpartition(".")[2] for one in named}
    assert {(200, "public, max-age=31536000, immutable")} == {
        (answer.status_code, answer.headers["cache-control"]) for answer in answers
    }
    assert [one.rpartition(".")[0].rpartition(".")[2] for one in named] == [
        hashlib.sha256(answer.content).hexdigest()[:12] for answer in answers
    ]


@pytest.mark.parametrize("name", ["brygga.css", "brygga.000000000000.css"])
async def test_a_file_by_another_name_is_not_kept(world: World, name: str) -> None:
    """An old page, or one of a newer process, gets the file that there is."""
    browser = world.browser()
    first = await browser.http.get(f"/static/{name}")
    again = await browser.http.get(
        f"/static/{name}", headers={"if-none-match": first.headers["etag"]}
    )

    assert (200, "no-cache") == (first.status_code, first.headers["cache-control"])
    assert (304, b"") == (again.status_code, again.content)


NESTED = re.compile(r"\$\{[^}]*`")
FIRST_VISIT = 20_000
"""Bytes over the wire of a page, with all its files and every header, by a browser that has none of
them: no more than a merchant's phone gets in a moment.
"""
HOME = "/apps/bigcommerce"
THINGS = ("Mugg", "Skål", "Vas", "Fat", "Kanna", "Ljusstake", "Bricka", "Kökshandduk")
SERIES = ("Jurmo", "Skanör", "Möja", "Gotska", "Dalarö", "Landsort", "Råå", "Öland", "Yxlan")
COLOURS = ("koppar", "mässing", "blå", "rost", "granit", "furu", "benvit", "salvia", "indigo")
PAGES = (
    "/apps",
    HOME,
    "/library",
    "/library?sort=wrong",
    "/library/new",
    "/library/{uuid}",
    "/library/{uuid}/variants/{uuid}-v/stock",
    f"{HOME}/log",
    f"{HOME}/plan",
    f"{HOME}/left-out",
    f"{HOME}/check",
    f"{HOME}/alerts",
    f"{HOME}/statements",
    f"{HOME}/disconnect",
    "/help",
    "/help/codes",
    "/support",
)


async def test_the_first_visit_of_every_page_is_light(world: World) -> None:
    """Full lists, with the names and uuids of real goods."""
    connection, dice = await world.running(), random.Random(17)
    uuids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(60)]
    goods = [
        replace(
            product(one, f"{dice.choice(THINGS)} {dice.choice(SERIES)} {dice.choice(COLOURS)}"),
            image_urls=(f"https://image.example/product/{dice.randbytes(12).hex()}.jpeg",),
        )
        for one in uuids
    ]
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, goods, NOON, assign_new=True)
    lines = [created(one.uuid, one.name) for one in goods]
    await logged(world, connection, *lines, picture(uuids[0]))
    browser = world.browser("de")
    await browser.sign_in()
    sizes = {path: await first_visit(browser, path.format(uuid=uuids[0])) for path in PAGES}

    assert {} == {path: size for path, size in sizes.items() if size > FIRST_VISIT}
    assert sizes["/library"] > 10_000


async def first_visit(browser: Browser, path: str) -> int:
    """Bytes of a page and of every file of ours that it names."""
    size, page = await sent(browser, path)
    for name in sorted(set(ANY_FILE.findall(page))):
        size += (await sent(browser, name))[0]
    return size


async def sent(browser: Browser, path: str) -> tuple[int, str]:
    """Bytes over the wire, headers included, and the text."""
    async with browser.http.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert 200 == answer.status_code, path
    plain = gzip.decompress(body) if "content-encoding" in answer.headers else body
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
    return len(body) + head, plain.decode()


def test_a_file_loses_only_what_no_browser_reads() -> None:
    """Strings stay as they are, and so does a colon that begins a selector."""
    sheet = """/* Not a "string"; gone. */
    .a :hover, .b { color: red; content: "a: b, c; d"; }
    @media (min-width: 40rem) { .c { margin: 0 auto } }
    """
    script = """
    // Why it is so.
    const kept = "// not  a comment";  // gone

    if (kept) {
      run(`of  ${kept}`);
    }
    """
    short = trimmed(".js", script)

    assert (
        '.a :hover,.b{color:red;content:"a: b, c; d"}@media (min-width:40rem){.c{margin:0 auto}}'
        == trimmed(".css", sheet)
    )
    assert 'const kept="// not  a comment";if(kept){run(`of  ${kept}`);}' == short
    assert sheet == trimmed(".svg", sheet)


def test_no_template_of_a_script_holds_another() -> None:
    """`rjsmin` would take what follows for text."""
    scripts = [one for one in FOLDER.iterdir() if one.suffix == ".js"]
    nested = [one.name for one in scripts if NESTED.search(one.read_text(encoding="utf-8"))]

    assert scripts
    assert [] == nested
    assert NESTED.search("`a${b ? `c` : d}`")


@pytest.mark.parametrize("name", ["none.css", "..%2Fapp.py", "brygga.css%00"])
async def test_no_other_file_is_sent(world: World, name: str) -> None:
    assert 404 == (await world.browser().http.get(f"/static/{name}")).status_code


async def test_the_token_of_a_form_is_never_the_same_twice(world: World) -> None:
    await stocked(world)
    browser = world.browser()
    await browser.sign_in()
    first, second = [set(TOKEN.findall((await browser.open("/library")).text)) for _ in range(2)]

    assert 1 == len(first) == len(second)
    assert first != second
    assert 1 == len({unmasked(token) for token in first | second})


async def test_every_mask_of_the_token_is_taken(world: World) -> None:
    await stocked(world)
    browser = world.browser()
    await browser.sign_in()
    tokens = [TOKEN.findall((await browser.open("/library")).text)[0] for _ in range(3)]
    taken = [
        await browser.http.post("/library/sync", data={"_csrf_token": token}) for token in tokens
    ]

    assert [303] * 3 == [answer.status_code for answer in taken]


@pytest.mark.parametrize(
    "kind", ["the secret itself", "another browser's", "cut", "no hexadecimals", "none"]
)
async def test_a_token_that_is_not_this_browser_s_is_refused(world: World, kind: str) -> None:
    await stocked(world)
    browser, other = world.browser(), world.browser()
    await browser.sign_in()
    await other.sign_in("berg")
    token = TOKEN.findall((await browser.open("/help")).text)[0]
    foreign = TOKEN.findall((await other.open("/help")).text)[0]
    given = {
        "the secret itself": unmasked(token) or "",
        "another browser's": foreign,
        "cut": token[:-2],
        "no hexadecimals": "z" * len(token),
        "none": "",
    }[kind]
    answer = await browser.http.post("/library/sync", data={"_csrf_token": given})

    assert 403 == answer.status_code


def test_a_masked_secret_comes_out_as_it_went_in() -> None:
    assert {SECRET} == {unmasked(masked(SECRET, noise)) for noise in ("one", "two", "three")}
    assert 3 == len({masked(SECRET, noise) for noise in ("one", "two", "three")})


async def test_the_live_stream_is_sent_as_it_is(world: World) -> None:
    """A compressed one would reach the page a block at a time."""
    await stocked(world)
    browser = world.browser()
    await browser.sign_in()
    world.app.state.closing.set()
    answer = await browser.http.get("/apps/bigcommerce/live", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"].startswith("text/event-stream")
