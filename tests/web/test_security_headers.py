"""No page stays anywhere but before the merchant's eyes."""

import re
from pathlib import Path

import pytest
from tests.web.conftest import World
from tests.web.test_every_route import furnished, pages

STATIC = Path(__file__).parents[2] / "src" / "brygga" / "web"
STORES = re.compile(
    r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.|serviceWorker"
)


async def test_no_page_is_kept_by_a_browser_or_a_proxy(world: World) -> None:
    """Also no refusal, and no page of who is not signed in."""
    _, browser, uuid = await furnished(world, "en")
    stranger, theirs = (
        world.browser(),
        ("/sign-in", "/nothing", "/bigcommerce/join", "/zettle/auth"),
    )
    answers = [
        *await pages(browser, uuid),
        *[(path, await stranger.open(path)) for path in theirs],
    ]

    assert len(answers) > 20
    assert [] == [
        path for path, answer in answers if "no-store" not in answer.headers["cache-control"]
    ]


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_no_script_of_ours_stores_anything(folder: str) -> None:
    files = [one for one in (STATIC / folder).rglob("*") if one.suffix in {".js", ".html"}]

    assert files
    assert [] == [one.name for one in files if STORES.search(one.read_text(encoding="utf-8"))]
    assert STORES.search("localStorage.setItem('a', 1)")
