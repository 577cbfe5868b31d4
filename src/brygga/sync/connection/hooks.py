"""Checks the subscriptions on both platforms: creates what is missing, deletes what is stale, and
catches up after a gap.

Zettle deletes a subscription after three days of failures, and BigCommerce switches a hook off
after two (zettle facts 4.5, bigcommerce facts 6.4). Events of that time are not sent again, so a
renewed subscription is followed by a full read. The same happens when our own address changes. A
subscription that points elsewhere is ours by its id, or by our connection's key in its path, and is
moved here.

A stop at any point leaves neither a duplicate nor a gap. The new subscription is created before the
old one is removed, an old one's id is deleted after the subscription is gone, and the full read is
saved as due before anything changes.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from brygga.bigcommerce.api.hooks import SCOPES
from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.events import SECRET_HEADER
from brygga.bigcommerce.values import Hook
from brygga.core.failures import NeedsMerchant, Refused, Unreachable
from brygga.core.model import Stage
from brygga.database import deliveries, subscriptions, work_items
from brygga.database.deliveries import Outcome
from brygga.database.sealing import SealBroken
from brygga.database.subscriptions import Subscription
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.session import Session
from brygga.zettle.api.subscriptions import EVENTS
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import Subscription as ZettleSubscription

SECRET_ROW = "secret"  # noqa: S105 - the row's name
SECRET_BEFORE = "secret before"  # noqa: S105 - as above
"""The secret of hooks at an earlier address: whoever has that address now has read it."""
ZETTLE_PATH = "/hooks/zettle/"
SHOP_PATH = "/hooks/bigcommerce/"
WORKS: Final = timedelta(seconds=90)
"""A new hook of BigCommerce may take a minute to work (bigcommerce facts 6.1)."""
SECOND_CHECK: Final = "second look"
"""A work item's detail: hooks were created a moment ago, and events from before they worked were
not sent.
"""


@dataclass(slots=True)
class _Watch:
    """One check of both platforms. `anew`: an operator wants every subscription created again."""

    session: Session
    anew: bool = False
    changed: Counter[Platform] = field(default_factory=Counter)
    moved: Counter[Platform] = field(default_factory=Counter)
    ended: Counter[Platform] = field(default_factory=Counter)
    """Subscriptions that the platform switched off or deleted."""
    _is_read_due: bool = False

    def address(self, path: str) -> str:
        return f"{self.session.settings.public_url}{path}{hook_key(self.session)}"

    async def before_change(self, platform: Platform, place: str = "") -> None:
        """Saves a full read as due before the platform receives a change."""
        self.changed[platform] += 1
        if place and not points_here(self.session, place):
            self.moved[platform] += 1
        if not self._is_read_due:
            await _add_full_read(self.session, WORKS)
        self._is_read_due = True


async def hooks(session: Session, items: Sequence[WorkItem]) -> None:
    """Both platforms send us the events that we subscribed to, at our current address."""
    watch = _Watch(session, anew=any(item.force for item in items))
    second = any(item.detail == SECOND_CHECK for item in items)
    await _unless_gone(session, TillCode.ACCESS_GONE, partial(_zettle, watch))
    if session.connection.shop is not None:
        await _unless_gone(session, ShopCode.ACCESS_GONE, partial(_shop, watch, keep_secret=second))

    now, connection = session.clock.now(), session.connection
    if watch.changed or second:
        await _add_full_read(session)
    async with session.transaction() as tx:
        await session.finish(*items, tx=tx)
        if watch.changed[Platform.BIGCOMMERCE] and connection.stage is Stage.RUNNING and not second:
            await work_items.add(
                tx, connection.id, Kind.HOOKS, "", now, due_at=now + WORKS, detail=SECOND_CHECK
            )
        ended = {
            (connection.id, platform, Outcome.ENDED): count
            for platform, count in watch.ended.items()
        }
        await deliveries.add(tx, ended, now)
    for platform, count in watch.moved.items():
        session.log.warning(
            "webhooks moved to our present address", platform=platform.value, count=count
        )
    for platform, count in (+watch.ended).items():
        session.log.warning(
            "webhooks had ended and are renewed", platform=platform.value, count=count
        )


async def _unless_gone(session: Session, gone: str, look: Callable[[], Awaitable[None]]) -> None:
    """Checks the side that still gives access, also while the connection is paused for its
    merchant.

    That side sends its events only to us. The refusal of the other side is already known and
    reported.
    """
    paused = session.connection.paused
    if paused == gone:
        return
    try:
        await look()
    except NeedsMerchant:
        if not paused:
            raise


async def _add_full_read(session: Session, after: timedelta = timedelta()) -> None:
    """Adds the full read for a paused connection too: it runs when the merchant has helped."""
    if session.connection.stage is not Stage.RUNNING:
        return
    now = session.clock.now()
    async with session.transaction() as tx:
        for kind in (Kind.LIBRARY, Kind.SWEEP):
            await work_items.add(tx, session.connection.id, kind, "", now, due_at=now + after)


def hook_key(session: Session) -> str:
    """Raises `SealBroken` where no secret key opens it: no webhook is made for an address that is
    nobody's.
    """
    if not session.connection.hook_key:
        raise SealBroken(
            f"no secret key opens the webhook addresses of connection {session.connection.id}"
        )
    return session.connection.hook_key


def is_ours(session: Session, known: bool, destination: str, path: str) -> bool:
    """Ours is a subscription that we know by its id, that carries this connection's key, or that
    points at this service.

    The same app may serve the account elsewhere (zettle facts 8, row 10): we must not delete those
    subscriptions.
    """
    mine = urlsplit(destination).path.endswith(f"{path}{hook_key(session)}")
    return known or mine or destination.startswith(f"{session.settings.public_url}{path}")


def points_here(session: Session, destination: str) -> bool:
    return destination.startswith(f"{session.settings.public_url}/")


# ---- Zettle --------------------------------------------------------------------------------------


async def _zettle(watch: _Watch) -> None:
    session, destination = watch.session, watch.address(ZETTLE_PATH)
    async with session.read() as tx:
        rows = await subscriptions.all_of(tx, session.connection.id, Platform.ZETTLE)
    known = {row.subscription_id: row for row in rows}
    there = await session.zettle.subscriptions()
    watch.ended[Platform.ZETTLE] += len(known.keys() - {one.uuid for one in there})

    mine = [
        one for one in there if is_ours(session, one.uuid in known, one.destination, ZETTLE_PATH)
    ]
    keys = {one.uuid: one.signing_key or _key(known.get(one.uuid)) for one in mine}
    good = (
        None
        if watch.anew
        else next((one for one in mine if one.destination == destination and keys[one.uuid]), None)
    )
    if good is None:
        unlisted = sorted(known.keys() - {one.uuid for one in there})
        places = [one.destination for one in mine] + [known[uuid].destination for uuid in unlisted]
        place = next(iter(places), "")
        await watch.before_change(Platform.ZETTLE, place)
        await _are_gone(session, unlisted, destination)
        good = await session.zettle.subscribe(
            session.dice.uuid1(), destination, session.settings.contact_email
        )
        keys[good.uuid] = good.signing_key
    elif set(good.events) != set(EVENTS):
        await session.zettle.change_subscription(
            good.uuid, destination, session.settings.contact_email
        )
    await _remember_zettle(session, good, keys[good.uuid])

    for one in mine:
        if one.uuid != good.uuid:
            await session.zettle.unsubscribe(one.uuid)
    async with session.transaction() as tx:
        await subscriptions.remove(
            tx, session.connection.id, Platform.ZETTLE, known.keys() - {good.uuid}
        )


async def _are_gone(session: Session, unlisted: Sequence[str], destination: str) -> None:
    """Checks that unlisted subscriptions are gone: a list may be empty by mistake (decision 15).

    A change of the missing subscription shows whether it exists. If it does, Unreachable is raised.
    """
    for uuid in unlisted:
        try:
            await session.zettle.change_subscription(
                uuid, destination, session.settings.contact_email
            )
        except Refused as refused:
            if refused.code not in {TillCode.SUBSCRIPTION_GONE, TillCode.ITEM_UNKNOWN}:
                raise
        else:
            raise Unreachable(TillCode.UNREACHABLE, "the list of subscriptions leaves one out")


def _key(row: Subscription | None) -> str:
    return row.signing_key if row is not None else ""


async def _remember_zettle(session: Session, kept: ZettleSubscription, key: str) -> None:
    status = "active" if kept.is_active else "failing"
    row = Subscription(Platform.ZETTLE, kept.uuid, "", kept.destination, status, key)
    async with session.transaction() as tx:
        await subscriptions.save(tx, session.connection.id, row, session.clock.now())


# ---- BigCommerce ---------------------------------------------------------------------------------


async def _shop(watch: _Watch, *, keep_secret: bool) -> None:
    session = watch.session
    async with session.read() as tx:
        rows = await subscriptions.all_of(tx, session.connection.id, Platform.BIGCOMMERCE)
    secret = await _secret(session, rows)
    known = {row.subscription_id for row in rows} - {SECRET_ROW, SECRET_BEFORE}
    there = await session.shop.hooks()

    mine = [
        hook
        for hook in there
        if is_ours(session, str(hook.id) in known, hook.destination, SHOP_PATH)
    ]
    gone = known - {str(hook.id) for hook in there}
    watch.ended[Platform.BIGCOMMERCE] += len(gone) + sum(not hook.is_active for hook in mine)
    kept = [await _hook(watch, scope, _best(watch, scope, mine), secret) for scope in SCOPES]

    for hook in mine:
        if hook.id not in {one.id for one in kept}:
            await session.shop.delete_hook(hook.id)
    over = known - {str(hook.id) for hook in kept}
    if not keep_secret and not watch.changed[Platform.BIGCOMMERCE]:
        over |= {SECRET_BEFORE}
    async with session.transaction() as tx:
        await subscriptions.remove(tx, session.connection.id, Platform.BIGCOMMERCE, over)


def _best(watch: _Watch, scope: str, mine: Sequence[Hook]) -> Hook | None:
    """The hook of a scope to keep: one that already points here, else one to be moved here."""
    destination = watch.address(SHOP_PATH)
    found = [hook for hook in mine if hook.scope == scope]
    return min(found, key=lambda hook: hook.destination != destination, default=None)


async def _hook(watch: _Watch, scope: str, found: Hook | None, secret: str) -> Hook:
    """The scope's hook as it has to be, and saved. One call moves it: two hooks never send the same
    event.
    """
    session, destination = watch.session, watch.address(SHOP_PATH)
    headers = {SECRET_HEADER: secret}
    is_right = (
        found is not None
        and found.is_active
        and found.destination == destination
        and _carried(found.headers) == secret
        and not watch.anew
    )
    hook = found if is_right else None
    if hook is None:
        await watch.before_change(Platform.BIGCOMMERCE, found.destination if found else "")
        try:
            hook = await session.shop.renew_hook(found.id, destination, headers) if found else None
        except Refused as refused:
            session.log.info("a webhook could not be renewed", scope=scope, code=refused.code)
    if hook is None:
        hook = await session.shop.create_hook(scope, destination, headers)
    await _remember_hook(session, hook)
    return hook


def _carried(headers: Mapping[str, str]) -> str:
    """Our secret in a hook's headers. The case of the header names may have changed."""
    return next(
        (value for name, value in headers.items() if name.lower() == SECRET_HEADER.lower()), ""
    )


