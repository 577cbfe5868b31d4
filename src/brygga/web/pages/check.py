"""The page "Check this number": both sides' numbers, what happened, and the merchant's answer
(design, Resolve).
"""

from dataclasses import dataclass, replace

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.stock import Side
from brygga.database import library
from brygga.database.library import Entry
from brygga.sync.stock import Checked, Counted, Moved
from brygga.web.checks import NumberCheck, doubtful
from brygga.web.numbers import Problem, number, seen
from brygga.web.visit import Form, Merchant, NotThere

ALL = "/apps/bigcommerce/check"


@dataclass(frozen=True, slots=True)
class CheckView:
    """`product` is "" on the page that shows every number to check."""

    number_checks: tuple[NumberCheck, ...]
    product: str = ""
    name: str = ""
    back: str = ALL


@get(ALL)
async def every(merchant: Merchant) -> Response[str] | Redirect:
    if not merchant.running:
        return merchant.go("/apps/bigcommerce")
    async with merchant.deps.database.read() as tx:
        number_checks = await doubtful(tx, merchant.own.id, merchant.words)
    return merchant.page("check.html", CheckView(number_checks), section="apps")


@get("/library/{uuid:str}/stock/check")
async def show(merchant: Merchant, uuid: str) -> Response[str] | Redirect:
    return await _page(merchant, uuid) if merchant.running else merchant.go(f"/library/{uuid}")


@post("/library/{uuid:str}/stock/check")
async def answer(merchant: Merchant, form: Form, uuid: str) -> Response[str] | Redirect:
    """Saves the counted number, or "it is right as it is". The answer must be about the numbers
    that the page showed, else the question is asked again.
    """
    variant, back = (
        form.one("variant"),
        ALL if form.one("back") == "all" else f"/library/{uuid}#stock",
    )
    if not merchant.running:
        return merchant.unchanged(f"/library/{uuid}")
    number_check = await _number_check(merchant, uuid, variant)
    commands = merchant.deps.stock
    if number_check is None or commands is None:
        return merchant.go(back, "check_answered", "warn")
    counted = _counted(form, number_check)
    if not isinstance(counted, Counted):
        return await _page(merchant, uuid, counted, status=422)
    try:
        async with merchant.deps.database.transaction() as tx:
            await commands.count(
                tx, merchant.own.id, (uuid, variant), counted, merchant.deps.clock.now()
            )
            await merchant.deps.jobs.enqueue(tx, merchant.own.id, urgent=True)
    except Checked:
        return merchant.go(back, "check_answered", "warn")
    except Moved:
        now = await _number_check(merchant, uuid, variant) or number_check
        return await _page(merchant, uuid, replace(now, typed=_typed(form), moved=True), status=409)
    return merchant.go(back, "confirmed_number" if counted.till is None else "counted")


def _counted(form: Form, number_check: NumberCheck) -> Counted | NumberCheck:
    """The answer, or the filled form with its error. A shared number may be more than Zettle can
    hold.
    """
    looked_at = (seen(form.one("seen-till")), seen(form.one("seen-shop")))
    if form.one("answer") == "right":
        return Counted(looked_at)
    texts = _typed(form)
    sides = (Side.ZETTLE, Side.SHOP) if number_check.separate else (Side.SHOP,)
    numbers = [number(text, side) for text, side in zip(texts, sides, strict=False)]
    problems = [one.value if isinstance(one, Problem) else "" for one in numbers]
    if any(problems):
        return replace(number_check, typed=texts, problems=(problems[0], problems[-1]))
    found = [one for one in numbers if not isinstance(one, Problem)]
    return Counted(looked_at, found[0], found[-1])


def _typed(form: Form) -> tuple[str, str]:
    return form.one("till")[:20], form.one("shop")[:20]


async def _number_check(merchant: Merchant, uuid: str, variant: str) -> NumberCheck | None:
    await _entry(merchant, uuid)
    async with merchant.deps.database.read() as tx:
        number_checks = await doubtful(tx, merchant.own.id, merchant.words, [uuid])
    return next((one for one in number_checks if one.variant == variant), None)


async def _entry(merchant: Merchant, uuid: str) -> Entry:
    async with merchant.deps.database.read() as tx:
        entry = await library.get(tx, merchant.own.id, uuid)
    if entry is None:
        raise NotThere
    return entry


async def _page(
    merchant: Merchant, uuid: str, filled: NumberCheck | None = None, status: int = 200
) -> Response[str]:
    entry = await _entry(merchant, uuid)
    async with merchant.deps.database.read() as tx:
        number_checks = await doubtful(tx, merchant.own.id, merchant.words, [uuid])
    shown = tuple(
        filled if filled is not None and one.variant == filled.variant else one
        for one in number_checks
    )
    view = CheckView(shown, uuid, entry.name, f"/library/{uuid}")
    return merchant.page("check.html", view, section="library", status=status)
