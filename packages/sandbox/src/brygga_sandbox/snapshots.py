"""The whole state of a sandbox as bytes, and back: both platforms with their products, orders,
tokens, webhooks and pending deliveries, their random generators and the clock.

A snapshot that is taken, restored and taken again is the same, byte for byte. Take it when no
request is running. A message that is being sent is sent again after the snapshot is restored: the
platforms also promise delivery at least once.

A snapshot does not hold the options of the sandbox: restore it into a sandbox with the same
options. Only the addresses may differ; those in the snapshot are replaced. Existing merchants,
organizations and stores stay the same objects. Everything else is new, so read products and orders
again. A merchant's `library` is not part of the state, because it describes the start.
"""

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.bigcommerce import apps, hooks, orders, quota
from brygga_sandbox.bigcommerce import state as shop
from brygga_sandbox.clock import Clock, SettableClock, iso
from brygga_sandbox.faults import Rule
from brygga_sandbox.graph import Kinds, NotASnapshot, put_back, read, state_of, written
from brygga_sandbox.http import Request, Response, Router, json_response
from brygga_sandbox.library import Library
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.outbox import Delivery, DeliveryFaults, Message, Outbox, Tally, ignore, nothing
from brygga_sandbox.requests import Asked
from brygga_sandbox.zettle import ZettleSandbox, imports, pusher
from brygga_sandbox.zettle import state as till

JSON = dict[str, Any]


class Whole(Protocol):
    """What a snapshot contains."""

    clock: Clock
    zettle: ZettleSandbox
    bigcommerce: bigcommerce.BigCommerceSandbox
    merchants: list[Merchant]

    @property
    def addresses(self) -> list[str]: ...

    async def idle(self) -> None: ...


def empty(made: Any) -> None:
    """An empty cache."""


def library_of(made: Any) -> Library:
    """The library of an existing merchant. None is known for another merchant."""
    return getattr(made, "library", Library())


KINDS = Kinds(
    [
        Merchant, Rule, Asked, Message, Delivery, DeliveryFaults, Tally,
        zettle.Switches, pusher.Letter, pusher.Fixed, till.App, till.User, till.Grant, till.ApiKey,
        till.Token, till.Code, till.Stored, till.Row, till.Inventory, till.Logged, till.Import,
        till.Subscription, till.Organization, till.Picture,
        bigcommerce.Switches, apps.App, apps.Grant, apps.Code, quota.Quota, hooks.Hooks, hooks.Hook,
        hooks.Domain, hooks.Letter, orders.Line, orders.Shipment, orders.Order, orders.Refund,
        shop.StockRecord, shop.Picture, shop.Video, shop.Value, shop.Option, shop.Variant,
        shop.Product, shop.Category, shop.Metafield, shop.User, shop.Settings, shop.Counter, shop.Violation,  # noqa: E501
        shop.Store,
    ],
    [nothing, ignore],
    {
        till.Organization: {"ordered_products": empty, "ordered_rows": empty},
        shop.Store: {"last_listing": empty},
        hooks.Hooks: {"by_scope": lambda made: {}},
        Merchant: {"library": library_of},
    },
)  # fmt: skip
"""All classes of which the state consists."""
KEYS: dict[type, int] = {Merchant: 2, till.Organization: 0, shop.Store: 0}
"""The written fields that identify an object of a class, where objects are kept."""


def kept(whole: Whole) -> dict[str, Any]:
    """Objects that exist before and after. A snapshot only names them."""
    core, store = whole.zettle.core, whole.bigcommerce
    return {
        "whole": whole,
        "clock": whole.clock,
        "zettle": core,
        "zettle.outbox": core.outbox,
        "bigcommerce.outbox": store.outbox,
        "bigcommerce.apps": store.apps,
        **{f"dice.{name}": dice for name, dice in dice_of(whole).items()},
    }


def dice_of(whole: Whole) -> dict[str, random.Random]:
    """Every random generator, once each."""
    core = whole.zettle.core
    return {
        "zettle": core.dice,
        "zettle.ids": core.ids.dice,
        "zettle.faults": core.faults.dice,
        "zettle.outbox": core.outbox.dice,
        "bigcommerce": whole.bigcommerce.dice,
    }


def parts(whole: Whole) -> list[tuple[Any, tuple[str, ...]]]:
    """Where the state is: a kept object, and its written fields."""
    core, store = whole.zettle.core, whole.bigcommerce
    traffic = ("counts", "refused", "last")
    return [
        (whole, ("merchants",)),
        (core, ("switches", "organizations", "apps", "grants", "codes", "access_tokens",
                "refresh_tokens", "api_keys", "pictures")),
        (core.ids, ("node", "ticks")),
        (core.faults, ("rules",)),
        (core.requests, traffic),
        (core.outbox, ("delivery_faults", "tally")),
        (store, ("first_switches", "stores", "hooks")),
        (store.faults, ("rules",)),
        (store.requests, traffic),
        (store.outbox, ("delivery_faults", "tally")),
        (store.camera, ("kept", "promised", "room")),
        (store.apps, ("registered", "grants", "codes", "dead", "uninstalls")),
        (store.door, ("quotas",)),
    ]  # fmt: skip