async def _secret(session: Session, rows: Sequence[Subscription]) -> str:
    """The connection's secret, saved before any hook carries it: a message may arrive before the
    call's answer.

    A new secret when our address changed: whoever has the old address now may have read the old
    secret in a message. The row's topic is the address for which the secret was made.
    """
    fresh, base = session.dice.token(), session.settings.public_url
    held = next((row for row in rows if row.subscription_id == SECRET_ROW), None)
    elsewhere = any(row.destination and not points_here(session, row.destination) for row in rows)
    if held is not None and (held.topic == base or (not held.topic and not elsewhere)):
        fresh = held.signing_key
    now = session.clock.now()
    async with session.transaction() as tx:
        if held is not None and held.signing_key != fresh:
            before = replace(held, subscription_id=SECRET_BEFORE)
            await subscriptions.save(tx, session.connection.id, before, now)
        row = Subscription(Platform.BIGCOMMERCE, SECRET_ROW, base, "", "active", fresh)
        await subscriptions.save(tx, session.connection.id, row, now)
    return fresh


async def _remember_hook(session: Session, hook: Hook) -> None:
    status = "active" if hook.is_active else "inactive"
    row = Subscription(Platform.BIGCOMMERCE, str(hook.id), hook.scope, hook.destination, status)
    async with session.transaction() as tx:
        await subscriptions.save(tx, session.connection.id, row, session.clock.now())
