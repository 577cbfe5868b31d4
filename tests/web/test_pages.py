"""Every page draws in both languages; forms need their token; headers forbid what they should."""

import re
import warnings
from dataclasses import replace

import pytest
from tests.web.conftest import World

from brygga.figures import Figures
from brygga.web.app import build_app
from brygga.web.security import form_targets

PAGES = [
    ("/sign-in", "Logga in med Zettle", "Sign in with Zettle"),
    ("/apps", "Appar · Integrationer", "Apps · Integrations"),
    ("/apps/bigcommerce", "Koppla från", "Disconnect"),
    ("/apps/bigcommerce/log", "Synk-logg", "Sync log"),
    ("/apps/bigcommerce/plan", "Vad som händer", "What happens"),
    ("/apps/bigcommerce/disconnect", "Behåll produkterna", "Keep the products"),
    ("/library", "Tilldela till kanaler", "Assign to channels"),
    ("/library/{product}", "Aktivera lagerhantering", "Enable inventory management"),
    ("/library/new", "Lägg till produkt", "Add product"),
    ("/help", "Hur hanteras moms?", "How is VAT handled?"),
    ("/nowhere", "Sidan finns inte", "There is no such page"),
]


@pytest.mark.parametrize(("path", "swedish", "english"), PAGES)
async def test_a_page_speaks_both_languages(
    world: World, path: str, swedish: str, english: str
) -> None:
    connection = await world.running()
    (kanna,) = await world.stock_library(connection, "Kanna", assigned=True)
    for language, words in (("sv-SE", swedish), ("en-GB", english)):
        browser = world.browser(language)
        await browser.sign_in(f"lind-{language}")
        page = await browser.open(path.replace("{product}", kanna))

        assert words in page.text
        assert f'<html lang="{language[:2]}">' in page.text


async def test_the_language_link_is_remembered_and_stays_on_our_site(world: World) -> None:
    browser = world.browser("sv")
    back = await browser.open("/language/en?to=/help")
    abroad = await browser.open("/language/en?to=//evil.example/")

    assert ["/help", "/"] == [back.headers["location"], abroad.headers["location"]]
    assert "What merchants ask, answered." in (await browser.open("/help")).text


async def test_a_form_without_its_token_is_refused(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    for path in (
        "/library/assign",
        "/apps/bigcommerce/disconnect",
        "/apps/bigcommerce/finish",
        "/sign-out",
    ):
        assert 403 == (await browser.http.post(path, data={"bigcommerce": "yes"})).status_code


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/library?q=%00", 400),
        ("/library?%00=q", 400),
        ("/sign-in/zettle?join=%00", 400),
        ("/zettle/auth?code=lind&state=a%00b", 400),
        ("/bigcommerce/auth?code=good&context=stores%2Fa%00", 400),
        ("/apps/bigcommerce/log?product=a%00", 400),
        ("/library/a%00b", 404),
    ],
)
async def test_a_character_that_no_text_may_hold_is_refused_at_the_door(
    world: World, path: str, status: int
) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    page = await browser.open(path)

    assert status == page.status_code
    assert "Support id:" not in page.text
    assert '<html lang="en">' in page.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/library/assign", {"bigcommerce": "yes", "product": ["p1", "a\0b"]}),
        ("/library/sync", {"everything": "yes", "q": "a\0b"}),
        ("/library/undo", {"undo": "\0"}),
        ("/library/new", {"name": "Kan\0na"}),
        ("/apps/bigcommerce/plan", {"choice-a\0": "keep"}),
        ("/apps/bigcommerce/answer/a\0", {"answer": "yes"}),
    ],
)
async def test_a_form_with_such_a_character_is_refused_at_the_door(
    world: World, path: str, fields: dict[str, str | list[str]]
) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    page = await browser.press(path.replace("\0", "%00"), "/help", **fields)

    assert (404 if "\0" in path else 400) == page.status_code
    assert "Support id:" not in page.text


