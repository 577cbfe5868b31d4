"""A store and a Zettle account become one connection: from our Connect button, or from
BigCommerce's side first (rules C2, C3).

BigCommerce's install flow carries no state (bigcommerce facts 1.3), so an attacker who gets a
browser to open the callback can bring a store of their own. So a store is joined only after the
merchant, signed in with Zettle, has confirmed it on the page that names both accounts.

The waiting store is kept in the session, under a state of ours which the page carries. It is
dropped when the merchant says no, presses Connect again, signs in or out, opens the integration
instead, or lets an hour pass.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final

import msgspec
import structlog
from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from brygga.bigcommerce.oauth import store_hash_of
from brygga.core.failures import Failure, NeedsMerchant, Refused
from brygga.core.lifecycle import Ended, Leaving, SignedIn
from brygga.core.model import Connection, Shop, Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import connections, oauth_states, synclog, tokens
from brygga.database.audit import Act
from brygga.database.connections import AccountTaken, StoreTaken, Taken
from brygga.database.engine import Tx
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from brygga.web.deps import SHOP_CALLBACK, ShopGrant, WebDeps
from brygga.web.messages import say
from brygga.web.pages.panel import waiting_panel
from brygga.web.store_user import StoreUser, remember_store_user
from brygga.web.tracing import note
from brygga.web.visit import Form, Merchant, Visit
from brygga.web.work import ask

log = structlog.get_logger()

EXPECTED: Final = timedelta(minutes=20)
"""How long after Connect a store is expected. For a store that arrives in another way, the page
says that it was not asked for here.
"""
TIMEOUT: Final = timedelta(hours=1)
"""How long a store that waits to be joined is kept."""
PENDING: Final = "pending"


@dataclass(frozen=True, slots=True)
class JoinView:
    store: str
    domain: str
    owner: str
    organization: str
    state: str
    expected: bool
    """The merchant pressed Connect here a short while ago."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A store that waits for the merchant's answer. The page that asks carries `state`."""

    grant: ShopGrant
    state: str
    expected: bool


def lead_to_store(visit: Visit) -> Redirect:
    """Leads to BigCommerce's install link. The session records that this merchant asked for it."""
    drop_pending(visit)
    visit.request.session["connecting"] = visit.deps.clock.now().isoformat()
    return Redirect(visit.deps.shop.install_url(), status_code=303)


@get(SHOP_CALLBACK)
async def installed(
    visit: Visit,
    code: str = "",
    rights: Annotated[str, QueryParameter(name="scope")] = "",
    context: str = "",
) -> Response[str] | Redirect:
    """BigCommerce's auth callback: the code is exchanged before anything is answered (bigcommerce
    facts 1.3).
    """
    expected = _take_expectation(visit)
    if not code or not context:
        log.warning("store not joined", failure="callback_incomplete")
        return say(visit, 400, "store_refused", link="/apps/bigcommerce")
    deps, begun = visit.deps, visit.deps.clock.now()
    await _begin(deps, store_hash_of(context), begun)
    try:
        grant = await deps.shop.install(code, rights, context, partial(_renew_access, deps))
    except Failure as failure:
        # The callback's code and context came from outside: neither is logged.
        log.warning("store not joined", failure=failure.code, detail=failure.detail[:200])
        return _not_let_in(visit, failure)

    async with deps.database.read() as tx:
        known = await connections.by_store(tx, grant.shop.store_hash)
    if known is not None:
        async with deps.database.transaction() as tx:
            await connections.set_shop(tx, known.id, _merged(known.shop, grant.shop))
        if visit.connection is None or known.id == visit.connection.id:
            return _renewed(visit, grant)
    if visit.connection is None or visit.connection.stage is Stage.DISCONNECTED:
        return waiting_panel(visit, _name(grant.shop), await _keep(visit, grant))
    return _in_the_way(visit, visit.connection, known, grant.shop) or _ask_first(
        visit, grant, expected=expected
    )


def _not_let_in(visit: Visit, failure: Failure) -> Response[str]:
    match failure:
        case NeedsMerchant():
            return say(visit, 400, "store_rights", link="/apps/bigcommerce")
        case Refused():
            return say(visit, 400, "store_refused", link="/apps/bigcommerce")
        case _:
            return say(visit, 503, "store_silent", link="/apps/bigcommerce")


@get("/bigcommerce/join")
async def confirm(merchant: Merchant) -> Response[str]:
    """Shows which store is about to be joined with which account, before it is done."""
    pending = _pending(merchant)
    if pending is None:
        return say(merchant, 400, "join_expired", link="/apps/bigcommerce")
    shop = pending.grant.shop
    account = merchant.own.organization.name or "Zettle"
    view = JoinView(
        _name(shop), shop.domain, shop.owner_email, account, pending.state, pending.expected
    )
    return merchant.page("join.html", view, section="apps")


