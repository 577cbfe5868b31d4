"""Pages are sent compressed, and hold no secret whose length could be measured."""

import hashlib
import re

import pytest
from tests.web.conftest import World

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
