"""Connecting in a real browser, the ways that go wrong included: each ends in one clear page (C2,
C3, D3).
"""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from brygga_sandbox.sandbox import Connector
from tests.e2e.conftest import TIMEOUT_S, Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAITS_NO_MORE = "Butiken väntar inte längre"


@pytest.mark.rule("C2", "C3", "C11", "D3")
def test_connecting_the_wrong_way_and_the_right_way(
    page: Page, chromium: Browser, demo: Demo
) -> None:
    sign_in(page, demo)
    from_the_control_panel(page, chromium, demo)
    declined(page, demo)
    to_the_join_page(page, demo)
    two_tabs(page, demo)
    to_the_join_page(page, demo)
    page.get_by_role("button", name="Anslut", exact=True).click()
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()
    back_button(page, demo)
    another_store(page, demo)
    approved_again(page, demo)
    staff_cannot_disconnect(page, chromium, demo)


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    page.get_by_role("link", name="Logga in med Zettle").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.wait_for_url(f"{demo.url}/**")


def to_the_join_page(page: Page, demo: Demo) -> None:
    """To BigCommerce and back: the page names both accounts."""
    page.goto(f"{demo.url}/apps/bigcommerce")
    page.get_by_role("button", name="Anslut").click()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.get_by_role("heading", name=re.compile("^Anslut ")).wait_for()
    assert page.get_by_text("Zettle-konto", exact=True).is_visible()
    assert page.get_by_text("Du har inte tryckt på Anslut här").count() == 0


def declined(page: Page, demo: Demo) -> None:
    to_the_join_page(page, demo)
    page.get_by_role("button", name="Nej, en annan butik").click()
    page.get_by_text("Inget anslöts.").wait_for()
    page.get_by_role("button", name="Anslut").wait_for()


def two_tabs(page: Page, demo: Demo) -> None:
    """The other tab goes elsewhere: the first one joins nothing."""
    other = page.context.new_page()
    other.goto(f"{demo.url}/apps")
    other.close()
    page.get_by_role("button", name="Anslut", exact=True).click()
    page.get_by_role("heading", name=WAITS_NO_MORE).wait_for()


def from_the_control_panel(page: Page, chromium: Browser, demo: Demo) -> None:
    """Installed in BigCommerce first, in a frame that has no cookies of ours: the link opens our
    own pages.
    """
    frame = fresh(chromium)
    panel = frame.new_page()
    panel.goto(f"{demo.shop}/manage/{demo.facts['bigcommerce']['store_hash']}/apps?lang=sv")
    panel.get_by_role("button", name="Installera").first.click()
    panel.get_by_role("button", name="Bekräfta").click()
    panel.get_by_role("heading", name="Ett steg kvar: ditt Zettle-konto").wait_for()
    link = panel.get_by_role("link", name="Logga in med Zettle").get_attribute("href")
    assert link is not None
    frame.close()

    open_link(page, link)
    page.get_by_text("Du har inte tryckt på Anslut här").wait_for()
    # The link works once.
    open_link(page, link)
    page.get_by_role("heading", name=WAITS_NO_MORE).wait_for()


def open_link(page: Page, link: str) -> None:
    page.goto(link)
    if page.get_by_role("button", name="Bekräfta").count():
        page.get_by_role("button", name="Bekräfta").click()


def back_button(page: Page, demo: Demo) -> None:
    """The page that asked, reopened from the history, joins nothing a second time."""
    page.goto(f"{demo.url}/bigcommerce/join")
    page.get_by_role("heading", name=WAITS_NO_MORE).wait_for()
    page.get_by_role("link", name="Till integrationen").click()
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()
    page.go_back()
    page.go_forward()
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()


def another_store(page: Page, demo: Demo) -> None:
    """A second store comes while one is connected: the page says which, and how to change."""
    made = demo.http.post(install_page(demo), data={"action": "create", "name": "Fel butik"})
    page.goto(demo.shop + made.headers["location"])
    page.get_by_role("button", name="Bekräfta").click()
    page.get_by_role("heading", name="Ditt Zettle-konto har redan en butik").wait_for()
    page.get_by_role("link", name="Till integrationen").click()
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()


def approved_again(page: Page, demo: Demo) -> None:
    """The connected store approves the app anew. The same answer, opened from the history, changes
    nothing.
    """
    page.goto(f"{install_page(demo)}?store={demo.facts['bigcommerce']['store_hash']}")
    with page.expect_request(lambda asked: "/bigcommerce/auth" in asked.url) as back:
        page.get_by_role("button", name="Bekräfta").click()
    page.get_by_text("är förnyad").wait_for()
    page.goto(back.value.url)
    page.get_by_role("heading", name="BigCommerce godtog inte anslutningen").wait_for()
    page.get_by_role("link", name="Tillbaka till integrationen").click()
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()


def install_page(demo: Demo) -> str:
    return f"{demo.shop}/login/app/{Connector().bigcommerce_client_id}/install"


def staff_cannot_disconnect(page: Page, chromium: Browser, demo: Demo) -> None:
    control = demo.facts["bigcommerce"]["control"]
    store = demo.facts["bigcommerce"]["store_hash"]
    user = demo.http.post(
        f"{control}/users?store_hash={store}", json={"email": "eva@example.com"}
    ).json()
    client = Connector().bigcommerce_client_id
    query = f"store_hash={store}&client_id={client}"
    staff = demo.http.get(f"{control}/load?{query}&user_id={user['id']}").json()["url"]
    owner = demo.http.get(f"{control}/load?{query}").json()["url"]

    panel = fresh(chromium).new_page()
    panel.goto(staff)
    panel.get_by_text("Bara butikens ägare kan koppla från den här.").wait_for()
    assert panel.get_by_role("link", name="Koppla från").count() == 0
    panel.goto(owner)
    panel.get_by_role("link", name="Koppla från").wait_for()
    panel.context.close()
    # What the staff user can copy uninstalls nothing.
    stolen = demo.http.get(staff.replace("/bigcommerce/load", "/bigcommerce/uninstall"))
    assert stolen.status_code == 401
    page.goto(f"{demo.url}/apps/bigcommerce")
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()


def fresh(chromium: Browser) -> BrowserContext:
    """A browser without our cookies, as the control panel's frame has none."""
    context = chromium.new_context(locale="sv-SE")
    context.set_default_timeout(TIMEOUT_S * 1000)
    return context