def outboxes(whole: Whole) -> list[Outbox]:
    return [whole.zettle.core.outbox, whole.bigcommerce.outbox]


def taken(whole: Whole) -> bytes:
    """The snapshot."""
    root = {
        "now": whole.clock.now(),
        "dice": {name: state_of(dice) for name, dice in dice_of(whole).items()},
        "parts": [[getattr(owner, name) for name in names] for owner, names in parts(whole)],
        "on their way": [list(outbox.deliveries) for outbox in outboxes(whole)],
    }
    graph = written(root, KINDS, kept(whole))
    return msgspec.msgpack.encode([whole.addresses, graph])


async def restored(whole: Whole, data: bytes) -> None:
    """Restore a snapshot. Raises NotASnapshot, and then changes nothing. Raises ValueError if the
    clock cannot be set.
    """
    if not isinstance(whole.clock, SettableClock):
        raise ValueError("the clock is the machine's own, and cannot be set back")  # noqa: TRY004
    try:
        places, graph = msgspec.msgpack.decode(data, type=tuple[list[str], bytes])
    except msgspec.MsgspecError as wrong:
        raise NotASnapshot(str(wrong)) from wrong
    there = attached(whole)
    root = read(
        graph,
        KINDS,
        kept(whole),
        attach=lambda kind, row: there.get((kind, str(row[KEYS[kind]]))) if kind in KEYS else None,
        text=renamed(dict(zip(places, whole.addresses, strict=False))),
        check=lambda root: check(root, whole),
    )
    await whole.zettle.stop()
    await whole.bigcommerce.stop()
    whole.clock.set(root["now"])
    for name, dice in dice_of(whole).items():
        put_back(dice, root["dice"][name])
    for (owner, names), values in zip(parts(whole), root["parts"], strict=True):
        for name, value in zip(names, values, strict=True):
            fill(owner, name, value)
    for outbox, deliveries in zip(outboxes(whole), root["on their way"], strict=True):
        outbox.resume(deliveries)
    imports.resume(whole.zettle.core)


def check(root: Any, whole: Whole) -> None:
    """Raises NotASnapshot for readable bytes that are no snapshot."""
    names = {"now", "dice", "parts", "on their way"}
    if not isinstance(root, dict) or set(root) != names or set(root["dice"]) != set(dice_of(whole)):
        raise NotASnapshot("it is none of this version")
    if [len(values) for values in root["parts"]] != [len(names) for _, names in parts(whole)]:
        raise NotASnapshot("it is none of this version")


def attached(whole: Whole) -> Mapping[tuple[type, str], Any]:
    """The kept objects, by class and key."""
    return {
        **{(till.Organization, uuid): one for uuid, one in whole.zettle.organizations.items()},
        **{(shop.Store, name): one for name, one in whole.bigcommerce.stores.items()},
        **{(Merchant, one.store_hash): one for one in whole.merchants},
    }


def fill(owner: Any, name: str, value: Any) -> None:
    """Give a kept object its state. Collections are filled in place, because others may hold
    them.
    """
    there = getattr(owner, name)
    if isinstance(there, list):
        there[:] = value
    elif isinstance(there, dict | set):
        there.clear()
        there.update(value)
    elif isinstance(there, deque):
        there.clear()
        there.extend(value)
    else:
        setattr(owner, name, value)


def renamed(places: Mapping[str, str]) -> Callable[[Any], Any] | None:
    """Replaces the snapshot's addresses by this sandbox's addresses. None if they are equal."""
    pairs = [(old, new) for old, new in places.items() if old != new]
    if not pairs:
        return None

    def change(text: Any) -> Any:
        if isinstance(text, bytes):
            for old, new in pairs:
                text = text.replace(old.encode(), new.encode())
            return text
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return change


def mount_snapshots(
    router: Router, whole: Whole, take: Callable[[], bytes], restore: Callable[[bytes], Any]
) -> None:
    """GET and PUT /sandbox/snapshot: both platforms, at either address."""

    async def show(request: Request) -> Response:
        """The snapshot, once no webhook is due."""
        await whole.idle()
        return Response(200, take(), [("Content-Type", "application/octet-stream")])

    async def change(request: Request) -> Response:
        try:
            await restore(request.body)
        except NotASnapshot as wrong:
            return json_response({"error": f"this is no snapshot: {wrong}"}, 400)
        except ValueError as wrong:
            return json_response({"error": str(wrong)}, 409)
        now = whole.clock.now()
        return json_response({"now": now, "iso": iso(now)})

    router.add("GET", "/sandbox/snapshot", show, control=True)
    router.add("PUT", "/sandbox/snapshot", change, control=True)