@post("/bigcommerce/join")
async def join(merchant: Merchant, form: Form) -> Response[str] | Redirect:
    """Joins the store that the page named, and no other that arrived meanwhile."""
    pending = _pending(merchant)
    if pending is None or pending.state != form.one("state"):
        return say(merchant, 400, "join_expired", link="/apps/bigcommerce")
    drop_pending(merchant)
    return await _join(merchant, pending.grant)


@post("/bigcommerce/join/decline")
async def decline(merchant: Merchant) -> Redirect:
    """Rejects this store: nothing is connected, and the page says how to choose another."""
    drop_pending(merchant)
    return merchant.go("/apps/bigcommerce", "not_joined", "warn")


async def take_pending(visit: Visit, ticket: str) -> bool:
    """Moves the store that waits under this ticket into the session of the merchant who has just
    signed in. This can be done once.
    """
    async with visit.deps.database.transaction() as tx:
        payload = await oauth_states.take(
            tx, Platform.BIGCOMMERCE, ticket, "", visit.deps.clock.now()
        )
    if payload is None:
        return False
    visit.request.session[PENDING] = dict(payload)
    if pending := _pending(visit):
        _remember_user(visit, pending.grant)
    return True


def drop_pending(visit: Visit) -> None:
    """The merchant went elsewhere: a page that is still open cannot join the waiting store any
    more.
    """
    visit.request.session.pop(PENDING, None)


# ---- Joining -------------------------------------------------------------------------------------


async def _join(visit: Merchant, grant: ShopGrant) -> Response[str] | Redirect:
    deps, connection_id = visit.deps, visit.own.id
    try:
        async with deps.database.transaction() as tx:
            match await connections.state(tx, connection_id):
                case SignedIn() as now:
                    await _make_one(deps, tx, connection_id, now, grant)
                    store = grant.shop.store_hash
                    await note(tx, visit.request, Act.JOINED, connection_id, store=store)
                case Leaving() | Ended():
                    return say(visit, 409, "join_leaving", link="/apps/bigcommerce")
                case now:
                    if now.shop.store_hash != grant.shop.store_hash:
                        return _refused(visit, AccountTaken(visit.own), _name(grant.shop))
    except Taken as taken:
        return _refused(visit, taken, _name(grant.shop))
    return visit.go("/apps/bigcommerce", "connected", store=_name(grant.shop))


async def _make_one(
    deps: WebDeps, tx: Tx, connection_id: int, now: SignedIn, grant: ShopGrant
) -> None:
    """Raises `Taken` (C2)."""
    await connections.set_shop(tx, connection_id, grant.shop)
    await connections.save(tx, connection_id, now.join(grant.shop))
    await _store_token(deps, tx, connection_id, grant)
    # The work may have been paused for any reason. If the reason still applies, the next try
    # reports it.
    await connections.resume(tx, connection_id)
    line = Line(Code.CONNECTED, Topic.CONNECTION, params={"store": _name(grant.shop)})
    await synclog.add(tx, connection_id, line, deps.clock.now())
    for kind in (Kind.ACCOUNT, Kind.SETUP):
        await ask(deps, tx, connection_id, kind)


def _in_the_way(
    visit: Visit, own: Connection, known: Connection | None, shop: Shop
) -> Response[str] | None:
    """C2, before anything is asked: the store belongs to another account, or this account has
    another store.
    """
    if known is not None:
        return _refused(visit, StoreTaken(known), _name(shop))
    if own.stage is Stage.LEAVING:
        return say(visit, 409, "join_leaving", link="/apps/bigcommerce")
    if own.shop is not None:
        return _refused(visit, AccountTaken(own), _name(shop))
    return None


def _refused(visit: Visit, taken: Taken, store: str) -> Response[str]:
    """C2: which store or account is connected, and how to free it."""
    key = "store_taken" if isinstance(taken, StoreTaken) else "account_taken"
    if key == "account_taken" and taken.connection.shop is not None:
        store = _name(taken.connection.shop)
    account = taken.connection.organization.name or taken.connection.organization.uuid
    return say(visit, 409, key, link="/apps/bigcommerce", store=store, account=account)


async def _begin(deps: WebDeps, store_hash: str, begun: datetime) -> None:
    """Call it before the code is exchanged: a token that is refused during the exchange does not
    pause work.
    """
    async with deps.database.transaction() as tx:
        known = await connections.by_store(tx, store_hash)
        if known is not None:
            await tokens.begin_approval(tx, known.id, begun)


