"""What is done on a page before its picture is taken: a form is filled in, a dialog is opened, or
the page is drawn from values that a sandbox in order never has.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page

from brygga.web.checks import NumberCheck
from brygga.web.i18n import LANGUAGES, Language, Said, Words, words
from brygga.web.pages.check import CheckView
from brygga.web.pages.question import QuestionView, StockLine, SubjectView
from brygga.web.rendering import Frame, render


def press(name: str) -> Callable[[Page], None]:
    """By the words on the button, whose English is given."""

    def act(page: Page) -> None:
        said = words(language_of(page)).text(name)
        page.get_by_role("button", name=said, exact=True).first.click()

    return act


def language_of(page: Page) -> Language:
    found = page.locator("html").get_attribute("lang")
    return next(one for one in LANGUAGES if one == found)


def unfold(page: Page) -> None:
    """Opens the form of separate stock, which a product's page keeps folded."""
    for fold in page.locator("details.fold:not([open]) > summary").all():
        fold.click()


def change_sum(page: Page) -> None:
    unfold(page)
    page.locator("input[name^=zettle-]").first.fill("5")
    page.locator("input[name^=shop-]").first.fill("4")
    page.locator("input[name=separate]").check()
    press("Save")(page)


def typed(page: Page) -> None:
    """The form of separate stock, filled in on the product's page."""
    unfold(page)
    page.locator("input[name^=zettle-]").first.fill("5")
    page.locator("input[name^=shop-]").first.fill("4")
    page.evaluate("scrollTo(0, 0)")


def previewed(page: Page) -> None:
    """A new product with two sizes, before it is saved."""
    page.locator("#name").fill("Mugg Sommar")
    page.locator("#price").fill("249")
    page.locator("#sku").fill("MUG-S")
    page.locator("#option-1-name").fill("Storlek")
    page.locator("#option-1-values").fill("S, M")
    page.locator("#option-1-values").blur()
    page.locator("[name=row-sku-0]").wait_for()
    press("Preview")(page)
    page.locator("#preview").wait_for()


def pick(page: Page) -> None:
    for box in page.locator("input[name=product]").all()[1:4]:
        box.check()
    page.locator("details.drop summary").click()
    press("Assign to channels")(page)


def unpick(page: Page) -> None:
    pick(page)
    page.locator("#channel").uncheck()
    press("Update products")(page)


def track_off(page: Page) -> None:
    page.locator("input[name=tracking]").uncheck()
    page.locator("#stock form button").first.click()


def drawn(template: str, view: Any, path: str, section: str) -> Callable[[Page], None]:
    """A page that a sandbox in order never shows, drawn from values and put where it would
    stand.
    """

    def act(page: Page) -> None:
        language = language_of(page)
        frame = Frame(
            language=language,
            nonce="0",
            csrf="0",
            path=path,
            section=section,
            merchant="Linds Keramik",
        )
        html = render(template, frame, view(words(language)))
        page.route(f"**{path}", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(page.url.split("/apps")[0] + path)

    return act


def doubt(product_uuid: str, variant: str) -> Callable[[Words], CheckView]:
    def view(_: Words) -> CheckView:
        happened = Said("doubt.shop", (("n", "−2"),), (("at", datetime.now(UTC)),))
        one = NumberCheck(
            product_uuid,
            variant,
            "Mugg Sand",
            None,
            9,
            7,
            (7, 7),
            separate=False,
            happened=happened,
        )
        return CheckView((one,), product_uuid, "Mugg Sand", f"/library/{product_uuid}")

    return view


def question(_: Words) -> QuestionView:
    rows = [("Mugg Sand", 0, 12), ("Skål Hav", 0, 4), ("Fat Sten", 0, 31)]
    subjects = tuple(
        SubjectView(name, name, (StockLine(name, till, shop),)) for name, till, shop in rows
    )
    return QuestionView("zeroed", "question.zeroed", 24, subjects)
