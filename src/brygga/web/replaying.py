"""A webhook read again: what is kept of it, and what a version of this service makes of it.

What is kept holds ids, times and names of events only: no name, price, number or person.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from brygga.bigcommerce import events as shop_events
from brygga.database.kept_webhooks import Kept, Webhook
from brygga.database.tokens import Platform
from brygga.web.following import Changed, bigcommerce_items, zettle_items
from brygga.wire.reading import decode
from brygga.zettle import events as till_events

ZETTLE_READS: Final = frozenset(
    {
        "balanceAfter",
        "changeInformation",
        "created",
        "etag",
        "eventName",
        "externalUuid",
        "locationUuid",
        "newEntity",
        "organizationUuid",
        "payload",
        "productUuid",
        "purchaseUUID1",
        "purchaseUuid",
        "timestamp",
        "uuid",
        "variantUuid",
    }
)
"""The fields of Zettle's messages from which work follows (`zettle.events`)."""
BIGCOMMERCE_READS: Final = frozenset(
    {
        "created_at",
        "data",
        "id",
        "inventory",
        "new_status_id",
        "producer",
        "product_id",
        "refund",
        "refund_id",
        "scope",
        "sku",
        "status",
        "type",
        "variant_id",
    }
)
"""The same of BigCommerce's (`bigcommerce.events`)."""

Event = till_events.Event | shop_events.ShopEvent


def kept(platform: Platform, body: bytes, event: Event) -> Webhook:
    """What is kept of a message that was read as this event."""
    return Webhook(trimmed(platform, body), tuple(caused(event)))


def trimmed(platform: Platform, body: bytes) -> str:
    """The message with nothing in it but what is read."""
    outer = decode(body)
    if platform is Platform.BIGCOMMERCE:
        return _text(_only(outer, BIGCOMMERCE_READS))
    payload = outer.get("payload") if isinstance(outer, Mapping) else None
    inner = decode(payload.encode("utf-8", "replace")) if isinstance(payload, str) else payload
    found = _only(outer, ZETTLE_READS)
    return _text({**found, "payload": _text(_only(inner, ZETTLE_READS))})


def _only(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _only(one, names) for name, one in value.items() if name in names}
    if isinstance(value, list):
        return [_only(one, names) for one in value]
    return value


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


def read(platform: Platform, body: str) -> Event:
    """As this version reads it. Raises `MalformedError` of the platform."""
    if platform is Platform.ZETTLE:
        return till_events.read(body.encode())
    return shop_events.read(body.encode())


def name_of(event: Event) -> str:
    """As the platform calls it."""
    envelope = event.envelope
    return envelope.name if isinstance(envelope, till_events.Envelope) else envelope.scope


def items(event: Event) -> tuple[Changed, ...]:
    """The work items that follow."""
    if isinstance(event.envelope, till_events.Envelope):
        return zettle_items(event)
    return bigcommerce_items(event)


def caused(event: Event) -> Iterator[str]:
    """What follows from it, a line each: work items, and what is noted of a movement."""
    for changed in items(event):
        for subject in changed.subjects:
            yield " ".join(
                part for part in ("work:", changed.kind.value, subject, changed.detail) if part
            )
    match event:
        case till_events.BalanceChanged(external_uuid=echo) if echo:
            yield f"echo: {echo}"
        case till_events.BalanceChanged(rows=rows):
            for row in dict.fromkeys(rows):
                yield f"moved: zettle {row.product_uuid} {row.variant_uuid}"
        case till_events.TrackingStarted(product_uuid=uuid):
            yield f"tracking: on {uuid}"
        case till_events.TrackingStopped(product_uuid=uuid):
            yield f"tracking: off {uuid}"
        case till_events.ConnectionRemoved():
            yield "access: removed"
        case shop_events.StockChanged(product_id=product, variant_id=variant, by_order=by_order):
            how = " order" if by_order else ""
            yield f"moved: bigcommerce {product} {variant}{how}"


# ---- Then and now --------------------------------------------------------------------------------

UNREADABLE: Final = "it cannot be read"
NO_KEY: Final = "no key of ours opens it"


@dataclass(frozen=True, slots=True)
class Again:
    """`then` and `now` are what followed and what would follow, a line each."""

    id: int
    at: str
    platform: str
    name: str
    then: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return sorted(self.then) != sorted(self.now)


def read_again(one: Kept) -> Again:
    """What this version makes of it."""
    at, platform = one.received_at.isoformat(timespec="seconds"), one.platform.value
    if one.webhook is None:
        return Again(one.id, at, platform, NO_KEY, (), ())
    try:
        event = read(one.platform, one.webhook.body)
    except (shop_events.MalformedError, till_events.MalformedError):
        return Again(one.id, at, platform, UNREADABLE, one.webhook.caused, ())
    found = tuple(caused(event))
    return Again(one.id, at, platform, name_of(event), one.webhook.caused, found)


def subjects(one: Kept) -> tuple[str, ...]:
    """What its work is about, as this version reads it: products' ids of either platform."""
    try:
        event = None if one.webhook is None else read(one.platform, one.webhook.body)
    except (shop_events.MalformedError, till_events.MalformedError):
        return ()
    found = () if event is None else items(event)
    return tuple(
        subject.partition("/")[0] for changed in found for subject in changed.subjects if subject
    )
