"""Contact support: a support id, and the report under it, without names or secrets (rule P10)."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from litestar import Response, get, post
from litestar.response import Redirect

from brygga.database import library, support
from brygga.web.bundle import gathered
from brygga.web.limits import SUPPORT, Limits
from brygga.web.tracing import exported, request_id
from brygga.web.visit import Form, Merchant, NotThere

HERE = "/support"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SupportView:
    """`support_id` is "" until a report was asked for. `product` is the Zettle uuid of its product,
    or "".
    """

    product: str = ""
    name: str = ""
    support_id: str = ""
    at: datetime | None = None
    report: str = ""


@get(HERE)
async def show(merchant: Merchant, product: str = "") -> Response[str]:
    name = await _name(merchant, product)
    return merchant.page(
        "support.html", SupportView(product if name is not None else "", name or ""), section="help"
    )


@post(HERE)
async def report(merchant: Merchant, form: Form) -> Redirect:
    """The report is made and saved now, so that support reads the state at the time of
    the request.
    """
    deps, connection = merchant.deps, merchant.own
    product = form.one("product")
    if product and await _name(merchant, product) is None:
        raise NotThere
    limits: Limits = merchant.request.app.state.limits
    limits.take(SUPPORT, str(connection.id))
    now, support_id = deps.clock.now(), deps.dice.token()[-12:]
    async with deps.database.transaction() as tx:
        bundle = await gathered(tx, connection, product, now)
        await support.save(
            tx,
            support.Case(
                support_id,
                connection.id,
                now,
                product,
                {"report": {**bundle, "request_id": request_id(merchant.request)}},
            ),
        )
    log.info("support asked for", support_id=support_id, connection=connection.id, product=product)
    return Redirect(f"{HERE}/{support_id}", status_code=303)


@get(HERE + "/{support_id:str}")
async def made(merchant: Merchant, support_id: str) -> Response[str]:
    case = await _own(merchant, support_id)
    text = msgspec.json.format(msgspec.json.encode(case.bundle["report"]), indent=2).decode()
    name = await _name(merchant, case.subject) or ""
    return merchant.page(
        "support.html",
        SupportView(case.subject, name, case.support_id, case.at, text),
        section="help",
    )


@get(HERE + "/{support_id:str}/report.json")
async def download(merchant: Merchant, support_id: str) -> Response[bytes]:
    case = await _own(merchant, support_id)
    await exported(merchant, "support report")
    whole = {"support_id": case.support_id, "about": case.subject, **case.bundle["report"]}
    name = f'attachment; filename="brygga-{case.support_id}.json"'
    return Response(
        msgspec.json.format(msgspec.json.encode(whole), indent=2),
        media_type="application/json",
        headers={"content-disposition": name},
    )


async def _own(merchant: Merchant, support_id: str) -> support.Case:
    """A report of this merchant. Raises `NotThere` for another merchant's, and for a note that our
    own work left.
    """
    async with merchant.deps.database.read() as tx:
        case = await support.by_id(tx, support_id)
    if case is None or case.connection_id != merchant.own.id or "report" not in case.bundle:
        raise NotThere
    return case


async def _name(merchant: Merchant, uuid: str) -> str | None:
    """None when the merchant has no such product."""
    if not uuid:
        return None
    async with merchant.deps.database.read() as tx:
        entry = await library.get(tx, merchant.own.id, uuid)
    return entry.name if entry else None
