"""The watchdog over both platforms' subscriptions: what is missing is made again, what is stale goes, and a gap is caught up.

Zettle deletes a subscription after three days of failures, BigCommerce switches a hook off after two (zettle facts 4.5, bigcommerce
facts 6.4). What was said meanwhile is not said again, so a renewed subscription is followed by a reading of everything.
"""

from collections.abc import Mapping, Sequence

from brygga.bigcommerce.api.hooks import SCOPES
from brygga.bigcommerce.events import SECRET_HEADER
from brygga.bigcommerce.values import Hook
from brygga.store import marks, subscriptions
from brygga.store.marks import Kind, Mark
from brygga.store.subscriptions import Subscription
from brygga.store.tokens import Platform
from brygga.sync.session import Session
from brygga.zettle.api.subscriptions import EVENTS
from brygga.zettle.values import Subscription as ZettleSubscription

SECRET_ROW = "secret"  # noqa: S105 - the row's name
ZETTLE_PATH = "/hooks/zettle/"
SHOP_PATH = "/hooks/bigcommerce/"


async def hooks(session: Session, dirty: Sequence[Mark]) -> None:
    """Both platforms tell us what we asked to be told, at our address as it is now."""
    renewed = await _zettle(session)
    if session.connection.shop is not None:
        renewed = await _shop(session) or renewed

    now = session.clock.now()
    async with session.transaction() as tx:
        if renewed and session.connection.is_running:
            await marks.mark(tx, session.connection.id, Kind.LIBRARY, "", now)
            await marks.mark(tx, session.connection.id, Kind.SWEEP, "", now)
    for mark in dirty:
        await session.finish(mark)


# ---- Zettle ----------------------------------------------------------------------------------------------------------


async def _zettle(session: Session) -> bool:
    """True when a subscription had to be made: something may have been missed."""
    destination = f"{session.settings.public_url}{ZETTLE_PATH}{session.connection.hook_key}"
    async with session.read() as tx:
        known = await subscriptions.all_of(tx, session.connection.id, Platform.ZETTLE)
    keys = {found.subscription_id: found.signing_key for found in known if found.signing_key}
    there = await session.zettle.subscriptions()

    good = next(
        (one for one in there if one.destination == destination and (one.signing_key or keys.get(one.uuid))), None
    )
    for one in there:
        if one is not good and _is_ours(session, one):
            await session.zettle.unsubscribe(one.uuid)
    if good is not None and set(good.events) != set(EVENTS):
        await session.zettle.change_subscription(good.uuid, destination, session.settings.contact_email)
    made = None
    if good is None:
        made = await session.zettle.subscribe(session.dice.uuid1(), destination, session.settings.contact_email)
    await _remember_zettle(session, made or good, keys, [found.subscription_id for found in known])

    return made is not None


def _is_ours(session: Session, one: ZettleSubscription) -> bool:
    """Only what points at this service is ours to delete: the same app may serve the account elsewhere (zettle facts 8, row 10)."""
    return one.destination.startswith(f"{session.settings.public_url}{ZETTLE_PATH}")


async def _remember_zettle(
    session: Session, kept: ZettleSubscription | None, keys: Mapping[str, str], known: Sequence[str]
) -> None:
    assert kept is not None
    status = "active" if kept.is_active else "failing"
    key = kept.signing_key or keys.get(kept.uuid, "")
    row = Subscription(Platform.ZETTLE, kept.uuid, "", kept.destination, status, key)
    async with session.transaction() as tx:
        await subscriptions.remove(
            tx, session.connection.id, Platform.ZETTLE, [uuid for uuid in known if uuid != kept.uuid]
        )
        await subscriptions.put(tx, session.connection.id, row, session.clock.now())


# ---- BigCommerce -----------------------------------------------------------------------------------------------------


async def _shop(session: Session) -> bool:
    """True when a hook had been switched off or was missing."""
    destination = f"{session.settings.public_url}{SHOP_PATH}{session.connection.hook_key}"
    secret = await _secret(session)
    there = await session.shop.hooks()
    renewed = False
    for scope in SCOPES:
        mine = [hook for hook in there if hook.scope == scope and hook.destination == destination]
        match mine:
            case [Hook(is_active=True, headers=headers), *_] if _carried(headers) == secret:
                hook = mine[0]
            case [Hook(id=hook_id), *_]:
                hook, renewed = await session.shop.renew_hook(hook_id, destination, {SECRET_HEADER: secret}), True
            case _:
                hook, renewed = await session.shop.create_hook(scope, destination, {SECRET_HEADER: secret}), True
        await _remember_hook(session, hook)
    for hook in there:
        if hook.destination != destination and hook.destination.startswith(f"{session.settings.public_url}{SHOP_PATH}"):
            await session.shop.delete_hook(hook.id)

    return renewed


def _carried(headers: Mapping[str, str]) -> str:
    """Our secret in a hook's headers, whose names may have changed their case."""
    return next((value for name, value in headers.items() if name.lower() == SECRET_HEADER.lower()), "")


async def _secret(session: Session) -> str:
    """The connection's secret, on disk before any hook carries it: a message may come before the call's answer."""
    fresh = session.dice.token()
    async with session.transaction() as tx:
        keys = await subscriptions.signing_keys(tx, session.connection.id, Platform.BIGCOMMERCE)
        if keys:
            return keys[0]
        row = Subscription(Platform.BIGCOMMERCE, SECRET_ROW, "", "", "active", fresh)
        await subscriptions.put(tx, session.connection.id, row, session.clock.now())
    return fresh


async def _remember_hook(session: Session, hook: Hook) -> None:
    status = "active" if hook.is_active else "inactive"
    row = Subscription(Platform.BIGCOMMERCE, str(hook.id), hook.scope, hook.destination, status)
    async with session.transaction() as tx:
        await subscriptions.put(tx, session.connection.id, row, session.clock.now())
