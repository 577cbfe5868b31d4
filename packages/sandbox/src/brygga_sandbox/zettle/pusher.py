"""The Pusher: who receives which event, the envelope, its signature, and the retry schedule (zettle
facts 4).
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from brygga_sandbox.clock import iso
from brygga_sandbox.outbox import Message
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.state import JSON, Organization, Subscription

# 4.5: every minute ten times, every ten minutes nine times, then hourly for 70 hours.
SCHEDULE: Final = (*[60.0] * 10, *[600.0] * 9, *[3600.0] * 70)

# 4.6: the scope that each event requires. None requires only a token.
EVENTS: Final[dict[str, str | None]] = {
    "ProductCreated": "READ:PRODUCT",
    "ProductUpdated": "READ:PRODUCT",
    "ProductDeleted": "READ:PRODUCT",
    "InventoryBalanceChanged": "READ:PRODUCT",
    "InventoryTrackingStarted": "READ:PRODUCT",
    "InventoryTrackingStopped": "READ:PRODUCT",
    "PurchaseCreated": "READ:PURCHASE",
    "OrganizationUpdated": "READ:USERINFO",
    "ApplicationConnectionRemoved": None,
    "PersonalAssertionDeleted": None,
}


def signature(key: str, timestamp: str, payload: str) -> str:
    """Lower-case hex of HMAC-SHA256 over `timestamp.payload` (4.4)."""
    return hmac.new(key.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()


def envelope(core: Core, organization: Organization, event: str, payload: Any) -> JSON:
    """The outer document (4.3)."""
    now = core.now()
    return {
        "organizationUuid": organization.uuid,
        "messageUuid": core.ids.uuid1(now),
        "eventName": event,
        "messageId": core.ids.uuid_of(5),
        "payload": payload,
        "timestamp": iso(now),
    }


def emit(core: Core, organization: Organization, event: str, payload: JSON) -> None:
    """Send an event to every subscription to it. The payload is a JSON document inside a string."""
    wanting = [one for one in organization.subscriptions.values() if one.wants(event)]
    if not wanting:
        return
    document = envelope(core, organization, event, msgspec.json.encode(payload).decode())
    for subscription in wanting:
        core.outbox.send(letter(core, organization, subscription, document))


def farewell(
    core: Core, organization: Organization, subscriptions: list[Subscription], kind: str
) -> None:
    """Tell subscriptions that are about to be deleted that their connection has ended (4.7). The
    message is still signed with their keys.
    """
    payload = msgspec.json.encode({"type": kind}).decode()
    document = envelope(core, organization, "ApplicationConnectionRemoved", payload)
    for one in subscriptions:
        if one.wants("ApplicationConnectionRemoved"):
            message = letter(core, organization, one, document)
            # Frozen: the message outlives the subscription.
            message.renewed = None
            fixed = Fixed(one.destination, headers(one.signing_key, document))
            message.address = fixed.address
            core.outbox.send(message)


@dataclass(slots=True)
class Fixed:
    """An address that no longer changes."""

    destination: str
    headers: dict[str, str]

    def address(self) -> tuple[str, dict[str, str]]:
        return self.destination, self.headers


def headers(key: str, document: JSON) -> dict[str, str]:
    signed = signature(key, document["timestamp"], document["payload"])
    return {"Content-Type": "application/json; charset=UTF-8", "X-iZettle-Signature": signed}


@dataclass(slots=True)
class Letter:
    """A document for one subscription. It is valid as long as that subscription exists."""

    core: Core
    organization: Organization
    subscription: Subscription
    document: JSON

    def renewed(self) -> bytes:
        """The body of a later attempt: unchanged, or with its own time (4.4)."""
        if self.core.switches.retries_are_signed_anew:
            self.document = {**self.document, "timestamp": iso(self.core.now())}
        return msgspec.json.encode(self.document)

    def address(self) -> tuple[str, dict[str, str]] | None:
        """The address, if the subscription still exists."""
        if self.organization.subscriptions.get(self.subscription.uuid) is not self.subscription:
            return None
        signed = headers(self.subscription.signing_key, self.document)
        return self.subscription.destination, signed

    def landed(self) -> None:
        self.subscription.status = "ACTIVE"

    def failed(self, attempt: int, status: int | None) -> None:
        if self.subscription.status != "FAILING":
            self.subscription.mails += 1
        self.subscription.status = "FAILING"

    def given_up(self) -> None:
        """After the last failure the subscription is deleted (4.5)."""
        if self.organization.subscriptions.get(self.subscription.uuid) is self.subscription:
            del self.organization.subscriptions[self.subscription.uuid]


def letter(
    core: Core, organization: Organization, subscription: Subscription, document: JSON
) -> Message:
    """The message that carries a document to one subscription."""
    one = Letter(core, organization, subscription, document)
    return Message(
        msgspec.json.encode(document),
        one.address,
        SCHEDULE,
        one.landed,
        one.failed,
        one.given_up,
        one.renewed,
    )


async def knock(core: Core, organization: Organization, destination: str, key: str) -> int | None:
    """Send the test message (4.2) and return the status of the answer. None without an answer."""
    payload: Any = (
        {"data": "payload"} if core.switches.test_payload_is_object else '{"data":"payload"}'
    )
    document = envelope(core, organization, "TestMessage", payload)
    signed = core.switches.test_message_signed and isinstance(payload, str)
    plain = {"Content-Type": "application/json; charset=UTF-8"}
    return await core.outbox.post(
        destination, headers(key, document) if signed else plain, msgspec.json.encode(document)
    )