async def _renew_access(deps: WebDeps, store_hash: str, token: str, scope: str) -> None:
    """A connected store was approved again. The earlier token is void, whoever approved, and also
    if the approval is refused afterwards (bigcommerce facts 1.4). Work goes on with the new token.

    Of two approvals at once, the one that BigCommerce answers last made the other's token void.
    """
    answered = deps.clock.now()
    async with deps.database.transaction() as tx:
        connection = await connections.by_store(tx, store_hash)
        fresh = Token(token, answered, scopes=scope, account=store_hash)
        if connection is None or not await tokens.save_newer(
            tx, connection.id, Platform.BIGCOMMERCE, fresh
        ):
            return
        resumed = await connections.resume(tx, connection.id)
        if connection.stage is Stage.LEAVING:
            await ask(deps, tx, connection.id, Kind.LEAVE)
        for kind in (Kind.ACCOUNT, Kind.HOOKS):
            await ask(deps, tx, connection.id, kind)
        if resumed and connection.stage is Stage.RUNNING:
            await ask(deps, tx, connection.id, Kind.SWEEP)


def _renewed(visit: Visit, grant: ShopGrant) -> Redirect:
    if visit.connection is None:
        return Redirect(
            f"{visit.deps.settings.public_url.rstrip('/')}/apps/bigcommerce", status_code=303
        )
    return visit.go("/apps/bigcommerce", "reconnected", store=_name(grant.shop))


async def _store_token(deps: WebDeps, tx: Tx, connection_id: int, grant: ShopGrant) -> None:
    token = Token(grant.token, deps.clock.now(), scopes=grant.scope, account=grant.shop.store_hash)
    await tokens.save(tx, connection_id, Platform.BIGCOMMERCE, token)


def _merged(before: Shop | None, fresh: Shop) -> Shop:
    """What only the work finds out (category, location) is kept after a new read of the store."""
    if before is None or before.store_hash != fresh.store_hash:
        return fresh
    return replace(
        fresh,
        category_id=fresh.category_id or before.category_id,
        category_is_ours=before.category_is_ours,
        tree_id=fresh.tree_id or before.tree_id,
        location_id=before.location_id,
        stock_moment=fresh.stock_moment or before.stock_moment,
        backorders=fresh.backorders,
        restocks_refunds=before.restocks_refunds
        if fresh.restocks_refunds is None
        else fresh.restocks_refunds,
    )


def _name(shop: Shop) -> str:
    return shop.name or shop.domain or shop.store_hash


# ---- Waiting to be joined ------------------------------------------------------------------------


def _take_expectation(visit: Visit) -> bool:
    """Whether this browser pressed Connect a short while ago. True once only, for whichever
    callback comes first.
    """
    since = visit.request.session.pop("connecting", None)
    return (
        isinstance(since, str)
        and visit.deps.clock.now() - datetime.fromisoformat(since) <= EXPECTED
    )


def _ask_first(visit: Visit, grant: ShopGrant, *, expected: bool) -> Redirect:
    """Leads to the page that names store and account and asks."""
    visit.request.session[PENDING] = _sealed(visit.deps, grant, expected=expected)
    _remember_user(visit, grant)
    return visit.go("/bigcommerce/join")


def _remember_user(visit: Visit, grant: ShopGrant) -> None:
    if grant.user_id:
        user = StoreUser(grant.shop.store_hash, grant.user_id, visit.deps.clock.now())
        remember_store_user(visit.request, user)


async def _keep(visit: Visit, grant: ShopGrant) -> str:
    """Keeps the store's grant under a ticket that works once. The link to Zettle's sign-in carries
    the ticket.
    """
    deps = visit.deps
    ticket, until = deps.dice.token(), deps.clock.now() + TIMEOUT
    payload = _sealed(deps, grant)
    async with deps.database.transaction() as tx:
        await oauth_states.begin(
            tx, Platform.BIGCOMMERCE, ticket, "", expires_at=until, payload=payload
        )
    return f"{deps.settings.public_url.rstrip('/')}/sign-in/zettle?join={ticket}"


def _sealed(deps: WebDeps, grant: ShopGrant, *, expected: bool = False) -> dict[str, str]:
    """A waiting grant, with its token encrypted for that store alone."""
    sealed = deps.database.sealer.seal(msgspec.json.encode(grant), "joins", grant.shop.store_hash)
    until = deps.clock.now() + TIMEOUT
    return {
        "store": grant.shop.store_hash,
        "grant": sealed.hex(),
        "until": until.isoformat(),
        "state": deps.dice.token(),
        "expected": "yes" if expected else "",
    }


def _pending(visit: Visit) -> Pending | None:
    kept = visit.request.session.get(PENDING)
    if not isinstance(kept, dict) or visit.deps.clock.now() > datetime.fromisoformat(kept["until"]):
        return None
    plain = visit.deps.database.sealer.open(bytes.fromhex(kept["grant"]), "joins", kept["store"])
    grant = msgspec.json.decode(plain, type=ShopGrant)
    return Pending(grant, str(kept.get("state", "")), bool(kept.get("expected")))
