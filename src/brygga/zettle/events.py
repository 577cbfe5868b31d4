"""Webhooks of Zettle: verifies that they come from Zettle, and reads them (zettle facts 4.2 to
4.7).

An event only says what to read again: of its product data, only the product's id is used.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from brygga.core.model import Organization
from brygga.wire.reading import decode, moment, record, records, text, within
from brygga.zettle import shapes

SIGNATURE_HEADER = "x-izettle-signature"


class MalformedError(ValueError):
    """The body is not a message of Zettle."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every message carries. `key` is the one against doubles: Zettle sends at least once."""

    key: str
    organization_uuid: str
    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProductCreated:
    envelope: Envelope
    product_uuid: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ProductUpdated:
    envelope: Envelope
    product_uuid: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ProductDeleted:
    envelope: Envelope
    product_uuid: str


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A variant that moved, once for each inventory. Its numbers are not read: they may be out of
    date when they arrive.
    """

    variant_uuid: str
    product_uuid: str


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """Stock moved. `external_uuid` is the identifier of the movement that caused it, "" when there
    was none.
    """

    envelope: Envelope
    rows: tuple[BalanceRow, ...]
    external_uuid: str = ""


@dataclass(frozen=True, slots=True)
class TrackingStarted:
    """`at` is as in `TrackingStopped`."""

    envelope: Envelope
    product_uuid: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrackingStopped:
    """`at` is when it happened: the payload's own time (zettle facts 4.6), or the message's time
    when the payload has none that can be read.

    It is uncertain whether a message that is sent again carries its old time or a new one (zettle
    facts 4.4).
    """

    envelope: Envelope
    product_uuid: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PurchaseCreated:
    envelope: Envelope
    purchase_uuid: str


@dataclass(frozen=True, slots=True)
class OrganizationUpdated:
    envelope: Envelope
    organization: Organization


@dataclass(frozen=True, slots=True)
class ConnectionRemoved:
    """The merchant ended our access, by app or by API key (zettle facts 4.7)."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class TestMessage:
    """Sent while a subscription is being created, before its key is known: answer 200 and do
    nothing.
    """

    __test__ = False
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that we do not know. The answer is still 200 (zettle facts 4.3)."""

    envelope: Envelope


Event = (
    ProductCreated
    | ProductUpdated
    | ProductDeleted
    | BalanceChanged
    | TrackingStarted
    | TrackingStopped
    | PurchaseCreated
    | OrganizationUpdated
    | ConnectionRemoved
    | TestMessage
    | Ignored
)


class _Signed(msgspec.Struct):
    timestamp: str
    payload: str


_SIGNED: Final = msgspec.json.Decoder(_Signed)
TOLERATED: Final = 64_000
"""A larger message has to be JSON in every detail."""


def verify(signing_key: str, header: str, body: bytes) -> bool:
    """Whether the message was signed with this subscription's key. There is no limit on its age:
    retries arrive up to three days late.

    The signed text is `timestamp`, a dot, and the payload's text as parsed from the outer JSON.
    Zettle's PHP sample strips backslashes first. Both forms need the key, so both are accepted
    (zettle facts 4.4).
    """
    plain = signed(body)
    if not signing_key or plain is None:
        return False
    # Of two backslashes one stays, of one none.
    stripped = "\\".join(part.replace("\\", "") for part in plain.split("\\\\"))
    wanted = header.strip().lower().encode("utf-8", "replace")
    # Both are compared whatever the first result is, so that the time reveals nothing.
    return hmac.compare_digest(_mac(signing_key, plain), wanted) | hmac.compare_digest(
        _mac(signing_key, stripped), wanted
    )


def _key(body: bytes) -> str:
    """Names a message by what was signed: whoever repeats it under another id or name repeats
    it.
    """
    plain = signed(body)
    return "" if plain is None else hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def signed(body: bytes) -> str | None:
    """What the signature is made of: the time, a dot, and the payload. None for what has neither.

    Only these two are read, so that a forged message costs little, however large it is.
    """
    try:
        found = _SIGNED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None if len(body) > TOLERATED else _signed_in_part(body)
    return f"{found.timestamp}.{found.payload}"


def _signed_in_part(body: bytes) -> str | None:
    """The same of a message that is not quite JSON."""
    try:
        outer = decode(body)
    except ValueError:
        return None
    stamp, payload = within(outer, "timestamp"), within(outer, "payload")
    return f"{stamp}.{payload}" if isinstance(stamp, str) and isinstance(payload, str) else None


def _mac(key: str, message: str) -> bytes:
    return (
        hmac.new(key.encode(), message.encode("utf-8", "replace"), hashlib.sha256)
        .hexdigest()
        .encode()
    )


def read(body: bytes) -> Event:
    """The message as one of the events. Raises MalformedError for anything else."""
    try:
        outer = record(decode(body))
        payload = outer.get("payload")
        inner = record(
            decode(payload.encode("utf-8", "replace"))
            if isinstance(payload, str) and payload
            else payload
        )
    except ValueError as error:
        raise MalformedError(str(error)) from None
    name = text(outer.get("eventName"))
    if not name:
        raise MalformedError("no eventName")
    envelope = Envelope(
        key=_key(body),
        organization_uuid=text(outer.get("organizationUuid"))
        or text(inner.get("organizationUuid")),
        name=name,
        at=moment(outer.get("timestamp")),
    )
    reader = READERS.get(name)
    return reader(envelope, inner) if reader else Ignored(envelope)


def _balance_changed(envelope: Envelope, inner: Mapping[str, Any]) -> Event:
    rows = tuple(
        BalanceRow(variant, text(row.get("productUuid")))
        for row in records(inner.get("balanceAfter"))
        if (variant := text(row.get("variantUuid"))) and text(row.get("locationUuid"))
    )
    return BalanceChanged(envelope, rows, text(inner.get("externalUuid")))


READERS: Mapping[str, Callable[[Envelope, Mapping[str, Any]], Event]] = {
    "ProductCreated": lambda envelope, inner: ProductCreated(
        envelope, text(inner.get("uuid")), shapes.bare_etag(text(inner.get("etag")))
    ),
    # The product is in `newEntity`, not in the payload itself (zettle facts 8, row 8).
    "ProductUpdated": lambda envelope, inner: ProductUpdated(
        envelope,
        text(within(inner, "newEntity", "uuid")) or text(inner.get("uuid")),
        shapes.bare_etag(text(within(inner, "newEntity", "etag"))),
    ),
    "ProductDeleted": lambda envelope, inner: ProductDeleted(envelope, text(inner.get("uuid"))),
    "InventoryBalanceChanged": _balance_changed,
    "InventoryTrackingStarted": lambda envelope, inner: TrackingStarted(
        envelope,
        text(inner.get("productUuid")),
        moment(within(inner, "created", "timestamp")) or envelope.at,
    ),
    "InventoryTrackingStopped": lambda envelope, inner: TrackingStopped(
        envelope,
        text(inner.get("productUuid")),
        moment(within(inner, "changeInformation", "timestamp")) or envelope.at,
    ),
    "PurchaseCreated": lambda envelope, inner: PurchaseCreated(
        envelope, shapes.purchase(inner).uuid
    ),
    "OrganizationUpdated": lambda envelope, inner: OrganizationUpdated(
        envelope, shapes.organization(inner)
    ),
    "ApplicationConnectionRemoved": lambda envelope, _: ConnectionRemoved(envelope),
    "PersonalAssertionDeleted": lambda envelope, _: ConnectionRemoved(envelope),
    "TestMessage": lambda envelope, _: TestMessage(envelope),
}