async def test_a_file_s_fields_are_looked_at_too(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    token = re.search(r'name="_csrf_token" value="(\w+)"', (await browser.open("/help")).text)
    assert token is not None
    headers = {"x-csrftoken": token[1]}
    sent = await browser.http.post(
        "/library/assign", files={"product": (None, "a\0b")}, headers=headers
    )

    assert 400 == sent.status_code


async def test_pages_forbid_frames_and_foreign_scripts(world: World) -> None:
    page = await world.browser().open("/help")
    policy = page.headers["content-security-policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]

    assert "frame-ancestors 'none'" in policy
    assert f'<script nonce="{nonce}"' in page.text
    assert ["DENY", "nosniff"] == [
        page.headers["x-frame-options"],
        page.headers["x-content-type-options"],
    ]
    assert "style=" not in page.text


async def test_forms_lead_to_ourselves_and_to_the_two_platforms_only(world: World) -> None:
    """A browser holds the redirects after Connect to this; after a disconnect they lead by way of
    Zettle.
    """
    page = await world.browser().open("/help")

    assert "form-action 'self' https://login.example https://zettle.example" in page.headers[
        "content-security-policy"
    ].split("; ")


STORE_ONWARD = ["https://*.bigcommerce.com", "https://*.mybigcommerce.com"]
TILL_ONWARD = ["https://*.zettle.com", "https://*.izettle.com", "https://*.paypal.com"]


@pytest.mark.parametrize(
    ("installer", "authorizer", "onward"),
    [
        (
            "https://login.bigcommerce.com/app/cid/install",
            "https://oauth.zettle.com/authorize",
            STORE_ONWARD + TILL_ONWARD,
        ),
        (
            "http://127.0.0.1:8702/login/app/cid/install",
            "http://127.0.0.1:8701/oauth/authorize",
            [],
        ),
        (
            "https://login.notbigcommerce.com/app/cid/install",
            "https://oauth.notzettle.com/authorize",
            [],
        ),
        (
            "https://bigcommerce.com.evil.example/app",
            "https://zettle.com.evil.example/authorize",
            [],
        ),
    ],
)
def test_only_the_platforms_themselves_may_hand_a_sign_in_on(
    installer: str, authorizer: str, onward: list[str]
) -> None:
    _, _, _, *more = form_targets(installer, authorizer)

    assert onward == more


async def test_a_page_inside_the_control_panel_needs_no_cookie(world: World) -> None:
    await world.running()
    page = await world.browser().open("/bigcommerce/load?signed_payload_jwt=signed")
    forged = await world.browser().open("/bigcommerce/load?signed_payload_jwt=forged")

    assert "Annas Butik is linked with Linds Keramik" in page.text
    assert 'target="_blank"' in page.text
    assert "frame-ancestors https://*.mybigcommerce.com" in page.headers["content-security-policy"]
    assert 401 == forged.status_code
    assert "Annas" not in forged.text


async def test_health_and_metrics_answer(world: World) -> None:
    await world.running()
    health = await world.browser().open("/health")
    metrics = await world.browser().open("/metrics")

    assert {"status": "ok"} == health.json()
    assert "brygga_marks_pending" in metrics.text
    assert 'brygga_connections{stage="running"} 1.0' in metrics.text
    assert "brygga_stock_late_seconds 0.0" in metrics.text


@pytest.mark.parametrize(
    "header", ["forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"]
)
async def test_metrics_are_not_for_who_comes_through_a_proxy(world: World, header: str) -> None:
    answer = await world.browser().http.get("/metrics", headers={header: "127.0.0.1"})

    assert (404, "") == (answer.status_code, answer.text)


async def test_metrics_are_not_for_another_machine(world: World) -> None:
    assert 404 == (await world.browser(address="10.0.0.1").open("/metrics")).status_code


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("", 401),
        ("Bearer wrong", 401),
        ("a token", 401),
        ("Bearer a tokenå", 401),
        ("Bearer a token", 200),
    ],
)
async def test_with_a_token_metrics_are_for_who_brings_it_from_anywhere(
    world: World, given: str, status: int
) -> None:
    world.app.state.deps = replace(
        world.deps, settings=replace(world.deps.settings, metrics_token="a token")
    )
    http = world.browser(address="10.0.0.1").http
    answer = await http.get("/metrics", headers=[(b"authorization", given.encode())])

    assert status == answer.status_code


async def test_a_fault_of_ours_shows_an_id_and_no_details(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("brygga.web.pages.help.view", broken)
    page = await world.browser().open("/help")

    assert 500 == page.status_code
    assert "Support id:" in page.text
    assert "secret detail" not in page.text


async def test_no_page_leans_on_what_the_framework_is_about_to_drop(world: World) -> None:
    """Each argument says where it comes from (`web.arguments`), as its next version demands."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_app(replace(world.deps, figures=Figures()))


async def test_a_merchant_who_loses_the_way_keeps_the_menu(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    known, unknown = await browser.open("/library/nothing"), await browser.open("/nowhere")

    assert (404, 404) == (known.status_code, unknown.status_code)
    assert 'href="/library"' in known.text
    assert "Linds Keramik" in known.text
