"""Erases everything that we keep of a merchant, and shows the receipt, which can be read without
signing in.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.lifecycle import Departure, Ended, SignedIn
from brygga.database import connections, erasing
from brygga.database.erasing import Receipt
from brygga.database.work_items import Kind
from brygga.web.session import sign_out
from brygga.web.standing import Phase
from brygga.web.visit import Form, Merchant, NotThere, Visit
from brygga.web.work import ask

HERE: Final = "/apps/erase"


@dataclass(frozen=True, slots=True)
class EraseView:
    organization: str
    connected: bool
    """A store is connected, or is being disconnected: that has to end first."""
    products: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class ErasedView:
    asked_at: datetime
    receipt: Receipt | None


@get(HERE)
async def show(merchant: Merchant) -> Response[str]:
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        kept = await erasing.counted(tx, connection.id)
    name = connection.organization.name or "Zettle"
    connected = merchant.standing.phase is not Phase.NONE
    view = EraseView(name, connected, kept.get("library", 0), kept.get("synclog", 0))
    return merchant.page("erase.html", view, section="apps")


@post(HERE)
async def erase(merchant: Merchant, form: Form) -> Redirect:
    """The work erases, once our access to Zettle is given back. This browser is signed
    out at once.
    """
    deps, connection = merchant.deps, merchant.own
    if form.one("sure") != "yes":
        return merchant.go(HERE, "not_sure", "warn")
    ticket, now = deps.dice.token(), deps.clock.now()
    async with deps.database.transaction() as tx:
        match await connections.state(tx, connection.id):
            case SignedIn() as state:
                await connections.save(tx, connection.id, state.leave(Departure.KEEP))
                await ask(deps, tx, connection.id, Kind.LEAVE)
            case Ended():
                pass
            case _:
                return merchant.unchanged(HERE)
        await erasing.ask(tx, ticket, connection.organization.uuid, now)
    sign_out(merchant.request)
    return Redirect(f"/erased/{ticket}", status_code=303)


@get("/erased/{ticket:str}")
async def receipt(visit: Visit, ticket: str) -> Response[str]:
    async with visit.deps.database.read() as tx:
        found = await erasing.asked(tx, ticket)
    if found is None:
        raise NotThere
    return visit.page("erased.html", ErasedView(found.asked_at, found.receipt))
