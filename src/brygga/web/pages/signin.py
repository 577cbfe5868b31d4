"""Signing in with the Zettle account (rule C1), and what can fail on the way back from Zettle."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from brygga.core.failures import Failure, Refused
from brygga.core.model import Connection, Stage
from brygga.database import connections, oauth_states, sessions, tokens
from brygga.database.audit import Act
from brygga.database.engine import Tx
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from brygga.web.deps import ZETTLE_CALLBACK, WebDeps, ZettleGrant
from brygga.web.messages import say
from brygga.web.pages.joining import lead_to_store, take_pending
from brygga.web.session import sign_in, sign_out
from brygga.web.store_user import kept_store_user
from brygga.web.tracing import note
from brygga.web.troubles import SIGN_IN_AGAIN
from brygga.web.visit import Form, Visit
from brygga.web.work import ask

TIMEOUT: Final = timedelta(minutes=20)
"""How long a merchant may stay at Zettle's sign-in."""


@dataclass(frozen=True, slots=True)
class SignInView:
    joining: str = ""
    """The store that waits to be joined, when the app was first installed from BigCommerce's side
    (C3).
    """
    expired: bool = False


@get("/sign-in")
async def show(visit: Visit, out: str = "") -> Response[str]:
    return visit.page("signin.html", SignInView(expired=out == "1"))


@get("/sign-in/zettle")
async def begin(visit: Visit, join: str = "") -> Redirect:
    """Leads to Zettle with a state that only this browser can bring back, once and within a time
    limit (zettle facts 1.2).
    """
    deps, session = visit.deps, visit.request.session
    state, browser = deps.dice.token(), session.setdefault("browser", deps.dice.token())
    payload = {"join": join, "after": str(session.pop("after", ""))}
    async with deps.database.transaction() as tx:
        until = deps.clock.now() + TIMEOUT
        await oauth_states.begin(
            tx, Platform.ZETTLE, state, browser, expires_at=until, payload=payload
        )
    return Redirect(deps.zettle.authorize_url(state), status_code=302)


@get(ZETTLE_CALLBACK)
async def back(
    visit: Visit,
    code: str = "",
    given: Annotated[str, QueryParameter(name="state")] = "",
    error: str = "",
) -> Response[str] | Redirect:
    """Zettle sends the merchant back. Without the state that this browser was given, nothing is
    accepted.
    """
    async with visit.deps.database.transaction() as tx:
        browser = str(visit.request.session.get("browser", ""))
        begun = await oauth_states.take(tx, Platform.ZETTLE, given, browser, visit.deps.clock.now())
    if begun is None:
        return say(visit, 400, "state", link="/sign-in/zettle")
    if error or not code:
        return say(visit, 200, "declined", link="/sign-in/zettle")
    try:
        grant = await visit.deps.zettle.sign_in(code)
    except Refused:
        return say(visit, 400, "zettle_refused", link="/sign-in/zettle")
    except Failure:
        return say(visit, 503, "zettle_silent", link="/sign-in/zettle")

    connection, goes_on = await _welcome(visit, grant)
    came = kept_store_user(visit.request)
    sign_in(visit.request, connection.id)
    visit.request.session.update(came)
    return await _onward(
        visit, begun.get("join", ""), begun.get("after", ""), "sync_goes_on" if goes_on else ""
    )


async def _onward(visit: Visit, ticket: str, after: str, notice: str) -> Response[str] | Redirect:
    """Leads to the store that waits to be joined, to BigCommerce where Connect was pressed, or to
    the apps.
    """
    if ticket:
        if await take_pending(visit, ticket):
            return visit.go("/bigcommerce/join")
        return say(visit, 400, "join_expired", link="/apps/bigcommerce")
    return lead_to_store(visit) if after == "connect" else visit.go("/apps", notice)


@post("/sign-out")
async def leave(visit: Visit, form: Form) -> Redirect:
    """Signs out here, or in every browser of the account."""
    everywhere, own = form.one("everywhere") == "yes", visit.connection
    if own is not None:
        async with visit.deps.database.transaction() as tx:
            if everywhere:
                await sessions.end_all(tx, own.id)
            await note(
                tx,
                visit.request,
                Act.SIGNED_OUT_EVERYWHERE if everywhere else Act.SIGNED_OUT,
                own.id,
            )
    sign_out(visit.request)
    return visit.go("/sign-in", "signed_out_everywhere" if everywhere else "signed_out")


async def _welcome(visit: Visit, grant: ZettleGrant) -> tuple[Connection, bool]:
    """The account's connection with new tokens, and whether a sync that was paused for lack of
    access resumes.
    """
    deps, now = visit.deps, visit.deps.clock.now()
    async with deps.database.transaction() as tx:
        connection = await connections.start(tx, grant.organization, deps.dice.token(), now)
        token = Token(
            grant.access_token,
            now,
            grant.refresh_token,
            grant.expires_at,
            account=grant.organization.uuid,
        )
        await tokens.save(tx, connection.id, Platform.ZETTLE, token)
        await note(tx, visit.request, Act.SIGNED_IN, connection.id)
        return connection, await _resume(deps, tx, connection)


async def _resume(deps: WebDeps, tx: Tx, connection: Connection) -> bool:
    """True when a paused sync resumes."""
    if connection.stage is Stage.LEAVING:
        await ask(deps, tx, connection.id, Kind.LEAVE)
        return False
    resumed = await connections.resume(tx, connection.id) and connection.stage is Stage.RUNNING
    if resumed:
        # Webhooks may have been lost while access was missing: everything is checked at once.
        await ask(deps, tx, connection.id, Kind.SWEEP)
    await ask(
        deps, tx, connection.id, Kind.HOOKS if connection.stage is Stage.RUNNING else Kind.SETUP
    )
    return resumed and connection.paused in SIGN_IN_AGAIN
